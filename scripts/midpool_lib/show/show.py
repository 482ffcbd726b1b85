"""midpool show: reports for people and for other tools."""

import os
import sys
import textwrap

from midpool_lib.base import arguments, counters, paths, style
from midpool_lib.base.errors import INCOMPLETE, CommandError
from midpool_lib.read import merge, reports
from midpool_lib.show import export, text_report, tree

HELP = """\
usage: midpool show [options] [FILE|FOLDER|PID|-...]

Shows a report: of a file that report:json or 'midpool run -o' wrote, of a
page of 'midpool html', or of a process that runs with live:yes or left its
page. A folder means all *.json in it, '-' standard input. Without any, the
report is of the last 'midpool run'. Several are added up, unless --list is
given; one that cannot be read is named and left out (exit status 3).

  -a, --all       classes as well as pools
  -e, --explain   what each number means
  -l, --list      one line per report, the one with the most gets first, and
                  their sum
  -t, --tree      processes as a tree, one line each
  -s, --sites     the sampled call stacks that requested the buffers
      --by GROUP  ... by stack, function or module (default: stack)
      --sort V    ... sorted by bytes, gets, misses, live or peak (bytes)
      --json      for programs: the archive format
      --csv       for spreadsheets: a row per class, pool and total
      --prom      for Prometheus' textfile collector
      --build DIR the build whose midpool-snapshot reads live pages

  midpool show -a base.json
  midpool show --csv base.*.json > base.csv
  midpool show -l /var/log/midpool
"""

SPEC = {"-a": "all", "--all": "all", "-e": "explain", "--explain": "explain",
        "-l": "list", "--list": "list", "-t": "tree", "--tree": "tree",
        "-s": "sites", "--sites": "sites", "--by": "by=", "--sort": "sort=",
        "--json": "json", "--csv": "csv", "--prom": "prom",
        "--build": "build="}


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


def list_line(report, note):
    totals = report["totals"]
    return (f"{style.count(totals['gets']):>14} gets"
            f" {style.percent(totals['hits'], totals['gets']):>9} hits"
            f" {style.size(totals['peak_live_bytes']):>8} peak  {note}")


def listed(loaded):
    """A line per report, the busiest first, and one of their sum."""
    ordered = sorted(loaded, key=lambda pair: -pair[1]["totals"]["gets"])
    lines = [list_line(report, style.plain(
        f"{reports.program(report)} [{report['process']['pid']}] ({name})"))
        for name, report in ordered]
    if len(loaded) > 1:
        whole = merge.add_up([report for _name, report in loaded])
        facts = text_report.run_of(whole)
        note = f"total of {style.count(facts['images'])}"
        if facts["images"] > len(loaded):
            note = (f"total of {style.count(len(loaded))} reports,"
                    f" {style.count(facts['processes'])} processes")
        elif facts["images"] < len(loaded):
            note += (f"; of {style.count(len(loaded))} reports, the last of"
                     " each")
        if facts["peaks_are_bounds"]:
            note += ", peak at most"
        lines.append(list_line(whole, note))
    return lines


def for_people(loaded, options, look):
    if options.list:
        return listed(loaded)
    if options.sites or options.by or options.sort:
        from midpool_lib.read import sites
        from midpool_lib.show import sites_text

        return sites_text.lines(
            sites.of([report for _name, report in loaded]), look,
            options.by or "stack", options.sort or "bytes", options.all)
    whole = merge.add_up([report for _name, report in loaded])
    if options.tree:
        return tree.lines(merge.members(whole), look)
    lines = text_report.render(whole, look, options.all)
    if whole["children"] and len(whole["children"]) <= 8:
        lines += [""] + tree.lines(merge.members(whole), look)
    return lines


def render(loaded, options):
    """The output, in the form that the options ask for."""
    form = export.chosen(options)
    if form:
        return export.text(form, [report for _name, report in loaded])
    look = style.Style(sys.stdout)
    lines = for_people(loaded, options, look)
    if options.explain:
        lines += explain(look)
    return "\n".join(lines) + "\n"


def main(argv):
    options = arguments.parse("show", argv, SPEC, HELP)
    names = options.rest + (options.after or [])
    if options.explain and not names and not os.path.exists(
            paths.last_report()):
        print("\n".join(explain(style.Style(sys.stdout))[1:]))
        return 0
    loaded, errors = reports.load(names or [last_run()], options.build)
    sys.stdout.write(render(loaded, options))
    reports.say_left_out(errors)
    return INCOMPLETE if errors else 0
