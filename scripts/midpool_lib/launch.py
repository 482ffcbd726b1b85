"""Starts a program and stands in for it: signals in, exit status out.

The program gets stdin, stdout, stderr, working directory, environment,
process group, signal mask and signal dispositions as the command got them.
"""

import errno
import os
import resource
import signal
import time

from midpool_lib import cli, elf
from midpool_lib.errors import CommandError

# Signals that Python ignores at its start; the program must not inherit it.
_PYTHON_IGNORES = (signal.SIGPIPE, signal.SIGXFSZ)

_FORWARDED = {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM,
              signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM,
              signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO, signal.SIGPWR
              } | set(range(signal.SIGRTMIN, signal.SIGRTMAX + 1))


def environment():
    """The environment as the front got it: Python may have added to it."""
    try:
        with open("/proc/self/environ", "rb") as file:
            entries = file.read().split(b"\0")
    except OSError:
        return dict(os.environb)
    found = {}
    for entry in entries:
        name, equals, value = entry.partition(b"=")
        if equals:
            found.setdefault(name, value)
    return found


def find(program):
    """The program's file, or an error with a shell's status."""
    path = elf.find_program(program)
    if path is None:
        hint = ("" if "/" in program else "it is not in PATH; "
                ) + "give the program and its arguments after '--'"
        raise CommandError(f"{program}: command not found", hint, 127)
    if os.path.isdir(path):
        raise CommandError(f"{path} is a directory", status=126)
    if not os.access(path, os.X_OK):
        raise CommandError(f"{path} is not executable",
                           f"chmod +x {path}, or run its interpreter", 126)
    return path


def _become(path, argv, env, mask, streams):
    """In the child: sets everything back and becomes the program."""
    try:
        for number, file in streams.items():
            os.dup2(file, number)
        for number in _PYTHON_IGNORES:
            if not cli.ignored_signals >> (number - 1) & 1:
                signal.signal(number, signal.SIG_DFL)
        if cli.ignored_signals >> (signal.SIGCHLD - 1) & 1:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        try:
            os.execve(path, argv, env)
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                raise
            os.execve("/bin/sh", ["sh", path] + argv[1:], env)
    except OSError as error:
        os.write(2, f"midpool: {path}: {error.strerror}\n".encode(
            "utf-8", "backslashreplace"))
    except BaseException:  # whatever it is, it must not run on as a parent
        pass
    os._exit(126)


class Run:
    """How a program that ended had run."""

    def __init__(self, pid, status, usage):
        self.pid = pid
        self.status = status  # as wait(2) gives it
        self.usage = usage
        self.wall_ns = 0

    @property
    def exit_status(self):
        return os.WEXITSTATUS(self.status) if os.WIFEXITED(
            self.status) else None

    @property
    def signal(self):
        return os.WTERMSIG(self.status) if os.WIFSIGNALED(
            self.status) else None

    @property
    def shell_status(self):
        return self.exit_status if self.signal is None else 128 + self.signal


def _wait(pid, waited, meanwhile, every):
    while True:
        info = signal.sigtimedwait(waited, every)
        if info is None:
            if meanwhile:
                meanwhile(pid)
        elif info.si_signo == signal.SIGCHLD:
            done, status, usage = os.wait4(pid, os.WNOHANG)
            if done:
                return Run(pid, status, usage)
        elif info.si_code <= 0 and info.si_pid != pid:
            # Sent to this process alone; the terminal's (si_code > 0) reach
            # the program by themselves.
            os.kill(pid, info.si_signo)


def run(path, argv, env, streams=None, meanwhile=None,
        every=3.0):
    """Runs a program to its end.

    streams: descriptor -> open file; meanwhile is called with the pid,
    every so many seconds.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    waited = _FORWARDED | {signal.SIGCHLD}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    try:
        pid = os.fork()
        if pid == 0:
            _become(path, argv, env, mask, streams or {})
        started = time.monotonic_ns()
        ended = _wait(pid, waited, meanwhile, every)
        ended.wall_ns = time.monotonic_ns() - started
        return ended
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def end_like(run_):
    """Ends this process as the program ended: by status or by signal."""
    if run_.signal is None:
        return run_.exit_status
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        signal.signal(run_.signal, signal.SIG_DFL)
    except (OSError, ValueError):
        pass
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {run_.signal})
    os.kill(os.getpid(), run_.signal)
    return 128 + run_.signal


def signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
