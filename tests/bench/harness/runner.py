"""Runs rows under allocators, round by round, and keeps what came out."""

import os
import sys
import time
from dataclasses import dataclass

from .execute import Failed
from .kinds import EXECUTE
from .rows import SCALES


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

    def __init__(self, total, out=None):
        self.total = total
        self.done = 0
        self.out = out or sys.stderr
        self.start = time.monotonic()
        self.terminal = self.out.isatty()
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


class Runner:
    """Holds how to run: the programs, how long, on which CPU."""

    def __init__(self, tools, ms, reps, waits=True, mood=None):
        self.tools = tools
        self.ms = ms
        self.reps = reps
        self.waits = waits
        self.mood = mood
        self.cpu = max(os.sched_getaffinity(0))
        self.samples = []
        self.failures = []

    def sample(self, run, allocator, number, row, metric, unit, value):
        self.samples.append(
            Sample(number, allocator.name, run.group, run.family, row, metric,
                   unit, value)
        )

    def once(self, run, allocator, number):
        metrics = self.mood.before(run) if self.mood else {}
        metrics.update(EXECUTE[run.kind](self, run, allocator))
        shown = set()
        for figure in run.figures:
            if figure.metric in metrics:
                value = metrics[figure.metric] * SCALES.get(figure.unit, 1)
                self.sample(run, allocator, number, figure.row, "value",
                            figure.unit, value)
                shown.add(figure.metric)
        for metric in sorted(set(metrics) - shown):
            self.sample(run, allocator, number, run.name, metric, "",
                        metrics[metric])

    def all(self, runs, allocators, rounds):
        """Every run under every allocator, interleaved, rounds times."""
        plan = [
            (number, run, allocator)
            for number in range(1, rounds + 1)
            for run in runs
            if not run.rounds or number <= run.rounds
            for allocator in allocators
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
