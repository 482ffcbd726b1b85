"""midpool export: reports, and their call stacks, for other tools."""

import json
import sys

from midpool_lib.base import arguments, counters
from midpool_lib.base.errors import INCOMPLETE, CommandError
from midpool_lib.read import openmetrics, reports

HELP = """\
usage: midpool export FORMAT [options] FILE|FOLDER|PID|-...

Writes reports for other tools to standard output; several become one text.
One that cannot be read is named and left out (exit status 3).

      --prom      OpenMetrics, for Prometheus and node_exporter's textfile
                  collector: the text that report:openmetrics writes
      --csv       for spreadsheets: a row per class, pool and total
      --json      the archive format; of several, a list
      --pprof     call stacks (sites) for 'go tool pprof' and its kin:
                  profile.proto, gzip, with names
      --heap      call stacks as gperftools' heap text, for google-pprof and
                  jeprof
      --folded    call stacks for flamegraph.pl and speedscope
      --value V   of --folded: bytes, gets, misses, live or peak (bytes)
      --detail D  of OpenMetrics: pools, or classes for a series per size
                  class; default: as the report's process was configured
      --build DIR the build whose midpool-snapshot reads live pages

  midpool export --prom base.json > /var/lib/node_exporter/base.prom
  midpool export --pprof base.json > base.pb.gz
"""

SPEC = {"--prom": "prom", "--csv": "csv", "--json": "json",
        "--pprof": "pprof", "--heap": "heap", "--folded": "folded",
        "--value": "value=", "--detail": "detail=", "--build": "build="}
FORMATS = ("json", "csv", "prom")
STACK_FORMATS = ("pprof", "heap", "folded")

CSV_HEAD = ("pid", "executable", "scope", "max_bytes")


def to_json(loaded):
    """One report; of several a list with one in a line. reports.read_all
    reads both."""
    if len(loaded) == 1:
        return json.dumps(loaded[0], indent=1) + "\n"
    lines = [json.dumps(report, separators=(",", ":")) for report in loaded]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def rows_of(report):
    """(scope, max_bytes, row) of everything that has counters."""
    yield "total", "", report["totals"]
    for pool in report["pools"]:
        yield "pool", pool["max_bytes"], pool
        for row in pool["classes"]:
            yield "class", row["max_bytes"], row


def _field(value):
    text = str(value)
    if any(c in text for c in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text


def to_csv(loaded):
    lines = [",".join(CSV_HEAD + tuple(counters.NAMES))]
    for report in loaded:
        first = (report["process"]["pid"], reports.program(report))
        for scope, size, row in rows_of(report):
            fields = first + (scope, size) + tuple(
                row[name] for name in counters.NAMES)
            lines.append(",".join(_field(field) for field in fields))
    return "\n".join(lines) + "\n"


def to_prom(loaded, detail=None):
    return openmetrics.render(loaded, detail)


def chosen(options):
    """The format that the options name, or None."""
    for form in FORMATS:
        if getattr(options, form):
            return form
    return None


def text(form, loaded, detail=None):
    """The reports in one of FORMATS."""
    if form == "prom":
        return to_prom(loaded, detail)
    return (to_csv if form == "csv" else to_json)(loaded)


def stacks(form, loaded, value=None):
    """The call stacks of reports in one of STACK_FORMATS, as bytes."""
    from midpool_lib.read import sites
    from midpool_lib.show import profile_formats

    value = value or "bytes"
    if value not in sites.VALUES:
        raise CommandError(f"export: --value {value}: no such value",
                           ", ".join(sites.VALUES))
    found = sites.of(loaded)
    if form == "folded":
        return profile_formats.folded(found, value)
    return getattr(profile_formats, form)(found)


def _write(form, loaded, options):
    several = [report for _name, report in loaded]
    if form in STACK_FORMATS:
        sys.stdout.buffer.write(stacks(form, several, options.value))
    else:
        sys.stdout.write(text(form, several, options.detail))


def main(argv):
    options = arguments.parse("export", argv, SPEC, HELP)
    names = options.rest + (options.after or [])
    form = chosen(options) or next(
        (name for name in STACK_FORMATS if getattr(options, name)), None)
    if form is None or not names:
        missing = "which format?" if form is None else "which report?"
        raise CommandError(f"export: {missing}",
                           "midpool export --prom|--csv|--json|--pprof|--heap|--folded"
                           " FILE...")
    if options.detail not in (None,) + openmetrics.DETAILS:
        raise CommandError(f"export: --detail {options.detail}: no such"
                           " detail", "pools or classes")
    loaded, errors = reports.load(names, options.build)
    _write(form, loaded, options)
    reports.say_left_out(errors)
    return INCOMPLETE if errors else 0
