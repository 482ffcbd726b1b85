"""scripts/bench founding: the tables of the report that midpool began with.

The original pools handed buffers out zeroed and kept a record of 24 bytes
for each operation. Here: direct allocation (glibc's calloc and free; mmap,
every page written, munmap) against get and put (malloc and free under
midpool), also with zero:free, which clears a buffer when it is put back.
"""

import argparse
from statistics import median

from . import allocators, build
from .common import add_options, guarded, library
from .execute import Failed, workload
from .catalogue import size_name
from .rows import Figure, KB, Run
from .runner import Progress

SIZES = tuple(kb * KB for kb in (2, 4, 8, 16, 32, 64))
THREADS = 8
ORIGINAL_BYTES = 24  # of bookkeeping an operation, in the original


class Bench:
    """The part of a runner that workload() needs, for these tables."""

    def __init__(self, tools, ms, reps):
        self.tools, self.ms, self.reps = tools, ms, reps
        self.waits, self.cpu = False, 0


def plan(mid):
    """(table, row, column, allocator, workload's arguments, pinned)"""
    glibc = allocators.Allocator("glibc")
    reset = allocators.Allocator(
        "reset", mid.library, {"MIDPOOL_CONF": "report:none,zero:free"})
    for size in SIZES:
        row = size_name(size)
        yield "one thread", row, "calloc", glibc, ("calloc", size), True
        yield "one thread", row, "mmap", glibc, ("map", size), True
        yield "one thread", row, "get/put", mid, ("pair", size), True
        yield "one thread", row, "reset", reset, ("pair", size), True
    for size in SIZES:
        row, name = size_name(size), f"{THREADS} threads"
        yield name, row, "calloc", glibc, ("callocs", THREADS, size), False
        yield name, row, "get/put", mid, ("pairs", THREADS, size), False
        yield name, row, "reset", reset, ("pairs", THREADS, size), False
    ends = (2 * KB, 64 * KB)
    row = "2-64 KB"
    yield "mixed sizes", row, "calloc", glibc, ("mixed-calloc", *ends), True
    yield "mixed sizes", row, "get/put", mid, ("mixed", *ends), True
    yield "mixed sizes", row, "reset", reset, ("mixed", *ends), True


def measure(bench, steps, rounds):
    """(table, row, column) -> metric -> median over the rounds"""
    found = {}
    progress = Progress(len(steps) * rounds)
    for _ in range(rounds):
        for table, row, column, allocator, argv, pinned in steps:
            progress.step(f"{table}: {row}, {column}")
            run = Run("founding", "founding", tuple(map(str, argv)),
                      (Figure(row),), pinned=pinned)
            metrics = workload(bench, run, allocator)
            key = (table, row, column)
            for metric, value in metrics.items():
                found.setdefault(key, {}).setdefault(metric, []).append(value)
    progress.close()
    return {
        key: {metric: median(values) for metric, values in metrics.items()}
        for key, metrics in found.items()
    }


def render(found):
    """The tables as text."""
    out, last = [], None
    for (table, row, column), metrics in found.items():
        if table != last:
            last = table
            out += ["", f"{table:14}{'way':>10}{'M ops/s':>12}{'ns':>12}"
                        f"{'B/op':>8}{'speed-up':>10}"]
        direct = found[(table, row, "calloc")]["ns_per_op"]
        ns = metrics["ns_per_op"]
        left = metrics.get("growth_bytes_per_op", 0.0)
        speed = "" if column == "calloc" else f"{direct / ns:8.2f} x"
        rate = metrics.get("mops_per_s", 1000 / ns)
        out.append(f"{row:14}{column:>10}{rate:12.2f}{ns:12.1f}"
                   f"{left:8.1f}{speed:>10}")
    return "\n".join(out[1:])


NOTES = f"""
ns is CPU time per pair of allocation and release (with {THREADS} threads: wall
time x CPUs in use); B/op is how much memory an operation left behind
(bookkeeping; {ORIGINAL_BYTES} bytes in the original pools); the speed-up is over
glibc's calloc and free. mmap writes every page; reset is get/put with
zero:free.
"""


def parser():
    parse = argparse.ArgumentParser(
        prog="scripts/bench founding",
        description="Direct allocation against get and put.")
    parse.add_argument("--quick", action="store_true", help="one short round")
    parse.add_argument("--rounds", type=int, default=0, metavar="N",
                       help="rounds (3; with --quick 1)")
    add_options(parse)
    return parse


def run(args):
    mid = allocators.midpool(library(args))
    tools = build.workloads(args.out / "bin")
    rounds = args.rounds or (1 if args.quick else 3)
    bench = Bench(tools, 8 if args.quick else 30, 5)
    try:
        found = measure(bench, list(plan(mid)), rounds)
    except Failed as problem:
        print(f"bench founding: {problem}")
        return 1
    text = render(found) + "\n" + NOTES
    (args.out / "founding.txt").write_text(text, encoding="utf-8")
    print(text, end="")
    return 0


def main(argv):
    return guarded(run, parser().parse_args(argv))
