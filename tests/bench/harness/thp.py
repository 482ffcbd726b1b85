"""scripts/bench thp: memory under transparent huge pages, always and madvise.

The mode is the whole machine's, so this needs root, is never part of the
comparison, and puts the mode back when it ends, however it ends.
"""

import argparse
import contextlib
import signal
import sys
from pathlib import Path

from . import build, catalogue, table
from .common import add_options, guarded, Usage
from .compare import choose_allocators
from .rows import Figure, Run
from .runner import Runner

MODE = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def current(text):
    """The mode in brackets: 'always [madvise] never'."""
    for word in text.split():
        if word.startswith("["):
            return word.strip("[]")
    raise Usage(f"{MODE} says '{text.strip()}', which is not understood")


@contextlib.contextmanager
def mode(name):
    """Sets the machine's mode for a while."""
    before = current(MODE.read_text(encoding="ascii"))
    MODE.write_text(name, encoding="ascii")
    try:
        yield
    finally:
        MODE.write_text(before, encoding="ascii")


def renamed(run, name):
    """The run's memory rows, marked with the mode."""
    figures = tuple(
        Figure(f"{figure.row}, {name}", figure.metric, figure.unit)
        for figure in run.figures
        if figure.unit == "MB" and figure.metric != "rss_later_kb")
    return Run("memory", run.family, run.argv, figures, pinned=run.pinned,
               kind=run.kind, stdin=run.stdin)


def selected(cache, name):
    """The runs whose memory is compared, for one mode."""
    runs = [renamed(one, name) for one in catalogue.all_runs(cache)
            if one.group == "memory"
            or one.family in ("sqlite", "python", "true")]
    return [one for one in runs if one.figures]


def parser():
    parse = argparse.ArgumentParser(
        prog="scripts/bench thp",
        description="Memory with transparent_hugepage=always against madvise. "
                    "Changes the machine's setting meanwhile; needs root.")
    parse.add_argument("--allocators", metavar="LIST")
    parse.add_argument("--rounds", type=int, default=3, metavar="N")
    parse.set_defaults(add=[])
    add_options(parse)
    return parse


def run(args):
    if not MODE.exists():
        raise Usage("this kernel has no transparent huge pages")
    chosen, _ = choose_allocators(args)
    tools = build.workloads(args.out / "bin")
    runner = Runner(tools, 8, 3, waits=False)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        for name in ("always", "madvise"):
            with mode(name):
                runner.all(selected(args.out / "cache", name), chosen,
                           args.rounds)
    except OSError as problem:
        raise Usage(f"the mode can not be set: {problem}") from None
    found = table.lines(runner.samples)
    found.sort(key=lambda line: line.row.rsplit(", ", 1)[0])
    print(table.render_plain(found, [one.name for one in chosen],
                             args.rounds))
    for failure in runner.failures:
        print(f"failed: {failure}")
    return 0


def main(argv):
    return guarded(run, parser().parse_args(argv))
