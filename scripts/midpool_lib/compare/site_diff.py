"""Call stacks compared: which of them got more, and is it more than noise?

Each stack has one value per run; it is 0 if the stack was not in the run.
Stacks with less than a thousandth of the sum of both sides are not tested,
because each further test would need more runs. This choice does not depend on
how the sides differ, so that the p of the others stays right.
"""

import textwrap

from midpool_lib.base import style
from midpool_lib.base.errors import CommandError
from midpool_lib.compare import comparison, diff_text
from midpool_lib.read import stacks
from midpool_lib.read.sites import VALUES

GROUPS = ("stack", "function", "module")
SHARE = 0.001
ROWS = 20
FRAMES = 6  # shown of a stack, at most
ROOM = 58  # columns before a name
WORDS = {"bytes": "requested bytes", "gets": "gets", "misses": "misses",
         "live": "bytes live at the end", "peak": "bytes live at the peak"}


def check(by, value):
    """Checks --by and --value; returns them, or their defaults."""
    by, value = by or "stack", value or "bytes"
    if by not in GROUPS:
        raise CommandError(f"--by {by}: no such group", ", ".join(GROUPS))
    if value not in VALUES:
        raise CommandError(f"--value {value}: no such value",
                           ", ".join(VALUES))
    return by, value


def _row(key, metric, sides, index):
    return comparison.Change(key, metric, *(
        [run[key][index] if key in run else 0 for run in side]
        for side in sides))


class SiteResult:
    """The changes of all stacks, functions or modules, the largest first."""

    def __init__(self, sides, by="stack", value="bytes"):
        """sides is of stacks.of_sides."""
        self.by, self.value = check(by, value)
        index = stacks.VALUES.index(self.value)
        grouped = [[stacks.grouped(run, self.by) for run in side]
                   for side in sides]
        keys = {key for side in grouped for run in side for key in run}
        rows = [_row(key, VALUES[self.value], grouped, index) for key in keys]
        whole = sum(values[index] for side in sides for run in side
                    for values in run.values())
        self.rows = [row for row in rows
                     if sum(row.base) + sum(row.new) >= SHARE * whole
                     and (any(row.base) or any(row.new))]
        self.rows.sort(key=lambda row: (-abs(row.difference), str(row.key)))
        self.small = len(rows) - len(self.rows)
        self.comparisons = comparison.adjust(self.rows)

    @property
    def changed(self):
        """Rows that differ, those shown to differ first."""
        return sorted((row for row in self.rows if not row.same),
                      key=lambda row: row.significant is not True)

    @property
    def runs_needed(self):
        """The runs of each side that show a difference; 0: enough are there."""
        if all(row.significant is not None for row in self.rows):
            return 0
        return comparison.sampling.runs_needed(
            sum(not row.same for row in self.rows))


def words_of(key):
    """A row's key as lines, the innermost function first."""
    if isinstance(key, str):
        return [style.plain(key)]
    return [style.plain(function) for function, _module in reversed(key)]


def footnotes(result):
    lines = []
    if result.comparisons > 1:
        lines.append(f"p is adjusted for the {result.comparisons} rows that"
                     " differ (Benjamini-Hochberg), apart from those above")
    if result.small:
        lines.append(f"{result.small:,} with less than 0.1 % are left out")
    if result.runs_needed:
        lines.append(f"? too few runs to tell from noise; {result.runs_needed}"
                     f" and {result.runs_needed} runs can")
    return lines


def _lines_of(row, look):
    words = words_of(row.key)
    sides = "".join(f"{value:>10} {around:<7}"
                    for value, around in diff_text.sides(row))
    painted = look.paint(f"{diff_text.verdict(row):>11}",
                         *diff_text.COLOURS[diff_text.kind(row)])
    head = f"{sides}{painted}  {diff_text.p_words(row):<8} "
    room = " " * ROOM
    lines = [head + words[0]]
    lines += [room + word for word in words[1:FRAMES]]
    if len(words) > FRAMES:
        lines.append(room + f"and {len(words) - FRAMES} outer frames")
    return lines


def plain(result, look, everything=False):
    """The table for people."""
    lines = ["", look.paint(f"by {result.by}: {WORDS[result.value]}", "bold"),
             f"{'base':>10} {'':7}{'new':>10} {'':7}{'change':>11}"
             f"  {'':8} {result.by}"
             + (", innermost first" if result.by == "stack" else
                ", all that passes through")]
    rows = result.changed
    for row in rows if everything else rows[:ROWS]:
        lines += _lines_of(row, look)
    if not rows:
        lines.append("no difference in any run")
    if len(rows) > ROWS and not everything:
        lines.append(f"and {len(rows) - ROWS:,} more; --all shows them")
    for sentence in footnotes(result):
        lines += textwrap.wrap(sentence, 79)
    return lines


def markdown(result, everything=False):
    """The table for a pull request."""
    lines = ["", f"**by {result.by}**: {WORDS[result.value]}", "",
             f"| {result.by} | base | | new | | change | p |",
             "|---|--:|---|--:|---|--:|--:|"]
    rows = result.changed
    for row in rows if everything else rows[:ROWS]:
        name = " ← ".join(words_of(row.key)[:FRAMES])
        cells = ["`" + name.replace("|", "\\|").replace("`", "'") + "`"]
        for value, around in diff_text.sides(row):
            cells += [value, around]
        p = diff_text.p_words(row).removeprefix("p").lstrip("=") or "-"
        lines.append(f"| {' | '.join(cells)} | {diff_text.verdict(row)}"
                     f" | {p} |")
    return lines + [""] + [f"- {line}" for line in footnotes(result)]


def to_json(result, side):
    """For programs; side is as in Change.to_json."""
    return {"by": result.by, "value": VALUES[result.value],
            "comparisons": result.comparisons, "left_out": result.small,
            "rows": [dict(row.to_json(side), name=words_of(row.key))
                     for row in result.rows]}
