"""Samples of profiles: for a row and a metric, one value per run.

A run's profile is one report. Its totals, pools and classes ("rows") are
compared by their counters and by values derived from them ("metrics").
"""

from midpool_lib.base import counters
from midpool_lib.read import reports

# The figures that a comparison shows of each row, in this order.
SHOWN = ("gets", "requested_bytes", "hit_rate", "misses", "waste",
         "peak_live_bytes")
# Its further figures of the whole program.
WHOLE = ("discards", "below_calls", "below_bytes", "above_calls",
         "above_bytes", "peak_rss_bytes", "cpu_user_ns", "cpu_system_ns",
         "duration_ns")
RATES = ("hit_rate", "waste")
ALIASES = {"bytes": "requested_bytes", "peak": "peak_live_bytes",
           "time": "duration_ns", "alloc_count": "gets"}
TOTAL = ("total", 0)


def metric_names():
    return (list(counters.NAMES) + list(counters.DERIVED) + list(WHOLE)
            + list(ALIASES))


def rows_of(report):
    """Row key -> counters; keys are ("pool", 16384) and the like."""
    rows = {TOTAL: report["totals"]}
    for pool in report["pools"]:
        rows["pool", pool["max_bytes"]] = pool
        for row in pool["classes"]:
            rows["class", row["max_bytes"]] = row
    return rows


def whole_value(report, metric):
    side, _, what = metric.partition("_")
    if side in ("below", "above"):
        return report["fallback"][side][what]
    if metric.endswith("_ns"):
        return report["process"].get(metric)
    return report["memory"].get("peak_rss_bytes")


class Sample:
    """All runs of one side."""

    def __init__(self, loaded):
        self.reports = loaded
        self.rows = [rows_of(report) for report in loaded]

    def __len__(self):
        return len(self.reports)

    def keys(self):
        return {key for rows in self.rows for key in rows}

    def values(self, key, metric):
        """One value per run; runs without the row or the value left out."""
        if metric in WHOLE and metric not in counters.BY_NAME:
            found = [whole_value(report, metric) for report in self.reports]
        else:
            found = [counters.value(rows[key], metric)
                     for rows in self.rows if key in rows]
        return [value for value in found if value is not None]


def middle(several):
    """The run that stands for several: of the middle number of gets."""
    return sorted(several, key=lambda one: one["totals"]["gets"])[
        len(several) // 2]


# Options that change what is written, not how memory is handed out.
HARMLESS = {"report", "report_file", "report_children", "report_min_gets",
            "warn_below", "live", "signal", "report_labels",
            "openmetrics_detail", "sites", "sites_max", "unwind"}


def _classes(report):
    return tuple((pool["max_bytes"],) + tuple(
        row["max_bytes"] for row in pool["classes"])
        for pool in report["pools"])


def _options(report):
    return {key: str(value) for key, value in report["config"].items()
            if key not in HARMLESS}


def _option_differences(first, second):
    names = sorted(name for name in set(first) | set(second)
                   if first.get(name) != second.get(name))
    return ", ".join(f"{name} {first.get(name, 'unset')} and"
                     f" {second.get(name, 'unset')}" for name in names)


def end_of(report):
    """How a run ended, in words; None where its report does not know."""
    process = report["process"]
    if process["end"] == "signal":
        return f"by {process.get('end_signal') or 'a signal'}"
    if process["end"] == "unknown":
        return "unseen"
    status = process.get("exit_status")
    return None if status is None else f"with exit status {status}"


def _unlike_ends(everyone):
    """A sentence if a run was cut off, or ended differently; else None."""
    ends = sorted({end for end in map(end_of, everyone) if end})
    cut = [end for end in ends if not end.startswith("with ")]
    if cut:
        return f"a run ended {cut[0]}, so it may have been cut off"
    if len(ends) > 1:
        return "the runs ended differently: " + " and ".join(ends[:4])
    return None


def incomparable(base, new, allowed=()):
    """Reasons why the two samples do not compare: (kind, sentence)."""
    everyone = base.reports + new.reports
    first = everyone[0]
    reasons = []
    for report in everyone:
        if not report["interception"]["active"]:
            reasons.append(("active", "the pools were not active in"
                            f" {reports.program(report)}:"
                            f" {report['interception']['reason'] or 'unknown'}"
                            ))
    names = sorted(set(map(reports.program, everyone)))
    if len(names) > 1 and len(set(map(reports.program_file, everyone))) > 1:
        reasons.append(("executable", "other executables: "
                        + " and ".join(names[:4])))
    for report in everyone[1:]:
        differences = _option_differences(_options(first), _options(report))
        if differences:
            reasons.append(("config", "other configuration: " + differences))
            break
    if len({_classes(report) for report in everyone}) > 1:
        reasons.append(("classes", "other size classes"))
    unlike = _unlike_ends(everyone)
    if unlike:
        reasons.append(("end", unlike))
    seen = []
    for reason in reasons:
        if reason[0] not in allowed and reason not in seen:
            seen.append(reason)
    return seen


def remarks(base, new):
    """Remarks that are no obstacles."""
    found = []
    names = sorted(set(map(reports.program, base.reports + new.reports)))
    if len(names) > 1:
        found.append("it was called " + " and ".join(names[:4]))
    builds = [{report["process"]["build_id"] for report in sample.reports}
              for sample in (base, new)]
    if builds[0] != builds[1]:
        found.append("the executables are different builds")
    counts = {len(report["children"]) for sample in (base, new)
              for report in sample.reports}
    if len(counts) > 1:
        found.append("the runs had different numbers of processes")
    hosts = {report["process"]["host"] for sample in (base, new)
             for report in sample.reports}
    if len(hosts) > 1:
        found.append("the runs were on different hosts")
    return found
