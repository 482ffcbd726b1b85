"""The names and meanings of counters and metrics, from their only table.

stats/counters.def belongs to the library; an installed command has a copy
beside its modules.
"""

import re

from midpool_lib.base import paths

_ROW = re.compile(r'^(COUNTER|METRIC)\((\w+), (\w+), (\w+), (\w+),'
                  r'\s*"((?:[^"\\]|\\.)*)"\)')


class Counter:
    """A row of the table; see the head of counters.def for its fields."""

    def __init__(self, name, kind, unit, series, meaning):
        self.name = name
        self.kind = kind
        self.unit = unit
        self.series = series
        self.meaning = meaning


def _load():
    """The rows by their word: those of COUNTER and those of METRIC."""
    rows = {"COUNTER": [], "METRIC": []}
    with open(paths.counter_table(), encoding="utf-8") as table:
        for line in table:
            found = _ROW.match(line)
            if found:
                word, *fields = found.groups()
                rows[word].append(Counter(*fields))
    return rows


_ROWS = _load()
TABLE = _ROWS["COUNTER"]
METRICS = {metric.name: metric for metric in _ROWS["METRIC"]}
NAMES = [counter.name for counter in TABLE]
BY_NAME = {counter.name: counter for counter in TABLE}

# Computed from counters; may be used wherever a counter may.
DERIVED = {
    "hit_rate": "hits / gets; no value without gets",
    "waste_bytes": "slot_bytes - requested_bytes: the cost of rounding up to a"
                   " class, over all gets",
    "waste": "waste_bytes / slot_bytes",
}


def hit_rate(row):
    return row["hits"] / row["gets"] if row["gets"] else None


def waste_bytes(row):
    return max(0, row["slot_bytes"] - row["requested_bytes"])


def waste(row):
    return waste_bytes(row) / row["slot_bytes"] if row["slot_bytes"] else None


def value(row, name):
    """A counter's or derived value of a totals, pool or class row."""
    if name == "hit_rate":
        return hit_rate(row)
    if name == "waste_bytes":
        return waste_bytes(row)
    if name == "waste":
        return waste(row)
    return row[name]
