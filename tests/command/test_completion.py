"""Completion in real shells: what Tab makes of a line, typed at a terminal."""

import os
import pty
import re
import select
import shutil
import time
import unittest

import sample

SCRIPTS = os.path.join(sample.SOURCE, "scripts", "completion")
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"
PATIENCE = 120  # seconds, for a machine that is busy

# Stands for the command: says which words it got, after completion.
STUB = """#!/bin/sh
[ "$*" != live ] || { echo '     123  redis'; exit; }
printf 'GOT'; printf '<%s>' "$@"; echo
"""

# The text typed before Tab, and the words that the command gets; both shells.
LINES = (
    ("do", "doctor"),
    ("run --qui", "run --quiet"),
    ("show --expl", "show --explain"),
    ("html --op", "html --open"),
    ("run --conf deca", "run --conf decay_ms:"),
    ("run --conf thp:nev", "run --conf thp:never"),
    ("run --conf thp:never,misuse:war",
     "run --conf thp:never,misuse:warn"),
    ("run --output=only-", "run --output=only-file.json"),
    ("run -o only-", "run -o only-file.json"),
    ("run --vs thp:nev", "run --vs thp:never"),
    ("run --warmup 2 --prepare true only_pro",
     "run --warmup 2 --prepare true only_program"),
    ("show only-", "show only-file.json"),
    ("diff only-file.json -- only-", "diff only-file.json -- only-file.json"),
    ("bench --allocators glibc,jem", "bench --allocators glibc,jemalloc"),
    ("diff --allow executable,cla", "diff --allow executable,classes"),
    ("doctor only_pro", "doctor only_program"),
    ("run only_pro", "run only_program"),
    ("run -n 3 -- only_pro", "run -n 3 -- only_program"),
    ("live 12", "live 123"),
    ("exporter --li", "exporter --listen"),
    ("prune --dry", "prune --dry-run"),
    ("pack --out", "pack --output"),
    ("fleet --by un", "fleet --by unit"),
    ("fleet --sort hit", "fleet --sort hit_rate"),
    ("export --detail cl", "export --detail classes"),
    ("show --by fu", "show --by function"),
    ("export --value mi", "export --value misses"),
    ("export --prom only-", "export --prom only-file.json"),
    ("run --conf sites:au", "run --conf sites:auto"),
    ("run --conf openmetrics_detail:cl",
     "run --conf openmetrics_detail:classes"),
)


class Shell:
    """A shell at a terminal of its own."""

    def __init__(self, argv, env, directory):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(directory)
            os.execve(argv[0], argv, env)

    def read_until(self, pattern):
        seen, until = "", time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if select.select([self.terminal], [], [], 0.2)[0]:
                seen += os.read(self.terminal, 65536).decode("utf-8",
                                                             "replace")
                found = re.search(pattern, seen)
                if found:
                    return found
        raise AssertionError(f"no {pattern} in {seen[-600:]!r}")

    def type(self, text):
        os.write(self.terminal, text.encode())

    def close(self):
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


class Case(sample.Case):
    def setUp(self):
        super().setUp()
        folder = self.path("bin")
        os.mkdir(folder)
        for name, text in (("midpool", STUB), ("only_program", "#!/bin/sh\n")):
            path = os.path.join(folder, name)
            self.write(path, text)
            os.chmod(path, 0o755)
        self.write("only-file.json", "{}")
        self.env["PATH"] = folder + ":/usr/bin:/bin"
        self.env["PS1"] = "$ "

    def start(self, *argv, setup):
        shell = Shell([shutil.which(argv[0]), *argv[1:]], self.env, self.dir)
        self.addCleanup(shell.close)
        shell.type(setup + "; echo ''READY\n")
        shell.read_until(r"[\n\r]READY")
        return shell

    def complete(self, shell, line):
        """The words of a line whose end Tab completed."""
        shell.type(f"midpool {line}\t")
        shell.type("\n")
        return shell.read_until(r"GOT((<[^>]*>)*)\r?\n")[1]

    def judge(self, shell, lines):
        for typed, want in lines:
            got = self.complete(shell, typed)
            # The shell decides where a word ends.
            words = "".join(f"<{word}>" for word in want.split())
            self.assertEqual(got, words, typed)


class Bash(Case):
    SETUP = (f"source {SCRIPTS}/midpool.bash;"
             " bind 'set enable-bracketed-paste off'")

    def bash(self, before=""):
        return self.start("bash", "--norc", "--noprofile", "-i",
                          setup=before + self.SETUP)

    def test_alone(self):
        self.judge(self.bash(), LINES)

    def test_a_programs_own_words_are_completed(self):
        if not os.path.exists(BASH_COMPLETION):
            self.skipTest("no bash-completion")
        shell = self.bash(f"source {BASH_COMPLETION}; ")
        shell.type("complete -W 'its_own_word' only_program\n")
        self.judge(shell, LINES + (
            ("run only_program its", "run only_program its_own_word"),
            ("run --conf thp:never -- only_program its",
             "run --conf thp:never -- only_program its_own_word")))


@unittest.skipUnless(shutil.which("zsh"), "no zsh")
class Zsh(Case):
    SETUP = (f"fpath=({SCRIPTS} $fpath); autoload -U compinit;"
             " compinit -u -D; unsetopt zle_bracketed_paste;"
             " compdef '_values word its_own_word' only_program")

    # zsh adds the sign that may come next where a list can go on.
    def complete(self, shell, line):
        return re.sub(r",>$", ">", super().complete(shell, line))

    def test_all_lines(self):
        shell = self.start("zsh", "-f", "-i", setup=self.SETUP)
        self.judge(shell, LINES + (
            ("run only_program its", "run only_program its_own_word"),
            ("run -n 2 -- only_program its",
             "run -n 2 -- only_program its_own_word")))


if __name__ == "__main__":
    unittest.main()
