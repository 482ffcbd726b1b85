#!/usr/bin/python3
"""Every failure in the table has a row, and every test it names exists.

    table.py TABLE BUILD-DIRECTORY

Reads the names of all tests off the build's introspection data, as `meson
test --list` does, without building anything.
"""

import json
import os
import re
import sys

IDS = 55  # all up to here have a row; later ones as they are tested


def main():
    table, build = sys.argv[1:]
    with open(table, encoding="utf-8") as file:
        rows = re.findall(r"^\| (A-\d\d) \|(.*)\|(.*)\|(.*)\|$", file.read(),
                          re.MULTILINE)
    path = os.path.join(build, "meson-info", "intro-tests.json")
    with open(path, encoding="utf-8") as file:
        tests = json.load(file)
    names = {test["name"] for test in tests}
    names |= {suite.split(":")[-1] for test in tests
              for suite in test["suite"]}
    wrong = []
    found = [row[0] for row in rows]
    expected = ["A-%02d" % number for number in range(1, IDS + 1)]
    if found[:IDS] != expected or found != sorted(set(found)):
        wrong.append("rows: %s" % sorted(set(found) ^ set(expected)))
    for handle, _what, cell, reason in rows:
        named = re.findall(r"`(\w+)`", cell)
        wrong += ["%s names %s, which is no test" % (handle, name)
                  for name in named if name not in names]
        if not named and not reason.strip() and "suite" not in cell:
            wrong.append("%s has neither test nor reason" % handle)
    for line in wrong:
        print(line)
    sys.exit(99 if wrong else 0)


if __name__ == "__main__":
    main()
