"""midpool prune: the files that it removes and, above all, those that stay."""

import json
import os
import signal
import subprocess
import threading
import time
import unittest

import sample
from midpool_lib.base import removal
from midpool_lib.fleet import stored
from midpool_lib.read import pages

HOLD = ("import sys\nkept = bytearray(5000)\n"
        "print('ready', flush=True)\nsys.stdin.read()")


class Folder(sample.Case):
    """Ten reports, an hour apart, and files of others."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("f"))
        self.reports = []
        for number in range(10):
            path = self.write(f"f/{number}.json", sample.report(pid=number))
            self.age(path, 36000 - 3600 * number)
            self.reports.append(path)
        self.others = [
            self.write("f/other.json", '{"schema": "other"}'),
            self.write("f/list.json", json.dumps([sample.report()])),
            self.write("f/people.csv", "pid,executable,owner\n"),
            self.write("f/midpool.txt", "midpool    notes of mine\n"),
            self.write("f/empty.json", ""),
            self.write("f/midpool.conf.tmp", "x")]
        for path in self.others:
            self.age(path, 10**6)
        os.symlink(self.reports[0], self.path("f/link.json"))
        os.mkfifo(self.path("f/pipe.json"))
        self.others += [self.path("f/link.json"), self.path("f/pipe.json")]

    def age(self, path, seconds):
        os.utime(path, (time.time() - seconds,) * 2)

    def prune(self, *arguments, status=0):
        return self.midpool("prune", *arguments, self.path("f"),
                            status=status).out

    def left(self):
        for path in self.others:
            self.assertTrue(os.path.lexists(path), path)
        found = {self.path("f/" + name)
                 for name in os.listdir(self.path("f"))}
        return sorted(found - set(self.others))

    def test_by_age(self):
        out = self.prune("--max-age", "19800s")
        self.assertEqual(self.left(), self.reports[5:])
        self.assertIn("removed 5 reports", out)
        self.prune("--max-age", "270m")
        self.assertEqual(self.left(), self.reports[6:])

    def test_by_number_and_bytes(self):
        self.prune("--max-count", "7")
        self.assertEqual(self.left(), self.reports[3:])
        size = os.stat(self.reports[9]).st_blocks * 512
        self.prune("--max-bytes", str(2 * size))
        self.assertEqual(self.left(), self.reports[8:])
        self.prune("--max-count", "5", "--max-age", "0")
        self.assertEqual(self.left(), [])

    def test_every_format_and_left_over_temporary_files(self):
        old = self.write("f/midpool.0123456789abcdef.tmp", '{"schem')
        self.age(old, 7200)
        young = self.write("f/midpool.0123456789abcde0.tmp", '{"schem')
        for form in ("prom", "csv"):
            self.write(f"f/a.{form}", self.midpool(
                "export", "--" + form, self.reports[0], status=0).out)
        self.prune("--max-count", "0")
        self.assertEqual(self.left(), [young])

    def test_a_dry_run_removes_nothing(self):
        out = self.prune("--max-count", "0", "--dry-run")
        self.assertEqual(self.left(), self.reports)
        self.assertIn("would remove 10 reports", out)
        self.assertEqual(self.prune("--max-count", "99", "-q"), "")

    def test_bad_bounds_are_named(self):
        for bound in (["--max-age", "1y"], ["--max-age", "-1"],
                      ["--max-bytes", "1X"], ["--max-count", "1K"], []):
            done = self.midpool("prune", *bound, self.path("f"), status=2)
            self.assertIn("prune: ", done.err)
        self.assertIn("no folder", self.midpool(
            "prune", "--max-count", "1", self.path("gone"), status=2).err)
        self.assertEqual(self.left(), self.reports)


class Races(sample.Case):
    def test_a_file_that_took_the_name_meanwhile_stays(self):
        path = self.write("a.json", sample.report())
        found, = stored.find(self.dir)
        os.unlink(path)
        self.write("held", "keeps the inode busy")
        self.write("a.json", "another's")
        self.assertFalse(stored.remove(found))
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "another's")
        self.assertEqual(sorted(os.listdir(self.dir)), ["a.json", "held"])

    def test_a_file_that_is_gone_is_not_removed(self):
        path = self.write("a.json", "x")
        status = os.stat(path)
        os.unlink(path)
        self.assertFalse(removal.unlink_same(path, status))

    def test_processes_that_start_keep_their_pages(self):
        """Pruning all the time, while processes start, run and are killed."""
        sample.need_build()
        env = dict(self.env, LD_PRELOAD=sample.BUILD + "/libmidpool.so",
                   PYTHONMALLOC="malloc", MIDPOOL_CONF="live:yes,report:none,"
                   f"report_labels:run={os.path.basename(self.dir)[13:]}")
        done = threading.Event()

        def prune():
            while not done.is_set():
                for page in own_pages(env):
                    pages.remove(page)

        pruning = threading.Thread(target=prune)
        pruning.start()
        running = []
        try:
            for number in range(12):
                process = subprocess.Popen(
                    ["/usr/bin/python3", "-c", HOLD], env=env,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                self.addCleanup(sample.end, process)
                self.assertEqual(process.stdout.readline(), b"ready\n")
                if number % 3 == 2:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                else:
                    running.append(process.pid)
        finally:
            done.set()
            pruning.join()
        there = own_pages(env)
        for page in there:
            pages.remove(page)
        self.assertEqual(sorted(page.pid for page in own_pages(env)),
                         sorted(running))


def own_pages(env):
    label = env["MIDPOOL_CONF"].rpartition(",")[2]
    return [page for page in pages.find() if label in page.config]


class Pages(sample.Case):
    def test_the_command_prunes_pages_of_the_user(self):
        """Without a bound nothing young goes; --dry-run touches nothing."""
        out = self.midpool("prune", "--dry-run", status=0).out
        self.assertRegex(out, r"^would remove [\d,]+ pages? \(.*\) in /dev/shm")


if __name__ == "__main__":
    unittest.main()
