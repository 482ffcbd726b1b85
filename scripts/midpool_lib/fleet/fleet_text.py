"""A fleet for people: a line per group, the worst first."""

import textwrap

from midpool_lib.base import style

WIDTH = 79
ROWS = 40
BROKEN_SHOWN = 5
NAME_WIDTH = 24
HEADS = ("processes", "gets", "hit rate", "worst 10 %", "misses", "waste",
         "peak", "most")


def _rate(share):
    return "-" if share is None else f"{share * 100:.1f} %"


def short(name):
    name = style.plain(name)
    return name if len(name) <= NAME_WIDTH else name[:NAME_WIDTH - 1] + "~"


def _several_builds(groups):
    seen = {}
    for group in groups:
        seen.setdefault(group.program, set()).add(group.build_id)
    return {program for program, builds in seen.items() if len(builds) > 1}


def _name(group, several):
    name = short(group.program)
    if group.program in several:
        name += "@" + (style.plain(group.build_id[:7]) or "?")
    return f"{short(group.by)} {name}" if group.by else name


def _cells(group):
    peaks = group.quantiles["peak_live_bytes"]
    return (style.short_count(group.count),
            style.short_count(group.sums["gets"]), _rate(group.hit_rate),
            _rate(group.quantiles["hit_rate"]["p10"]),
            style.short_count(group.sums["misses"]), _rate(group.waste),
            style.size(peaks["median"] or 0), style.size(peaks["max"] or 0))


def _table(groups):
    several = _several_builds(groups)
    names = [_name(group, several) for group in groups]
    left = max(map(len, ["program"] + names))
    rows = [("program",) + HEADS] + [
        (name,) + _cells(group) for name, group in zip(names, groups)]
    widths = [max(len(row[column]) for row in rows)
              for column in range(len(rows[0]))]
    return [f"{row[0]:<{left}}" + "".join(
        f" {cell:>{width}}" for cell, width in zip(row[1:], widths[1:]))
        for row in rows]


def plural(number, word, words=None):
    return (f"{style.count(number)} "
            f"{word if number == 1 else words or word + 's'}")


def head(fleet, groups):
    seen = fleet.overview
    days = seen.first_day + (f" to {seen.last_day}"
                             if seen.last_day != seen.first_day else "")
    return (f"{plural(seen.count, 'process', 'processes')} of "
            f"{plural(len({group.program for group in groups}), 'program')}"
            f" on {plural(seen.hosts, 'host')}, {days}")


def left_out(fleet):
    """Sentences about files that could not be read."""
    if not fleet.broken:
        return []
    lines = [f"{plural(fleet.broken, 'file')} left out:"]
    lines += ["  " + style.plain(problem)
              for problem in fleet.broken_names[:BROKEN_SHOWN]]
    more = fleet.broken - BROKEN_SHOWN
    if more > 0:
        lines.append(f"  and {style.count(more)} more; --json names"
                     f" {len(fleet.broken_names)}")
    return lines


def _notes(fleet, groups):
    worst = groups[0].worst
    lines = []
    if worst["misses"]:
        lines += textwrap.wrap(
            f"most misses: {short(worst.program)} [{worst.pid}] with"
            f" {style.count(worst['misses'])} of"
            f" {style.count(worst['gets'])} gets,"
            f" midpool show {style.plain(worst.file)}", WIDTH,
            break_long_words=False, break_on_hyphens=False)
    bad = [group for group in groups if group.sums["misuse"]]
    if bad:
        lines += textwrap.wrap("misuse: " + ", ".join(
            f"{short(group.program)}"
            f" {style.count(group.sums['misuse'])}" for group in bad[:5]),
            WIDTH)
    repeated = fleet.reports - fleet.overview.count
    if repeated:
        lines.append(f"{plural(repeated, 'report')} of processes that have a"
                     " later one: not counted")
    return lines


def lines(fleet, groups, look):
    table = _table(groups[:ROWS])
    found = [look.paint("midpool fleet", "bold") + "  " + head(fleet, groups),
             "", look.paint(table[0], "bold")] + table[1:]
    if len(groups) > ROWS:
        found.append(f"and {style.count(len(groups) - ROWS)} more groups;"
                     " --json has all")
    return found + [""] + _notes(fleet, groups) + left_out(fleet)
