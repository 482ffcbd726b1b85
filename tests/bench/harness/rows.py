"""What is measured: runs of the workload program, and the rows they fill.

A run is one start of the workload program; its figures are rows of the
table. Rows belong to a group (band, outside, memory, ...) and to a family
within it, which --only selects by name.
"""

from dataclasses import dataclass, field
from fnmatch import fnmatch

KB = 1024
BAND = (2 * KB, 64 * KB)


@dataclass(frozen=True)
class Figure:
    """One row: a metric of a run. unit is ns, MB or ms."""

    row: str
    metric: str = "ns_per_op"
    unit: str = "ns"


@dataclass(frozen=True)
class Run:
    """One start of the workload program."""

    group: str
    family: str
    argv: tuple
    figures: tuple
    pinned: bool = True  # one thread: on one CPU
    rounds: int = 0  # at most; 0: as many as asked for
    wait: int = 0  # seconds of little work
    slow: bool = False  # left out by --quick
    allocators: tuple = field(default=())  # only under these, () all

    @property
    def name(self):
        return self.figures[0].row


def size_name(size):
    if size >= KB * KB:
        return f"{size // (KB * KB)} MB"
    if size >= KB:
        return f"{size // KB} KB"
    return f"{size} B"


def _run(group, family, row, *argv, **more):
    argv = tuple(str(arg) for arg in argv)
    return Run(group, family, argv, (Figure(row),), **more)


def _pairs():
    for kb in (2, 3, 4, 8, 12, 16, 32, 48, 64):
        yield _run("band", "pair", f"pair {kb} KB", "pair", kb * KB)
    for kb in (2, 4, 16, 64):
        yield _run("band", "touch", f"pair, touched, {kb} KB", "touch", kb * KB)
    for count in (16, 64):
        for kb in (2, 4, 16, 64):
            yield _run(
                "band",
                "batch",
                f"batch of {count}, {kb} KB",
                "batch",
                count,
                kb * KB,
            )


MIXES = (
    ("2-64 KB", 2 * KB, 64 * KB, "uniform"),
    ("2-4 KB", 2 * KB, 4 * KB, "uniform"),
    ("2-64 KB log", 2 * KB, 64 * KB, "log"),
)


def _replaces():
    for name, low, high, kind in MIXES:
        for live in (10, 100, 1000, 10000, 100000):
            # 100,000 of the large ones would take gigabytes.
            if live == 100000 and high > 4 * KB:
                continue
            yield _run(
                "band",
                "replace",
                f"replace {name}, {live:,} live",
                "replace",
                live,
                low,
                high,
                kind,
            )
    for live in (100, 1000, 10000):
        yield _run(
            "band",
            "replace-touch",
            f"replace 2-64 KB, touched, {live:,} live",
            "replace-touch",
            live,
            *BAND,
            "uniform",
        )


def _threads():
    for threads in (1, 2, 8, 64):
        yield _run(
            "band",
            "threads",
            f"{threads} thread{'s' * (threads > 1)}, replace 2-64 KB, "
            "100 live each",
            "replaces",
            threads,
            100,
            *BAND,
            "uniform",
            pinned=False,
        )
    for threads in (2, 8):
        yield _run(
            "band",
            "threads",
            f"{threads} threads, replace 2-64 KB, 1,000 live each",
            "replaces",
            threads,
            1000,
            *BAND,
            "uniform",
            pinned=False,
        )
    for threads in (2, 64):
        yield _run(
            "band",
            "threads",
            f"{threads} threads, pair 4 KB",
            "pairs",
            threads,
            4 * KB,
            pinned=False,
        )


def _handovers():
    for side in (1, 4):
        yield _run(
            "band",
            "handover",
            f"hand-over {side}:{side}, ring, 2-64 KB",
            "ring",
            side,
            *BAND,
            pinned=False,
        )
    yield _run(
        "band",
        "handover",
        "hand-over, alloc-only to free-only, 2-64 KB",
        "lists",
        *BAND,
        pinned=False,
    )
    yield _run(
        "band",
        "larson",
        "server with replaced threads (larson), 2-64 KB",
        "larson",
        8,
        *BAND,
        pinned=False,
    )


def _uses():
    for kb in (4, 8, 16, 64):
        for count in (32, 500, 4000):
            yield _run(
                "band",
                "walk",
                f"walk {count:,} x {kb} KB",
                "walk",
                count,
                kb * KB,
            )
    for kb in (4, 16, 64):
        yield _run("band", "memcpy", f"memcpy {kb} KB", "memcpy", kb * KB)


def _grows():
    yield _run(
        "band", "grow", "realloc 2-64 KB by 1 KB", "grow", *BAND, KB
    )
    yield _run(
        "band", "grow", "realloc 2 KB-1 MB doubling", "grow", 2 * KB, KB * KB, 0
    )
    for kb in (4, 16, 64):
        yield _run(
            "band", "calloc", f"calloc recycled {kb} KB", "calloc", kb * KB
        )
    for kind in ("malloc", "calloc"):
        for kb, count in ((4, 8000), (16, 3000), (64, 1000)):
            yield _run(
                "band",
                "fresh",
                f"{kind} fresh {kb} KB, written",
                f"fresh-{kind}",
                count,
                kb * KB,
            )


def _outside():
    for size in (16, 64, 256, 1024):
        yield _run(
            "outside", "small-pair", f"pair {size} B", "pair", size
        )
    for live in (1000, 10000):
        yield _run(
            "outside",
            "small-replace",
            f"replace 16 B-1 KB, {live:,} live",
            "replace",
            live,
            16,
            KB,
            "log",
        )
    for size in (128 * KB, 256 * KB, KB * KB):
        yield _run(
            "outside", "large-pair", f"pair {size_name(size)}", "pair", size
        )
    for live in (10, 100):
        yield _run(
            "outside",
            "large-replace",
            f"replace 128 KB-1 MB, {live} live",
            "replace",
            live,
            128 * KB,
            KB * KB,
            "log",
        )


def _memory():
    yield Run(
        "memory",
        "phases",
        ("phases", "200"),
        (
            Figure("phases, 200 MB live: peak", "peak_rss_kb", "MB"),
            Figure("phases: all freed", "rss_freed_kb", "MB"),
            Figure("idle: 12 s later", "rss_later_kb", "MB"),
            Figure("phases: time per buffer", "ns_per_op", "ns"),
        ),
        rounds=1,
        wait=12,
    )
    yield Run(
        "memory",
        "fragment",
        ("fragment", "600"),
        (
            Figure("fragment, 600 MB live: RSS", "rss_kb", "MB"),
            Figure("fragment: peak", "peak_rss_kb", "MB"),
            Figure("fragment: 90 % freed", "rss_freed_kb", "MB"),
            Figure("fragment: 12 s later, 60 MB live", "rss_later_kb", "MB"),
            Figure("fragment: time per buffer", "ns_per_op", "ns"),
        ),
        rounds=1,
        wait=12,
    )
    for threads in (200, 1000):
        yield Run(
            "memory",
            "sleepers",
            ("sleepers", str(threads)),
            (
                Figure(f"{threads:,} sleeping threads: before", "base_kb", "MB"),
                Figure(f"{threads:,} sleeping threads: used", "rss_kb", "MB"),
                Figure(
                    f"{threads:,} sleeping threads: 12 s later",
                    "rss_later_kb",
                    "MB",
                ),
            ),
            pinned=False,
            rounds=1,
            wait=12,
        )


FLOOR = (
    _run("floor", "floor", "floor: pair", "floor-pair", 4 * KB),
    _run("floor", "floor", "floor: batch of 16", "floor-batch", 16),
    _run("floor", "floor", "floor: batch of 64", "floor-batch", 64),
)


def all_runs():
    """Every run that uses the workload program, in the table's order."""
    return [
        *_pairs(),
        *_replaces(),
        *_threads(),
        *_handovers(),
        *_uses(),
        *_grows(),
        *_outside(),
        *_memory(),
    ]


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
