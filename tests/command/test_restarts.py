"""midpool exporter and a real Prometheus while very many processes start,
end, crash, are killed and exec: every get is counted once, no sum goes down,
and no page stays.

Usually some seconds; MIDPOOL_SOAK=1: 1,000 processes a minute for as many
seconds as MIDPOOL_SOAK_SECONDS says, or 600.
"""

import collections
import os
import random
import shutil
import subprocess
import time
import unittest

import sample
import test_exporter
from test_exporter import total

SOAK = os.environ.get("MIDPOOL_SOAK") == "1"
SECONDS = int(os.environ.get("MIDPOOL_SOAK_SECONDS", "600")) if SOAK else 5
A_MINUTE = 1000
LIVING = 40  # processes that wait to be killed or to go on
# Asks for as many buffers as it is told, says so by a byte, and ends as told.
PROGRAM = r"""
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *volatile kept;

int
main(int argc, char **argv)
{
    for (int left = atoi(argv[1]); left > 0; left--) {
        free(kept);
        kept = malloc(5000);
    }
    if (strcmp(argv[2], "exec") == 0)
        execl(argv[0], argv[0], argv[1], "exit", (char *)NULL);
    if (write(1, "x", 1) != 1)
        return 1;
    if (strcmp(argv[2], "crash") == 0)
        abort();
    if (strcmp(argv[2], "wait") == 0) {
        char byte;
        while (read(0, &byte, 1) < 0)
            continue;
    }
    return argc != 3;
}
"""
# how it ends: share, programs that it runs
ENDS = {"exit": (60, 1), "crash": (10, 1), "wait": (15, 1), "exec": (15, 2)}


@unittest.skipUnless(shutil.which("gcc"), "no gcc")
class Restarts(test_exporter.Case):
    def setUp(self):
        super().setUp()
        self.program = self.compile("restart", PROGRAM)
        self.random = random.Random(1)
        self.waiting = collections.deque()
        self.ending = []
        self.gets = self.seen = self.killed = self.started = 0
        self.highest = collections.Counter()

    def launch(self):
        end, = self.random.choices(
            list(ENDS), [share for share, _programs in ENDS.values()])
        gets = self.random.randrange(1, 2000)
        process = subprocess.Popen(
            [self.program, str(gets), end], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=dict(
                self.env, LD_PRELOAD=sample.BUILD + "/libmidpool.so",
                MIDPOOL_CONF="live:keep,report:none,"
                f"report_labels:run={self.token}+unit=u.service"))
        self.addCleanup(sample.end, process)
        self.started += 1
        self.gets += gets * ENDS[end][1]
        self.seen += ENDS[end][1]
        self.killed += end == "crash"
        (self.waiting if end == "wait" else self.ending).append(process)

    def kill_one(self):
        """Of those that wait; each has done its work by then."""
        process = self.waiting.popleft()
        self.assertEqual(process.stdout.read(1), b"x")
        if self.random.random() < 0.5:
            process.kill()
            self.killed += 1
        else:
            process.stdin.close()
            process.stdin = open(os.devnull, "rb")
        process.wait()

    def look(self, port):
        """A scrape: no sum is lower than ever before."""
        text = self.get(port)
        for name in ("gets", "misses", "puts", "processes_seen",
                     "slot_bytes", "fallback_calls"):
            now = total(text, f"midpool_{name}_total")
            self.assertGreaterEqual(now, self.highest[name], name)
            self.highest[name] = now
        return text

    def churn(self, port):
        began = time.monotonic()
        scraped = began
        while time.monotonic() < began + SECONDS:
            due = (time.monotonic() - began) * A_MINUTE / 60
            if self.started < due:
                self.launch()
            else:
                time.sleep(0.01)
            if len(self.waiting) > LIVING:
                self.kill_one()
            if time.monotonic() > scraped + 1:
                self.look(port)
                scraped = time.monotonic()
                self.ending = [one for one in self.ending
                               if one.poll() is None]
        while self.waiting:
            self.kill_one()
        for process in self.ending:
            process.wait()

    def test_count_once(self):
        port = self.exporter("--keep", "2", "--interval", "1")
        prometheus = self.prometheus(port)
        began = time.monotonic()
        self.churn(port)
        seconds = time.monotonic() - began
        until = time.monotonic() + test_exporter.PATIENCE
        while self.own_pages() and time.monotonic() < until:
            time.sleep(0.2)
            text = self.look(port)
        self.assertEqual(self.own_pages(), [])
        for name, count in (("gets_total", self.gets), ("processes", 0),
                            ("processes_seen_total", self.seen),
                            ("processes_killed_total", self.killed),
                            ("exporter_removed_pages_total", self.seen)):
            self.assertEqual(total(text, "midpool_" + name), count, name)
        self.assertEqual(text.count('executable="restart"'),
                         text.count("executable="))
        if prometheus:
            for expression, value in (
                    ("sum(midpool_gets_total)", self.gets),
                    ("sum(resets(midpool_gets_total[1d]))", 0)):
                test_exporter.Sums.ask(self, prometheus, expression, value)
        if SOAK:
            print(f"{self.started} processes in {seconds:.0f} s,"
                  f" {total(text, 'midpool_exporter_scans_total'):.0f} looks,"
                  f" the exporter's CPU time and memory: {self.usage()}")

    def usage(self):
        """user+sys of the exporter with its midpool-snapshots, peak RSS."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        with open(f"/proc/{self.process.pid}/status",
                  encoding="utf-8") as file:
            peak, = [line.split()[1] for line in file
                     if line.startswith("VmHWM")]
        ticks = sum(map(int, fields[11:15]))
        return f"{ticks / os.sysconf('SC_CLK_TCK'):.1f} s, {peak} kB"


if __name__ == "__main__":
    unittest.main()
