"""midpool run -n, --warmup, --prepare and --vs: which runs count, and when."""

import os
import signal
import subprocess
import time
import unittest

import sample
from midpool_lib.run import versus
from test_run import Case

COUNT = "echo r >> log; n=$(wc -l < log); "  # n: the number of this run


class Series(Case):
    def log(self):
        with open(self.path("log"), encoding="utf-8") as file:
            return file.read().split()

    def reports(self):
        return sorted(name for name in os.listdir(self.dir)
                      if name.endswith(".json"))

    def test_an_interrupted_run_does_not_count(self):
        done = self.run_it("-n", "5", "-o", "base.json", "--", "sh", "-c",
                           COUNT + "[ $n -lt 3 ] || kill -INT $$",
                           status=-signal.SIGINT)
        self.assertIn("interrupted (run 3 of 5): that run is neither among"
                      " the medians nor kept", done.err)
        self.assertIn("sh, 2 of 5 runs", done.err)
        self.assertEqual(self.reports(), ["base.1.json", "base.2.json"])
        self.assertEqual(len(self.log()), 3)

    def test_interrupted_from_outside_and_ending_well(self):
        """The program catches the signal and ends by 0, before its time."""
        command = subprocess.Popen(
            [sample.COMMAND, "run", "--build", sample.BUILD, "-n", "4", "--",
             "sh", "-c", COUNT + "trap 'exit 0' TERM; [ $n -lt 2 ] ||"
             " while : > waits; do sleep 0.05; done"],
            cwd=self.dir, env=self.env, stderr=subprocess.PIPE)
        while not os.path.exists(self.path("waits")):
            self.assertIsNone(command.poll())
            time.sleep(0.05)
        command.terminate()
        said = command.communicate(timeout=300)[1].decode()
        self.assertEqual(command.returncode, 0, said)
        self.assertIn("interrupted (run 2 of 4)", said)
        self.assertIn("sh, 1 of 4 runs", said)

    def test_a_run_that_a_signal_cut_off_is_not_among_the_medians(self):
        done = self.run_it("-n", "3", "--", "sh", "-c",
                           COUNT + "[ $n -ne 2 ] || kill -SEGV $$",
                           status=-signal.SIGSEGV)
        self.assertIn("sh, 2 of 3 runs", done.err)
        self.assertIn("1 run of sh ended by a signal: it is not among the"
                      " medians", done.err)
        self.assertEqual(len(self.log()), 3)

    def test_warm_up_runs_leave_nothing(self):
        for runs, names in (("2", ["k.1.json", "k.2.json"]),
                            ("1", ["k.json"])):
            done = self.run_it("-n", runs, "--warmup", "2", "-o", "k.json",
                               "--", "sh", "-c", COUNT + "cat; echo $n",
                               input=b"in ")
            self.assertEqual(done.out, "in 3\nin 4\n" if runs == "2"
                             else "in 3\n")
            self.assertEqual(self.reports(), names)
            for name in names + ["log"]:
                os.unlink(self.path(name))

    def test_prepare_comes_before_each_run(self):
        self.env["WORD"] = "p"
        done = self.run_it("-n", "2", "--warmup", "1", "--prepare",
                           "echo $WORD$LD_PRELOAD | tee -a log", "--", "sh",
                           "-c", COUNT + "echo $n")
        self.assertEqual(self.log(), ["p", "r"] * 3)
        self.assertEqual(done.out, "4\n6\n")

    def test_prepare_that_fails(self):
        done = self.run_it("--prepare", "exit 3", "--", "touch", "ran",
                           status=2)
        self.assertIn("--prepare 'exit 3' ended with exit status 3", done.err)
        self.assertFalse(os.path.exists(self.path("ran")))


class Versus(Case):
    def test_two_settings_in_turns(self):
        done = self.run_it(
            "-n", "3", "--vs", "decay_ms:0", "-o", "v.json", "--", "sh", "-c",
            "case $MIDPOOL_CONF in *decay_ms:0*) echo new ;; *) echo base ;;"
            " esac")
        self.assertEqual(done.out.split(), ["base", "new", "new", "base",
                                            "base", "new"])
        self.assertIn("new is decay_ms:0", done.err)
        self.assertNotIn("NOT COMPARABLE", done.err)
        self.assertIn("too few runs to tell", done.err)
        self.assertIn("midpool html v.base.*.json -- v.new.*.json", done.err)
        self.midpool("diff", "--allow", "config",
                     *(f"v.base.{n}.json" for n in (1, 2, 3)), "--",
                     *(f"v.new.{n}.json" for n in (1, 2, 3)), status=0)

    def test_two_programs_each_prepared(self):
        done = self.run_it(
            "-n", "2", "--prepare", "echo a >> log", "--prepare",
            "echo b >> log", "--vs", "echo 'the other'", "--", "sh", "-c",
            "echo one; exit 3", status=3)
        self.assertEqual(done.out, "one\nthe other\nthe other\none\n")
        with open(self.path("log"), encoding="utf-8") as file:
            self.assertEqual(file.read().split(), ["a", "b", "b", "a"])
        self.assertRegex(done.err, "base +2 runs of sh\n"
                                   "new +2 runs of echo\n")
        self.assertIn("ended differently: exit statuses 0, 3", done.err)

    def test_an_interrupted_comparison_shows_what_there_is(self):
        done = self.run_it("-n", "9", "--vs", "thp:never", "--", "sh", "-c",
                           COUNT + "[ $n -lt 4 ] || kill -INT $$",
                           status=-signal.SIGINT)
        self.assertIn("interrupted (run 2 of 9)", done.err)
        self.assertRegex(done.err, "base +1 run of sh\n"
                                   "new +2 runs of sh\n")

    def test_what_is_a_setting(self):
        for text in ("decay_ms:0", " thp : never,zero:free"):
            self.assertTrue(versus.is_setting(text), text)
        for text in ("./a:b", "prog", "/x/y decay_ms:0", "A:1", ""):
            self.assertFalse(versus.is_setting(text), text)

    def test_refusals(self):
        for words, why in (
                (["--vs", ""], "a setting or a command"),
                (["--vs", "decay_ms:"], "lacks a value"),
                (["--vs", "it's"], "quotation"),
                (["--prepare", "a", "--prepare", "b"], "2 times --prepare"),
                (["--warmup", "x"], "--warmup needs a number"),
                (["-n", "3", "--live"], "--live watches"),
                (["--vs", "zero:free", "--live"], "--live watches")):
            done = self.run_it(*words, "--", "touch", "ran", status=2)
            self.assertIn(why, done.err)
        self.run_it("--vs", "no-such-program", "--", "touch", "ran",
                    status=127)
        self.assertFalse(os.path.exists(self.path("ran")))


if __name__ == "__main__":
    sample.need_build()
    unittest.main()
