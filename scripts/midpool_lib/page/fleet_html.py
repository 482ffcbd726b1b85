"""The data of a fleet's page: groups, distributions, outliers."""

import array
import heapq
import math
import os
import urllib.parse

from midpool_lib.base import counters
from midpool_lib.fleet import fleet_group

DETAILED = 60  # groups with distributions and outliers, the worst first
GROUPS = 500   # groups on the page
BINS = 32
CANDIDATES = 8  # of each group and metric
SHOWN = 6       # outliers of a group
# The values by which single processes are judged: (whether more is worse,
# whether the scale is logarithmic).
METRICS = {"misses": (True, True), "hit_rate": (False, False),
           "peak_live_bytes": (True, True)}
FENCE = 3  # an outlier lies so many interquartile ranges beyond a quartile


class Group(fleet_group.Group):
    """A group that also remembers its extreme processes."""

    def __init__(self, key):
        super().__init__(key)
        self._extremes = {name: [] for name in METRICS}

    def add(self, process):
        super().add(process)
        for name, (more_is_worse, _is_log) in METRICS.items():
            value = counters.value(process, name)
            if value is None:
                continue
            entry = (value if more_is_worse else -value, -self.count, process)
            heap = self._extremes[name]
            if len(heap) < CANDIDATES:
                heapq.heappush(heap, entry)
            elif entry > heap[0]:
                heapq.heapreplace(heap, entry)

    def outliers(self):
        """[(how far out, metric, process)], the farthest first, each process
        once: those far beyond the quartiles of their group."""
        found = {}
        for name, heap in self._extremes.items():
            ordered = sorted(self.values[name])
            if len(ordered) < 8:
                continue
            low, middle, high = (fleet_group.quantile(ordered, share)
                                 for share in (0.25, 0.5, 0.75))
            spread = max(high - low, abs(middle) / 100)
            for worst, order, process in heap:
                edge = high if METRICS[name][0] else -low
                if spread and worst > edge + FENCE * spread:
                    far = (worst - edge) / spread
                    known = found.get(order)
                    if known is None or far > known[0]:
                        found[order] = far, name, process
        return sorted(found.values(), key=lambda entry: -entry[0])[:SHOWN]

    def distribution(self, name):
        """How many processes are in each of BINS equal parts of the scale."""
        values, is_log = self.values[name], METRICS[name][1]
        if not values:
            return None
        scaled = array.array("d", map(math.log1p, values)) if is_log else values
        low, high = min(scaled), max(scaled)
        counts = [0] * BINS
        for value in scaled:
            counts[min(BINS - 1, int((value - low) / (high - low) * BINS))
                   if high > low else 0] += 1
        return {"low": min(values), "high": max(values), "is_log": is_log,
                "counts": counts}


def _link(file, folder):
    """A report's address, seen from the page's folder."""
    if not file.endswith(".json") or not os.path.isabs(file) and not \
            os.path.exists(file):
        return ""
    return urllib.parse.quote(os.fsencode(os.path.relpath(file, folder)))


def _process(far, metric, process, folder):
    return {"metric": metric, "far": round(far, 1), "host": process.host,
            "pid": process.pid, "end": process.end, "day": process.day,
            "unit": process.unit, "file": process.file,
            "link": _link(process.file, folder),
            "hit_rate": counters.hit_rate(process),
            **{name: process[name] for name in (
                "gets", "misses", "peak_live_bytes", "peak_rss_bytes",
                "duration_ns")}}


def _group(group, detailed, folder):
    found = {"program": group.program, "build": group.build_id,
             "processes": group.count, "ends": group.ends,
             "hit_rate": group.hit_rate, "waste": group.waste,
             "quantiles": group.quantiles,
             "sums": {name: group.sums[name] for name in
                      ("gets", "misses", "misuse", "cached_bytes",
                       "slot_bytes", "waste_bytes")}}
    if detailed:
        found["distributions"] = {name: group.distribution(name)
                                  for name in METRICS}
        found["outliers"] = [_process(*entry, folder)
                             for entry in group.outliers()]
    return found


def data(fleet, folder):
    """The data that fleet.js draws; folder is the place of the page."""
    groups = fleet_group.groups(fleet, make=Group)
    seen = fleet.overview
    sums = {name: sum(group.sums[name] for group in groups)
            for name in ("gets", "hits", "misses", "slot_bytes",
                         "waste_bytes", "misuse")}
    ends = {}
    for group in groups:
        for end, count in group.ends.items():
            ends[end] = ends.get(end, 0) + count
    return {"processes": seen.count, "hosts": seen.hosts, "ends": ends,
            "programs": len({group.program for group in groups}),
            "days": [seen.first_day, seen.last_day], "sums": sums,
            "group_count": len(groups), "broken": fleet.broken,
            "broken_names": fleet.broken_names[:10],
            "groups": [_group(group, number < DETAILED, folder)
                       for number, group in enumerate(groups[:GROUPS])]}
