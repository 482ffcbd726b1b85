#!/usr/bin/python3
"""Chooses the size classes from the survey, and judges a set of them.

    classes.py [--count N] [--step BYTES] [--keep SIZES] [--table FILE]
    classes.py --judge SIZES
    classes.py --check
    classes.py --page

Without --judge: the set of N classes (default: as many as the product has)
that contains those to keep and wastes least on the "fit" programs of sizes.csv, found exactly by dynamic
programming, and how it does on the "judge" programs, which the search never
sees.

A program's waste is slot bytes less requested bytes, over slot bytes. All
programs count alike. The search minimises the mean of slot bytes over
requested bytes, which orders sets as the mean waste does but for terms of the
second order, because that sum splits by class.

--check judges the product's own set, as pool/size/size_class.c has it: the exit
status is 1 when the judge programs waste more than 4.5 % on average. --page
prints the table of README.md.

Bounds of every set: the six pools' sizes are classes; classes are multiples of
the step; a request never wastes more than a fifth of its slot.
"""

import argparse
import csv
import os
import re
import sys

POOLS = [2048, 4096, 8192, 16384, 32768, 65536]
BOUND = 0.045  # mean waste of the judge programs
HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "..", "..", "pool", "size",
                      "size_class.c")
INFINITE = float("inf")


def read_table(path):
    """{part: {program: [(up_to, calls, bytes)]}}"""
    parts = {"fit": {}, "judge": {}}
    with open(path, encoding="utf-8") as file:
        for row in csv.DictReader(file):
            parts[row["part"]].setdefault(row["program"], []).append(
                (int(row["up_to"]), int(row["calls"]), int(row["bytes"])))
    return parts


def slot_of(classes, size):
    return next(slot for slot in classes if slot >= size)


def waste(classes, rows):
    """The share of a program's slot bytes that it did not ask for."""
    asked = sum(row[2] for row in rows)
    given = sum(slot_of(classes, up_to) * calls for up_to, calls, _ in rows)
    return 1 - asked / given


def mean_waste(classes, programs):
    return sum(waste(classes, rows) for rows in programs.values()) / len(
        programs)


def weights(programs, step):
    """Mean calls per requested byte, summed up to each multiple of step."""
    share = [0.0] * (POOLS[-1] // step + 1)
    for rows in programs.values():
        asked = sum(row[2] for row in rows)
        for up_to, calls, _ in rows:
            share[-(-up_to // step)] += calls / asked / len(programs)
    total = [0.0]
    for value in share[1:]:
        total.append(total[-1] + value)
    return total


def may_follow(below, size):
    """Does a request just above the class below waste at most a fifth?"""
    return size * 4 <= (below + 1) * 5


def best_set(programs, count, step, keep):
    """The best set of that many classes, or None where there is none."""
    total = weights(programs, step)
    first, last = POOLS[0] // step, POOLS[-1] // step
    forced = {size // step for size in POOLS + keep}
    cost = {first: (total[first] * POOLS[0], [first])}
    for _ in range(count - 1):
        following = {}
        for below, (so_far, chosen) in cost.items():
            for size in range(below + 1, last + 1):
                if not may_follow(below * step, size * step):
                    break
                value = so_far + size * step * (total[size] - total[below])
                if value < following.get(size, (INFINITE,))[0]:
                    following[size] = (value, chosen + [size])
                if size in forced:
                    break
        cost = following
    if last not in cost:
        return None
    return [size * step for size in cost[last][1]]


def product_set():
    """The classes of the product: BIN(class, bytes of the one below, bytes)"""
    with open(SOURCE, encoding="utf-8") as file:
        return [int(size) for size in re.findall(
            r"^    BIN\(\d+, \d+, (\d+)\)", file.read(), re.MULTILINE)]


def print_page(classes, parts, table):
    """A row a program: what it asks for most, by upper bounds of buckets."""
    versions = {}
    with open(table, encoding="utf-8") as file:
        for row in csv.DictReader(file):
            versions[row["program"]] = row["version"]
    print("| program | version | part | calls | asks most for (bytes, up to) "
          "| waste |\n|---|---|---|---|---|---|")
    for part, programs in parts.items():
        for name, rows in sorted(programs.items()):
            most = sorted(rows, key=lambda row: -row[2])[:5]
            print("| %s | %s | %s | %s | %s | %.1f %% |" % (
                name, versions[name], part, f"{sum(r[1] for r in rows):,}",
                ", ".join("%d ×%d" % row[:2] for row in most),
                100 * waste(classes, rows)))


def sizes_of(text):
    return sorted(int(size) for size in text.split(",") if size)


def print_waste(classes, parts):
    for part, programs in parts.items():
        each = sorted(((waste(classes, rows), name)
                       for name, rows in programs.items()), reverse=True)
        print("%-6s mean waste %5.2f %% of %d programs; most: %s" % (
            part, 100 * mean_waste(classes, programs), len(programs),
            ", ".join("%s %.1f" % (name, 100 * value)
                      for value, name in each[:6])))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=len(product_set()))
    parser.add_argument("--step", type=int, default=128)
    parser.add_argument("--judge", metavar="SIZES")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--table", default=os.path.join(HERE, "sizes.csv"))
    parser.add_argument("--keep", metavar="SIZES", default="")
    given = parser.parse_args()
    parts = read_table(given.table)
    if given.page:
        print_page(product_set(), parts, given.table)
        return
    if given.check:
        print_waste(product_set(), parts)
        sys.exit(mean_waste(product_set(), parts["judge"]) > BOUND)
    if given.judge:
        classes = sizes_of(given.judge)
    else:
        classes = best_set(parts["fit"], given.count, given.step,
                           sizes_of(given.keep))
        if classes is None:
            parser.error("no set of %d classes keeps the bounds" % given.count)
    print(" ".join(str(size) for size in classes))
    print_waste(classes, parts)


if __name__ == "__main__":
    main()
