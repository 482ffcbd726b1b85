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
    """The subject of a line of output: its words before the first number."""
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


class Operator(sample.Case):
    """midpool-fleet(7): from the drop-in to the alert."""

    def setUp(self):
        super().setUp()
        with open(os.path.join(sample.SOURCE, "scripts", "man",
                               "midpool-fleet.7"), encoding="utf-8") as file:
            story = file.read().partition(".SH FROM THE")[2]
        self.examples = [
            block.replace("\\-", "-").replace("\\(aq", "'") for block in
            re.findall(r"(?ms)^\.EX\n(.*?)^\.EE$",
                       story.partition(".SH PACKS")[0])]

    def test_the_drop_in_makes_reports_that_the_commands_read(self):
        sample.need_build()
        folder = self.path("log")
        os.mkdir(folder)
        lines = [line for line in self.examples[0].splitlines()
                 if line.startswith("Environment=")]
        env = dict(self.env)
        for line in lines:
            name, _equals, value = line[len("Environment="):].partition("=")
            env[name] = (value.replace("/var/log/midpool", folder)
                         .replace("%%", "%").replace("%n", "web.service")
                         .replace("live:keep,", "").replace(
                             "libmidpool.so.1",
                             sample.BUILD + "/libmidpool.so"))
        self.assertEqual(set(env) - set(self.env), {"LD_PRELOAD",
                                                    "MIDPOOL_CONF"})
        for number in range(3):
            subprocess.run(["/usr/bin/python3", "-c", f"bytes({number})"],
                           env=env, check=True)
        self.midpool("pack", folder, "-o", "friday.db", status=0)
        commands = [line for example in self.examples[2:]
                    for line in example.splitlines()]
        self.assertGreater(len(commands), 5)
        commands.sort(key=lambda line: " pack " not in line)
        for line in commands:
            words = line.replace("/var/log/midpool", folder).split()
            self.assertEqual(words[0], "midpool")
            self.midpool(*words[1:], status=0)
        out = self.midpool("fleet", "--by", "unit", "year.db", status=0).out
        self.assertIn("web.service", out)

    @unittest.skipUnless(shutil.which("promtool"), "no promtool")
    def test_the_configuration_is_prometheus(self):
        rules = os.path.join(sample.SOURCE, "scripts", "prometheus",
                             "midpool.rules.yml")
        text = self.examples[1]
        installed = re.search(r"- (/\S+/midpool.rules.yml)", text)[1]
        self.assertIn("/share/midpool/prometheus/", installed)
        self.write("prometheus.yml", text.replace(installed, rules))
        done = subprocess.run(["promtool", "check", "config",
                               "prometheus.yml"], cwd=self.dir,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
