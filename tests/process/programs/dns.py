#!/usr/bin/python3
"""BIND's named, linked with libjemalloc: queries, and transfers of a zone."""

import subprocess

from harness import main, scenario
from processes import accepts, free_port

CONFIG = """
options {
    directory "%(dir)s"; listen-on port %(port)d { 127.0.0.1; };
    listen-on-v6 { none; }; pid-file "named.pid"; recursion no;
    session-keyfile "session.key"; managed-keys-directory "%(dir)s";
    allow-transfer { any; }; dnssec-validation no;
};
controls { };
zone "example" { type primary; file "%(dir)s/example.zone"; };
"""
HEAD = ("$TTL 300\n@ IN SOA ns.example. root.example. 1 3600 600 86400 300\n"
        "@ IN NS ns.example.\nns IN A 127.0.0.1\n")


def zone():
    hosts = ["host%d IN A 10.0.%d.%d\n" % (number, number >> 8, number & 255)
             for number in range(5000)]
    texts = ["text%d IN TXT %s\n" % (number, ('"%s" ' % ("x" * 250)) * 12)
             for number in range(100)]
    return HEAD + "".join(hosts + texts)


def _serves(port):
    """It accepts before its zone is loaded."""
    if not accepts(port):
        return False
    asked = subprocess.run(
        ["dig", "-p", str(port), "@127.0.0.1", "+time=1", "+tries=1",
         "+short", "example", "SOA"], stdout=subprocess.PIPE, check=False)
    return asked.returncode == 0 and asked.stdout.strip() != b""


@scenario(band=True, reporters=["named"])
def queries_and_transfers(run):
    port = free_port()
    run.write("example.zone", zone())
    run.write("named.conf", CONFIG % {"dir": run.dir, "port": port})
    server = run.start("named", "-f", "-n", "2", "-c", run.path("named.conf"),
                       ready=lambda: _serves(port))
    ask = ["dig", "-p", str(port), "@127.0.0.1", "+time=60"]
    for name in ("host7", "host4999", "missing"):
        run.run(*ask, name + ".example", "A", "+short")
    run.run(*ask, "text5.example", "TXT", "+tcp", "+short")
    for _transfer in range(2):
        run.run(*ask, "example", "AXFR", "+nostats", "+nocmd")
    run.stop(server)


if __name__ == "__main__":
    main("named", "dig")
