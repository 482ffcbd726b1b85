"""The ways to start a measured program; each gives a run's metrics."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

TIMEOUT_S = 180


class Failed(Exception):
    """A run that ended badly; the message says how."""


def base_environment():
    """The environment of programs, without allocator settings."""
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
    env = {**dict(run.env), **allocator.environment()}
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
    """A program of another project, measured from outside."""
    if not shutil.which(run.argv[0]):
        raise Failed(f"there is no {run.argv[0]} here")
    argv = launch_argv(runner, run, environment(run, allocator))
    return parse(call(argv + list(run.argv)))


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

