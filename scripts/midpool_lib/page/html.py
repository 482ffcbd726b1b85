"""midpool html: one self-contained page of a profile, or of a comparison."""

import json
import os
import re
import sys
import time

from midpool_lib import VERSION
from midpool_lib.base import arguments, counters, paths
from midpool_lib.base.errors import INCOMPLETE, CommandError
from midpool_lib.page import diff_html, flame
from midpool_lib.read import keep, merge, profiles, reports
from midpool_lib.read.family import divided, members
from midpool_lib.show import show

HELP = """\
usage: midpool html [options] [A [B...]]
       midpool html [options] BASE... -- NEW...
       midpool html [options] --fleet FOLDER|FILE|PACK...

Writes a page with the profile in A: pools, requested sizes, time curve,
waste, fallback. With more, it compares A with each of the others; with '--',
all runs before it with all behind it, as 'midpool diff' does. Without any,
the page is of the last 'midpool run'. Of runs with call stacks (run --sites)
it has a flame graph, which shows in a comparison where more or less was
requested. The page is one file without outside parts and holds its numbers as
JSON; 'midpool show' reads it too. With --fleet it shows what 'midpool fleet'
tells: programs, the worst first, how their processes are spread, and
outliers, with links to their reports.

  -o, --output FILE   where to; '-' is stdout (A's name with .html)
      --fleet         very many processes, by program
      --open          show it in the browser

  midpool html base.json
  midpool html base.json new.json -o change.html
  midpool html base.*.json -- new.*.json -o change.html
"""

SPEC = {"-o": "output=", "--output": "output=", "--fleet": "fleet",
        "--open": "open"}
FLEET_SCRIPTS = ("format.js", "fleet.js")
SCRIPTS = ("format.js", "charts.js", "flame.js", "profile.js", "compare.js",
           "main.js")
ROOM_BYTES = 350 * 1024  # of JSON, so that a page stays below 500 KB
CHILD_PARTS = ("schema", "schema_version", "process", "config",
               "interception")


def _asset(name):
    with open(os.path.join(paths.MODULES, "page", name),
              encoding="utf-8") as file:
        return file.read()


def brief(child):
    """A child's report without its pools, for runs with many processes."""
    totals = {name: child["totals"][name] for name in reports.NEEDED
              + ("peak_live_bytes",)}
    small = {part: child[part] for part in CHILD_PARTS}
    small["config"] = {}
    return dict(small, totals=totals)


def _without_rows(report):
    """A profile whose processes have no pools of their own."""
    small = dict(report, children=[brief(child)
                                   for child in report["children"]])
    if report.get("own"):
        small["own"] = {"process": members(report)[0]["process"],
                        "totals": report["own"]["totals"]}
    return small


def _embed(document):
    """JSON that may stand inside an HTML element."""
    text = json.dumps(document, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028")


def _without_stacks(report):
    """A profile without its tables of call stacks, which the flame graph of
    the page sums up."""
    small = dict(report, children=[_without_stacks(child)
                                   for child in report.get("children", [])])
    if report.get("own"):
        small["own"] = _without_stacks(report["own"])
    small.pop("sites", None)
    return small


def fit(loaded):
    """Reports that fit into a page."""
    if len(_embed(loaded)) <= ROOM_BYTES:
        return loaded
    loaded = [_without_stacks(report) for report in loaded]
    if len(_embed(loaded)) <= ROOM_BYTES:
        return loaded
    small = [_without_rows(report) for report in loaded]
    if len(_embed(small)) <= ROOM_BYTES:
        return small
    small = [dict(report, children=[], own=None) for report in small]
    if len(_embed(small)) <= ROOM_BYTES:
        return small
    raise CommandError(f"html: {len(loaded)} profiles are too many for one"
                       " page", "compare two of them")


def page(names, loaded, comparisons=()):
    """The page's text; comparisons are of the first with each other one."""
    count = len(loaded) + len(comparisons)
    flames = [flame.data(report, flame.NODES // count) for report in loaded]
    loaded = fit(loaded)
    glossary = {counter.name: counter.meaning for counter in counters.TABLE}
    glossary.update(counters.DERIVED)
    first = reports.program(loaded[0])
    title = f"{first} on midpool" if len(loaded) == 1 else \
        f"{first} on midpool, compared"
    about = {
        "names": names, "comparisons": comparisons, "flames": flames,
        "stem": "midpool." + "".join(c if c.isalnum() else "_"
                                     for c in first),
        "glossary": glossary}
    return _document(title, SCRIPTS, loaded, about)


def _document(title, scripts, loaded, about):
    """The page's text, from reports and further data for its scripts."""
    about = dict(about, version=VERSION, made=time.strftime("%Y-%m-%d %H:%M"))
    parts = {"@TITLE@": _escape(title), "@STYLE@": _asset("page.css"),
             "@SCRIPT@": "\n".join(_asset(name) for name in scripts),
             "@REPORTS@": _embed({"reports": loaded}),
             "@ABOUT@": _embed(about)}
    # In one pass: a value that looks like a mark is not a mark.
    return re.sub("|".join(parts), lambda mark: parts[mark[0]],
                  _asset("page.html"))


def _escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _default_output(names):
    if names == [paths.last_report()]:
        return "midpool.html"
    if names[0].isdigit() and not os.path.exists(names[0]):
        return f"midpool.{names[0]}.html"
    stem = names[0][:-5] if names[0].endswith(".json") else names[0]
    if len(names) > 1:
        stem += "-compared"
    return stem + ".html"


def _write(path, text):
    if keep.regular(path):
        with open(path, "rb") as file:
            if reports.HTML_MARK not in file.read(1 << 20):
                raise CommandError(f"html: {path} exists and is not such a"
                                   " page", "give another name with -o")
    try:
        keep.save_text(path, text)
    except OSError as error:
        raise CommandError(f"html: {path}: {error.strerror}") from None


def _load(names, are_a_side=False):
    """(label, profile) of all runs: in each file or folder, or in all of a
    side together."""
    read = [[("last run" if name == paths.last_report() else name, report)
             for report in reports.read_all(name)] for name in names]
    if are_a_side:
        read = [sum(read, [])]
    label = {id(report): name for part in read for name, report in part}
    return [(label[id(group[0])], merge.add_up(group)) for part in read
            for group in divided(report for _name, report in part)]


def _one_by_one(named):
    """A page of the first, and of how each other one differs from it."""
    loaded = [report for _name, report in named]
    first = profiles.Sample(loaded[:1])
    nodes = flame.NODES // (2 * len(loaded))
    return page([name for name, _report in named], loaded,
                [diff_html.data(first, profiles.Sample([report]), nodes)
                 for report in loaded[1:]])


def _of_sides(*sides):
    """A page of two sides' runs; of each the middle one is in it whole."""
    samples = [profiles.Sample([report for _name, report in side])
               for side in sides]
    shown = [profiles.middle(sample.reports) for sample in samples]
    names = [name for side, one in zip(sides, shown)
             for name, report in side if report is one]
    return page(names, shown, [diff_html.data(*samples, flame.NODES // 3)])


def _of_fleet(names, path):
    """A page of very many processes, and the errors of unreadable reports."""
    from midpool_lib.fleet import fleet_read, fleet_text
    from midpool_lib.page import fleet_html

    if not names:
        raise CommandError("html: --fleet of which reports?",
                           "midpool html --fleet /var/log/midpool")
    fleet = fleet_read.read(names)
    folder = os.path.dirname(path) or "."
    for line in fleet_text.left_out(fleet):
        sys.stderr.write(f"midpool: {line}\n" if line[:1] != " "
                         else f"{line}\n")
    return (_document("Fleet on midpool", FLEET_SCRIPTS, [],
                      {"fleet": fleet_html.data(fleet, folder)}),
            INCOMPLETE if fleet.broken else 0)


def _text_of(options):
    if options.after is None:
        return _one_by_one(_load(options.rest or [show.last_run()]))
    if not options.rest or not options.after:
        raise CommandError("html: '--' divides two sides",
                           "midpool html base.*.json -- new.*.json")
    return _of_sides(_load(options.rest, True), _load(options.after, True))


def main(argv):
    options = arguments.parse_sides("html", argv, SPEC, HELP)
    names = (options.rest + (options.after or [])) or [paths.last_report()]
    path = options.output or ("midpool-fleet.html" if options.fleet
                              else _default_output(names))
    text, status = (_of_fleet(options.rest + (options.after or []), path)
                    if options.fleet else (_text_of(options), 0))
    if path == "-":
        sys.stdout.write(text)
        return status
    keep.check_directory("html", path)
    _write(path, text)
    print(path)
    if options.open:
        os.execvp("xdg-open", ["xdg-open", path])
    return status
