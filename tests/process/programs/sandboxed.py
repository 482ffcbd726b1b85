#!/usr/bin/python3
"""Programs that set a seccomp filter: a call that it forbids ends them."""

import os
import re
import signal

from harness import main, scenario
from processes import accepts, free_port

SSHD = """
ListenAddress 127.0.0.1:%(port)d
HostKey %(dir)s/host
AuthorizedKeysFile %(dir)s/user.pub
PidFile none
PermitRootLogin yes
PasswordAuthentication no
UsePAM no
StrictModes no
"""

CHRONYD = """
port 0
server 127.0.0.1 port 1
cmdport 0
bindcmdaddress /
pidfile %(dir)s/pid
driftfile %(dir)s/drift
"""


def _key(run, name):
    run.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
            run.path(name), compare="")


@scenario(band=True, reporters=["sshd", "ssh"], text=True)
def sshd_logins(run):
    """The child that reads from the network is filtered before the login."""
    os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    _key(run, "host")
    _key(run, "user")
    port = free_port()
    run.write("sshd_config", SSHD % {"port": port, "dir": run.dir})
    server = run.start("/usr/sbin/sshd", "-D", "-e", "-f",
                       run.path("sshd_config"), ready=lambda: accepts(port))
    for number in range(2):
        run.run("ssh", "-F", "none", "-p", str(port), "-i", run.path("user"),
                "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes",
                "-o", "UserKnownHostsFile=" + run.path("known"), "127.0.0.1",
                "printf 'login %d\\n'; head -c 3000000 /dev/zero | cksum"
                % number, compare="stdout")
    run.stop(server)
    run.require(b"terminated by signal" not in run.stderr,
                "sshd: %r" % run.stderr[-2000:])


def _ends_when_told(path):
    """It writes its number some time before it handles signals."""
    if not os.path.exists(path):
        return False
    with open(path, encoding="ascii") as file:
        number = file.read().strip()
    if not number:
        return False
    with open("/proc/%s/status" % number, encoding="ascii") as file:
        caught = re.search(r"^SigCgt:\s*(\w+)", file.read(), re.MULTILINE)
    return int(caught.group(1), 16) >> (signal.SIGTERM - 1) & 1 == 1


@scenario(reporters=["chronyd"], text=True)
def chronyd_filtered(run):
    """As Debian starts it, with -F 1; the clock stays as it is."""
    run.write("chrony.conf", CHRONYD % {"dir": run.dir})
    server = run.start("/usr/sbin/chronyd", "-d", "-x", "-F", "1", "-u",
                       "root", "-f", run.path("chrony.conf"),
                       ready=lambda: _ends_when_told(run.path("pid")))
    run.stop(server, signal.SIGTERM)
    run.require(b"Loaded seccomp filter" in run.stderr,
                "no filter: %r" % run.stderr[-2000:])


SOURCE = "".join("int function_%d(int a) { return a + %d; }\n" % (i, i)
                 for i in range(20000))


# Its filter allows memory, read, write and the end: no file, no pipe that
# could be written to without a signal.
@scenario(reporters=[])
def ctags_filtered(run):
    request = ('{"command":"generate-tags","filename":"a.c","size":%d}\n'
               % len(SOURCE))
    out = run.run("ctags-universal", "--_interactive=sandbox",
                  stdin=(request + SOURCE).encode(), compare="stdout")
    run.require(out.count(b"function_") >= 20000, "%d bytes" % len(out))
    # A program that may write its report, beside it.
    run.run("ctags-universal", "--version", compare="stdout")


if __name__ == "__main__":
    main("sshd", "ssh", "ssh-keygen", "chronyd", "ctags-universal")
