"""Servers: started under an allocator, used by clients that are not, ended.

What is measured is the server with all its processes, from start to end.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from .execute import Failed, TIMEOUT_S, base_environment, check, environment
from .execute import parse

START_S, END_S = 30, 60


def needed(name, package, *folders):
    """The path of a program; Failed names its package."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *folders,
                            "/usr/sbin", "/sbin"])
    found = shutil.which(name, path=path)
    if not found:
        raise Failed(f"there is no {name} here (Debian: {package})")
    return found


def ordinary_user(name):
    """Arguments of subprocess for a server that refuses to run as root; empty
    if the caller is not root."""
    if os.geteuid() != 0:
        return {}
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise Failed(f"there is no user {name} here") from None
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def give(folder, owner):
    """A folder and all in it becomes the user's that runs the server."""
    if owner:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, owner["user"], owner["group"],
                     follow_symlinks=False)


def client(argv, stdin="", timeout=TIMEOUT_S, **more):
    """Runs a client, without an allocator; Failed when it fails."""
    try:
        done = subprocess.run(argv, env=base_environment(), input=stdin,
                              capture_output=True, text=True, check=False,
                              timeout=timeout, **more)
    except OSError as problem:
        raise Failed(str(problem)) from None
    except subprocess.TimeoutExpired:
        raise Failed(f"{argv[0]} took more than {timeout} s") from None
    check(done)
    return done.stdout


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def accepts(address):
    """Does somebody listen there? A port of this machine, or a path."""
    family = socket.AF_INET if isinstance(address, int) else socket.AF_UNIX
    if family == socket.AF_INET:
        address = ("127.0.0.1", address)
    with socket.socket(family) as one:
        one.settimeout(5)
        return one.connect_ex(
            address if isinstance(address, tuple) else str(address)) == 0


class Server:
    """A started server; metrics has its figures once it ended."""

    def __init__(self, name, process):
        self.name = name
        self.process = process
        self.metrics = {}

    def wait_until(self, ready):
        end = time.monotonic() + START_S
        while not ready():
            if self.process.poll() is not None:
                raise Failed(f"{self.name} did not start: {self._said()}")
            if time.monotonic() > end:
                raise Failed(f"{self.name} did not start in {START_S} s")
            time.sleep(0.02)

    def _said(self):
        lines = self.process.stderr.read().strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def end(self):
        """Asks the server to end and reads the resources that it used."""
        self.process.send_signal(signal.SIGTERM)
        try:
            out, err = self.process.communicate(timeout=END_S)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not end in {END_S} s") from None
        if self.process.returncode != 0:
            lines = err.strip().splitlines()
            raise Failed(f"{self.name}: {lines[-1] if lines else 'failed'}")
        self.metrics = parse(out)

    def kill(self):
        """Ends it and its processes, however."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()


def server_environment(run, allocator):
    env = environment(run, allocator)
    if not allocator.library:
        # Debian links redis and varnish with jemalloc; so glibc's is first.
        env["LD_PRELOAD"] = "libc.so.6"
    return env


def check_api(binary, allocator):
    """Failed if the server calls jemalloc's own functions, as redis 8 does, and
    the allocator lacks them: its memory would be freed by another one's."""
    name = b"\0dallocx\0"  # as in a table of symbols
    library = allocator.library and Path(allocator.library).read_bytes()
    if name in Path(binary).read_bytes() and name not in (library or b""):
        raise Failed(f"{Path(binary).name} calls dallocx, which"
                     f" {allocator.name} does not have")


@contextlib.contextmanager
def serving(tools, env, argv, ready, **more):
    """The server for as long as the block uses it; ended well after it."""
    words = [f"{key}={value}" for key, value in env.items()] + ["--", *argv]
    with subprocess.Popen([str(word) for word in (tools.launch, *words)],
                          env=base_environment(), text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, start_new_session=True,
                          **more) as process:
        server = Server(Path(argv[0]).name, process)
        try:
            server.wait_until(ready)
            yield server
            server.end()
        except OSError as problem:
            raise Failed(f"{server.name}: {problem}") from None
        finally:
            server.kill()


@contextlib.contextmanager
def workplace(owner=None):
    """A folder for one run, of the user that runs the server."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        give(folder, owner)
        yield folder
