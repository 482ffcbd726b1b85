#!/usr/bin/python3
"""Live pages of real processes, read from outside while and after they run.

usage: test_live.py libmidpool.so midpool-snapshot
"""

import json
import os
import signal
import subprocess
import sys
import time

from scenes import ROOT, Checks

sys.path.insert(0, os.path.join(ROOT, "tests", "process"))
import check_report  # noqa: E402

PREFIX = "/dev/shm/midpool."
WAIT_SECONDS = 30

# The program: some buffers, then what the test is about. It says so on
# stdout and goes on when stdin is closed.
PROGRAM = """
import os, signal, subprocess, sys
kept = [bytearray(3000) for _ in range(50)]
gone = [bytearray(20000) for _ in range(40)]
del gone
print("ready", flush=True)
sys.stdin.read()
"""


class Live:
    def __init__(self, library, tool, checks):
        self.tool = tool
        self.checks = checks
        self.environment = dict(
            os.environ, LD_PRELOAD=library, PYTHONMALLOC="malloc",
            MIDPOOL_CONF="live:keep,report:none")

    def start(self, ending):
        """A program that is ready and waits for its stdin to close."""
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM + ending], env=self.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.checks.that(process.stdout.readline() == b"ready\n", "ready")
        return process

    def snapshot(self, subject):
        result = subprocess.run([self.tool, str(subject)], check=False,
                                capture_output=True)
        if result.returncode != 0:
            return None
        return check_report.loads(result.stdout.decode())

    def calm_snapshot(self, subject):
        """One whose sums belong together: where the tool loses the processor
        while it reads a page, the page goes on, and it is read again."""
        for _ in range(20):
            report = self.snapshot(subject)
            if report is not None and not check_report.check(report):
                break
        return report

    def verify(self, report, end, name):
        if not self.checks.that(report is not None, name + ": no report"):
            return
        found = check_report.check(report)
        self.checks.that(not found, "%s: %s" % (name, found[:3]))
        self.checks.that(report["process"]["end"] == end,
                         "%s: end is %s, not %s"
                         % (name, report["process"]["end"], end))
        self.checks.that(report["interception"]["active"]
                         and report["totals"]["gets"] >= 90
                         and (end == "exit" or report["totals"]["live"] >= 50),
                         "%s: %s" % (name, report["totals"]))


def remove_pages(pid):
    for name in os.listdir("/dev/shm"):
        if name.startswith("midpool.%d.%d." % (os.geteuid(), pid)):
            os.unlink(os.path.join("/dev/shm", name))


def check_ending(live, ending, end, name, kill=None):
    """Read while it runs, and again once it ended as the name says."""
    process = live.start(ending)
    try:
        report = live.snapshot(process.pid)
        live.verify(report, "running", name + ", before")
        if kill is not None:
            process.send_signal(kill)
        process.stdin.close()
        process.stdout.read()
        process.wait(WAIT_SECONDS)
        live.verify(live.snapshot(process.pid), end, name)
    finally:
        process.kill()
        process.wait()
        remove_pages(process.pid)


def check_exec(live):
    """The page of the program before an exec stays and says so."""
    process = live.start(
        "os.execv(sys.executable, [sys.executable, '-c', "
        "'import sys; x = [bytearray(4000) for _ in range(100)]; "
        "print(1, flush=True); sys.stdin.read()'])")
    try:
        process.stdin.close()
        process.wait(WAIT_SECONDS)
        names = sorted(
            name for name in os.listdir("/dev/shm")
            if name.startswith("midpool.%d.%d." % (os.geteuid(), process.pid)))
        if live.checks.that(len(names) == 2, "two pages: %s" % names):
            first = live.snapshot("/dev/shm/" + names[0])
            live.verify(first, "exec", "before exec")
            live.verify(live.snapshot(process.pid), "exit", "after exec")
    finally:
        process.kill()
        process.wait()
        remove_pages(process.pid)


def check_reused_pid(live):
    """A page whose pid belongs to another process now is not running."""
    process = live.start("os._exit(0)")
    other = subprocess.Popen(["sleep", "60"])
    path = ""
    try:
        process.stdin.close()
        process.wait(WAIT_SECONDS)
        name = [name for name in os.listdir("/dev/shm")
                if name.startswith("midpool.%d.%d."
                                   % (os.geteuid(), process.pid))][0]
        with open("/dev/shm/" + name, "rb") as file:
            data = bytearray(file.read())
        data[24:28] = other.pid.to_bytes(4, "little")
        path = "%s%d.%d.1" % (PREFIX, os.geteuid(), other.pid)
        with open(path, "wb") as file:
            file.write(data)
        live.verify(live.snapshot(other.pid), "unknown", "another's pid")
    finally:
        other.kill()
        other.wait()
        process.wait()
        remove_pages(process.pid)
        if path:
            os.unlink(path)


def pages_of(pid):
    return [name for name in os.listdir("/dev/shm")
            if name.startswith("midpool.%d.%d." % (os.geteuid(), pid))]


def check_removal(library, checks):
    """A page stays exactly if its numbers are nowhere else."""
    cases = (("report:none", "", 0),
             ("report:json,report_file:/dev/null", "", 0),
             ("report:json,report_file:/no/such/folder/x", "", 1),
             ("report:none", "os._exit(0)", 1))
    for conf, ending, pages in cases:
        live = Live(library, "", checks)
        live.environment["MIDPOOL_CONF"] = "live:yes," + conf
        process = live.start(ending)
        try:
            process.stdin.close()
            process.wait(WAIT_SECONDS)
            found = pages_of(process.pid)
            checks.that(len(found) == pages, "%s %s: left %s"
                        % (conf, ending, found))
        finally:
            process.kill()
            process.wait()
            remove_pages(process.pid)


def check_while_busy(live):
    """Snapshots of a process that never rests hold their equations."""
    busy = PROGRAM.replace("sys.stdin.read()", "import threading\n"
                           "def churn():\n"
                           "    for _ in range(10**9): bytearray(5000)\n"
                           "for _ in range(3):\n"
                           "    threading.Thread(target=churn).start()\n")
    process = subprocess.Popen([sys.executable, "-c", busy],
                               env=live.environment, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        last = 0
        for _ in range(20):
            report = live.calm_snapshot(process.pid)
            live.verify(report, "running", "busy")
            gets = report["totals"]["gets"] if report else 0
            live.checks.that(gets >= last, "gets grow: %d, %d" % (last, gets))
            last = gets
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
        remove_pages(process.pid)


def main():
    checks = Checks()
    live = Live(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]),
                checks)
    check_ending(live, "", "exit", "exit")
    check_ending(live, "os._exit(3)", "unknown", "_exit")
    check_ending(live, "os.abort()", "unknown", "abort")
    check_ending(live, "", "unknown", "SIGKILL", kill=signal.SIGKILL)
    check_exec(live)
    check_reused_pid(live)
    check_removal(library=live.environment["LD_PRELOAD"], checks=checks)
    check_while_busy(live)
    checks.finish()


if __name__ == "__main__":
    main()
