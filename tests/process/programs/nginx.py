#!/usr/bin/python3
"""nginx under wrk: files, gzip, a proxy; and curl against it."""

import hashlib
import os
import re
import signal

from harness import another_user, main, scenario
from processes import accepts, free_port

CONFIG = """
daemon off; worker_processes 2; pid nginx.pid; error_log error.log warn;
%(user)s
events { worker_connections 256; }
http {
    access_log access.log; gzip on; gzip_min_length 1000; gzip_types *;
    client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
    uwsgi_temp_path t4; scgi_temp_path t5; client_max_body_size 20m;
    types { text/plain txt; }
    server {
        listen 127.0.0.1:%(port)d%(tls)s; root site;
        location /proxied/ {
            proxy_pass %(scheme)s://127.0.0.1:%(port)d/;
            proxy_buffers 16 16k; proxy_buffer_size 16k;
        }
    }
}
"""

SIZES = (100, 4096, 20000, 60000, 400000)


def _body(size):
    line = b"a line of %d bytes, over and over again\n" % size
    return (line * (size // len(line) + 1))[:size]


def digest(out):
    return len(out), hashlib.sha256(out).hexdigest()


def start(run, tls=""):
    """tls: what follows the address, with a certificate's files; or nothing."""
    port, scheme = free_port(), "https" if tls else "http"
    user = another_user("www-data")
    run.write("nginx.conf", CONFIG % {
        "port": port, "tls": tls, "scheme": scheme,
        "user": "user %s;" % user.pw_name if user else ""})
    for size in SIZES:
        run.write("site/%d.txt" % size, _body(size))
    server = run.start("nginx", "-p", run.dir, "-c", run.path("nginx.conf"),
                       "-e", run.path("error.log"),
                       ready=lambda: accepts(port))
    return server, "%s://127.0.0.1:%d" % (scheme, port)


def _load(run, url):
    out = run.run("wrk", "-t2", "-c16", "-d1s", "--timeout", "60s", "-H",
                  "Accept-Encoding: gzip", url, compare="")
    wrong = re.search(rb"Non-2xx|Socket errors", out)
    run.require(not wrong, "wrk: %r" % out)
    done = int(re.search(rb"(\d+) requests in", out).group(1))
    run.require(done > 0, "wrk: no requests")


def no_complaints(run):
    with open(run.path("error.log"), "rb") as log:
        errors = re.findall(rb"\[(?:alert|crit|emerg)\].*", log.read())
    run.require(not errors, "error.log: %r" % errors[:3])


@scenario(band=True, reporters=["nginx", "wrk"], text=True)
def under_load(run):
    server, url = start(run)
    for size in SIZES:
        for place in ("/", "/proxied/"):
            run.run("curl", "-sS", "--fail", "--compressed",
                    url + place + "%d.txt" % size, show=digest)
    run.run("curl", "-sS", "--fail", url + "/missing", status=22,
            compare="stdout")
    _load(run, url + "/20000.txt")
    _load(run, url + "/proxied/60000.txt")
    os.kill(server.pid, signal.SIGHUP)
    run.run("curl", "-sS", url + "/4096.txt", show=digest)
    run.stop(server, signal.SIGQUIT)
    run.require_workers("nginx", 2)
    no_complaints(run)


@scenario(band=True, reporters=["curl"])
def curl_in_parallel(run):
    server, url = start(run)
    argv = ["curl", "-sS", "--fail", "--parallel"]
    for number in range(12):
        argv += ["-o", "out%d" % number,
                 url + "/%d.txt" % SIZES[number % len(SIZES)]]
    run.run(*argv, compare="stdout")
    for number in range(12):
        with open(run.path("out%d" % number), "rb") as file:
            run.note("out%d" % number, digest(file.read()))
    run.stop(server, signal.SIGQUIT)


if __name__ == "__main__":
    main("nginx", "wrk", "curl")
