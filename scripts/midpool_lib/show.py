"""midpool show: reports for people and for other tools."""

import os
import sys
import textwrap

from midpool_lib import (arguments, counters, export, merge, paths, reports,
                         style, text_report, tree)
from midpool_lib.errors import CommandError

HELP = """\
usage: midpool show [options] [FILE|PID...]

Shows a report: of a file that report:json or 'midpool run -o' wrote, of a
page of 'midpool html', or of a process that runs with live:yes. Without any,
of the last 'midpool run'. Several are added up, unless --list is given.

  -a, --all       classes as well as pools
  -e, --explain   what each number means
  -l, --list      one line per report instead of their sum
  -t, --tree      processes as a tree, one line each
      --json      for programs: the archive format
      --csv       for spreadsheets: a row per class, pool and total
      --prom      for Prometheus' textfile collector
      --build DIR the build whose midpool-snapshot reads live pages

  midpool show -a base.json
  midpool show --csv base.*.json > base.csv
"""

SPEC = {"-a": "all", "--all": "all", "-e": "explain", "--explain": "explain",
        "-l": "list", "--list": "list", "-t": "tree", "--tree": "tree",
        "--json": "json", "--csv": "csv", "--prom": "prom",
        "--build": "build="}


def load(names, build=None):
    loaded = []
    for name in names:
        loaded += reports.read_all(name, build)
    return loaded


def last_run():
    path = paths.last_report()
    if not os.path.exists(path):
        raise CommandError("show: which report? None is kept of a last run",
                           "give FILEs or PIDs, or start with"
                           " 'midpool run -- PROGRAM'")
    return path


def explain(look):
    """The glossary: each number of a report, defined."""
    lines = ["", look.paint("what the numbers mean", "bold")]
    for counter in counters.TABLE:
        text = f"{counter.name:18} {counter.meaning} ({counter.unit})"
        lines += textwrap.wrap(text, 79, subsequent_indent=" " * 19)
    for name, meaning in counters.DERIVED.items():
        lines += textwrap.wrap(f"{name:18} {meaning}", 79,
                               subsequent_indent=" " * 19)
    return lines


def list_line(name, report):
    totals = report["totals"]
    return (f"{style.count(totals['gets']):>14} gets"
            f" {style.percent(totals['hits'], totals['gets']):>9} hits"
            f" {style.size(totals['peak_live_bytes']):>8} peak  "
            f"{reports.program(report)} ({name})")


def for_people(names, loaded, options, look):
    if options.list:
        return [list_line(name, report)
                for name, report in zip(names, loaded)]
    whole = merge.add_up(loaded)
    if options.tree:
        return tree.lines(merge.members(whole), look)
    lines = text_report.render(whole, look, options.all)
    if whole["children"] and len(whole["children"]) <= 8:
        lines += [""] + tree.lines(merge.members(whole), look)
    return lines


def main(argv):
    options = arguments.parse("show", argv, SPEC, HELP)
    names = options.rest + (options.after or [])
    look = style.Style(sys.stdout)
    if options.explain and not names and not os.path.exists(
            paths.last_report()):
        print("\n".join(explain(look)[1:]))
        return 0
    names = names or [last_run()]
    loaded = load(names, options.build)
    if len(loaded) != len(names):
        names = [str(report["process"]["pid"]) for report in loaded]
    for form in ("json", "csv", "prom"):
        if getattr(options, form):
            sys.stdout.write(getattr(export, "to_" + form)(loaded))
            return 0
    lines = for_people(names, loaded, options, look)
    if options.explain:
        lines += explain(look)
    print("\n".join(lines))
    return 0
