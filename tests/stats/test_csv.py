#!/usr/bin/python3
"""Reads CSV reports as a spreadsheet would, next to the JSON ones.

usage: test_csv.py write_pages
"""

import csv
import io
import json
import sys

from scenes import NAMES, Checks, Scenes

COUNTS_FROM = 9  # columns before the counters
USAGE = ("cpu_user_ns", "cpu_system_ns", "peak_rss_bytes")  # after them


def rows_of(table, scope):
    return [row for row in table if row["scope"] == scope]


def agrees(row, counts, names):
    """True if a CSV row has the counters of a JSON object."""
    return all(int(row[name]) == counts[name] for name in names)


def check_scene(checks, name, text, report):
    plain = list(csv.reader(io.StringIO(text), strict=True))
    checks.that({len(row) for row in plain} == {len(plain[0])},
                name + ": all rows have all columns")
    names = plain[0][COUNTS_FROM:-len(USAGE)]
    checks.that(plain[0][-len(USAGE):] == list(USAGE), name + ": last columns")
    table = list(csv.DictReader(io.StringIO(text), strict=True))

    total = rows_of(table, "total")
    checks.that(len(total) == 1 and agrees(total[0], report["totals"], names),
                name + ": total")
    known = dict(report["process"], **report["memory"])
    checks.that([total[0][key] for key in USAGE]
                == ["" if known[key] is None else str(known[key])
                    for key in USAGE], name + ": what the kernel counted")
    checks.that(not any(row[key] for row in table[1:] for key in USAGE),
                name + ": it is said once")
    pools = rows_of(table, "pool")
    checks.that(len(pools) == 6 and
                all(agrees(row, pool, names)
                    for row, pool in zip(pools, report["pools"])),
                name + ": pools")
    classes = [entry for pool in report["pools"] for entry in pool["classes"]]
    rows = rows_of(table, "class")
    checks.that(len(rows) == len(classes) and
                all(agrees(row, entry, names) and
                    int(row["to_bytes"]) == entry["max_bytes"]
                    for row, entry in zip(rows, classes)),
                name + ": classes")
    sizes = [(int(row["from_bytes"]), int(row["to_bytes"]), int(row["gets"]))
             for row in rows_of(table, "size")]
    checks.that(sizes == [tuple(bucket.values()) for bucket in
                          report["sizes"]], name + ": sizes")
    for side in ("below", "above"):
        row = rows_of(table, side)[0]
        checks.that({"calls": int(row["calls"]), "bytes": int(row["bytes"])}
                    == report["fallback"][side], "%s: %s" % (name, side))


def main():
    checks = Checks()
    with Scenes(sys.argv[1]) as scenes:
        for name in NAMES:
            check_scene(checks, name, scenes.read(name, "csv").decode(),
                        json.loads(scenes.read(name, "json")))
    checks.finish()


if __name__ == "__main__":
    main()
