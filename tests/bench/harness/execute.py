"""The ways to start what is measured; each gives a run's metrics."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

TIMEOUT_S = 180


class Failed(Exception):
    """A run that ended badly; the message says how."""


def base_environment():
    """What programs are started with: nothing that steers an allocator."""
    keep = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")
    env = {key: os.environ[key] for key in keep if key in os.environ}
    env["LC_ALL"] = "C"
    return env


def parse(text):
    """The metrics in a program's output: lines of a name and a number."""
    metrics = {}
    for line in text.splitlines():
        parts = line.split()
        if len(parts) == 2:
            try:
                metrics[parts[0]] = float(parts[1])
            except ValueError:
                continue
    return metrics


def call(argv, env=None, timeout=TIMEOUT_S):
    """Runs argv and returns its output; Failed when it fails."""
    full = base_environment()
    full.update(env or {})
    try:
        done = subprocess.run(argv, env=full, capture_output=True, text=True,
                              timeout=timeout, check=False)
    except OSError as problem:
        raise Failed(str(problem)) from None
    except subprocess.TimeoutExpired:
        raise Failed(f"took more than {timeout} s") from None
    check(done)
    return done.stdout


def check(done):
    if done.returncode != 0:
        said = (done.stderr or "").strip().splitlines()
        reason = said[-1] if said else ""
        raise Failed(f"status {done.returncode} {reason}".strip())


def environment(run, allocator):
    env = allocator.environment()
    if run.conf and "MIDPOOL_CONF" in env:
        env["MIDPOOL_CONF"] += "," + run.conf
    return env


def workload(runner, run, allocator):
    """The workload program itself, preloaded."""
    argv = [str(runner.tools.bench), "--ms", str(runner.ms), "--reps",
            str(runner.reps)]
    if run.pinned:
        argv += ["--cpu", str(runner.cpu)]
    if run.wait and runner.waits:
        argv += ["--wait", str(run.wait)]
    metrics = parse(call(argv + list(run.argv), environment(run, allocator)))
    if not metrics:
        raise Failed("printed no figures")
    return metrics


def launch_argv(runner, run, env):
    """launch's command line up to the program."""
    argv = [str(runner.tools.launch), "--repeat", str(run.repeat)]
    if run.stdin:
        argv += ["--in", run.stdin]
    return argv + [f"{key}={value}" for key, value in env.items()] + ["--"]


def program(runner, run, allocator):
    """Somebody else's program, measured from outside."""
    if not shutil.which(run.argv[0]):
        raise Failed(f"there is no {run.argv[0]} here")
    argv = launch_argv(runner, run, environment(run, allocator))
    return parse(call(argv + list(run.argv)))


def _await_socket(path, server):
    end = time.monotonic() + 10
    while not path.exists():
        if server.poll() is not None or time.monotonic() > end:
            raise Failed("redis-server did not start")
        time.sleep(0.02)


def _redis_load(socket, size):
    done = subprocess.run(
        ["redis-benchmark", "-s", str(socket), "-t", "set,get", "-d", size,
         "-n", "60000", "-r", "20000", "-c", "20", "-q"],
        env=base_environment(), capture_output=True, text=True,
        timeout=TIMEOUT_S, check=False)
    check(done)


def redis(runner, run, allocator):
    """redis-server under redis-benchmark; the server is what is measured."""
    binary = shutil.which("redis-check-rdb")  # redis-server, by another name
    if not binary or not shutil.which("redis-benchmark"):
        raise Failed("there is no redis here (Debian: redis-tools)")
    env = environment(run, allocator)
    if not allocator.library:
        # Debian links redis with jemalloc; this puts glibc's malloc first.
        env["LD_PRELOAD"] = "libc.so.6"
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        server_name = Path(folder) / "redis-server"
        server_name.symlink_to(binary)
        socket = Path(folder) / "socket"
        argv = launch_argv(runner, run, env) + [
            str(server_name), "--port", "0", "--unixsocket", str(socket),
            "--save", "", "--dir", folder]
        with subprocess.Popen(argv, env=base_environment(), text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as server:
            try:
                _await_socket(socket, server)
                _redis_load(socket, run.argv[0])
            finally:
                subprocess.run(["redis-cli", "-s", str(socket), "shutdown",
                                "nosave"], capture_output=True, check=False)
                try:
                    out, err = server.communicate(timeout=20)
                except subprocess.TimeoutExpired:
                    server.kill()
                    raise Failed("redis-server did not end") from None
    if server.returncode != 0:
        raise Failed(f"redis-server: {err.strip()}")
    return parse(out)


def _collected(runner, run, allocator, function, operations):
    """Instructions spent within a function over so many operations."""
    name, size = run.argv
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        out = Path(folder) / "callgrind.out"
        call(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
              f"--toggle-collect={function}", str(runner.tools.bench), name,
              str(operations), size], environment(run, allocator))
        for line in out.read_text(encoding="utf-8").splitlines():
            if line.startswith(("summary:", "totals:")):
                return int(line.split()[1])
    raise Failed("callgrind wrote no sum")


def instructions(runner, run, allocator):
    """Instructions of a malloc and of a free that hit, off callgrind.

    Two runs of different length tell what one more operation costs.
    """
    if not shutil.which("valgrind"):
        raise Failed("there is no valgrind here")
    functions = {"malloc": "malloc", "free": "free"}
    if run.argv[0] == "floor-count":
        functions = {"malloc": "floor_get", "free": "floor_put"}
    few, many = 2000, 4000
    return {
        metric: (_collected(runner, run, allocator, function, many)
                 - _collected(runner, run, allocator, function, few))
        / (many - few)
        for metric, function in functions.items()
    }


EXECUTE = {
    "workload": workload,
    "program": program,
    "redis": redis,
    "instructions": instructions,
}
