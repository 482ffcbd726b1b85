#!/usr/bin/python3
"""Compares renderings with golden files.

usage: test_golden.py write_pages [--update]

Wording and layout are for people, so a change has to be looked at: --update
writes the files anew, and the difference shows in the commit.

The texts of metrics are frozen: two reports with different HELP or TYPE in a
folder make a collector drop samples without a word, and a folder holds reports
of several versions. golden/metrics.txt has them for the schema version in its
first line; --update adds metrics and changes none while that is the same.
"""

import difflib
import json
import os
import re
import sys

from scenes import HERE, ROOT, Checks, Scenes

sys.path.insert(0, os.path.join(ROOT, "scripts"))

from midpool_lib.base import counters  # noqa: E402
from midpool_lib.read import openmetrics  # noqa: E402

GOLDEN = os.path.join(HERE, "golden")
FILES = ["busy.txt", "busy.json", "busy.csv", "busy.prom", "idle.txt",
         "inactive.txt", "troubled.txt", "odd.txt", "odd.json", "odd.csv",
         "long.txt"]


def without_version(text):
    text = re.sub(rb'("midpool_version": )"[^"]*"', rb'\1"VERSION"', text)
    return re.sub(rb'(version=)"[^"]*"', rb'\1"VERSION"', text)


def difference(old, new, name):
    lines = difflib.unified_diff(
        old.decode("utf-8", "replace").splitlines(),
        new.decode("utf-8", "replace").splitlines(),
        "golden/" + name, "rendered", lineterm="", n=1)
    return "\n".join(list(lines)[:40])


def schema_version():
    with open(os.path.join(ROOT, "stats", "report.schema.json"),
              encoding="utf-8") as file:
        return json.load(file)["properties"]["schema_version"]["const"]


def metric_lines():
    """A line for every metric that there is, with all that is frozen."""
    table = counters.TABLE + list(counters.METRICS.values())
    return [" | ".join([openmetrics.metric_name(row), row.unit]
                       + openmetrics.texts(row)) for row in table]


def check_frozen(checks, update):
    path = os.path.join(GOLDEN, "metrics.txt")
    head = "schema version %s" % schema_version()
    old = []
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            old = file.read().splitlines()
    now = metric_lines()
    if update and old[:1] != [head]:
        old = [head]
    if update:
        old += [line for line in now if line not in old
                and not any(line.split()[0] == kept.split()[0]
                            for kept in old)]
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(old) + "\n")
    checks.that(old[:1] == [head], "metrics.txt is of another version")
    for line in now:
        checks.that(line in old, "the table has a metric that metrics.txt has"
                    " not, or has differently: %s" % line)
    for line in old[1:]:
        checks.that(line in now, "frozen, and gone from the table: %s" % line)


def main():
    update = "--update" in sys.argv[2:]
    checks = Checks()
    with Scenes(sys.argv[1]) as scenes:
        for name in FILES:
            new = without_version(scenes.read(*name.split(".")))
            path = os.path.join(GOLDEN, name)
            if update:
                os.makedirs(GOLDEN, exist_ok=True)
                with open(path, "wb") as file:
                    file.write(new)
            with open(path, "rb") as file:
                old = file.read()
            checks.that(old == new, difference(old, new, name))
    check_frozen(checks, update)
    checks.finish()


if __name__ == "__main__":
    main()
