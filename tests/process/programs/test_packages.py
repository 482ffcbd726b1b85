#!/usr/bin/python3
"""A family that is skipped names the package that the release lacks."""

import ast
import glob
import os
import unittest

import packages

HERE = os.path.dirname(os.path.abspath(__file__))
LISTS = os.path.join(HERE, "../../../scripts/packages/*.txt")
# In every Debian, or brought by one of the lists.
ALWAYS = {"apt-get", "apt-cache", "dpkg", "bash", "dash", "tar", "gzip", "cc",
          "python3"}


def listed():
    names = set()
    for path in glob.glob(LISTS):
        with open(path, encoding="utf-8") as file:
            names |= {line.strip() for line in file}
    return names


def needed(path):
    """The programs that a family gives to main, as far as they are words."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "main":
            for word in call.args:
                if isinstance(word, ast.Constant):
                    yield word.value


class Packages(unittest.TestCase):
    def test_every_program_has_a_package_that_setup_installs(self):
        programs = {program for path in glob.glob(HERE + "/*.py")
                    for program in needed(path)}
        self.assertIn("kresd", programs)
        for program in programs - ALWAYS:
            name = packages.PACKAGE_OF.get(program, program)
            self.assertIn(name, listed(), program)

    def test_the_line_names_package_and_release(self):
        line = packages.lack(["/usr/lib/postgresql/9/bin/initdb", "pgbench",
                              "sqlite3"])
        self.assertRegex(line, r"^no package postgresql sqlite3 on \w+$")


if __name__ == "__main__":
    unittest.main()
