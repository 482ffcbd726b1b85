"""Starts a program, passes signals to it, and ends as it ended.

The program gets stdin, stdout, stderr, working directory, environment,
process group, signal mask and signal dispositions as the command got them.
The command does what the program does: it stops, continues and ends as the
program did. If the command is killed, so is the program.
"""

import errno
import os
import resource
import signal
import time

from midpool_lib.base import cli
from midpool_lib.base.errors import USAGE, CommandError
from midpool_lib.run import elf

# Signals that Python ignores at its start; the program must not inherit it.
_PYTHON_IGNORES = (signal.SIGPIPE, signal.SIGXFSZ)

_WAITED = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
_PR_SET_PDEATHSIG = 1

# Signals that ask a program to end; SIGHUP says that its terminal is gone.
_ENDING = {signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP}


def environment():
    """The environment that the command got: Python may change os.environ."""
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


def _not_found(program):
    if "/" in program:
        hint = "give the program and its arguments after '--'"
    elif os.path.isfile(program):
        hint = f"it is not in PATH; did you mean ./{program}?"
    else:
        hint = ("it is not in PATH; give the program and its arguments"
                " after '--'")
    return CommandError(f"{program}: command not found", hint, 127)


def locate(program):
    """The program's file, or an error with a shell's status."""
    path = elf.find_program(program)
    if path is None:
        raise _not_found(program)
    if os.path.isdir(path):
        raise CommandError(f"{path} is a directory", status=126)
    if not os.access(path, os.X_OK):
        raise CommandError(f"{path} is not executable",
                           f"chmod +x {path}, or run its interpreter", 126)
    return path


def find(program):
    """As locate; an error if the program's interpreter is missing."""
    path = locate(program)
    missing = elf.missing_interpreter(path)
    if missing:
        raise CommandError(f"{path}: its interpreter {missing} is not there",
                           "install it, or correct the path in the program",
                           127)
    return path


def find_only(program, search=find):
    """As search; an error has the status of wrong usage, not a shell's."""
    try:
        return search(program)
    except CommandError as error:
        error.status = USAGE
        raise


def _die_with(parent):
    """In the child: if the command is killed, the kernel kills the program."""
    try:
        import _ctypes  # ctypes itself takes as long as all else together

        prctl = _ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl")
        _ctypes.call_function(prctl, (_PR_SET_PDEATHSIG, signal.SIGKILL,
                                      0, 0, 0))
    except (ImportError, AttributeError, OSError):
        return  # the program is then left running, as an orphan
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)  # the command died before that


def _become(path, argv, env, mask, streams, parent):
    """In the child: restores everything and becomes the program."""
    try:
        _die_with(parent)
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
            if error.errno != errno.ENOEXEC or _is_elf(path):
                raise
            os.execve("/bin/sh", ["sh", path] + argv[1:], env)
    except OSError as error:
        os.write(2, f"midpool: {os.fsdecode(path)}: {error.strerror}\n".encode(
            "utf-8", "backslashreplace"))
    except BaseException:  # the child must not run on as a parent
        pass
    os._exit(126)


def _is_elf(path):
    """True for a program of another machine, which is no script for sh."""
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


class Run:
    """The end of a program and its use of resources."""

    def __init__(self, pid, status, usage):
        self.pid = pid
        self.status = status  # as wait(2) gives it
        self.usage = usage
        self.wall_ns = 0
        self.received = set()  # signals that came to this process meanwhile

    @property
    def exit_status(self):
        return os.WEXITSTATUS(self.status) if os.WIFEXITED(
            self.status) else None

    @property
    def signal(self):
        return os.WTERMSIG(self.status) if os.WIFSIGNALED(
            self.status) else None

    @property
    def interrupted(self):
        """True if a signal asked the program to end. A program that catches
        the signal may end with any status."""
        return (self.signal in _ENDING
                or bool(self.received & (_ENDING - {signal.SIGHUP})))

    @property
    def shell_status(self):
        return self.exit_status if self.signal is None else 128 + self.signal


class Onlooker:
    """What the command does while the program runs; here nothing."""

    every = 3.0  # seconds between two looks

    def look(self, pid):
        """Called now and then while the program runs."""

    def pause(self):
        """Called before the command stops, as the program did."""

    def resume(self):
        """Called when it goes on."""


def _is_stopped(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] == b"T"
    except (OSError, IndexError):
        return False


def _shell_watches():
    """True if the parent does job control, and so will continue the command."""
    parent = os.getppid()
    try:
        return (os.getpgid(parent) != os.getpgrp()
                and os.getsid(parent) == os.getsid(0))
    except OSError:
        return False


def _stop_like(number, pid, onlooker):
    """Stops this process as the program was stopped, so that the shell sees it.

    A SIGSTOP outside of job control is not followed: its sender will continue
    the program, and does not know that this process would need it as well.
    """
    if number == signal.SIGSTOP and not _shell_watches():
        return
    if not _is_stopped(pid):
        return  # it has continued meanwhile
    onlooker.pause()
    if number != signal.SIGSTOP:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED)
    onlooker.resume()


def _look_after(pid, onlooker):
    """How the program ended, or None if it only stopped or continued."""
    done, status, usage = os.wait4(pid, os.WNOHANG | os.WUNTRACED)
    if not done:
        return None
    if os.WIFSTOPPED(status):
        _stop_like(os.WSTOPSIG(status), pid, onlooker)
        return None
    return Run(pid, status, usage)


def _hand_on(pid, info):
    """Passes the program a signal that was sent to this process alone.

    Signals of the terminal (si_code > 0) reach the program directly. So does a
    SIGCONT that a shell sends to the whole job.
    """
    if info.si_code > 0 or info.si_pid == pid:
        return
    if info.si_signo == signal.SIGCONT and not _is_stopped(pid):
        return
    os.kill(pid, info.si_signo)


def _wait(pid, onlooker):
    received = set()
    while True:
        info = signal.sigtimedwait(_WAITED, onlooker.every)
        if info is None:
            onlooker.look(pid)
        elif info.si_signo == signal.SIGCHLD:
            ended = _look_after(pid, onlooker)
            if ended:
                ended.received = received
                return ended
        else:
            received.add(info.si_signo)
            _hand_on(pid, info)


def run(path, argv, env, streams=None, onlooker=None):
    """Runs a program to its end; streams: descriptor -> open file."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED)
    try:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become(path, argv, env, mask, streams or {}, parent)
        started = time.monotonic_ns()
        ended = _wait(pid, onlooker or Onlooker())
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
