"""The measurements: runs of the workload program, and the rows they fill.

A run is one start of the workload program; its figures are rows of the
table. Rows belong to a group (band, outside, memory, ...) and to a family
within it, which --only selects by name.
"""

from dataclasses import dataclass
from fnmatch import fnmatch

KB = 1024
BAND = (2 * KB, 64 * KB)


@dataclass(frozen=True)
class Figure:
    """One row: a metric of a run. The unit says how it is scaled."""

    row: str
    metric: str = "ns_per_op"
    unit: str = "ns"


# From what a program prints to what the table shows.
SCALES = {"MB": 1 / 1024, "us wall": 1000}


@dataclass(frozen=True)
class Run:
    """One start of a program: kind says which of execute.py's ways."""

    group: str
    family: str
    argv: tuple
    figures: tuple
    pinned: bool = True  # one thread: on one CPU
    rounds: int = 0  # at most; 0: as many as asked for
    wait: int = 0  # seconds of little work
    kind: str = "workload"
    stdin: str = ""
    repeat: int = 1
    conf: str = ""  # more of MIDPOOL_CONF
    env: tuple = ()  # pairs: what the program needs besides
    touches: int = 0  # MB of memory that it comes to use, generously; 0: little

    @property
    def name(self):
        return self.figures[0].row


# The rows that --quick measures without --only.
QUICK = ("band", "outside", "memory")


def names(runs):
    """Group and family names, for messages."""
    found = []
    for run in runs:
        for name in (run.group, run.family):
            if name not in found:
                found.append(name)
    return found


def select(runs, patterns):
    """The runs whose group, family or row matches one of the patterns.

    Raises ValueError for a pattern that selects nothing.
    """
    chosen = []
    for pattern in patterns:
        hits = [
            run
            for run in runs
            if pattern in (run.group, run.family)
            or fnmatch(run.name, pattern)
            or any(fnmatch(figure.row, pattern) for figure in run.figures)
        ]
        if not hits:
            raise ValueError(
                f"no row is called '{pattern}'; try one of "
                + ", ".join(names(runs))
            )
        chosen += hits
    return [run for run in runs if run in chosen]
