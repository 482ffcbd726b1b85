#!/usr/bin/python3
"""Adds up the cases of all test programs, from meson's log.

    count_tests.py TESTLOG.json MESON_STATUS

A test program prints its number of cases in the way of its runner; one that
prints none counts as one case. A program that failed counts as at least one
failure, even if its output shows none. Skipped programs are named; they count as
neither passed nor failed.
The last line printed is "N passed, N failed"; the exit status is 0 if nothing
failed and MESON_STATUS is 0.
"""

import json
import re
import sys

CRITERION = re.compile(r"Synthesis: Tested: (\d+) \| Passing: (\d+)"
                       r" \| Failing: (\d+) \| Crashing: (\d+)")
OWN = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)
UNITTEST = re.compile(r"^Ran (\d+) tests? in ", re.MULTILINE)
UNITTEST_BAD = re.compile(r"^FAILED \((.*)\)$", re.MULTILINE)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def told(text):
    """Passed and failed cases that the output tells, or None."""
    text = COLOURS.sub("", text)
    found = CRITERION.findall(text)
    if found:
        return (sum(int(each[1]) for each in found),
                sum(int(each[2]) + int(each[3]) for each in found))
    found = OWN.findall(text)
    if found:
        return int(found[-1][0]), int(found[-1][1])
    ran = UNITTEST.search(text)
    if ran:
        bad = UNITTEST_BAD.search(text)
        numbers = re.findall(r"(?:failures|errors)=(\d+)",
                             bad.group(1)) if bad else []
        failed = sum(map(int, numbers))
        return int(ran.group(1)) - failed, failed
    return None


def count(test):
    passed, failed = told(test.get("stdout", "") + "\n"
                          + test.get("stderr", "")) or (0, 0)
    if test["result"] in ("OK", "EXPECTEDFAIL"):
        return max(passed, 1), failed
    return passed, max(failed, 1)


def read(path):
    """The tests of a log, one a line."""
    with open(path, encoding="utf-8", errors="replace") as log:
        return [json.loads(line) for line in log if line.strip()]


def main():
    passed = failed = 0
    status = int(sys.argv[2])
    try:
        tests = read(sys.argv[1])
    except OSError as error:
        print(f"no log of the tests: {error}")
        tests = []
        status = status or 1
    bad = []
    for test in tests:
        if test["result"] == "SKIP":
            print(f"skipped: {test['name']}")
            continue
        test_passed, test_failed = count(test)
        passed += test_passed
        failed += test_failed
        if test_failed:
            bad.append(test["name"])
    for name in bad:
        print(f"failed: {name}")
    if status != 0 and failed == 0:
        print(f"meson test failed with status {status}")
        failed = 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
