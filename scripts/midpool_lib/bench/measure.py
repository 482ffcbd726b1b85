"""Runs a program once and measures it: wall, CPU, peak RSS, page faults.

The kernel starts a process's peak RSS with that of the process it was forked
from. So a shell of 1 MB forks the program rather than this interpreter, and
hands it over by ending: this process is made the one that adopts orphans.
"""

import ctypes
import os
import time

PR_SET_CHILD_SUBREAPER = 36

# $1: libraries to preload; the rest: the program. Its pid goes to fd 4; it
# starts when a line comes from fd 5, after the shell has gone: a shell that
# still ran could wait for it in our place.
_SHELL = ('exec 3<&0; lib=$1; shift;'
          ' (read -r _ <&5; export LD_PRELOAD="$lib";'
          ' [ "$lib" ] || unset LD_PRELOAD;'
          ' exec "$@" <&3 3<&- 4>&- 5<&-) & echo $! >&4')

METRICS = ("wall_ns", "cpu_ns", "peak_rss_bytes", "faults")


class Measured:
    """One run's figures."""

    def __init__(self, wall_ns, status, usage):
        self.status = status
        self.wall_ns = wall_ns
        self.cpu_ns = round((usage.ru_utime + usage.ru_stime) * 1e9)
        self.peak_rss_bytes = usage.ru_maxrss * 1024
        self.faults = usage.ru_minflt + usage.ru_majflt


def adopt_orphans():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _read_pid(pipe):
    text = b""
    while not text.endswith(b"\n"):
        piece = os.read(pipe, 32)
        if not piece:
            raise OSError(0, "the shell did not start the program")
        text += piece
    return int(text)


def run(argv, env, library, stdin, stdout, stderr):
    """Runs argv with library preloaded; descriptors are borrowed."""
    receive, send = os.pipe()
    wait, go = os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, stdin, 0),
               (os.POSIX_SPAWN_DUP2, stdout, 1),
               (os.POSIX_SPAWN_DUP2, stderr, 2),
               (os.POSIX_SPAWN_DUP2, send, 4), (os.POSIX_SPAWN_DUP2, wait, 5)]
    command = ["sh", "-c", _SHELL, "sh", library] + argv
    shell = os.posix_spawn("/bin/sh", command, env, file_actions=actions)
    os.close(send)
    os.close(wait)
    try:
        pid = _read_pid(receive)
        os.waitpid(shell, 0)
        started = time.monotonic_ns()
        os.write(go, b"\n")
        return _finish(pid, started)
    finally:
        os.close(receive)
        os.close(go)


def _finish(pid, started):
    try:
        _pid, status, usage = os.wait4(pid, 0)
    except KeyboardInterrupt:
        os.kill(pid, 9)
        raise
    return Measured(time.monotonic_ns() - started, status, usage)
