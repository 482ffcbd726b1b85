"""The comparison: all rows, all allocators, a table, a CSV, a chart."""

import argparse
import signal
import sys
from dataclasses import asdict

from . import allocators, build, catalogue, chart, kinds, locks
from . import mood, results, rows, table
from .common import add_options, guarded, library, Usage
from .execute import Failed
from .runner import Runner

EPILOG = """commands:
  founding              the founding report's tables: direct allocation
                        against get and put; founding --help
  load                  a load test; load --help
  readme                README's section on performance, from results
  thp                   memory with transparent_hugepage=always, against
                        madvise (root); thp --help

Interrupted (SIGINT, SIGTERM), it reports the rounds so far and ends with 130.

Metrics: time per operation (CPU time with one thread, wall time x CPUs in
use with several), memory, page faults; median over the rounds and half the
range. * marks rows where midpool is more than 3 % behind the best peer.
"""

INTERRUPTED = 130  # the status, as a shell has it

# Groups that compare midpool with itself, and the options of their columns.
OWN = {"variants": catalogue.VARIANT_CONF,
       "sampling": catalogue.SAMPLING_CONF,
       "warm-up": catalogue.WARMUP_CONF}


def parser():
    parse = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures midpool against other allocators.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parse.add_argument("--quick", action="store_true",
                       help="one short round of the band, of what is outside "
                            "and of memory without its 12 s waits")
    parse.add_argument("--rounds", type=int, metavar="N",
                       help="rounds, interleaved (5; with --quick 1)")
    parse.add_argument("--only", metavar="ROWS", action="append", default=[],
                       help="groups, families or rows, comma-separated, "
                            "* as in a shell; see --list")
    parse.add_argument("--allocators", metavar="LIST",
                       help="only these, comma-separated")
    parse.add_argument("--add", metavar="NAME=PATH", action="append",
                       default=[],
                       help="one more allocator's library; its environment "
                            "may follow: 'NAME=PATH KEY=VALUE ...'")
    parse.add_argument("--memory", choices=(mood.WARM, mood.COLD),
                       default=mood.WARM,
                       help="warm: a process touches and frees what a run "
                            "needs right before it; cold: nobody does, and "
                            f"{mood.COLD_S} s of rest are left to the host of "
                            "a virtual machine to take memory back (warm)")
    parse.add_argument("--locks", action="store_true",
                       help="of midpool alone: how often locks are taken in "
                            "1,000 gets and puts, and the share of CPU time "
                            "under each; once a row, no peers")
    parse.add_argument("--list", action="store_true",
                       help="say which rows there are, and end")
    add_options(parse)
    return parse


def choose_runs(args):
    runs = catalogue.all_runs(args.out.resolve() / "cache")
    patterns = [part for text in args.only for part in text.split(",") if part]
    if not patterns and args.quick:
        patterns = rows.QUICK
    try:
        return rows.select(runs, patterns) if patterns else runs
    except ValueError as problem:
        raise Usage(problem) from None


def choose_allocators(args):
    """Those to compare and remarks; midpool is built only when it is."""
    found, remarks = allocators.peers()
    try:
        found += [allocators.added(text) for text in args.add]
    except ValueError as problem:
        raise Usage(problem) from None
    wanted = args.allocators.split(",") if args.allocators else None
    if wanted is None or "midpool" in wanted:
        found.append(allocators.midpool(library(args)))
    if wanted is not None:
        known = {one.name: one for one in found}
        for name in wanted:
            if name not in known:
                raise Usage(f"no allocator '{name}' here; there are "
                            + ", ".join(known))
        found = [known[name] for name in wanted]
    return found, remarks


def variants(midpool, conf):
    """Midpool under other options, one column each."""
    return [
        allocators.Allocator(name, midpool.library,
                             {"MIDPOOL_CONF": "report:none," + options})
        for name, options in conf.items()
    ]


def without_counters(out, remarks):
    """Midpool built without counters, where the build knows how."""
    off = build.option_off("counters")
    if not off:
        return []
    try:
        path = build.midpool(out.resolve() / "no-counters",
                             [off, build.option_off("tests")])
    except build.BuildError as problem:
        remarks.append(f"no counters: {problem}")
        return []
    return [allocators.midpool(path, "no counters")]


def prepare(runs, tools, cache, remarks):
    """Makes the input that some rows need; drops those it fails for."""
    for family in dict.fromkeys(run.family for run in runs):
        try:
            kinds.make_input(tools, cache, family)
        except Failed as problem:
            remarks.append(f"{family}: its input could not be made "
                           f"({problem})")
            runs = [run for run in runs if run.family != family]
    return runs


def own_columns(group, conf, midpool, out, remarks):
    """The columns of a table that has midpool alone."""
    columns = variants(midpool, conf)
    if group == "variants":
        columns += without_counters(out, remarks)
    return columns


def measure(runner, runs, chosen, rounds, own):
    """Runs everything; own holds the columns of midpool's own tables."""
    groups = {run.group for run in runs}
    if "band" in groups:
        glibc = [allocators.Allocator("glibc")]
        runner.all(list(catalogue.FLOOR), glibc, rounds)
    if "instructions" in groups:
        glibc = [allocators.Allocator("glibc")]
        runner.all([catalogue.FLOOR_INSTRUCTIONS], glibc, 1)
    peers = [run for run in runs if run.group not in OWN]
    if peers:
        runner.all(peers, chosen, rounds)
    for group, columns in own.items():
        mine = [run for run in runs if run.group == group]
        runner.all(mine, columns, rounds)


def floor_lines(lines):
    said = []
    for line in lines:
        value = min(found.value for found in line.cells.values())
        said.append(f"{line.row}: {value:.1f} {line.unit}")
    return said


def tables(lines, chosen, rounds, own):
    """The text of all tables, and the lines that are about peers."""
    body = [line for line in lines if line.group not in (*OWN, "floor")]
    names = [one.name for one in chosen]
    out = []
    if body:
        out += [table.render(body, names, "midpool", rounds), ""]
    real = [table.least(line) for line in body if line.group == "real"]
    if real and rounds > 1:
        out += [table.render(real, names, "midpool", 1), ""]
    for group, columns in own.items():
        mine = [line for line in lines if line.group == group]
        names_own = [one.name for one in columns]
        out += [table.render_plain(mine, names_own, rounds), ""]
    out += floor_lines([line for line in lines if line.group == "floor"])
    for group, unit in (("band", "ns"), ("outside", "ns"), ("real", "ms CPU"),
                        ("real", "MB")):
        out += table.summary(lines, names, "midpool", group, unit)
    return out, body


def report(args, runner, chosen, rounds, remarks, own):
    lines = table.lines(runner.samples)
    out, body = tables(lines, chosen, rounds, own)
    out.insert(0, runner.mood.line() + "\n")
    out += [f"note: {remark}" for remark in remarks]
    out += [f"failed: {failure}" for failure in runner.failures]
    args.out.mkdir(parents=True, exist_ok=True)
    results.write(args.out / "results.csv", runner.samples)
    results.write_about(args.out / "run.json", results.about(
        chosen, rounds, memory=runner.mood.header(), notes=remarks,
        failures=runner.failures, rows=[asdict(line) for line in lines]))
    chart.write(args.out / "chart.svg", body, [one.name for one in chosen])
    text = "\n".join(out)
    (args.out / "table.txt").write_text(text + "\n", encoding="utf-8")
    print(text)
    print(f"table, raw results, chart: {args.out}/table.txt, results.csv, "
          "run.json, chart.svg")


def measure_locks(args, runs):
    """The table of locks instead of the comparison."""
    tools = build.workloads(args.out / "bin")
    remarks = []
    runs = prepare(runs, tools, args.out.resolve() / "cache", remarks)
    for remark in remarks:
        print(f"note: {remark}", file=sys.stderr)
    runner = Runner(tools, 8 if args.quick else 20, 5, waits=not args.quick)
    return locks.report(args, runner, runs)


def run(args):
    if args.rounds is not None and args.rounds < 1:
        raise Usage("--rounds wants at least 1")
    runs = choose_runs(args)
    if args.list:
        for one in runs:
            for figure in one.figures:
                print(f"{one.group:12} {one.family:14} {figure.row}, "
                      f"{figure.unit}")
        return 0
    if args.locks:
        return measure_locks(args, runs)
    rounds = args.rounds or (1 if args.quick else 5)
    chosen, remarks = choose_allocators(args)
    tools = build.workloads(args.out / "bin")
    runs = prepare(runs, tools, args.out.resolve() / "cache", remarks)
    for remark in remarks:
        print(f"note: {remark}", file=sys.stderr)
    runner = Runner(tools, 8 if args.quick else 20, 5, waits=not args.quick,
                    mood=mood.Mood(tools, args.memory))
    midpool = [one for one in chosen if one.name == "midpool"]
    groups = {one.group for one in runs}
    own = {
        group: own_columns(group, conf, midpool[0], args.out, remarks)
        for group, conf in OWN.items()
        if group in groups and midpool
    }
    status = 0
    try:
        measure(runner, runs, chosen, rounds, own)
    except KeyboardInterrupt:
        remarks.append("interrupted: medians of what was measured until then")
        status = INTERRUPTED
    if not runner.samples:
        return status or 1
    report(args, runner, chosen, rounds, remarks, own)
    return status


def _interrupt(_signal, _frame):
    raise KeyboardInterrupt


def main(argv):
    signal.signal(signal.SIGTERM, _interrupt)
    return guarded(run, parser().parse_args(argv))
