#!/usr/bin/python3
"""Finding, reading and removing live pages (midpool_lib/read/pages.py)."""

import json
import os
import signal
import subprocess
import time
import unittest

import sample
from midpool_lib.base.errors import CommandError
from midpool_lib.read import pages, reports

HOLD = ("import sys\nkept = [bytearray(5000) for _ in range(300)]\n"
        "print('ready', flush=True)\nsys.stdin.read()")


class Case(sample.Case):
    """Live pages of programs, damaged in files of their own."""

    def setUp(self):
        super().setUp()
        sample.need_build()
        self.env.update(
            LD_PRELOAD=sample.BUILD + "/libmidpool.so",
            PYTHONMALLOC="malloc", MIDPOOL_CONF="live:yes,report:none")

    def start(self, code=HOLD):
        process = subprocess.Popen(["/usr/bin/python3", "-c", code],
                                   env=self.env, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        self.addCleanup(self.end, process)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def end(self, process):
        sample.end(process)
        for page in pages.find():
            if page.pid == process.pid:
                pages.remove(page)

    def page_of(self, process):
        found = [page for page in pages.find() if page.pid == process.pid]
        self.assertEqual(len(found), 1)
        return found[0]

    def moved(self, page, folder, pid=None):
        """A copy of a page in a folder that only this test sees."""
        name = f"midpool.{page.uid}.{pid or page.pid}.1"
        with open(page.path, "rb") as file:
            data = bytearray(file.read(65536))
        data[24:28] = (pid or page.pid).to_bytes(4, "little")
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(data)
        return path


class Finding(Case):
    def test_fields_are_those_of_the_snapshot(self):
        """The header's layout, in C and here."""
        process = self.start()
        page = self.page_of(process)
        report = reports.whole(pages.report_of(page.path, sample.BUILD))
        told = report["process"]
        self.assertEqual(
            (page.pid, page.ppid, page.generation, page.executable,
             page.host, page.start_unix_ns, page.end, page.report_errno),
            (told["pid"], told["ppid"], told["generation"],
             told["executable"], told["host"], told["start_unix_ns"],
             "running", 0))
        self.assertIn("live:yes", page.config)
        self.assertTrue(page.in_use)
        self.assertGreater(page.start_ticks, 0)
        self.assertEqual(page.uid, os.geteuid())

    def test_a_killed_process_is_not_in_use(self):
        process = self.start()
        process.kill()
        process.wait()
        page = self.page_of(process)
        self.assertFalse(page.in_use)
        self.assertEqual(page.end, "running")  # it could not tell

    def test_traps_are_left_out(self):
        """Files of other users in /dev/shm neither block nor mislead it."""
        page = self.page_of(self.start())
        good = self.moved(page, self.dir)
        uid = os.geteuid()
        os.mkfifo(self.path(f"midpool.{uid}.11.1"))
        os.symlink(good, self.path(f"midpool.{uid}.12.1"))
        os.mkdir(self.path(f"midpool.{uid}.13.1"))
        self.write(f"midpool.{uid}.14.1", "midpool\0 and no more")
        os.link(good, self.path(f"midpool.{uid}.15.1"))  # another's pid
        os.link(good, self.path(f"midpool.{uid + 1}.{page.pid}.1"))
        os.link(good, self.path(f"midpool.{uid}.{page.pid}.1.1"))
        found = list(pages.find(directory=self.dir))
        self.assertEqual([page.path for page in found], [good])

    def test_a_pipe_in_the_pages_place_hangs_nobody(self):
        name = f"/dev/shm/midpool.{os.geteuid()}.2147470555.1"
        os.mkfifo(name)
        self.addCleanup(os.unlink, name)
        self.env.pop("LD_PRELOAD")
        for words in (["run", "--build", sample.BUILD, "--", "true"],
                      ["live"], ["show", "--build", sample.BUILD, name]):
            done = self.midpool(*words, timeout=60)
            self.assertEqual(done.returncode, 2 if words[0] == "show" else 0,
                             done.err)

    def test_no_name_in_shm_makes_show_wait(self):
        name = f"/dev/shm/midpool.test{os.getpid()}"
        os.mkfifo(name)
        self.addCleanup(os.unlink, name)
        self.env.pop("LD_PRELOAD")
        for words, where in ((name, "/"), (os.path.basename(name),
                                           "/dev/shm")):
            done = self.midpool("show", words, cwd=where, status=2,
                                timeout=60)
            self.assertIn("not a regular file", done.err)

    def test_pipes_among_a_runs_reports_hang_nobody(self):
        """The program may put any file into its folder of reports."""
        self.env.pop("LD_PRELOAD")
        code = ("import os\nconf = dict(word.split(':', 1) for word in"
                " os.environ['MIDPOOL_CONF'].split(','))\n"
                "place = os.path.dirname(conf['report_file'])\n"
                "os.mkfifo(place + '/trap.json')\n"
                "os.mkfifo(f'{place}/page.{os.getpid()}.2.json')\n"
                "os.symlink('trap.json', place + '/link.json')\n"
                "os.execv('/usr/bin/env', ['env', 'kill', '-9',"
                " str(os.getpid())])")
        done = self.midpool("run", "--build", sample.BUILD, "--",
                            "/usr/bin/python3", "-c", code, timeout=60,
                            status=-9)
        self.assertIn("killed by SIGKILL", done.err)


class Reading(Case):
    def test_many_by_one_process(self):
        page = self.page_of(self.start())
        names = [page.path] * 3 + [self.path("none")] + [page.path] * 1200
        answers = list(pages.read_many(names, sample.BUILD, brief=True))
        self.assertEqual(len(answers), len(names))
        self.assertIn("No such file", answers[3])
        self.assertEqual({answer["totals"]["live"] >= 300 for answer
                          in answers if isinstance(answer, dict)}, {True})

    def test_the_number_of_processes_does_not_grow_with_pages(self):
        page = self.page_of(self.start())
        ran = []
        real = subprocess.run
        subprocess.run = lambda *words, **kept: (ran.append(words),
                                                 real(*words, **kept))[1]
        try:
            list(pages.read_many([page.path] * 1000, sample.BUILD, True))
        finally:
            subprocess.run = real
        self.assertEqual(len(ran), 1)

    def test_show_of_a_dead_process(self):
        process = self.start()
        process.kill()
        process.wait()
        self.env.pop("LD_PRELOAD")
        done = self.midpool("show", "--json", "--build", sample.BUILD,
                            str(process.pid), status=0)
        self.assertEqual(json.loads(done.out)["process"]["pid"], process.pid)
        first = self.midpool("show", "--build", sample.BUILD,
                             str(process.pid), status=0).out.splitlines()[0]
        self.assertRegex(first, rf"\[{process.pid}\]"
                         r"( ran for at least [\d.]+ \S+)?, end unseen$")

    def test_errors_name_the_process(self):
        with self.assertRaisesRegex(CommandError, "no process 2147470999"):
            pages.report_of("2147470999", sample.BUILD)


class Removing(Case):
    def test_only_of_ended_processes(self):
        process = self.start()
        page = self.page_of(process)
        self.assertFalse(pages.remove(page))
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertTrue(pages.remove(page))
        self.assertFalse(os.path.exists(page.path))

    def dead_pages(self, count):
        """Copies of an ended process's page, the first the oldest."""
        page = self.page_of(self.start())
        made = []
        for number in range(count):
            path = self.moved(page, self.dir, 2147471000 + number)
            os.utime(path, (1, time.time() - 1000 + number))
            made.append(path)
        return made

    def left(self):
        return sorted(self.path(name) for name in os.listdir(self.dir)
                      if name.startswith("midpool."))

    def test_prune_by_number(self):
        made = self.dead_pages(5)
        removed, freed = pages.prune(max_count=2, directory=self.dir)
        self.assertEqual((removed, self.left()), (3, made[3:]))
        self.assertGreater(freed, 0)

    def test_prune_by_bytes_and_age(self):
        made = self.dead_pages(4)
        size = os.stat(made[0]).st_blocks * 512
        pages.prune(max_bytes=3 * size, directory=self.dir)
        self.assertEqual(self.left(), made[1:])
        os.utime(made[3], (1, time.time()))
        pages.prune(max_age=500, directory=self.dir)
        self.assertEqual(self.left(), made[3:])

    def test_the_age_counts_from_when_it_was_first_met_dead(self):
        made = self.dead_pages(1)
        os.utime(made[0], (5, 5))
        self.assertEqual(pages.prune(max_age=60, directory=self.dir)[0], 0)
        page, = pages.find(directory=self.dir)
        self.assertLess(abs(page.met_dead - time.time()), 60)

    def test_what_is_no_page_of_midpools_stays(self):
        uid = os.geteuid()
        kept = [self.write("midpool.conf", "x"),
                self.write(f"midpool.{uid}.5.x", "x"),
                self.write(f"midpool.{uid}.6.1", "")]  # one that starts
        pages.prune(max_count=0, max_age=0, directory=self.dir)
        self.assertEqual(self.left(), sorted(kept))
        os.utime(kept[2], (5, 5))
        pages.prune(directory=self.dir)
        self.assertEqual(self.left(), sorted(kept[:2]))


if __name__ == "__main__":
    unittest.main()
