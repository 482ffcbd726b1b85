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
from midpool_lib import gauges, reports, screen, style

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

    def test_cutting_keeps_escapes_whole(self):
        self.assertEqual(screen.cut("a\033[1mbcd\033[0me", 2),
                         "a\033[1mb\033[0m")


class OnATerminal(sample.Case):
    def setUp(self):
        super().setUp()
        sample.need_build()
        self.program = subprocess.Popen(
            [sample.COMMAND, "run", "--build", sample.BUILD, "-q", "--",
             "/usr/bin/python3", "-c", CHURN], env=self.env)
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

    def test_lists_and_finds_by_name(self):
        self.assertIn(self.pid, self.midpool("live", status=0).out)
        done = self.midpool("live", "no-such-name", status=2)
        self.assertIn("live:yes", done.err)
        done = self.midpool("live", "--build", sample.BUILD, "1", status=2)
        self.assertIn("live", done.err)


if __name__ == "__main__":
    unittest.main()
