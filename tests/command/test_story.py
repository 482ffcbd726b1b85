"""The README's story, run: its commands work and print lines of those kinds."""

import os
import re
import shutil
import subprocess
import unittest

import sample

README = os.path.join(sample.SOURCE, "README.md")


def blocks(text, language=""):
    found = re.findall(r"(?ms)^```(\w*)\n(.*?)^```$", text)
    return [body for name, body in found if name == language]


def steps(block):
    """(command, what the README shows of its output) of a block."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
    return found


# Lines that a faster machine or another SQLite may leave out.
OPTIONAL = {"over time", "leftovers"}


def kind(line):
    """What a line of output is about: its words before the first number."""
    if re.match(r" {11}\S", line):
        return ""  # goes on from the line above
    return re.match(r"\s*(\D*?)(?:\d|  |$)", line)[1].strip()


@unittest.skipUnless(shutil.which("sqlite3"), "no sqlite3")
class Story(sample.Case):
    def setUp(self):
        super().setUp()
        sample.need_build()
        with open(README, encoding="utf-8") as file:
            self.text = file.read().partition("## One report")[2]
        load = blocks(self.text, "sql")[0]
        self.write("load.sql", load)
        self.write("load-16k.sql", load.replace("=4096", "=16384"))

    def run_step(self, command):
        command = re.sub(r"^scripts/midpool( run)?",
                         lambda found: sample.COMMAND + (
                             f" run --build {sample.BUILD}" if found[1]
                             else ""), command)
        done = subprocess.run(["bash", "-c", command], cwd=self.dir,
                              env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=600,
                              check=False, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_commands_and_lines(self):
        done = 0
        for block in blocks(self.text):
            for command, shown in steps(block):
                printed = {kind(line) for line in
                           self.run_step(command).splitlines()}
                missing = {kind(line) for line in shown
                           if line != "..."} - printed - OPTIONAL
                self.assertEqual(missing, set(), command)
                done += 1
        self.assertGreaterEqual(done, 6)


if __name__ == "__main__":
    unittest.main()
