"""midpool diff: profiles compared, N runs against M."""

import json
import sys

from midpool_lib.base import arguments, style
from midpool_lib.base.errors import INCOMPARABLE, CommandError
from midpool_lib.compare import comparison, diff_text, gate, site_diff
from midpool_lib.read import merge, profiles, reports, stacks

HELP = """\
usage: midpool diff [options] BASE... -- NEW...      (or: BASE NEW)

Compares the profiles of a program: medians with 95 % intervals (below 6 runs
their range), and whether the change is more than noise: Mann-Whitney U test,
p <= 0.05 after Benjamini and Hochberg's adjustment for the number of rows.
'~': not shown to differ; '?': too few runs to tell.

  -a, --all            classes as well as pools; all rows of --sites
  -s, --sites          also compare call stacks (of run --sites),
      --by GROUP       by stack, function or module (default: stack),
      --value V        in bytes, gets, misses, live or peak (default: bytes)
      --fail-on RULE   fail when RULE is met; may be given more than once:
                       'misses>+3%' 'hit_rate<-0.5pp' '16K.peak>+1M'
                       'class:20K.gets>+0%' 'hit_rate<98%'
      --allow KINDS    compare although these differ, a comma list of
                       executable, config, classes, end (a run that ended by
                       a signal, or with another exit status)
      --markdown       for a pull request
      --json           for programs

exit status: 0 ok, 1 a rule was met or its value is missing, 2 usage,
             3 not comparable

  midpool diff base.*.json -- new.*.json
"""

SPEC = {"-a": "all", "--all": "all", "-s": "sites", "--sites": "sites",
        "--by": "by=", "--value": "value=", "--fail-on": "fail_on=*",
        "--allow": "allow=*", "--markdown": "markdown", "--json": "json"}
KINDS = ("executable", "config", "classes", "end")


def sides(options):
    """The files of both sides."""
    base, new = options.rest, options.after
    if new is None and len(base) == 2:
        base, new = base[:1], base[1:]
    if not base or not new:
        raise CommandError("diff: two sides are needed, divided by '--'",
                           "midpool diff base.*.json -- new.*.json")
    return base, new


def load(names):
    """All runs in some files: of one process the last state counts, and what
    it started belongs to its run."""
    return profiles.Sample(merge.runs(
        report for name in names for report in reports.read_all(name)))


def allowed(options):
    kinds = [kind for text in options.allow for kind in text.split(",")]
    for kind in kinds:
        if kind not in KINDS:
            raise CommandError(f"diff: --allow {kind}: no such kind",
                               "executable, config, classes or end")
    return kinds


class Terms:
    """The options of a comparison that no command line gave."""

    def __init__(self, everything=False, allow=()):
        self.all = everything
        self.allow = allow
        self.fail_on = []


class Result:
    """The data of a rendering; options are Terms, or diff's own."""

    def __init__(self, base, new, options):
        self.base = base
        self.new = new
        self.reasons = profiles.incomparable(base, new, allowed(options))
        self.remarks = profiles.remarks(base, new)
        self.total = comparison.row_of(base, new, profiles.TOTAL)
        self.rows = comparison.rows(base, new, "pool")
        if options.all:
            self.rows += comparison.rows(base, new, "class")
        self.comparisons = comparison.adjust(self.changes)
        self.rules = gate.parse(options.fail_on)
        self.broken = gate.judge(self.rules, base, new)

    @property
    def changes(self):
        return [change for row in [self.total] + self.rows
                for change in row.changes]

    @property
    def undecided(self):
        """True if more runs could decide some of the changes."""
        return any(change.significant is None for change in self.changes)

    @property
    def runs_needed(self):
        """The runs of each side that show a difference among all changes."""
        return comparison.sampling.runs_needed(
            sum(not change.same for change in self.changes))

    @property
    def status(self):
        if self.reasons:
            return INCOMPARABLE
        return 1 if self.broken else 0


def _side_json(values, median):
    return {"median": median, "values": values,
            "interval": comparison.sampling.median_interval(values)}


def by_site(result, options):
    """The comparison of call stacks, if it is asked for."""
    if not (options.sites or options.by or options.value):
        return None
    terms = site_diff.check(options.by, options.value)
    return site_diff.SiteResult(
        stacks.of_sides(result.base.reports, result.new.reports), *terms)


def to_json(result, sites=None):
    def row(entry):
        return {"scope": entry.key[0], "max_bytes": entry.key[1] or None,
                "weight_bytes": entry.weight,
                "metrics": {change.metric: change.to_json(_side_json)
                            for change in entry.changes}}

    more = {} if sites is None else {
        "sites": site_diff.to_json(sites, _side_json)}
    return json.dumps(dict({
        "schema": "midpool.diff", "schema_version": 1,
        "base_runs": len(result.base), "new_runs": len(result.new),
        "comparable": not result.reasons,
        "reasons": [{"kind": kind, "message": text}
                    for kind, text in result.reasons],
        "remarks": result.remarks,
        "comparisons": result.comparisons,
        "false_discovery_rate": comparison.sampling.ALPHA,
        "rows": [row(entry) for entry in [result.total] + result.rows],
        "rules": [rule.text for rule in result.rules],
        "broken": [{"rule": broken.rule.text, "value": broken.value
                    if abs(broken.value or 0) != float("inf") else None,
                    "missing": list(broken.missing)}
                   for broken in result.broken]}, **more), indent=1)


def main(argv):
    options = arguments.parse_sides("diff", argv, SPEC, HELP)
    base, new = sides(options)
    result = Result(load(base), load(new), options)
    sites = by_site(result, options)
    if options.json:
        print(to_json(result, sites))
        return result.status
    look = style.Style(sys.stdout)
    lines = (diff_text.markdown(result) if options.markdown
             else diff_text.plain(result, look))
    if sites is not None:
        lines += (site_diff.markdown(sites, options.all) if options.markdown
                  else site_diff.plain(sites, look, options.all))
    print("\n".join(lines))
    return result.status
