"""Starts programs so that none of them outlives the test.

Model     Every program leads its own session, so that killing the group
          reaches its children; it also dies with this process. Daemons that
          leave their group are found again because this process adopts
          orphans (PR_SET_CHILD_SUBREAPER), and therefore reaps them, as a
          program expects that waits for a grandchild to be gone.
"""

import ctypes
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LIBC = ctypes.CDLL(None)


def _children():
    """Process ids of this process's children."""
    pids = []
    for task in os.listdir("/proc/self/task"):
        try:
            with open("/proc/self/task/%s/children" % task,
                      encoding="ascii") as file:
                pids += [int(word) for word in file.read().split()]
        except OSError:
            continue
    return pids


def _die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def free_port():
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def accepts(port):
    """Does somebody accept connections on the port?"""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def _identity(user):
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Server:
    """A program that runs in the background."""

    def __init__(self, name, process, output):
        self.name = name
        self.process = process
        self.output = output

    @property
    def pid(self):
        return self.process.pid

    def read_output(self):
        self.output.seek(0)
        return self.output.read()

    def end(self, number, timeout=30):
        """Sends the signal; (exit status, all it wrote)."""
        self.process.send_signal(number)
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            status = "no end within %d s" % timeout
        return status, self.read_output()


class Processes:
    """All programs of one test."""

    def __init__(self):
        self.groups = set()
        self.spawning = threading.Lock()
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        threading.Thread(target=self._reap, daemon=True).start()

    def _spawn(self, argv, **options):
        with self.spawning:
            process = subprocess.Popen(argv, start_new_session=True,
                                       preexec_fn=_die_with_parent, **options)
            self.groups.add(process.pid)
        return process

    def _reap(self):
        """Takes note of adopted children that ended, for ever."""
        while True:
            time.sleep(0.2)
            with self.spawning:
                for pid in set(_children()) - self.groups:
                    try:
                        os.waitpid(pid, os.WNOHANG)
                    except ChildProcessError:
                        pass

    def run(self, argv, stdin, cwd, env, timeout, user=None):
        """Runs a program to its end, within timeout seconds."""
        process = self._spawn(argv, cwd=cwd, env=env, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              **_identity(user))
        try:
            out, err = process.communicate(stdin, timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            err += b"\n(killed after %d s)" % timeout
        return subprocess.CompletedProcess(argv, process.returncode, out, err)

    def start(self, argv, cwd, env, ready, user=None, timeout=30):
        """Starts a server; raises when it does not get ready."""
        output = tempfile.TemporaryFile()
        process = self._spawn(argv, cwd=cwd, env=env,
                              stdin=subprocess.DEVNULL, stdout=output,
                              stderr=output, **_identity(user))
        server = Server(argv[0], process, output)
        deadline = time.monotonic() + timeout
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("%s did not get ready (status %s):\n%s" % (
                    argv[0], process.poll(),
                    server.read_output()[-3000:].decode(errors="replace")))
            time.sleep(0.02)
        return server

    def kill_all(self):
        """Kills whatever is left of everything that was started."""
        with self.spawning:
            for group in self.groups:
                try:
                    os.killpg(group, signal.SIGKILL)
                except (ProcessLookupError, PermissionError):
                    pass
            self._kill_children()
            self.groups.clear()

    @staticmethod
    def _kill_children():
        """Daemons that left their session have become children of ours."""
        for _generation in range(100):
            children = _children()
            if not children:
                return
            for child in children:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
