"""Runs rows under allocators, round by round, and keeps what came out."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass

TIMEOUT_S = 180


@dataclass(frozen=True)
class Sample:
    """One figure of one run; the lines of the CSV."""

    round: int
    allocator: str
    group: str
    family: str
    row: str
    metric: str
    unit: str
    value: float


class Progress:
    """One line on stderr, rewritten on a terminal."""

    def __init__(self, total, out=sys.stderr):
        self.total = total
        self.done = 0
        self.out = out
        self.start = time.monotonic()
        self.terminal = out.isatty()
        self.last = 0.0

    def step(self, text):
        now = time.monotonic()
        self.done += 1
        # In a log file a line every ten seconds says enough.
        if not self.terminal and now - self.last < 10:
            return
        self.last = now
        spent = now - self.start
        left = spent / self.done * (self.total - self.done)
        line = (
            f"[{self.done}/{self.total}] {text}, "
            f"{int(left) // 60}:{int(left) % 60:02} left"
        )
        if self.terminal:
            self.out.write("\r\033[K" + line[:78])
        else:
            self.out.write(line + "\n")
        self.out.flush()

    def note(self, text):
        """A remark that stays."""
        if self.terminal:
            self.out.write("\r\033[K")
        self.out.write(text + "\n")
        self.out.flush()

    def close(self):
        if self.terminal:
            self.out.write("\r\033[K")
            self.out.flush()


def base_environment():
    """What programs are started with: nothing that steers an allocator."""
    keep = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")
    env = {key: os.environ[key] for key in keep if key in os.environ}
    env["LC_ALL"] = "C"
    return env


def parse(text):
    """The metrics in a workload's output."""
    metrics = {}
    for line in text.splitlines():
        parts = line.split()
        if len(parts) == 2:
            try:
                metrics[parts[0]] = float(parts[1])
            except ValueError:
                continue
    return metrics


class Failed(Exception):
    """A run that ended badly; the message says how."""


def start(argv, allocator, extra_env=None):
    """Runs argv under the allocator and returns its metrics."""
    env = base_environment()
    env.update(allocator.environment())
    env.update(extra_env or {})
    try:
        done = subprocess.run(
            argv,
            env=env,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"took more than {TIMEOUT_S} s") from None
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        reason = said[-1] if said else ""
        raise Failed(f"status {done.returncode} {reason}".strip())
    metrics = parse(done.stdout)
    if not metrics:
        raise Failed("printed no figures")
    return metrics


class Runner:
    """Holds how to run: the program, how long, on which CPU."""

    def __init__(self, program, ms, reps, waits=True):
        self.program = str(program)
        self.ms = ms
        self.reps = reps
        self.waits = waits
        self.cpu = max(os.sched_getaffinity(0))
        self.samples = []
        self.failures = []

    def command(self, run):
        argv = [self.program, "--ms", str(self.ms), "--reps", str(self.reps)]
        if run.pinned:
            argv += ["--cpu", str(self.cpu)]
        if run.wait and self.waits:
            argv += ["--wait", str(run.wait)]
        return argv + list(run.argv)

    def once(self, run, allocator, number):
        metrics = start(self.command(run), allocator)
        for figure in run.figures:
            if figure.metric in metrics:
                self.keep(run, allocator, number, figure, metrics)
        for metric in ("faults_per_kop", "peak_rss_kb", "faults", "live_kb",
                       "left_kb"):
            if metric in metrics:
                self.samples.append(
                    Sample(number, allocator.name, run.group, run.family,
                           run.name, metric, "", metrics[metric])
                )

    def keep(self, run, allocator, number, figure, metrics):
        value = metrics[figure.metric]
        if figure.unit == "MB":
            value /= 1024
        self.samples.append(
            Sample(number, allocator.name, run.group, run.family, figure.row,
                   "value", figure.unit, value)
        )

    def all(self, runs, allocators, rounds):
        """Every run under every allocator, interleaved, rounds times."""
        plan = [
            (number, run, allocator)
            for number in range(1, rounds + 1)
            for run in runs
            if not run.rounds or number <= run.rounds
            for allocator in allocators
            if not run.allocators or allocator.name in run.allocators
        ]
        progress = Progress(len(plan))
        for number, run, allocator in plan:
            progress.step(
                f"round {number}/{rounds}: {run.name}, {allocator.name}"
            )
            try:
                self.once(run, allocator, number)
            except Failed as problem:
                text = f"{run.name}, {allocator.name}: {problem}"
                if text not in self.failures:
                    self.failures.append(text)
                    progress.note("failed: " + text)
        progress.close()
