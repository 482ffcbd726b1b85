"""Medians, ratios and the printed table."""

import math
from dataclasses import dataclass, replace
from statistics import median

UNITS = ("ns", "us wall", "ms CPU", "ms wall", "MB", "faults", "instructions")
CLOSE = 1.03  # within 3 % of the first counts as first


@dataclass(frozen=True)
class Cell:
    value: float  # median over the rounds
    spread: float  # half the range, as part of the median
    count: int
    least: float


@dataclass(frozen=True)
class Line:
    """A row of the table."""

    group: str
    family: str
    row: str
    unit: str
    cells: dict  # allocator name -> Cell

    def best_peer(self, peers):
        """Name and value of the best among the peers that have this row."""
        found = [
            (self.cells[name].value, name)
            for name in peers
            if name in self.cells
        ]
        return min(found)[::-1] if found else (None, None)

    def ratio(self, subject, peers):
        """The subject's value over the best peer's; None if unknown."""
        name, value = self.best_peer(peers)
        if name is None or subject not in self.cells or value <= 0:
            return None
        return self.cells[subject].value / value


def cell(values):
    middle = median(values)
    spread = (max(values) - min(values)) / 2 / middle if middle else 0.0
    return Cell(middle, spread, len(values), min(values))


def least(line):
    """The row with the least of the rounds instead of their median."""
    return replace(line, group=f"{line.group}, least", cells={
        name: Cell(one.least, 0.0, 1, one.least)
        for name, one in line.cells.items()})


def lines(samples):
    """Samples into rows, in the order of first appearance."""
    order, values = [], {}
    for sample in samples:
        if sample.metric != "value":
            continue
        key = (sample.group, sample.family, sample.row, sample.unit)
        if key not in values:
            order.append(key)
            values[key] = {}
        values[key].setdefault(sample.allocator, []).append(sample.value)
    # Rows of one group and unit stand together.
    groups = list(dict.fromkeys(key[0] for key in order))
    order.sort(key=lambda key: (groups.index(key[0]), UNITS.index(key[3])))
    return [
        Line(*key, {name: cell(v) for name, v in values[key].items()})
        for key in order
    ]


def geomean(values):
    values = [value for value in values if value > 0]
    if not values:
        return None
    return math.exp(sum(math.log(value) for value in values) / len(values))


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}"


def _cell_text(line, name, rounds):
    if name not in line.cells:
        return "-"
    found = line.cells[name]
    text = number(found.value)
    if rounds > 1 and found.count > 1:
        text += f" ±{100 * found.spread:.0f}%"
    return text


def _title(line):
    if line.group == line.unit:
        return line.group
    return f"{line.group}, {line.unit}"


def _header(names, wide, narrow, title):
    head = title.ljust(wide)
    head += "".join(name.rjust(narrow) for name in names)
    return head + "   ratio  best peer"


def render(table, names, subject, rounds):
    """The table as text. names are the columns; subject is midpool."""
    peers = [name for name in names if not name.startswith("midpool")]
    narrow = max([len(name) for name in names] + [7]) + 1
    if rounds > 1:
        narrow = max(narrow, 13)
    wide = max([len(line.row) for line in table] + [20]) + 1
    out, last = [], None
    for line in table:
        if (line.group, line.unit) != last:
            last = (line.group, line.unit)
            out += ["", _header(names, wide, narrow, _title(line))]
        text = line.row.ljust(wide)
        text += "".join(
            _cell_text(line, name, rounds).rjust(narrow) for name in names
        )
        ratio = line.ratio(subject, peers)
        best = line.best_peer(peers)[0] or ""
        if ratio is None:
            text += f"       -  {best}"
        else:
            mark = " " if ratio <= CLOSE else "*"
            text += f"  {ratio:6.2f}{mark} {best}"
        out.append(text.rstrip())
    return "\n".join(out[1:])


def render_plain(table, names, rounds):
    """A table of columns that are not rivals: no ratio, no marks."""
    narrow = max([len(name) for name in names] + [13]) + 1
    wide = max([len(line.row) for line in table] + [20]) + 1
    out, last = [], None
    for line in table:
        if (line.group, line.unit) != last:
            last = (line.group, line.unit)
            head = _title(line).ljust(wide)
            out += ["", head + "".join(name.rjust(narrow) for name in names)]
        out.append(line.row.ljust(wide) + "".join(
            _cell_text(line, name, rounds).rjust(narrow) for name in names))
    return "\n".join(out[1:])


def summary(table, names, subject, group="band", unit="ns"):
    """Sentences about a group's rows of one unit."""
    peers = [name for name in names if not name.startswith("midpool")]
    rows = [line for line in table if line.group == group and line.unit == unit]
    rows = [line for line in rows if subject in line.cells]
    if not rows or not peers:
        return []
    behind = [
        line for line in rows if (line.ratio(subject, peers) or 0) > CLOSE
    ]
    title = group if unit == "ns" else f"{group}, {unit}"
    said = [
        f"{title}: {subject} is first (within 3 %) in "
        f"{len(rows) - len(behind)} of {len(rows)} rows"
        + (", behind in those marked *" if behind else "")
    ]
    means = []
    for name in peers:
        ratios = [
            line.cells[name].value / line.cells[subject].value
            for line in rows
            if name in line.cells
        ]
        if ratios:
            means.append((geomean(ratios), name))
    means.sort()
    said.append(
        f"{title}: geometric mean of each peer's figures over {subject}'s: "
        + ", ".join(f"{name} {mean:.2f}" for mean, name in means)
    )
    return said
