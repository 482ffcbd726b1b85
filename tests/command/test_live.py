"""midpool live: the screen on a terminal of 80 x 24, and plain output."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

import sample
import site_sample
from midpool_lib.base import style
from midpool_lib.live import gauges, live_family, screen
from midpool_lib.read import reports

CHURN = ("import time\n"
         "while True:\n"
         "    x = [bytearray(9000) for _ in range(50)]\n"
         "    time.sleep(0.01)\n")


class Gauges(unittest.TestCase):
    def view(self, utf8=True):
        return gauges.Gauges(style.Style(colour=False, utf8=utf8), 1)

    def snapshots(self):
        first = sample.report({4096: dict(gets=1000, misses=100)},
                              duration_ns=10**9)
        second = sample.report({4096: dict(gets=5000, misses=100)},
                               duration_ns=3 * 10**9)
        return [reports.normalise(report) for report in (first, second)]

    def test_rates_are_differences_over_time(self):
        view = self.view()
        for report in self.snapshots():
            view.add(report)
        self.assertEqual(view.rate("gets"), 2000)
        self.assertEqual(view.rate("misses"), 0)
        self.assertEqual(view.recent_rate(), "100.0 %")

    def test_the_screen_has_24_lines_of_80_columns(self):
        for utf8 in (True, False):
            view = self.view(utf8)
            for report in self.snapshots() * 40:
                view.add(report)
            lines = view.lines("every 1 s, q leaves")
            self.assertLessEqual(len(lines), 24)
            self.assertLessEqual(max(map(len, lines)), 80)
            self.assertEqual(utf8, not "".join(lines).isascii())

    def test_60_columns_cut_no_number(self):
        """At any width, the words shown are words of the whole screen."""
        view = self.view()
        for report in self.snapshots() * 40:
            view.add(report)
        for columns in range(30, 80):
            for line in view.lines("note", columns):
                shown = screen.cut(line, columns)
                self.assertLessEqual(len(shown), columns)
                self.assertEqual(line.split()[:len(shown.split())],
                                 shown.split())
                self.assertNotRegex(line[len(shown):], r"^ (B|KB|MB|GB|%)\b")

    def test_cutting_keeps_escapes_whole(self):
        self.assertEqual(screen.cut("a\033[1mbcd\033[0me", 2),
                         "a\033[1mb\033[0m")

    def test_cutting_keeps_numbers_whole(self):
        for columns, shown in ((8, "sum 12.3"), (7, "sum"), (6, "sum"),
                               (15, "sum 12.3 MB and")):
            self.assertEqual(screen.cut("sum 12.3 MB and 4,567 more",
                                        columns),
                             shown if columns != 8 else "sum")


class Page:
    """A process's page, as far as a family asks for it."""

    def __init__(self, pid, ppid=1, program="web"):
        self.pid, self.ppid, self.program = pid, ppid, program
        self.key = (pid, 1)


class Families(unittest.TestCase):
    """Several processes: their sum, and the list."""

    def look(self, second, *processes):
        """(page, report) of (pid, gets) after so many seconds."""
        return [(Page(pid), reports.normalise(sample.report(
            {4096: dict(gets=gets, misses=10, live=5)}, pid=pid,
            executable="/usr/sbin/web", duration_ns=second * 10**9)))
            for pid, gets in processes]

    def family(self, *looks):
        found = live_family.Family(style.Style(colour=False, utf8=True), 1,
                                   "web")
        for look in looks:
            found.add(look)
        return found

    def test_members_are_those_meant_and_their_children(self):
        found = [Page(1, 0, "init"), Page(2, 1), Page(3, 2, "cgi"),
                 Page(4, 3, "sh"), Page(5, 1, "cgi")]
        chosen = live_family.members(found, lambda page:
                                     page.program == "web")
        self.assertEqual(sorted(page.pid for page in chosen), [2, 3, 4])

    def test_the_busiest_is_first(self):
        family = self.family(self.look(1, (7, 100), (8, 100), (9, 100)),
                             self.look(2, (7, 200), (8, 5100), (9, 1100)))
        self.assertEqual([key[0] for key in family.ordered()], [8, 9, 7])
        lines = family.lines("note")
        pids = [line.split()[1] for line in lines if " web " in line]
        self.assertEqual(pids, ["8", "9", "7"])
        self.assertIn("web, 3 processes", lines[0])

    def test_the_sum_counts_those_that_ended(self):
        family = self.family(self.look(1, (7, 100), (8, 1000)),
                             self.look(2, (7, 200)), self.look(3, (7, 300)))
        totals = family.sum.now["totals"]
        self.assertEqual((totals["gets"], totals["live"]), (1300, 5))
        self.assertEqual(family.sum.now["threads"]["now"], 1)

    def test_choosing(self):
        family = self.family(self.look(1, (7, 100), (8, 100)),
                             self.look(2, (7, 200), (8, 5100)))
        self.assertIsNone(family.view)
        for key in "\033[B\n":
            family.press(key)
        self.assertIn("[7]", family.lines("")[0])
        family.press("0")
        self.assertIsNone(family.view)
        family.press("1")
        self.assertIn("[8]", family.lines("")[0])
        family.add(self.look(3, (7, 300)))  # the chosen one ended
        self.assertIsNone(family.view)

    def test_every_screen_fits(self):
        many = [(1000 + n, 100 + 123456 * n) for n in range(300)]
        family = self.family(self.look(1, *many), self.look(2, *many))
        for columns, rows in ((60, 24), (80, 24), (80, 10), (132, 50)):
            lines = family.lines("note", columns, rows)
            self.assertLessEqual(len(lines), rows)
            for line in lines[8:]:
                self.assertLessEqual(len(line), columns)
        self.assertIn("more", lines[-1])

    def test_60_columns_of_several_cut_no_number(self):
        many = [(1000 + n, 100 + 123456789 * n) for n in range(12)]
        family = self.family(self.look(1, *many), self.look(2, *[
            (pid, 3 * gets) for pid, gets in many]))
        whole = {line.split()[0]: line for line in family.lines("note", 200)
                 if line.strip()}
        for columns in range(30, 100):
            for line in family.lines("note", columns):
                shown = screen.cut(line, columns)
                self.assertLessEqual(len(shown), columns)
                words = shown.split()
                if words:
                    there = whole[words[0]]
                    # Curves have fewer columns, and are no numbers.
                    self.assertTrue(set(words) - set("▁▂▃▄▅▆▇█") <= set(
                        there.split()) | {word for word in words
                                          if word[0] in "▁▂▃▄▅▆▇█"}, shown)
                    self.assertNotRegex(line[len(shown):],
                                        r"^ (B|KB|MB|GB|%)\b")

    def test_one_process_is_shown_as_such(self):
        family = self.family(self.look(1, (7, 100)), self.look(2, (7, 200)))
        self.assertIn("[7]", family.lines("")[0])


class Busiest(unittest.TestCase):
    """Call stacks in place of the pools."""

    FIRST = {"main/load": 50_000_000, "main/draw": 4096}
    SECOND = {"main/load": 50_000_000, "main/draw": 8_392_704}

    def family(self, *looks):
        family = live_family.Family(style.Style(colour=False, utf8=True), 1)
        for number, look in enumerate(looks):
            family.add([(Page(pid, 1), reports.normalise(site_sample.report(
                paths, pid=pid, duration_ns=(1 + 2 * number) * 10**9)))
                for pid, paths in look.items()])
        return family

    def test_the_busiest_since_the_last_look_is_first(self):
        family = self.family({7: self.FIRST}, {7: self.SECOND})
        self.assertNotIn("who asked", "\n".join(family.lines("")))
        self.assertTrue(family.press("s"))
        lines = family.lines("note")
        table = lines[[line.find("requested/s") >= 0
                       for line in lines].index(True):]
        self.assertRegex(table[1], r"^ +4 MB +41,944 .*0 B  "
                         + re.escape(site_sample.shown("draw") + " < prog"))
        self.assertRegex(table[2], r"^ +0 B +0 ")
        self.assertLessEqual(len(lines), 24)
        for columns in range(30, 100):
            self.assertLessEqual(max(map(len, family.lines("", columns))),
                                 max(columns, 80))
        self.assertTrue(family.press("s"))
        self.assertNotIn("who asked", "\n".join(family.lines("")))

    def test_several_processes_are_one(self):
        family = self.family({7: self.FIRST, 8: self.FIRST},
                             {7: self.SECOND, 8: self.SECOND})
        family.press("s")
        out = "\n".join(family.lines(""))
        self.assertIn(site_sample.shown("draw") + " < ", out)
        family.press("1")
        self.assertRegex("\n".join(family.lines("")), r"4 MB +41,944")

    def test_without_stacks_it_says_how_to_get_them(self):
        view = live_family.Family(style.Style(colour=False, utf8=True), 1)
        view.add([(Page(7, 1), reports.normalise(sample.report()))])
        view.press("s")
        self.assertIn("sites:auto", "\n".join(view.lines("")))


class OnATerminal(sample.Case):
    def setUp(self):
        super().setUp()
        sample.need_build()
        self.program = subprocess.Popen(
            [sample.COMMAND, "run", "--build", sample.BUILD, "-q",
             "--conf", "sites:16K", "--", "/usr/bin/python3", "-c", CHURN], env=self.env)
        self.addCleanup(self.program.wait)
        self.addCleanup(self.program.terminate)
        self.pid = self.wait_for_child()

    def wait_for_child(self):
        path = f"/proc/{self.program.pid}/task/{self.program.pid}/children"
        until = time.monotonic() + 120
        while time.monotonic() < until:
            with open(path, encoding="ascii") as file:
                for pid in file.read().split():
                    if self.midpool("show", pid, "--build",
                                    sample.BUILD).returncode == 0:
                        return pid
            time.sleep(0.05)
        self.fail("the program never had a live page")

    def start(self, *arguments, **more):
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.clear()
            os.environ.update(self.env, **more)
            os.execv(sample.COMMAND, ["midpool", *arguments])
        fcntl.ioctl(terminal, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, 80, 0, 0))
        self.addCleanup(os.close, terminal)
        return pid, terminal

    def read_until(self, terminal, pattern, seconds=120):
        seen, until = "", time.monotonic() + seconds
        while time.monotonic() < until:
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    seen += os.read(terminal, 65536).decode("utf-8")
                except OSError:  # the other end has closed
                    break
                if re.search(pattern, seen):
                    return seen
        self.fail(f"no {pattern} in {seen[-500:]!r}")

    def leave(self, pid, terminal):
        os.write(terminal, b"q")
        rest = self.read_until(terminal, re.escape("\033[?1049l"))
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        return rest

    def live(self, **more):
        pid, terminal = self.start("live", "--build", sample.BUILD, "-i",
                                   "0.1", self.pid, **more)
        seen = self.read_until(terminal, r"(?s)jemalloc.*jemalloc.*threads")
        return seen + self.leave(pid, terminal)

    def test_q_leaves_and_the_terminal_is_restored(self):
        seen = self.live()
        self.assertIn("\033[?1049h", seen)
        self.assertTrue(seen.rstrip().endswith("\033[?25h\033[?1049l"))
        self.assertIn("gets/s", seen)

    def test_without_colour(self):
        self.assertIsNone(re.search(r"\033\[[0-9;]*m",
                                    self.live(NO_COLOR="1")))
        self.assertIsNotNone(re.search(r"\033\[[0-9;]*m", self.live()))

    def test_a_dumb_terminal_gets_lines(self):
        pid, terminal = self.start("live", "--build", sample.BUILD, "-i",
                                   "0.1", self.pid, TERM="dumb")
        seen = self.read_until(terminal, r"misses/s(.*\n){3}")
        os.write(terminal, b"q\n")
        while True:
            try:
                seen += os.read(terminal, 65536).decode("utf-8")
            except OSError:  # the other end has closed
                break
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        self.assertNotIn("\033", seen)
        self.assertRegex(seen, r"(?m)^ +[\d,]+ +[\d.]+ % .* [KM]B\r$")

    def test_a_signal_puts_the_terminal_back(self):
        pid, terminal = self.start("live", "--build", sample.BUILD, "-i",
                                   "0.1", self.pid)
        self.read_until(terminal, "gets/s")
        os.kill(pid, signal.SIGTERM)
        self.read_until(terminal, re.escape("\033[?1049l"))
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]),
                         -signal.SIGTERM)

    def test_arrows_do_not_leave(self):
        pid, terminal = self.start("live", "--build", sample.BUILD, "-i",
                                   "0.1", self.pid)
        self.read_until(terminal, "gets/s")
        os.write(terminal, b"\033[A\033[B")
        self.read_until(terminal, r"(?s)threads.*threads.*threads")
        self.leave(pid, terminal)

    def test_ends_with_the_program(self):
        pid, terminal = self.start("live", "--build", sample.BUILD, "-i",
                                   "0.1", self.pid)
        self.read_until(terminal, "gets/s")
        os.kill(int(self.pid), signal.SIGKILL)
        self.read_until(terminal, "has ended")
        os.waitpid(pid, 0)

    def test_once_is_plain_text(self):
        out = self.midpool("live", "--once", "-i", "0.1", "--build",
                           sample.BUILD, self.pid, status=0).out
        self.assertNotIn("\033", out)
        self.assertRegex(out, r"(?m)^ +16 KB +[1-9]")

    def test_the_busiest_stacks_and_the_pools_again(self):
        pid, terminal = self.start("live", "--build", sample.BUILD, "-i",
                                   "0.1", "--sites", self.pid)
        self.read_until(terminal, r"who asked, innermost first"
                        r"(?s:.*) [1-9][0-9.]* [KM]B .*  \S+ < \S+")
        os.write(terminal, b"s")
        self.read_until(terminal, "hit rate    of all")
        self.leave(pid, terminal)

    def test_lists_and_finds_by_name(self):
        self.assertIn(self.pid, self.midpool("live", status=0).out)
        done = self.midpool("live", "no-such-name", status=2)
        self.assertIn("live:yes", done.err)
        done = self.midpool("live", "--build", sample.BUILD, "1", status=2)
        self.assertIn("live", done.err)


if __name__ == "__main__":
    unittest.main()
