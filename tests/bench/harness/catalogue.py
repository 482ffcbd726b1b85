"""All rows: which workloads are run, and what their rows are called."""

from dataclasses import replace
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


def _band(family, row, *argv, **more):
    return _run("band", family, row, *argv, **more)


def _pairs():
    for kb in (2, 3, 4, 8, 12, 16, 32, 48, 64):
        yield _band("pair", f"pair {kb} KB", "pair", kb * KB)
    for kb in (2, 4, 16, 64):
        yield _band("touch", f"pair, touched, {kb} KB", "touch", kb * KB)
    for count in (16, 64):
        for kb in (2, 4, 16, 64):
            yield _band("batch", f"batch of {count}, {kb} KB",
                        "batch", count, kb * KB)


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
            yield _band("replace", f"replace {name}, {live:,} live",
                        "replace", live, low, high, kind)
    for live in (100, 1000, 10000):
        yield _band("replace-touch",
                    f"replace 2-64 KB, touched, {live:,} live",
                    "replace-touch", live, *BAND, "uniform")


def _threads():
    for threads in (1, 2, 8, 64):
        name = "1 thread" if threads == 1 else f"{threads} threads"
        yield _band("threads", f"{name}, replace 2-64 KB, 100 live each",
                    "replaces", threads, 100, *BAND, "uniform", pinned=False)
    for threads in (2, 8):
        yield _band("threads",
                    f"{threads} threads, replace 2-64 KB, 1,000 live each",
                    "replaces", threads, 1000, *BAND, "uniform", pinned=False)
    for threads in (2, 64):
        yield _band("threads", f"{threads} threads, pair 4 KB",
                    "pairs", threads, 4 * KB, pinned=False)


def _handovers():
    for side in (1, 4):
        yield _band("handover", f"hand-over {side}:{side}, ring, 2-64 KB",
                    "ring", side, *BAND, pinned=False)
    yield _band("handover", "hand-over, alloc-only to free-only, 2-64 KB",
                "lists", *BAND, pinned=False)
    yield _band("larson", "server with replaced threads (larson), 2-64 KB",
                "larson", 8, *BAND, pinned=False)


def _uses():
    for kb in (4, 8, 16, 64):
        for count in (32, 500, 4000):
            yield _band("walk", f"walk {count:,} x {kb} KB",
                        "walk", count, kb * KB)
    for kb in (4, 16, 64):
        yield _band("memcpy", f"memcpy {kb} KB", "memcpy", kb * KB)


def _grows():
    for count, name in ((1, "one buffer"), (8, "eight in turn")):
        yield _band("grow", f"realloc 2-64 KB by 1 KB, {name}",
                    "grow", count, *BAND, KB)
        yield _band("grow", f"realloc 2 KB-1 MB doubling, {name}",
                    "grow", count, 2 * KB, KB * KB, 0)
    for kb in (4, 16, 64):
        yield _band("calloc", f"calloc recycled {kb} KB", "calloc", kb * KB)
    for kind in ("malloc", "calloc"):
        for kb, count in ((4, 8000), (16, 3000), (64, 1000)):
            yield _band("fresh", f"{kind} fresh {kb} KB, written",
                        f"fresh-{kind}", count, kb * KB, touches=256)


def _outside():
    for size in (16, 64, 256, 1024):
        yield _run("outside", "small-pair", f"pair {size} B", "pair", size)
    for live in (1000, 10000):
        yield _run("outside", "small-replace",
                   f"replace 16 B-1 KB, {live:,} live",
                   "replace", live, 16, KB, "log")
    for size in (128 * KB, 256 * KB, KB * KB):
        yield _run("outside", "large-pair", f"pair {size_name(size)}",
                   "pair", size)
    for live in (10, 100):
        yield _run("outside", "large-replace",
                   f"replace 128 KB-1 MB, {live} live",
                   "replace", live, 128 * KB, KB * KB, "log")


def _phases():
    figures = (
        Figure("phases, 200 MB live: peak", "peak_rss_kb", "MB"),
        Figure("phases: all freed", "rss_freed_kb", "MB"),
        Figure("idle: 12 s later", "rss_later_kb", "MB"),
        Figure("phases: time per buffer", "ns_per_op", "ns"),
    )
    yield Run("memory", "phases", ("phases", "200"), figures,
              rounds=1, wait=12, touches=512)


def _fragment(sizes, row, wait):
    figures = (
        Figure(f"{row}, 600 MB live: RSS", "rss_kb", "MB"),
        Figure(f"{row}: peak", "peak_rss_kb", "MB"),
        Figure(f"{row}: 90 % freed", "rss_freed_kb", "MB"),
        Figure(f"{row}: 12 s later, 60 MB live", "rss_later_kb", "MB"),
        Figure(f"{row}: time per buffer", "ns_per_op", "ns"),
    )
    yield Run("memory", "fragment", ("fragment", "600", sizes), figures,
              rounds=1, wait=wait, touches=1536)


def _sleepers():
    for threads in (200, 1000):
        row = f"{threads:,} sleeping threads"
        figures = (
            Figure(f"{row}: before", "base_kb", "MB"),
            Figure(f"{row}: band used", "rss_kb", "MB"),
            Figure(f"{row}: 12 s later", "rss_later_kb", "MB"),
        )
        yield Run("memory", "sleepers", ("sleepers", str(threads)), figures,
                  pinned=False, rounds=1, wait=12)


def _start():
    figures = (
        Figure("start of true", "wall_ms", "us wall"),
        Figure("start of true", "peak_rss_kb", "MB"),
    )
    yield Run("start", "true", ("true",), figures, kind="program", repeat=100)
    row = "shell loop, 500 processes"
    figures = (
        Figure(row, "wall_ms", "ms wall"),
        Figure(row, "cpu_ms", "ms CPU"),
    )
    loop = "i=0; while [ $i -lt 500 ]; do /bin/true; i=$((i+1)); done"
    yield Run("start", "shell", ("sh", "-c", loop), figures, kind="program",
              rounds=3)


def _real(family, row, *argv, **more):
    figures = (
        Figure(row, "cpu_ms", "ms CPU"),
        Figure(row, "wall_ms", "ms wall"),
        Figure(row, "peak_rss_kb", "MB"),
        Figure(row, "faults", "faults"),
    )
    more.setdefault("kind", "program")
    more.setdefault("touches", 512)
    argv = tuple(str(arg) for arg in argv)
    return Run("real", family, argv, figures, pinned=False, **more)


def _scripts(cache):
    """Programs that read what they do, and end."""
    yield _real("python", "python3, bytes of 3-63 KB", "/usr/bin/python3",
                PROGRAMS / "bytes.py", touches=2048)
    yield _real("sqlite", "sqlite3, blobs of 3-5 KB", "sqlite3", ":memory:",
                stdin=str(PROGRAMS / "blobs.sql"), touches=1024)
    yield _real("git", "git log --stat", "git", "-C", cache / "history.git",
                "log", "--stat")
    yield _real("node", "node, Buffers of 16 KB", "node",
                PROGRAMS / "buffers.js")
    yield _real("perl", "perl, strings of 3-40 KB", "perl",
                PROGRAMS / "strings.pl")
    yield _real("lua", "lua5.4, strings of 3-40 KB", "lua5.4",
                PROGRAMS / "strings.lua")
    yield _real("ruby", "ruby, strings and arrays", "ruby",
                PROGRAMS / "strings.rb", touches=1024)
    yield _real("php", "php, strings and arrays", "php", "-n",
                PROGRAMS / "strings.php", env=(("USE_ZEND_ALLOC", "0"),))
    yield _real("compile", "gcc -O2", "gcc", "-O2", "-w", "-c", "-o",
                "/dev/null", cache / "source.c")


def _servers(cache):
    """Servers under a client's load."""
    for size in (5, 16):
        yield _real("redis", f"redis, values of {size} KB", size * KB, 60000,
                    kind="redis")
    yield _real("nginx", "nginx, TLS, a file of 1 MB", 400, kind="nginx")
    yield _real("postgres", "PostgreSQL, pgbench", cache / "postgres", 4000,
                300, kind="postgres")
    yield _real("mariadb", "MariaDB, sorts and updates", cache / "mariadb",
                150, kind="mariadb")
    yield _real("varnish", "varnish, 30 threads", 300, kind="varnish")


def _programs(cache):
    yield from _scripts(cache)
    yield from _servers(cache)


TAIL_LIVE, TAIL_REPLACEMENTS = 20000, 1000000


def _tail():
    """The durations of single calls while the sizes shift."""
    figures = [
        Figure(f"{name}: {quantile}", f"{metric}_{quantile}")
        for name, metric in (("malloc or free", "call"), ("malloc", "malloc"),
                             ("free", "free"))
        for quantile in ("p50", "p99", "p99.9", "p99.99", "longest")
    ]
    figures += [
        Figure("shifting mix", "cpu_ms", "ms CPU"),
        Figure("shifting mix: peak", "peak_rss_kb", "MB"),
        Figure("shifting mix", "faults", "faults"),
    ]
    argv = ("tail", str(TAIL_LIVE), str(TAIL_REPLACEMENTS))
    yield Run("tail", "tail", argv, tuple(figures), touches=1536)


def _instructions():
    for kb in (4, 64):
        figures = (
            Figure(f"malloc hit, {kb} KB", "malloc", "instructions"),
            Figure(f"free hit, {kb} KB", "free", "instructions"),
        )
        yield Run("instructions", "instructions", ("count", str(kb * KB)),
                  figures, rounds=1, kind="instructions")


FLOOR = (
    _run("floor", "floor", "floor: pair", "floor-pair", 4 * KB),
    _run("floor", "floor", "floor: batch of 16", "floor-batch", 16),
    _run("floor", "floor", "floor: batch of 64", "floor-batch", 64),
)

FLOOR_INSTRUCTIONS = Run(
    "floor", "floor", ("floor-count", str(4 * KB)),
    (Figure("floor: get", "malloc", "instructions"),
     Figure("floor: put", "free", "instructions")),
    kind="instructions",
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


# The cost of sampling call stacks, and of finding overruns.
SAMPLING_CONF = {
    "off": "",
    "sites auto": "sites:auto",
    "sites 512K": "sites:512K",
    "guard auto": "guard:auto",
}


def _own_programs(cache, group):
    for run in _programs(cache):
        if run.family in ("python", "sqlite", "git"):
            cpu = Figure(f"{run.figures[0].row}: CPU", "cpu_ms", "ms CPU")
            yield replace(run, group=group, figures=(cpu,))


def sampling_runs(cache):
    """Rows of midpool with and without sites and guard."""
    for kb in (4, 64):
        yield _run("sampling", "sampling", f"pair {kb} KB", "pair", kb * KB)
    yield _run("sampling", "sampling", "replace 2-64 KB, 1,000 live",
               "replace", 1000, *BAND, "uniform")
    yield from _own_programs(cache, "sampling")


def variant_runs(cache):
    """Rows that compare midpool with itself under other options.

    The last column is a build without counters: what they cost, in calls and
    in whole programs.
    """
    for kb in (2, 4, 16, 64):
        yield _run("variants", "variants", f"pair {kb} KB", "pair", kb * KB)
    yield _run("variants", "variants", "replace 2-64 KB, 1,000 live",
               "replace", 1000, *BAND, "uniform")
    yield _run("variants", "variants", "malloc fresh 16 KB, written",
               "fresh-malloc", 3000, 16 * KB)
    yield from _own_programs(cache, "variants")


def warmup_runs():
    """The first 1,000 gets of a process, cold and after a warm-up."""
    figures = (
        Figure("first 1,000 gets of 16 KB, written"),
        Figure("page faults in 1,000 gets", "faults_per_kop", "faults"),
    )
    yield Run("warm-up", "warm-up", ("first", "1000", str(16 * KB)), figures)


def all_runs(cache):
    """Every run, in the table's order; cache holds generated input."""
    return [
        *_pairs(), *_replaces(), *_threads(), *_handovers(), *_uses(),
        *_grows(), *_outside(), *_phases(),
        *_fragment("steady", "replace", 0),
        *_fragment("shifting", "fragment", 12),
        *_sleepers(), *_tail(), *_start(), *_programs(cache),
        *_instructions(),
        *variant_runs(cache), *sampling_runs(cache), *warmup_runs(),
    ]
