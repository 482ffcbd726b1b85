"""Adds reports up: a run's processes into one profile of the run.

Sums are sums. Peaks of processes that may have run side by side are added
too, so that they are upper bounds. The result is itself a report: of the
first process, with the others' own reports in `children`.
"""

import copy

from midpool_lib import counters, reports, style

# Advice that speaks of one process's hit rate.
OF_THE_RATE = ("hit_rate", "few_gets", "warmup")


def _add_row(into, row):
    for name in counters.NAMES:
        into[name] += row[name]
    into["hit_rate"] = counters.hit_rate(into)


def _add_rows(into, rows, key="max_bytes"):
    """Rows of one size each; sizes missing on one side are taken over."""
    by_size = {row[key]: row for row in into}
    for row in rows:
        mine = by_size.get(row[key])
        if mine is None:
            into.append(copy.deepcopy(row))
            by_size[row[key]] = into[-1]
            continue
        _add_row(mine, row)
        if "classes" in row:
            _add_rows(mine["classes"], row["classes"])
    into.sort(key=lambda row: row[key])


def _add_sizes(into, buckets, count):
    by_start = {bucket["from_bytes"]: bucket for bucket in into}
    for bucket in buckets:
        mine = by_start.get(bucket["from_bytes"])
        if mine is None:
            into.append(dict(bucket))
            by_start[bucket["from_bytes"]] = into[-1]
        else:
            mine[count] += bucket[count]
    into.sort(key=lambda bucket: bucket["from_bytes"])


def _add(total, report):
    _add_row(total["totals"], report["totals"])
    _add_rows(total["pools"], report["pools"])
    for side in ("below", "above"):
        for key in ("calls", "bytes"):
            total["fallback"][side][key] += report["fallback"][side][key]
    _add_sizes(total["sizes"], report["sizes"], "gets")
    _add_sizes(total["fallback"]["sizes"], report["fallback"]["sizes"],
               "calls")
    for part in ("memory", "misuse", "threads"):
        for key, value in report[part].items():
            if key == "peak_rss_bytes":
                continue
            if isinstance(value, int) and not key.endswith("_ns"):
                total[part][key] = (total[part].get(key) or 0) + value
    _add_peak_rss(total["memory"], report["memory"])
    _add_leftovers(total, report)
    _add_words(total, report)


def _add_peak_rss(total, memory):
    """Only the sum of all means something; an ended process may lack it."""
    mine, other = total.get("peak_rss_bytes"), memory.get("peak_rss_bytes")
    known = isinstance(mine, int) and isinstance(other, int)
    total["peak_rss_bytes"] = mine + other if known else None


def _add_leftovers(total, report):
    """What was in use at the end; null while a process runs."""
    mine, other = total.get("leftovers"), report.get("leftovers")
    if not isinstance(mine, dict) or not isinstance(other, dict):
        return
    total["leftovers"] = {
        "buffers": total["totals"]["live"],
        "bytes": total["totals"]["live_bytes"],
        "classes": [{"max_bytes": row["max_bytes"], "buffers": row["live"],
                     "bytes": row["live_bytes"]}
                    for pool in total["pools"] for row in pool["classes"]
                    if row["live"]]}


def _add_words(total, report):
    """Warnings and hints of another process, one of a kind, with its name.

    A low hit rate of one of many processes is not news: it is judged anew
    for the sum.
    """
    for part in ("warnings", "hints"):
        have = {entry.get("id") for entry in total[part]
                if isinstance(entry, dict)}
        for entry in report[part]:
            if not isinstance(entry, dict) or entry.get("id") in have:
                continue
            if entry.get("id") in OF_THE_RATE:
                continue
            text = f"{reports.program(report)}: {reports.warning_text(entry)}"
            total[part].append({"id": entry.get("id"), "message": text})


def _judge_rate(total):
    """The warning about the sum's own hit rate."""
    for part in ("warnings", "hints"):
        total[part] = [entry for entry in total[part]
                       if not isinstance(entry, dict)
                       or entry.get("id") not in OF_THE_RATE]
    limit = total["config"].get("warn_below", 95)
    row = total["totals"]
    if isinstance(limit, int) and row["hits"] * 100 < row["gets"] * limit:
        total["warnings"].insert(0, {"id": "hit_rate", "message": (
            f"hit rate {style.percent(row['hits'], row['gets'])} of"
            f" {style.count(row['gets'])} gets is below {limit} %"
            " (warn_below)")})


def run_profile(main, others):
    """One report of a run: main's, with the others' counts added."""
    total = copy.deepcopy(main)
    total["children"] = []
    for report in others:
        _add(total, report)
        if report["interception"]["active"]:
            total["interception"]["active"] = True
        total["interception"]["deepbind_stripped"] += report["interception"][
            "deepbind_stripped"]
        total["children"].append(copy.deepcopy(report))
    if others:
        _judge_rate(total)
        total["own"] = {"totals": copy.deepcopy(main["totals"])}
    return total


def add_up(several):
    """Several reports as one; a report's children are in its sums already."""
    flat = copy.deepcopy(several[0])
    for report in several[1:]:
        _add(flat, report)
    if len(several) > 1:
        _judge_rate(flat)
        flat["children"] = [copy.deepcopy(entry) for report in several
                            for entry in members(report)][1:]
        flat["own"] = {"totals": copy.deepcopy(
            members(several[0])[0]["totals"])}
    return flat


def members(report):
    """The processes in a report, each with its own totals."""
    if not report["children"]:
        return [report]
    own = dict(report, children=[])
    alone = report.get("own")
    if isinstance(alone, dict) and isinstance(alone.get("totals"), dict):
        own["totals"] = alone["totals"]
    return [own] + report["children"]
