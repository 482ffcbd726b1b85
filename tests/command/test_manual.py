"""Help, manual pages and completion tell the same as the code."""

import os
import re
import shutil
import subprocess
import unittest

import sample
from midpool_lib import VERSION
from midpool_lib.base import cli, counters

PAGES = ("midpool.1", "midpool-snapshot.1", "midpool.7", "midpool-fleet.7")
SCRIPTS = os.path.join(sample.SOURCE, "scripts")


def read(*parts):
    with open(os.path.join(*parts), encoding="utf-8") as file:
        return file.read()


class Help(sample.Case):
    def test_fits_a_screen(self):
        for command in [[]] + [[name] for name in cli.COMMANDS]:
            out = self.midpool(*command, "--help", status=0).out
            lines = out.splitlines()
            self.assertLessEqual(len(lines), 24, command)
            self.assertLessEqual(max(map(len, lines)), 80, command)

    def test_names_every_option(self):
        for command in cli.COMMANDS:
            module = cli.module(command)
            for option in module.SPEC:
                self.assertRegex(module.HELP, rf"(?m)(^|[\s,]){option}\b",
                                 command)

    def test_version_is_the_projects(self):
        found = re.search(r"version: '([\d.]+)'",
                          read(sample.SOURCE, "meson.build"))
        self.assertEqual(found.group(1), VERSION)

    def test_errors_name_the_fix(self):
        for arguments, words in (
                (["rum"], "midpool run"), (["sqlite3"], "run -- sqlite3"),
                (["show", "--al"], "--all"), (["diff", "a"], "--"),
                (["html", "-o"], "--help"), (["doctor"], "doctor PROGRAM"),
                (["bench", "--allocators", "mimaloc", "true"], "mimalloc"),
                (["live", "-i", "0", "1"], "0.1")):
            done = self.midpool(*arguments, status=2)
            self.assertIn(words, done.err, arguments)
            self.assertLessEqual(len(done.err.splitlines()), 2)

    def test_a_closed_pipe_is_no_error(self):
        path = self.write("a.json", sample.report())
        done = subprocess.run(
            f"{sample.COMMAND} show --csv {path} | head -1", shell=True,
            capture_output=True, env=self.env, check=True)
        self.assertEqual(done.stderr, b"")


class ManualPages(unittest.TestCase):
    def test_names_every_option_of_the_command(self):
        page = read(SCRIPTS, "man", "midpool.1").replace("\\-", "-")
        for command in cli.COMMANDS:
            for option in cli.module(command).SPEC:
                if option.startswith("--"):
                    self.assertIn(option, page, command)

    def test_names_every_counter_and_option_of_the_library(self):
        page = read(SCRIPTS, "man", "midpool.7")
        table = read(sample.SOURCE, "interpose", "options.def")
        options = re.findall(r'(?m)^OPTION\((\w+), \w+, "([^"]*)"', table)
        self.assertGreater(len(options), 10)
        for name, default in options:
            found = re.search(rf"(?ms)^\.TP\n\.B {name}\n(.*?)\n\.", page)
            self.assertIsNotNone(found, name)
            shown = default.replace("-", "\\-") or "none"
            self.assertIn(f"(default: {shown})", found.group(1), name)
        for name in counters.NAMES:
            self.assertIn(f"\n.B {name}\n", page)

    def test_shows_the_drop_in_and_all_its_directives(self):
        drop_in = read(SCRIPTS, "systemd", "midpool.conf")
        page = read(SCRIPTS, "man", "midpool.7")
        plain = page.replace("\\-", "-").replace("\\%", "")
        lines = re.findall(r"(?m)^(?:\w+=.*|\[Service\])$", drop_in)
        self.assertIn("\n".join(lines), plain)
        directives = re.findall(r"(?m)^#(\w+=.*)$", drop_in)
        self.assertGreater(len(directives), 30)
        shown = re.findall(r'(?m)^\.BR "?(\w+=.*?)"? [,.]$', plain)
        self.assertEqual(shown, directives)

    def test_pass_the_linter(self):
        if not shutil.which("mandoc"):
            self.skipTest("no mandoc")
        pages = [os.path.join(SCRIPTS, "man", name)
                 for name in PAGES]
        done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", *pages],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout + done.stderr, "")

    def test_are_well_formed(self):
        if not shutil.which("man"):
            self.skipTest("no man")
        for name in PAGES:
            done = subprocess.run(
                ["man", "--warnings", "-l", os.path.join(SCRIPTS, "man",
                                                         name)],
                capture_output=True, text=True, check=False,
                env=dict(os.environ, MANWIDTH="80", LC_ALL="C.UTF-8"))
            self.assertEqual(done.stderr, "")
            self.assertIn("midpool", done.stdout)


class Completion(unittest.TestCase):
    def test_bash_knows_every_option_and_no_other(self):
        script = os.path.join(SCRIPTS, "completion", "midpool.bash")
        for command in cli.COMMANDS:
            line = f"midpool {command} -"
            code = (f"source {script}; COMP_LINE='{line}';"
                    f" COMP_POINT={len(line)}; COMP_WORDS=({line});"
                    " COMP_CWORD=2; _midpool; printf '%s\\n'"
                    ' "${COMPREPLY[@]}"')
            done = subprocess.run(["bash", "-c", code], capture_output=True,
                                  text=True, check=True)
            self.assertEqual(set(cli.module(command).SPEC) | {"--help"},
                             set(done.stdout.split()), command)

    def test_both_know_every_option_of_the_library(self):
        table = read(sample.SOURCE, "interpose", "options.def")
        names = re.findall(r"(?m)^OPTION\((\w+),", table)
        bash = read(SCRIPTS, "completion", "midpool.bash")
        zsh = read(SCRIPTS, "completion", "_midpool")
        for name in names:
            self.assertRegex(bash, rf"\b{name}:")
            self.assertIn(f"'{name}[", zsh)

    def test_zsh_knows_every_long_option(self):
        text = read(SCRIPTS, "completion", "_midpool")
        for command in cli.COMMANDS:
            part = re.search(rf"(?ms)^    {command}\)(.*?);;", text).group(1)
            for option in cli.module(command).SPEC:
                if option.startswith("--") and option != "--build":
                    self.assertIn(option, part, command)

    def test_zsh_accepts_the_script(self):
        if not shutil.which("zsh"):
            self.skipTest("no zsh")
        subprocess.run(["zsh", "-n", os.path.join(
            SCRIPTS, "completion", "_midpool")], check=True)


if __name__ == "__main__":
    unittest.main()
