"""Starts programs so that none of them outlives the test.

Model     Every program leads its own session, and dies with this process,
          which adopts orphans (PR_SET_CHILD_SUBREAPER): whatever a program
          leaves behind, daemons too, becomes a child, is waited for, and is
          killed when it does not end. Nothing is killed by the number of a
          process or group that was reaped before: numbers come round.
          Orphans are reaped at once, as a program expects that waits for a
          grandchild to be gone.
"""

import ctypes
import os
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LIBC = ctypes.CDLL(None)
# Generous: a hang is told from a busy machine by minutes, not by seconds.
PATIENCE_SECONDS = 180
SETTLE_SECONDS = 30
CLAIMS = []  # sockets whose names claim a port


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


def _range_for_servers():
    """Ports that the system never gives to outgoing connections."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range",
                  encoding="ascii") as file:
            low, high = map(int, file.read().split())
    except OSError:
        low, high = 32768, 60999
    return range(10000, low) if low > 11000 else range(high + 1, 65536)


def free_port():
    """A TCP port of 127.0.0.1 that is this process's until it ends.

    A port out of bind's own hands could be anybody's by the time that the
    server wants it. A name in the abstract namespace keeps other tests from
    choosing the same one.
    """
    ports = list(_range_for_servers()) or list(range(10000, 65536))
    for port in random.SystemRandom().sample(ports, min(len(ports), 200)):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind("\0midpool-test-port-%d" % port)
            with socket.socket() as sock:
                sock.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        CLAIMS.append(claim)
        return port
    raise RuntimeError("no free port")


def accepts(port):
    """Does somebody accept connections on the port?"""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
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

    def end(self, number, timeout=PATIENCE_SECONDS):
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
        self.ours = set()  # started here; who started them reaps them
        self.spawning = threading.Lock()
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        threading.Thread(target=self._reap, daemon=True).start()

    def _spawn(self, argv, **options):
        with self.spawning:
            process = subprocess.Popen(argv, start_new_session=True,
                                       preexec_fn=_die_with_parent, **options)
            self.ours.add(process.pid)
        return process

    def _reap(self):
        """Takes note of adopted children that ended, for ever."""
        while True:
            time.sleep(0.1)
            with self.spawning:
                self._reap_adopted()

    def _reap_adopted(self):
        """Reaps adopted children that ended; are there others?"""
        running = False
        for pid in set(_children()) - self.ours:
            try:
                running |= os.waitpid(pid, os.WNOHANG)[0] == 0
            except ChildProcessError:
                pass
        return running

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
        with self.spawning:
            self.ours.discard(process.pid)
        return subprocess.CompletedProcess(argv, process.returncode, out, err)

    def start(self, argv, cwd, env, ready, user=None,
              timeout=PATIENCE_SECONDS):
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

    def settle(self):
        """Waits a while for what programs left behind to end by itself, with
        its report: the children of a shell, a helper that sees its pipe end.
        """
        until = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < until:
            with self.spawning:
                if not self._reap_adopted():
                    return
            time.sleep(0.01)

    def kill_all(self):
        """Kills whatever is left of everything that was started."""
        with self.spawning:
            for _generation in range(1000):
                children = _children()
                if not children:
                    break
                for child in children:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
            self.ours.clear()
