#!/usr/bin/python3
"""The cost that the library adds to the start and the end of a process.

A build starts thousands of short programs, for which this is the whole cost of
midpool. The tests count page faults and system calls beyond those of the same
program without midpool, because a busy machine does not change these. The
bounds are a little above the numbers on Debian 12. A change that exceeds one
touches a page or makes a call that can come later or is not needed.
"""

import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402

# Beyond the program's own faults and calls: the library's own cost.
FAULTS, CALLS = 97, 54
# As `midpool run` sets it: a live page, a JSON report.
RUN_FAULTS, RUN_CALLS = 120, 100
RUNS = 5  # the least counts: an interrupt may cost a run a fault
PROGRAM = "/bin/true"


def set_like_run(folder):
    return "report:json,live:yes,report_file:%s/%%e.%%p.json" % folder


def faults(lib, conf, folder):
    """Of PROGRAM, the least of some runs."""
    env = dict(preload.environment(lib), MIDPOOL_CONF=conf)
    least = None
    for _ in range(RUNS):
        pid = os.posix_spawn(PROGRAM, [PROGRAM], env)
        _, status, usage = os.wait4(pid, 0)
        assert status == 0, (status, folder)
        if least is None or usage.ru_minflt < least:
            least = usage.ru_minflt
    return least


def calls(lib, conf, folder):
    """Of PROGRAM, by strace, in a /dev/shm without others' pages."""
    log = os.path.join(folder, "log")
    words = ["unshare", "--mount", "/bin/sh", "-c",
             "mount -t tmpfs none /dev/shm || exit 77; exec \"$@\"", "sh",
             "strace", "-o", log]
    if lib:
        words += ["-E", "LD_PRELOAD=" + lib, "-E", "MIDPOOL_CONF=" + conf]
    result = preload.run(None, words + [PROGRAM])
    if result.status == preload.SKIPPED:
        raise preload.Skip("no mounts here: %s" % result)
    result.expect(0)
    with open(log, encoding="ascii", errors="replace") as file:
        return re.findall(r"^(\w+)\(", file.read(), re.MULTILINE)


def bounded(arguments, make_conf, most_faults, most_calls):
    lib = os.path.abspath(arguments.lib)
    with tempfile.TemporaryDirectory() as folder:
        conf = make_conf(folder)
        added = faults(lib, conf, folder) - faults(None, "", folder)
        print("%d page faults" % added)
        assert 0 < added <= most_faults, added
        if not shutil.which("strace") or not shutil.which("unshare"):
            raise preload.Skip("no strace or unshare")
        with_it = calls(lib, conf, folder)
        extra = len(with_it) - len(calls(None, "", folder))
        print("%d system calls" % extra)
        assert 0 < extra <= most_calls, (extra, with_it)


def test_preloaded(arguments):
    bounded(arguments, lambda folder: "", FAULTS, CALLS)


def test_like_run(arguments):
    bounded(arguments, set_like_run, RUN_FAULTS, RUN_CALLS)


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
