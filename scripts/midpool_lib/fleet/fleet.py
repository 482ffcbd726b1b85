"""midpool fleet: the reports of very many processes, by program."""

import json
import sys

from midpool_lib.base import arguments, cli, style
from midpool_lib.base.errors import INCOMPLETE, CommandError
from midpool_lib.fleet import fleet_diff, fleet_group, fleet_read, fleet_text

HELP = """\
usage: midpool fleet [options] FOLDER|FILE|PACK...
       midpool fleet diff [--json] BASE... -- NEW...      (or: BASE NEW)

Tells how the processes of a fleet did, from their reports in JSON or from
packs ('midpool pack'): sums by program and build, the worst first, medians
and extremes of single processes. Several reports of one process count once.
Unreadable files are counted, named and left out (exit status 3). 'diff'
compares two fleets by program, with the tests of 'midpool diff'.

  --by WHAT    a line per program and host, unit (report_labels:unit=NAME),
               day (of the start, in UTC) or family: the first program of
               those that started it, as make of its compilers
  --sort WHAT  what makes a group bad: misses (the default), waste, hit_rate,
               cached, peak, gets, misuse, processes
  --json       for programs

  MIDPOOL_CONF=report:json,report_file:/var/log/midpool/%h.%e.%p.%t.json
  midpool fleet --by host /var/log/midpool
  midpool fleet diff monday/ tuesday/
"""

SPEC = {"--by": "by=", "--sort": "sort=", "--json": "json"}


def _one_of(option, word, words):
    if word not in words:
        like = cli.nearest(word, words)
        raise CommandError(f"fleet: {option} {word}: unknown",
                           (f"did you mean {like}? " if like else "")
                           + "one of " + ", ".join(words))
    return word


def _process_json(process):
    return {"pid": process.pid, "host": process.host, "file": process.file,
            "gets": process["gets"], "misses": process["misses"]}


def _group_json(group, by):
    found = {"executable": group.program, "build_id": group.build_id,
             "processes": group.count, "ends": group.ends,
             "hit_rate": group.hit_rate, "waste": group.waste,
             "sums": group.sums, "quantiles": group.quantiles,
             "most_misses": _process_json(group.worst)}
    return dict({by: group.by}, **found) if by else found


def to_json(fleet, groups, by):
    return {"schema": "midpool.fleet", "schema_version": 1,
            "processes": fleet.overview.count, "reports": fleet.reports,
            "files": fleet.files, "broken": fleet.broken,
            "broken_names": fleet.broken_names, "by": by,
            "groups": [_group_json(group, by) for group in groups]}


def _status(*fleets):
    return INCOMPLETE if any(fleet.broken for fleet in fleets) else 0


def compare(argv):
    options = arguments.parse_sides("fleet", argv, SPEC, HELP)
    base, new = options.rest, options.after
    if new is None and len(base) == 2:
        base, new = base[:1], base[1:]
    if not base or not new or options.by or options.sort:
        raise CommandError("fleet diff: two sides are needed, and no option"
                           " but --json", "midpool fleet diff monday tuesday")
    fleets = fleet_read.read(base), fleet_read.read(new)
    result = fleet_diff.Result(*fleets)
    if options.json:
        print(json.dumps(fleet_diff.to_json(result), indent=1))
    else:
        print("\n".join(fleet_diff.lines(result, style.Style(sys.stdout))
                        + [line for fleet in fleets
                           for line in fleet_text.left_out(fleet)]))
    return _status(*fleets)


def main(argv):
    if argv[:1] == ["diff"]:
        return compare(argv[1:])
    options = arguments.parse("fleet", argv, SPEC, HELP)
    by = options.by and _one_of("--by", options.by, fleet_group.BY)
    sort = _one_of("--sort", options.sort or "misses", fleet_group.SORTS)
    names = options.rest + (options.after or [])
    if not names:
        raise CommandError("fleet: which reports?",
                           "midpool fleet /var/log/midpool")
    fleet = fleet_read.read(names)
    groups = fleet_group.groups(fleet, by, sort)
    if options.json:
        print(json.dumps(to_json(fleet, groups, by), indent=1))
    else:
        print("\n".join(fleet_text.lines(fleet, groups,
                                         style.Style(sys.stdout))))
    return _status(fleet)
