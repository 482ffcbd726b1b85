"""A comparison for people: plain text and Markdown."""

import textwrap

from midpool_lib.base import style
from midpool_lib.compare import sampling
from midpool_lib.read import profiles, reports
from midpool_lib.show import text_report

NAMES = {"requested_bytes": "bytes asked for", "hit_rate": "hit rate",
         "peak_live_bytes": "peak live", "waste": "waste",
         "below_calls": "calls < 2 KB", "below_bytes": "bytes < 2 KB",
         "above_calls": "calls > 64 KB", "above_bytes": "bytes > 64 KB",
         "peak_rss_bytes": "peak RSS", "cpu_user_ns": "CPU, user",
         "cpu_system_ns": "CPU, system", "duration_ns": "time"}
# A higher value of these is worse; of WORSE_DOWN, a lower one is.
WORSE_UP = {"misses", "waste", "peak_live_bytes", "peak_rss_bytes",
            "discards", "cpu_user_ns", "cpu_system_ns", "duration_ns"}
WORSE_DOWN = {"hit_rate"}


def amount(metric, value):
    """A value of a metric for people."""
    if metric in profiles.RATES:
        return f"{value * 100:.2f} %"
    if metric.endswith("_ns"):
        return style.duration(value)
    if metric.endswith("_bytes"):
        return style.size(value)
    return style.count(value) if isinstance(value, int) else f"{value:,.1f}"


def spread(metric, values, median):
    """Half the interval, relative to the median: '± 1 %'.

    Too few runs for an interval of 95 % give their whole range.
    """
    interval = sampling.median_interval(values)
    if interval is None:
        if len(set(values)) == 1:
            return "± 0 %" if len(values) > 1 else ""
        interval = min(values), max(values)
    half = max(interval[1] - median, median - interval[0])
    if not median:  # of which nothing is a share
        return "± " + amount(metric, half) if half else "± 0 %"
    half /= median
    return f"± {half * 100:.0f} %" if half >= 0.005 or half == 0 else "± <1 %"


def sides(change):
    """Median and spread of both sides, in words."""
    return [(amount(change.metric, median),
             spread(change.metric, values, median))
            for values, median in ((change.base, change.base_median),
                                   (change.new, change.new_median))]


def change_words(change):
    """The change itself, without a verdict on it."""
    if change.same or not change.difference:
        return "same"
    if change.metric in profiles.RATES:
        points = f"{change.difference * 100:+.2f} pp"
        return points if float(points[:-3]) else "±0.00 pp"
    if change.ratio is None:
        return "from none"
    return f"{change.ratio * 100:+.2f} %"


def verdict(change):
    """The text of the change column."""
    if change.same:
        return "same"
    if change.significant is False:
        return "~"
    return change_words(change) + (" ?" if change.significant is None else "")


def kind(change):
    """"worse", "better" or "other" of a change that is shown to be one; ""
    where it may be noise."""
    if not change.significant or not change.difference:
        return ""
    up = change.difference > 0
    if change.metric in (WORSE_UP if up else WORSE_DOWN):
        return "worse"
    if change.metric in (WORSE_DOWN if up else WORSE_UP):
        return "better"
    return "other"


COLOURS = {"worse": ("red",), "better": ("green",), "other": ("bold",),
           "": ()}


def p_words(change):
    """The p that decides, never as 0; "" where there is no test."""
    if change.same or not change.testable:
        return ""
    p = change.adjusted
    return "p<0.001" if p < 0.001 else f"p={p:.3f}"


def row_name(key):
    if key == profiles.TOTAL:
        return "all pools"
    return ("pool " if key[0] == "pool" else "class "
            ) + text_report.size_name(key[1])


def side_words(sample):
    """How many runs of which program."""
    programs = sorted({reports.program(report) for report in sample.reports})
    count = len(sample)
    return (f"{count} run{'s' * (count > 1)}"
            f" of {style.plain(', '.join(programs[:3]))}")


def side_line(name, sample, look):
    return look.paint(f"{name:9}", "bold") + side_words(sample)


def _change_line(change, look):
    name = NAMES.get(change.metric, change.metric)
    both = "".join(f"{value:>12} {around:<7}"
                   for value, around in sides(change))
    words = f"{verdict(change):>12}"
    line = f"  {name:<15}{both}" + look.paint(words, *COLOURS[kind(change)])
    return f"{line}  {p_words(change)}".rstrip()


def _row_lines(row, look, everything=False):
    lines = [look.paint(row_name(row.key), "bold")]
    for change in row.changes:
        if everything or not change.same:
            lines.append(_change_line(change, look))
    return lines


def notes(result):
    """Reasons and remarks, as sentences."""
    lines = [f"NOT COMPARABLE: {text}" for _kind, text in result.reasons]
    if result.reasons:
        kinds = ",".join(kind for kind, _text in result.reasons
                         if kind != "active")
        if kinds:
            lines.append(f"to compare all the same: --allow {kinds}")
    lines += [f"note: {text}" for text in result.remarks]
    return lines


def _broken_line(broken):
    if broken.missing:
        return (f"FAIL {broken.rule.text}: not every run of"
                f" {' and '.join(broken.missing)} has such a value")
    change = broken.change
    return (f"FAIL {broken.rule.text}: {row_name(change.key)},"
            f" {NAMES.get(change.metric, change.metric)} from"
            f" {amount(change.metric, change.base_median)} to"
            f" {amount(change.metric, change.new_median)}"
            f" ({change_words(change)})")


def gate_lines(result):
    if not result.rules:
        return []
    lines = [_broken_line(broken) for broken in result.broken]
    if result.reasons:
        return lines + ["no rule counts as kept: not comparable"]
    kept = len(result.rules) - len(result.broken)
    if kept:
        lines.append(f"{kept} rule{'s' * (kept > 1)} of {len(result.rules)}"
                     " kept")
    return lines


def footnotes(result):
    """The basis of a comparison's marks, as sentences."""
    lines = []
    if result.comparisons > 1:
        lines.append(
            f"p is adjusted for {result.comparisons} comparisons (Benjamini"
            "-Hochberg): on average, at most 5 % of the changes shown are"
            " chance")
    if result.undecided:
        runs = result.runs_needed
        lines.append("? too few runs to tell from noise; among so many rows,"
                     f" {runs} and {runs} runs can (midpool run -n {runs})")
    return lines


def plain(result, look):
    lines = [side_line("base", result.base, look),
             side_line("new", result.new, look)]
    for note in notes(result):
        paint = ("bold", "red") if note.startswith("NOT") else ()
        lines += [look.paint(line, *paint)
                  for line in textwrap.wrap(note, 79)]
    lines += ["", f"  {'':15}{'base':>12}{'':8}{'new':>12}{'':8}{'change':>12}"]
    lines += _row_lines(result.total, look, True)
    changed = [row for row in result.rows if not row.same]
    for row in changed:
        lines += _row_lines(row, look)
    same = [row_name(row.key) for row in result.rows if row.same]
    if same:
        lines += textwrap.wrap("unchanged: " + ", ".join(same), 79)
    marks = footnotes(result)
    lines += [""] if marks else []
    for sentence in marks:
        lines += textwrap.wrap(sentence, 79)
    return lines + ([""] if result.rules else []) + gate_lines(result)


def markdown(result):
    lines = [f"**midpool**: {len(result.new)} new run(s) against"
             f" {len(result.base)}", ""]
    lines += [f"> {note}" for note in notes(result)]
    lines += ["", "| | | base | | new | | change | p |",
              "|---|---|--:|---|--:|---|--:|--:|"]
    for row in [result.total] + result.rows:
        name = f"**{row_name(row.key)}**"
        for change in row.changes:
            if change.same and row.key != profiles.TOTAL:
                continue
            p = p_words(change).removeprefix("p").lstrip("=") or "-"
            cells = [name, NAMES.get(change.metric, change.metric)]
            for value, around in sides(change):
                cells += [value, around]
            lines.append(f"| {' | '.join(cells)} | {verdict(change)} | {p} |")
            name = ""
    return lines + [""] + [f"- {line}" for line in footnotes(result)
                           + gate_lines(result)]
