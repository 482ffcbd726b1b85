"""scripts/bench: midpool against the allocators one could preload instead."""

import argparse
import sys
from pathlib import Path

from . import allocators, build, chart, results, rows, table
from .runner import Runner


def parser():
    parse = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures midpool against other allocators.",
    )
    parse.add_argument("--quick", action="store_true",
                       help="one short round, without the 12 s waits")
    parse.add_argument("--rounds", type=int, metavar="N",
                       help="rounds, interleaved (5; with --quick 1)")
    parse.add_argument("--only", metavar="ROWS", action="append", default=[],
                       help="groups, families or rows, comma-separated, "
                            "* as in a shell; see --list")
    parse.add_argument("--allocators", metavar="LIST",
                       help="only these, comma-separated")
    parse.add_argument("--add", metavar="NAME=PATH", action="append",
                       default=[], help="one more allocator's library")
    parse.add_argument("--lib", metavar="PATH",
                       help="midpool's library; none is built then")
    parse.add_argument("--out", metavar="DIR", type=Path,
                       default=build.ROOT / "build" / "bench",
                       help="where results and programs go (build/bench)")
    parse.add_argument("--list", action="store_true",
                       help="say which rows there are, and end")
    return parse


def fail(text):
    print(f"bench: {text}", file=sys.stderr)
    sys.exit(2)


def choose_runs(args):
    runs = rows.all_runs()
    patterns = [part for text in args.only for part in text.split(",") if part]
    try:
        if patterns:
            runs = rows.select(runs, patterns)
    except ValueError as problem:
        fail(problem)
    return [run for run in runs if not (args.quick and run.slow)]


def choose_allocators(args):
    found, remarks = allocators.peers()
    try:
        found += [allocators.added(text) for text in args.add]
    except ValueError as problem:
        fail(problem)
    wanted = args.allocators.split(",") if args.allocators else None
    if wanted is None or any(name.startswith("midpool") for name in wanted):
        library = args.lib or build.midpool()
        if not Path(library).is_file():
            fail(f"there is no library {library}")
        found.append(allocators.midpool(Path(library).resolve()))
    if wanted is not None:
        known = {one.name: one for one in found}
        for name in wanted:
            if name not in known:
                fail(f"no allocator '{name}' here; there are "
                     + ", ".join(known))
        found = [known[name] for name in wanted]
    return found, remarks


def report(args, runner, names, rounds, remarks):
    lines = table.lines(runner.samples)
    body = [line for line in lines if line.group != "floor"]
    out = [table.render(body, names, "midpool", rounds), ""]
    floor = [line for line in lines if line.group == "floor"]
    out += [
        f"{line.row}: {min(c.value for c in line.cells.values()):.1f} ns"
        for line in floor
    ]
    for group in ("band", "outside"):
        out += table.summary(lines, names, "midpool", group)
    out += [f"note: {remark}" for remark in remarks]
    out += [f"failed: {failure}" for failure in runner.failures]
    args.out.mkdir(parents=True, exist_ok=True)
    results.write(args.out / "results.csv", runner.samples)
    chart.write(args.out / "chart.svg", body, names)
    text = "\n".join(out)
    (args.out / "table.txt").write_text(text + "\n", encoding="utf-8")
    print(text)
    print(f"raw results: {args.out / 'results.csv'}, "
          f"chart: {args.out / 'chart.svg'}")


def main():
    args = parser().parse_args()
    if args.rounds is not None and args.rounds < 1:
        fail("--rounds wants at least 1")
    runs = choose_runs(args)
    if args.list:
        for run in runs:
            for figure in run.figures:
                print(f"{run.group:8} {run.family:14} {figure.row}")
        return
    rounds = args.rounds or (1 if args.quick else 5)
    try:
        program = build.workloads(args.out / "bin")
        chosen, remarks = choose_allocators(args)
    except build.BuildError as problem:
        fail(problem)
    for remark in remarks:
        print(f"note: {remark}", file=sys.stderr)
    ms, reps = (8, 5) if args.quick else (20, 5)
    runner = Runner(program, ms, reps, waits=not args.quick)
    floor_runner = [allocators.Allocator("glibc")]
    if any(run.group == "band" for run in runs):
        runner.all(list(rows.FLOOR), floor_runner, rounds)
    runner.all(runs, chosen, rounds)
    names = [one.name for one in chosen]
    report(args, runner, names, rounds, remarks)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
