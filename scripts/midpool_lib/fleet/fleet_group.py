"""Groups of a fleet's processes: sums, and how single processes are spread.

A group is all processes of one executable and build id (and host, unit or
day). A quantile is over processes, which all count the same: it is the value
of one process, which the given share of the processes does not exceed.
"""

import array
import functools
import math

from midpool_lib.base import counters
from midpool_lib.compare import sampling
from midpool_lib.fleet import fleet_family

QUANTILES = ((0.1, "p10"), (0.5, "median"), (0.9, "p90"), (0.99, "p99"),
             (1, "max"))
SUMS = ("gets", "hits", "misses", "requested_bytes", "slot_bytes",
        "live_bytes", "cached_bytes", "discards", "bypasses", "below_calls",
        "below_bytes", "above_calls", "above_bytes", "misuse")
SPREAD = ("gets", "hit_rate", "misses", "waste", "waste_bytes",
          "peak_live_bytes", "cached_bytes", "peak_rss_bytes", "duration_ns")
RATIOS = ("hit_rate", "waste")
BY = ("host", "unit", "day", "family")
# The keys of --sort: the worst group has the highest value.
SORTS = {
    "misses": lambda group: group.sums["misses"],
    "waste": lambda group: group.sums["waste_bytes"],
    "hit_rate": lambda group: -(1 if group.hit_rate is None
                                else group.hit_rate),
    "cached": lambda group: group.sums["cached_bytes"],
    "peak": lambda group: group.quantiles["peak_live_bytes"]["max"],
    "gets": lambda group: group.sums["gets"],
    "misuse": lambda group: group.sums["misuse"],
    "processes": lambda group: group.count,
}


def quantile(ordered, share):
    """The one of the sorted values that this share of them does not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _spread(values):
    ordered = sorted(values)
    if not ordered:
        return {name: None for _share, name in QUANTILES}
    found = {name: quantile(ordered, share) for share, name in QUANTILES}
    found["median"] = sampling.median(ordered)
    return found


class Group:
    """Some processes of one program, added up one by one."""

    def __init__(self, key):
        self.by, self.program, self.build_id = key
        self.count = 0
        self.sums = dict.fromkeys(SUMS + ("waste_bytes",), 0)
        self.ends = {}
        self.worst = None
        self.values = {name: array.array("d" if name in RATIOS else "Q")
                        for name in SPREAD}

    def add(self, process):
        self.count += 1
        for name in SUMS:
            self.sums[name] += process[name]
        self.sums["waste_bytes"] += counters.waste_bytes(process)
        for name, values in self.values.items():
            value = counters.value(process, name)
            if value is not None:
                values.append(value)
        if self.worst is None or process["misses"] > self.worst["misses"]:
            self.worst = process
        self.ends[process.end] = self.ends.get(process.end, 0) + 1

    @functools.cached_property
    def quantiles(self):
        return {name: _spread(values)
                for name, values in self.values.items()}

    @property
    def hit_rate(self):
        return counters.hit_rate(self.sums)

    @property
    def waste(self):
        slots = self.sums["slot_bytes"]
        return self.sums["waste_bytes"] / slots if slots else None


def groups(fleet, by=None, sort="misses", make=Group):
    """All groups, the worst first; make is the class of them."""
    found = {}
    processes = fleet.each()
    if by == "family":
        processes = fleet_family.name_families(list(processes))
    for process in processes:
        key = (getattr(process, by) if by else "", process.program,
               process.build_id)
        if key not in found:
            found[key] = make(key)
        found[key].add(process)
    return sorted(found.values(), key=lambda group: (
        -SORTS[sort](group), group.program, group.by, group.build_id))
