"""All rows: which workloads are run, and what their rows are called."""

from pathlib import Path

from .rows import BAND, Figure, KB, Run

PROGRAMS = Path(__file__).resolve().parent.parent / "programs"


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


def _start():
    yield Run(
        "start",
        "true",
        ("true",),
        (
            Figure("start of true", "wall_ms", "us wall"),
            Figure("start of true", "peak_rss_kb", "MB"),
        ),
        kind="program",
        repeat=100,
    )
    loop = "i=0; while [ $i -lt 500 ]; do /bin/true; i=$((i+1)); done"
    yield Run(
        "start",
        "shell",
        ("sh", "-c", loop),
        (
            Figure("shell loop, 500 processes", "wall_ms", "ms wall"),
            Figure("shell loop, 500 processes", "cpu_ms", "ms CPU"),
        ),
        kind="program",
        rounds=3,
    )


def _figures(row):
    return (
        Figure(row, "cpu_ms", "ms CPU"),
        Figure(row, "wall_ms", "ms wall"),
        Figure(row, "peak_rss_kb", "MB"),
    )


def _real(cache):
    programs = PROGRAMS

    def real(family, row, *argv, **more):
        more.setdefault("kind", "program")
        return Run("real", family, argv, _figures(row), rounds=3,
                   pinned=False, **more)

    yield real("sqlite", "sqlite3, blobs of 3-5 KB", "sqlite3", ":memory:",
               stdin=str(programs / "blobs.sql"))
    yield real("lua", "lua5.4, strings of 3-40 KB", "lua5.4",
               str(programs / "strings.lua"))
    yield real("python", "python3, bytes of 3-63 KB", "/usr/bin/python3",
               str(programs / "bytes.py"))
    yield real("git", "git log --stat", "git", "-C", str(cache / "history.git"),
               "log", "--stat")
    yield real("node", "node, Buffers of 16 KB", "node",
               str(programs / "buffers.js"))
    for size in (5, 16):
        yield real("redis", f"redis, values of {size} KB", str(size * KB),
                   kind="redis")


def _instructions():
    for kb in (4, 64):
        yield Run(
            "instructions",
            "instructions",
            ("count", str(kb * KB)),
            (
                Figure(f"malloc hit, {kb} KB", "malloc", "instructions"),
                Figure(f"free hit, {kb} KB", "free", "instructions"),
            ),
            rounds=1,
            kind="instructions",
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


# Rows of midpool under its own options, one column an option.
VARIANT_CONF = {
    "midpool": "",
    "zero": "zero:free",
    "check_fill": "check_fill:yes",
    "misuse off": "misuse:off",
    "thp dense": "thp:dense",
    "thp never": "thp:never",
    "live": "live:yes",
}


WARMUP_CONF = {"cold": "", "warm": "warmup:16K=1000"}


def variant_runs():
    """Rows that compare midpool with itself under other options."""
    runs = [
        _run("variants", "pair", f"pair {kb} KB", "pair", kb * KB)
        for kb in (2, 4, 16, 64)
    ]
    runs.append(
        _run("variants", "replace", "replace 2-64 KB, 1,000 live",
             "replace", 1000, *BAND, "uniform")
    )
    runs.append(
        _run("variants", "fresh", "malloc fresh 16 KB, written",
             "fresh-malloc", 3000, 16 * KB)
    )
    return runs


def warmup_runs():
    """The first 1,000 gets of a process, cold and after a warm-up."""
    figures = (
        Figure("first 1,000 gets of 16 KB, written"),
        Figure("page faults in 1,000 gets", "faults_per_kop", "faults"),
    )
    return [Run("warm-up", "warmup", ("first", "1000", str(16 * KB)), figures)]


FLOOR_INSTRUCTIONS = Run(
    "floor",
    "floor",
    ("floor-count", str(4 * KB)),
    (
        Figure("floor: get", "malloc", "instructions"),
        Figure("floor: put", "free", "instructions"),
    ),
    kind="instructions",
)


def all_runs(cache=Path("/nonexistent")):
    """Every run, in the table's order; cache holds generated input."""
    return [
        *_pairs(),
        *_replaces(),
        *_threads(),
        *_handovers(),
        *_uses(),
        *_grows(),
        *_outside(),
        *_memory(),
        *_start(),
        *_real(cache),
        *_instructions(),
    ]
