#!/usr/bin/python3
"""nghttpd, linked with libjemalloc, and what asks it by HTTP/2."""

import hashlib
import os
import signal
import time

from harness import main, scenario
from processes import PATIENCE_SECONDS, accepts, free_port

BODY = b"a line over and over again\n" * 9000


def reports_of(run, name):
    """The number of reports in the folder of the option report_file."""
    conf = run.env.get("MIDPOOL_CONF", "")
    folder = os.path.dirname(conf.split("report_file:")[-1].split(",")[0])
    return sum(entry.startswith(name) for entry in os.listdir(folder))


def ask_for_report(run, server):
    """nghttpd ends by SIGTERM itself: the report is one on a signal."""
    os.kill(server.pid, signal.SIGUSR2)
    until = time.monotonic() + PATIENCE_SECONDS
    while reports_of(run, "nghttpd.") == 0:
        run.require(time.monotonic() < until, "no report on the signal")
        time.sleep(0.02)


@scenario(band=True, reporters=["nghttpd", "h2load"])
def files_by_http2(run):
    port = free_port()
    url = "http://127.0.0.1:%d/site.txt" % port
    pooled = "report_file" in run.env.get("MIDPOOL_CONF", "")
    run.write("site.txt", BODY)
    if pooled:
        run.env = {**run.env,
                   "MIDPOOL_CONF": run.env["MIDPOOL_CONF"] + ",signal:USR2"}
    server = run.start("nghttpd", "-a", "127.0.0.1", "-d", run.dir, "--no-tls",
                       str(port), ready=lambda: accepts(port))
    for _time in range(3):
        run.run("curl", "-sS", "--fail", "--http2-prior-knowledge", url,
                show=lambda out: hashlib.sha256(out).hexdigest())
    loaded = run.run("h2load", "-n", "200", "-c", "8", "-m", "4", url,
                     compare="")
    run.require(b"200 succeeded, 0 failed" in loaded, "%r" % loaded)
    if pooled:
        ask_for_report(run, server)
    run.stop(server, status=-signal.SIGTERM)


if __name__ == "__main__":
    main("nghttpd", "h2load", "curl")
