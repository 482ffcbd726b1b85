"""Two fleets compared, program by program: which differ by more than noise.

The values of a program's processes are the two samples of each comparison,
with diff's tests: Mann-Whitney, adjusted for all comparisons made at once.
"""

from midpool_lib.base import counters, style
from midpool_lib.compare import comparison, diff_text, sampling
from midpool_lib.fleet import fleet_text

METRICS = ("gets", "requested_bytes", "hit_rate", "misses", "waste",
           "peak_live_bytes", "discards", "below_calls", "above_calls",
           "peak_rss_bytes", "duration_ns")


def by_program(fleet):
    found = {}
    for process in fleet.each():
        found.setdefault(process.program, []).append(process)
    return found


def _values(processes, metric):
    found = [counters.value(process, metric) for process in processes]
    return [value for value in found if value is not None]


class Program:
    """One program on both sides."""

    def __init__(self, name, base, new):
        self.name = name
        self.counts = len(base), len(new)
        self.builds = [sorted({process.build_id for process in side})
                       for side in (base, new)]
        self.changes = []
        for metric in METRICS:
            first, second = _values(base, metric), _values(new, metric)
            if first and second:
                self.changes.append(comparison.Change(name, metric, first,
                                                      second))
        self.weight = sum(process["slot_bytes"] for process in base + new)

    @property
    def shown(self):
        """The changes that are worth a line."""
        return [change for change in self.changes
                if change.significant is not False]


class Result:
    def __init__(self, base, new):
        first, second = by_program(base), by_program(new)
        self.sides = base, new
        self.programs = [Program(name, first[name], second[name])
                         for name in sorted(first.keys() & second.keys())]
        self.only = (sorted(first.keys() - second.keys()),
                     sorted(second.keys() - first.keys()))
        self.comparisons = comparison.adjust(
            [change for program in self.programs
             for change in program.changes])
        self.programs.sort(key=_worst_first)

    def with_changes(self):
        return [program for program in self.programs if program.shown]


def _worst_first(program):
    """Programs that got worse first, then others that changed, the heaviest
    first."""
    kinds = {diff_text.kind(change) for change in program.changes}
    return ("worse" not in kinds, not kinds - {""}, -program.weight,
            program.name)


# For people.

def _side(metric, values, median):
    found = sampling.median_interval(values) or (min(values), max(values))
    half = max(found[1] - median, median - found[0])
    around = "" if not median else f"± {half / median * 100:.0f} %"
    return f"{diff_text.amount(metric, median):>12} {around:<9}"


def _line(change, look):
    name = diff_text.NAMES.get(change.metric, change.metric)
    line = (f"  {name:<15}"
            + _side(change.metric, change.base, change.base_median)
            + _side(change.metric, change.new, change.new_median)
            + look.paint(f"{diff_text.verdict(change):>12}",
                         *diff_text.COLOURS[diff_text.kind(change)]))
    return f"{line}  {diff_text.p_words(change)}".rstrip()


def _program_lines(program, look):
    first, second = program.counts
    note = "" if program.builds[0] == program.builds[1] else ", other builds"
    return [look.paint(fleet_text.short(program.name), "bold")
            + f"  {style.count(first)} and {style.count(second)}"
            f" processes{note}"] + [_line(change, look)
                                    for change in program.shown]


def lines(result, look):
    found = [f"  {'median':15}{'base':>12}{'':10}{'new':>12}{'':10}"
             f"{'change':>12}"]
    changed = result.with_changes()
    for program in changed:
        found += _program_lines(program, look)
    same = [fleet_text.short(program.name) for program in result.programs
            if not program.shown]
    if same:
        found.append(f"not shown to differ: {', '.join(same[:8])}"
                     + (f" and {len(same) - 8} more" if len(same) > 8 else ""))
    for names, side in zip(result.only, ("base", "new")):
        if names:
            found.append(f"only in {side}: "
                         + ", ".join(map(fleet_text.short, names[:8]))
                         + (f" and {len(names) - 8} more"
                            if len(names) > 8 else ""))
    found.append(f"{style.count(result.comparisons)} comparisons, each p"
                 " adjusted for all of them")
    return found


# For programs.

def _side_json(values, median):
    return {"processes": len(values), "median": median,
            "interval": sampling.median_interval(values)}


def to_json(result):
    return {"schema": "midpool.fleet_diff", "schema_version": 1,
            "comparisons": result.comparisons,
            "only_base": result.only[0], "only_new": result.only[1],
            "programs": [
                {"executable": program.name,
                 "processes": dict(zip(("base", "new"), program.counts)),
                 "build_ids": dict(zip(("base", "new"), program.builds)),
                 "metrics": {change.metric: change.to_json(_side_json)
                             for change in program.changes}}
                for program in result.programs],
            "broken": sum(side.broken for side in result.sides),
            "broken_names": [name for side in result.sides
                             for name in side.broken_names]}
