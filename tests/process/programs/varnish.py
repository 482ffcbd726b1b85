#!/usr/bin/python3
"""varnishd, linked with libjemalloc: a cache before a server of Python's."""

import hashlib
import signal

from harness import main, scenario
from processes import accepts, free_port

CONFIG = """
vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "%d"; }
sub vcl_backend_response { set beresp.ttl = 1h; }
"""
SIZES = (300, 5000, 20000, 60000, 400000)


@scenario(band=True, reporters=["varnishd"])
def cached_files(run):
    origin, port = free_port(), free_port()
    run.write("site.vcl", CONFIG % origin)
    for size in SIZES:
        run.write("site/%d.txt" % size, b"x" * size)
    server = run.start("python3", "-m", "http.server", "-b", "127.0.0.1", "-d",
                       run.path("site"), str(origin),
                       ready=lambda: accepts(origin))
    cache = run.start("varnishd", "-F", "-j", "none", "-a",
                      "127.0.0.1:%d" % port, "-f", run.path("site.vcl"), "-n",
                      run.path("state"), "-s", "malloc,50m",
                      ready=lambda: accepts(port))
    for size in SIZES * 6:
        run.run("curl", "-sS", "--fail", "--compressed",
                "http://127.0.0.1:%d/%d.txt" % (port, size),
                show=lambda out: hashlib.sha256(out).hexdigest())
    run.stop(cache)
    run.stop(server, status=-signal.SIGTERM)


if __name__ == "__main__":
    main("varnishd", "python3", "curl", "cc")
