"""scripts/bench load: threads at full speed for a while, then the report."""

import argparse
import json
import tempfile
from pathlib import Path

from . import allocators, build
from .common import add_options, guarded, library, Usage
from .execute import Failed, call, parse
from .rows import KB

SLICE_MS = 250


def parser():
    parse = argparse.ArgumentParser(
        prog="scripts/bench load",
        description="Threads that replace buffers of 2-64 KB at random, then "
                    "what midpool's own report says of it.")
    parse.add_argument("--seconds", type=int, default=10, metavar="S")
    parse.add_argument("--threads", type=int, default=8, metavar="T")
    add_options(parse)
    return parse


def measure(args, tools, mid):
    """The workload's metrics and midpool's report."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder) / "report.json"
        env = mid.environment()
        env["MIDPOOL_CONF"] = f"report:json,report_file:{path}"
        # Warm-up is one more slice.
        reps = max(1, round(args.seconds * 1000 / SLICE_MS) - 1)
        cpus = args.threads > allocators.cpus()
        ms = SLICE_MS // 4 if cpus else SLICE_MS
        out = call([str(tools.bench), "--ms", str(ms), "--reps", str(reps),
                    "load", str(args.threads), str(2 * KB), str(64 * KB)],
                   env, timeout=args.seconds + 60)
        try:
            report = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise Failed(f"no report: {problem}") from None
    return parse(out), report


def render(args, metrics, report):
    total = report["totals"]
    rate = metrics["operations"] / metrics["seconds"]
    hits = total["hits"] / total["gets"] if total["gets"] else 0.0
    rows = (
        ("threads", f"{args.threads}"),
        ("seconds", f"{metrics['seconds']:.1f}"),
        ("operations (a free and a malloc)", f"{metrics['operations']:,.0f}"),
        ("operations per second", f"{rate / 1e6:,.2f} M"),
        ("time per operation and CPU", f"{metrics['ns_per_op']:.1f} ns"),
        ("hit rate (hits of gets)", f"{100 * hits:.4f} %"),
        ("gets", f"{total['gets']:,}"),
        ("misses", f"{total['misses']:,}"),
        ("page faults, process", f"{metrics['faults']:,.0f}"),
        ("page faults per 1,000 operations, steady",
         f"{metrics['faults_per_kop']:.4f}"),
        ("peak RSS", f"{metrics['peak_rss_kb'] / 1024:.1f} MB"),
    )
    return "\n".join(f"{name:42}{value:>20}" for name, value in rows)


def run(args):
    if args.seconds < 1 or args.threads < 1 or args.threads > 1024:
        raise Usage("load wants at least 1 second and 1 to 1024 threads")
    mid = allocators.midpool(library(args))
    tools = build.workloads(args.out / "bin")
    try:
        metrics, report = measure(args, tools, mid)
    except Failed as problem:
        print(f"bench load: {problem}")
        return 1
    print(render(args, metrics, report))
    return 0


def main(argv):
    return guarded(run, parser().parse_args(argv))
