#!/usr/bin/python3
"""Checks midpool's JSON reports against the equations of their counters.

Purpose   Every end-to-end test uses the same checks: the counters of a report
          must be consistent, for any program.
Use       As a module: check(report) gives a list of broken claims, empty when
          all hold; load(path) reads a report strictly; check_files(paths)
          does both. As a command: check_report.py [--active] FILE...; exit
          status 1 and one line per broken claim.
Exactness A report that was written while other threads ran is a few
          operations apart between counters that are kept separately. Only
          those few comparisons get a tolerance, and only then. Sums over
          classes and what is derived (hits, live, resident_bytes) are always
          exact: all come from one snapshot.
"""

import argparse
import json
import os
import re
import sys

BAND_MIN_BYTES = 2048
BAND_MAX_BYTES = 65536
POOL_BYTES = [2048, 4096, 8192, 16384, 32768, 65536]
CLASSES = 25
INTERVALS_MAX = 65  # finished ones and the open one
ENDS = ("exit", "exec", "signal", "running", "unknown")
COUNTERS_DEF = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                            "..", "..", "stats", "counters.def")
SECTIONS = ("schema", "schema_version", "process", "config", "interception",
            "totals", "pools", "fallback", "sizes", "memory", "threads",
            "misuse", "intervals", "leftovers", "warnings")


def counter_table(path=COUNTERS_DEF):
    """Name -> kind of every counter, from the one table in the source."""
    with open(path, encoding="utf-8") as table:
        rows = re.findall(r"^COUNTER\((\w+), (\w+), (\w+),", table.read(),
                          re.MULTILINE)
    return {name: kind for name, kind, _unit in rows}


def _no_duplicates(pairs):
    keys = [key for key, _value in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("duplicate key in %s" % keys)
    return dict(pairs)


def _no_constant(text):
    raise ValueError("%s is not JSON" % text)


def loads(text):
    """Strict JSON: no duplicate keys, no NaN, one value."""
    return json.loads(text, object_pairs_hook=_no_duplicates,
                      parse_constant=_no_constant)


def load(path):
    with open(path, encoding="utf-8") as file:
        return loads(file.read())


class Claims:
    """Collects what does not hold."""

    def __init__(self, slack):
        self.problems = []
        self.slack = slack

    def that(self, holds, text):
        if not holds:
            self.problems.append(text)
        return bool(holds)

    def equal(self, left, right, text, slack=0):
        return self.that(abs(left - right) <= slack,
                         "%s: %d is not %d" % (text, left, right))

    def at_most(self, left, right, text, slack=0):
        return self.that(left <= right + slack,
                         "%s: %d is above %d" % (text, left, right))


def _check_row_form(claims, name, row, table):
    for key in table:
        value = row.get(key)
        claims.that(isinstance(value, int) and not isinstance(value, bool)
                    and value >= 0,
                    "%s.%s is no whole number from 0: %r" % (name, key, value))
    return all(isinstance(row.get(key), int) for key in table)


def _check_row(claims, name, row):
    """The equations that hold in a class, a pool and the totals alike."""
    slack = claims.slack
    claims.equal(row["gets"], row["hits"] + row["misses"],
                 name + ": gets = hits + misses")
    claims.equal(row["hits"], row["cache_hits"] + row["depot_hits"],
                 name + ": hits = cache_hits + depot_hits")
    claims.equal(row["live"], row["gets"] - row["puts"],
                 name + ": live = gets - puts")
    claims.at_most(row["remote_puts"], row["puts"],
                   name + ": remote_puts are puts")
    claims.at_most(row["callocs"], row["gets"], name + ": callocs are gets",
                   slack)
    claims.at_most(row["aligned"], row["gets"], name + ": aligned are gets",
                   slack)
    claims.at_most(row["live_bytes"], row["peak_live_bytes"],
                   name + ": live_bytes <= peak_live_bytes")
    claims.at_most(row["requested_bytes"], row["slot_bytes"],
                   name + ": requested_bytes <= slot_bytes")
    claims.at_most(BAND_MIN_BYTES * row["gets"], row["requested_bytes"],
                   name + ": a get asks for 2048 bytes at least",
                   slack * BAND_MAX_BYTES)
    claims.equal(row["resident_bytes"], row["live_bytes"]
                 + row["cached_bytes"], name + ": resident = live + cached")
    _check_hit_rate(claims, name, row)


def _check_hit_rate(claims, name, row):
    if "hit_rate" not in row:
        claims.that(name != "totals", "totals.hit_rate is missing")
        return
    rate = row["hit_rate"]
    if row["gets"] == 0:
        claims.that(rate is None,
                    "%s: hit_rate without gets is null, not %r" % (name, rate))
        return
    claims.that(isinstance(rate, (int, float)) and not isinstance(rate, bool)
                and 0 <= rate <= 1
                and abs(rate - row["hits"] / row["gets"]) <= 1.01e-9,
                "%s: hit_rate %r is not %d / %d"
                % (name, rate, row["hits"], row["gets"]))


def _check_class(claims, name, row):
    size = row["max_bytes"]
    claims.equal(row["slot_bytes"], row["gets"] * size,
                 name + ": slot_bytes = gets * max_bytes")
    claims.equal(row["live_bytes"], row["live"] * size,
                 name + ": live_bytes = live * max_bytes")
    claims.that(row["cached_bytes"] % size == 0,
                name + ": cached_bytes is no multiple of max_bytes")
    claims.at_most(row["requested_bytes"], row["gets"] * size,
                   name + ": nobody asks for more than the class holds")


def _check_sums(claims, name, whole, parts, table, threads=1):
    for key, kind in table.items():
        total = sum(part[key] for part in parts)
        if kind == "PEAK" and name == "totals":
            # Exact for one thread; several may publish at the same time.
            claims.at_most(whole[key], total,
                           "totals.%s <= sum of the pools" % key,
                           total // 10 if threads > 1 else 0)
        else:
            claims.equal(whole[key], total,
                         "%s.%s = sum of its parts" % (name, key))


def _check_pools(claims, report, table):
    pools = report["pools"]
    claims.that([pool.get("max_bytes") for pool in pools] == POOL_BYTES,
                "the pools are 2, 4, 8, 16, 32 and 64 KB")
    classes = [(pool, row) for pool in pools for row in pool["classes"]]
    claims.equal(len(classes), CLASSES, "number of classes")
    sizes = [row["max_bytes"] for _pool, row in classes]
    claims.that(sizes == sorted(set(sizes)), "classes ascend: %s" % sizes)
    rows = [("totals", report["totals"])]
    rows += [("pool %d" % pool["max_bytes"], pool) for pool in pools]
    rows += [("class %d" % row["max_bytes"], row) for _pool, row in classes]
    if not all([_check_row_form(claims, *row, table) for row in rows]):
        return
    for name, row in rows:
        _check_row(claims, name, row)
    for pool, row in classes:
        claims.that(pool["max_bytes"] // 2 < row["max_bytes"]
                    <= pool["max_bytes"],
                    "class %d is in pool %d"
                    % (row["max_bytes"], pool["max_bytes"]))
        _check_class(claims, "class %d" % row["max_bytes"], row)
    for pool in pools:
        _check_sums(claims, "pool %d" % pool["max_bytes"], pool,
                    pool["classes"], table)
    _check_sums(claims, "totals", report["totals"], pools, table,
                report["threads"]["peak"])


def _check_sizes(claims, report):
    """The profile of requested sizes has every get in one bucket."""
    sizes, totals = report["sizes"], report["totals"]
    gets = least = most = 0
    last = BAND_MIN_BYTES - 1
    for bucket in sizes:
        low, high = bucket["from_bytes"], bucket["to_bytes"]
        claims.that(last < low <= high <= BAND_MAX_BYTES + 255
                    and high - low <= 255,
                    "sizes: bucket %d-%d after %d" % (low, high, last))
        last = high
        gets += bucket["gets"]
        least += low * bucket["gets"]
        most += min(high, BAND_MAX_BYTES) * bucket["gets"]
    slack = claims.slack
    claims.equal(gets, totals["gets"], "sizes: their gets = totals.gets",
                 slack)
    claims.at_most(least, totals["requested_bytes"],
                   "sizes: at least their lower ends were requested",
                   slack * BAND_MAX_BYTES)
    claims.at_most(totals["requested_bytes"], most,
                   "sizes: at most their upper ends were requested",
                   slack * BAND_MAX_BYTES)


def _check_process(claims, report):
    process = report["process"]
    for key in ("pid", "ppid", "start_unix_ns", "duration_ns"):
        value = process.get(key)
        claims.that(isinstance(value, int) and value >= 0,
                    "process.%s is no whole number: %r" % (key, value))
    for key in ("executable", "build_id", "host"):
        claims.that(isinstance(process.get(key), str),
                    "process.%s is no text" % key)
    claims.that(process.get("end") in ENDS,
                "process.end is %r" % process.get("end"))
    claims.that(isinstance(report["config"], dict), "config is no object")
    active = report["interception"].get("active")
    claims.that(isinstance(active, bool), "interception.active is no truth")
    claims.that(isinstance(report["interception"].get("reason"), str),
                "interception.reason is no text")
    if active is False:
        claims.that(report["interception"]["reason"],
                    "not active, and no reason given")
        claims.equal(report["totals"]["gets"], 0, "gets while not active")


def _check_intervals(claims, report):
    """The curve is without gaps, and its parts are the whole.

    An interval is closed while other threads count, be they gone by now.
    """
    intervals, slack = report["intervals"], claims.slack
    peak = report["threads"]["peak"]
    if peak > 1 or report["config"].get("purge_thread") == "yes":
        slack = max(slack, 64 * peak)
    claims.that(1 <= len(intervals) <= INTERVALS_MAX,
                "%d intervals" % len(intervals))
    last = 0
    for row in intervals:
        claims.that(row["from_ns"] == last <= row["to_ns"],
                    "intervals: %d-%d after %d"
                    % (row["from_ns"], row["to_ns"], last))
        last = row["to_ns"]
        claims.equal(row["gets"], row["hits"] + row["misses"],
                     "intervals: gets = hits + misses", slack)
    for key in ("gets", "hits", "misses"):
        claims.equal(sum(row[key] for row in intervals),
                     report["totals"][key],
                     "intervals: their %s = totals.%s" % (key, key), slack)
    claims.equal(intervals[-1]["live_bytes"], report["totals"]["live_bytes"],
                 "intervals: the last one's live_bytes")


def _check_leftovers(claims, report):
    left = report["leftovers"]
    if left is None:
        claims.that(report["process"]["end"] == "running",
                    "no leftovers, though it ended")
        return
    claims.equal(left["buffers"], report["totals"]["live"],
                 "leftovers are what is live")
    claims.equal(left["bytes"], report["totals"]["live_bytes"],
                 "leftovers' bytes")
    live = [{"max_bytes": row["max_bytes"], "buffers": row["live"],
             "bytes": row["live_bytes"]}
            for pool in report["pools"] for row in pool["classes"]
            if row["live"] > 0]
    claims.that(left["classes"] == live, "leftovers by class: %s"
                % left["classes"])


def _check_fallback(claims, report):
    """Every call outside the band is in one bucket by its size."""
    fallback = report["fallback"]
    for side, inside in (("below", lambda row: row["to_bytes"] < 2048),
                         ("above", lambda row: row["from_bytes"] > 65536)):
        rows = [row for row in fallback["sizes"] if inside(row)]
        claims.equal(sum(row["calls"] for row in rows),
                     fallback[side]["calls"],
                     "fallback.sizes %s the band" % side)
        least = sum(row["calls"] * row["from_bytes"] for row in rows)
        most = sum(row["calls"] * row["to_bytes"] for row in rows)
        if least >= 2**62:
            continue  # impossible sizes: their sum is beyond the counter
        slack = claims.slack * max([row["to_bytes"] for row in rows] or [0])
        claims.at_most(least, fallback[side]["bytes"],
                       "fallback.%s: the least its sizes are" % side, slack)
        claims.at_most(fallback[side]["bytes"], most,
                       "fallback.%s: the most its sizes are" % side, slack)
    claims.equal(sum(row["calls"] for row in fallback["sizes"]),
                 fallback["below"]["calls"] + fallback["above"]["calls"],
                 "fallback.sizes: all calls")


def _check_rest(claims, report):
    totals, memory = report["totals"], report["memory"]
    for key in ("live_bytes", "cached_bytes", "resident_bytes",
                "peak_live_bytes"):
        claims.equal(memory[key], totals[key],
                     "memory.%s = totals.%s" % (key, key))
    claims.equal(memory["purged_bytes"],
                 sum(row["discards"] * row["max_bytes"]
                     for pool in report["pools"] for row in pool["classes"]),
                 "memory.purged_bytes = slot bytes of the discards")
    for side in ("below", "above"):
        entry = report["fallback"][side]
        claims.that(entry["calls"] >= 0 and entry["bytes"] >= 0,
                    "fallback.%s is negative" % side)
        if entry["calls"] == 0:
            claims.equal(entry["bytes"], 0, "fallback.%s without calls" % side)
    claims.at_most(report["fallback"]["below"]["bytes"],
                   report["fallback"]["below"]["calls"] * BAND_MIN_BYTES,
                   "fallback below the band", claims.slack * BAND_MIN_BYTES)
    claims.at_most(report["fallback"]["above"]["calls"] * BAND_MAX_BYTES,
                   report["fallback"]["above"]["bytes"],
                   "fallback above the band", claims.slack * BAND_MAX_BYTES)
    claims.at_most(report["threads"]["now"], report["threads"]["peak"],
                   "threads now <= peak")
    for key in ("double_free", "interior_free", "misaligned_free"):
        claims.that(report["misuse"][key] >= 0, "misuse.%s" % key)
    claims.that(isinstance(report["warnings"], list), "warnings is no list")


def _slack(report):
    """Operations that counters may be apart: none with a single thread."""
    now = report["threads"]["now"]
    return 0 if now <= 1 else max(64 * now, report["totals"]["gets"] // 50)


def check(report, table=None):
    """All broken claims of one report, as lines of text."""
    missing = [key for key in SECTIONS if key not in report]
    if missing:
        return ["sections missing: " + ", ".join(missing)]
    claims = Claims(_slack(report))
    claims.that(report["schema"] == "midpool.report"
                and report["schema_version"] == 1,
                "schema is %r, version %r"
                % (report["schema"], report["schema_version"]))
    try:
        _check_process(claims, report)
        _check_pools(claims, report, table or counter_table())
        _check_sizes(claims, report)
        _check_fallback(claims, report)
        _check_intervals(claims, report)
        _check_leftovers(claims, report)
        _check_rest(claims, report)
    except (KeyError, TypeError, AttributeError) as error:
        claims.problems.append("malformed: %s: %s"
                               % (type(error).__name__, error))
    return claims.problems


def check_files(paths, active=False):
    """(reports, problems) of several files; each problem names its file."""
    reports, problems = [], []
    for path in paths:
        try:
            report = load(path)
        except (OSError, ValueError) as error:
            problems.append("%s: %s" % (path, error))
            continue
        found = check(report)
        if active and not found and not report["interception"]["active"]:
            found = ["not active: " + report["interception"]["reason"]]
        problems += ["%s: %s" % (path, line) for line in found]
        reports.append(report)
    return reports, problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--active", action="store_true",
                        help="also demand that the pools served the band")
    parser.add_argument("files", nargs="+", metavar="FILE")
    args = parser.parse_args()
    reports, problems = check_files(args.files, args.active)
    for line in problems:
        print(line, file=sys.stderr)
    gets = sum(report["totals"]["gets"] for report in reports)
    print("%d reports, %d gets, %d broken claims"
          % (len(reports), gets, len(problems)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
