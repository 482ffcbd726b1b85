#!/usr/bin/python3
"""Compares renderings with golden files.

usage: test_golden.py write_pages [--update]

Wording and layout are for people, so a change has to be looked at: --update
writes the files anew, and the difference shows in the commit.
"""

import difflib
import os
import re
import sys

from scenes import HERE, Checks, Scenes

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
    checks.finish()


if __name__ == "__main__":
    main()
