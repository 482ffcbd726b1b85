"""scripts/bench --locks: how often midpool's locks are taken and how much of
the CPU time is spent under each, row by row.

A build with -Dlock_stats=true appends to the file that MIDPOOL_LOCK_STATS
names; its own JSON reports tell the gets and puts.
"""

import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from . import allocators, build
from .execute import Failed
from .kinds import EXECUTE
from .runner import Progress

# Rows in which midpool is not itself, or not alone.
LEFT_OUT = ("instructions", "variants", "sampling", "warm-up")


@dataclass
class Use:
    """Sums over all processes of a run."""

    operations: int = 0  # gets and puts
    cpu_ns: int = 0
    taken: dict = field(default_factory=dict)  # lock -> times
    held_ns: dict = field(default_factory=dict)

    def per_thousand(self, lock):
        return 1000 * self.taken[lock] / self.operations

    def share(self, lock):
        """Of the CPU time; between 0 and 1."""
        return self.held_ns[lock] / self.cpu_ns if self.cpu_ns else 0.0


def read_locks(text, use):
    """Adds the figures that the processes wrote; returns their ids."""
    processes = set()
    for line in text.splitlines():
        kind, pid, *words = line.split()
        if kind == "process":
            processes.add(int(pid))
            use.cpu_ns += int(words[0])
        elif kind == "lock":
            name, taken, held = words
            use.taken[name] = use.taken.get(name, 0) + int(taken)
            use.held_ns[name] = use.held_ns.get(name, 0) + int(held)
    return processes


def read(folder):
    """The use of a run whose processes wrote into the folder."""
    use = Use()
    path = folder / "locks"
    if not path.exists():
        raise Failed("no process wrote the figures of its locks: is midpool "
                     "built with -Dlock_stats=true?")
    processes = read_locks(path.read_text(encoding="ascii"), use)
    for report in folder.glob("*.json"):
        found = json.loads(report.read_text(encoding="utf-8"))
        if found["process"]["pid"] in processes:
            total = found["totals"]
            use.operations += total["gets"] + total["puts"]
    if use.operations == 0:
        raise Failed("no buffer came from the pools")
    return use


def measure(runner, run, library):
    """One run; what its processes did with the locks."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        os.chmod(folder, 0o777)  # a server's user writes there as well
        env = {"MIDPOOL_CONF": f"report:json,report_file:{folder}/%p.%n.json",
               "MIDPOOL_LOCK_STATS": str(folder / "locks")}
        if run.conf:
            env["MIDPOOL_CONF"] += "," + run.conf
        mid = allocators.Allocator("midpool", str(library), env)
        EXECUTE[run.kind](runner, run, mid)
        return read(folder)


def render(uses):
    """The table; uses are pairs of a row's name and its use."""
    names = sorted({name for _, use in uses for name in use.taken})
    wide = max([len(row) for row, _ in uses] + [20]) + 1
    head = "locks".ljust(wide) + "gets, puts".rjust(14)
    for name in names:
        head += f"{name}: /1,000".rjust(16) + "CPU".rjust(9)
    out = [head]
    for row, use in uses:
        line = row.ljust(wide) + f"{use.operations:,}".rjust(14)
        for name in names:
            if name in use.taken:
                line += (f"{use.per_thousand(name):16.3f}"
                         f"{100 * use.share(name):8.3f}%")
            else:
                line += "-".rjust(16) + "-".rjust(9)
        out.append(line)
    return "\n".join(out)


def library(args):
    """A library that measures its locks, given or built."""
    if args.lib:
        return args.lib.resolve()
    return build.midpool(args.out.resolve() / "lock-stats",
                         ["-Dlock_stats=true", build.option_off("tests")])


def run_all(runner, runs, path):
    """Each row once; pairs of its name and its use."""
    runs = [run for run in runs if run.group not in LEFT_OUT]
    progress = Progress(len(runs))
    uses = []
    for run in runs:
        progress.step(run.name)
        try:
            uses.append((run.name, measure(runner, run, path)))
        except Failed as problem:
            text = f"{run.name}: {problem}"
            runner.failures.append(text)
            progress.note("failed: " + text)
    progress.close()
    return uses


def report(args, runner, runs):
    """Measures, prints and keeps the table and the figures."""
    uses = run_all(runner, runs, library(args))
    if not uses:
        return 1
    text = render(uses)
    print(text)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "locks.txt").write_text(text + "\n", encoding="utf-8")
    data = [{"row": row, "operations": use.operations, "cpu_ns": use.cpu_ns,
             "taken": use.taken, "held_ns": use.held_ns} for row, use in uses]
    (args.out / "locks.json").write_text(
        json.dumps({"rows": data, "failures": runner.failures}, indent=1)
        + "\n", encoding="utf-8")
    print(f"the same, and as data: {args.out}/locks.txt, locks.json")
    return 0
