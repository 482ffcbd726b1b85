"""midpool bench: the measurements, in turns, and an honest verdict."""

import json
import os
import random
import subprocess
import unittest

import sample
from midpool_lib.bench import allocators, measure, verdict


def results(**walls):
    """Made-up figures: allocator -> wall times; memory as given or equal."""
    found = {}
    for name, (wall, memory) in walls.items():
        found[name] = {"wall_ns": [wall * 1000 + n for n in range(8)],
                       "cpu_ns": [wall * 1000 + n for n in range(8)],
                       "peak_rss_bytes": [memory * 2**20] * 8,
                       "faults": [100] * 8}
    return found


class Verdicts(unittest.TestCase):
    def test_fastest(self):
        text = verdict.sentence(results(
            glibc=(200, 10), jemalloc=(150, 9), midpool=(100, 9)), 0.9)
        self.assertIn("midpool is the fastest here: 33 % less", text)
        self.assertIn("than jemalloc", text)

    def test_the_wrong_choice_is_said(self):
        text = verdict.sentence(results(
            glibc=(100, 10), midpool=(150, 30)), 0.001)
        self.assertIn("wrong choice here: glibc takes 33 % less", text)
        self.assertIn("3.0 times the memory of glibc", text)
        self.assertIn("only 0.1 % of the program's allocations", text)

    def test_no_difference_to_glibc(self):
        text = verdict.sentence(results(
            glibc=(100, 10), midpool=(100, 10)), 0.5)
        self.assertIn("no reason to preload anything", text)

    def test_both_ahead_of_glibc(self):
        text = verdict.sentence(results(
            glibc=(200, 10), mimalloc=(100, 20), midpool=(100, 10)), 0.5)
        self.assertIn("both ahead of glibc", text)
        self.assertIn("50 % less memory than mimalloc", text)

    def test_few_runs_tell_nothing(self):
        few = results(glibc=(100, 10), midpool=(50, 10))
        for rows in few.values():
            for values in rows.values():
                del values[3:]
        self.assertIn("too few", verdict.sentence(few, 0.5))


    def test_noise_carries_no_verdict(self):
        """Five rows of one distribution: hardly ever is one shown ahead."""
        source = random.Random(14)
        said = 0
        for _ in range(100):
            rows = results(**{name: (100, 10) for name in (
                "glibc", "jemalloc", "mimalloc", "tcmalloc", "midpool")})
            for values in rows.values():
                values["wall_ns"] = [source.gauss(10**9, 10**8)
                                     for _ in range(8)]
            text = verdict.sentence(rows, 0.5)
            said += "fastest" in text or "wrong choice" in text
        self.assertLessEqual(said, 5)

    def test_a_trifle_is_no_difference(self):
        """Half a percent, however steady."""
        text = verdict.sentence(results(
            glibc=(1000, 10), midpool=(995, 10)), 0.5)
        self.assertIn("noise hides", text)

    def test_the_fastest_is_ahead_of_all(self):
        rows = results(glibc=(200, 10), jemalloc=(150, 9), midpool=(100, 9))
        rows["jemalloc"]["wall_ns"][:3] = [1, 2, 3]
        self.assertNotIn("fastest", verdict.sentence(rows, 0.9))

    def test_more_allocators_need_more_runs(self):
        rows = results(glibc=(200, 10), jemalloc=(150, 9), mimalloc=(160, 9),
                       tcmalloc=(150, 9), midpool=(100, 9))
        for values in rows.values():
            for metric in values:
                del values[metric][4:]
        self.assertIn("4 runs are too few to tell allocators apart; 5 can",
                      verdict.sentence(rows, 0.9))

    def test_what_a_setting_is_worth(self):
        for wall, memory, words in (
                (80, 10, "helps: 20 % less wall time and 20 % less CPU time"),
                (150, 10, "harms: 50 % more wall time"),
                (80, 20, "less CPU time, at 2.0 times the memory"),
                (100, 10, "no difference")):
            rows = results(midpool=(100, 10), warmup=(wall, memory))
            self.assertIn(words, verdict.of_setting(rows, "warmup"))


class Measuring(sample.Case):
    """Each run in a process of its own: see OneRun."""

    CODE = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from midpool_lib.bench import measure
ballast = bytearray(60 << 20)
measure.adopt_orphans()
null = os.open('/dev/null', os.O_RDWR)
env = dict(os.environb)
done = measure.run(sys.argv[3:], env, sys.argv[2], null, 1, null)
os.write(2, json.dumps(vars(done)).encode())
"""

    def measure(self, *argv, library=""):
        done = subprocess.run(
            ["/usr/bin/python3", "-c", self.CODE,
             os.path.join(sample.SOURCE, "scripts"), library, *argv],
            capture_output=True, check=True, timeout=300)
        return json.loads(done.stderr), done.stdout

    def test_memory_is_the_programs_own(self):
        """Not that of the process that started it, which holds 60 MB."""
        found, _ = self.measure("/bin/true")
        self.assertLess(found["peak_rss_bytes"], 20 * 2**20)
        self.assertGreater(found["peak_rss_bytes"], 0)

    def test_memory_and_cpu_grow_with_the_work(self):
        found, _ = self.measure("/usr/bin/python3", "-c",
                                "x = bytearray(90 << 20)\n"
                                "for i in range(500000): pass")
        self.assertGreater(found["peak_rss_bytes"], 90 * 2**20)
        self.assertGreater(found["cpu_ns"], 10**6)
        self.assertGreater(found["faults"], 1000)

    def test_status_and_preload(self):
        found, out = self.measure("/bin/sh", "-c",
                                  'echo "$LD_PRELOAD"; exit 7',
                                  library=sample.LIBM)
        self.assertEqual(os.waitstatus_to_exitcode(found["status"]), 7)
        self.assertEqual(out, sample.LIBM.encode() + b"\n")

    def test_metrics_are_all_there(self):
        found, _ = self.measure("/bin/true")
        self.assertLessEqual(set(measure.METRICS), set(found))


class WholeBench(sample.Case):
    def setUp(self):
        super().setUp()
        sample.need_build()

    def bench(self, *arguments, **options):
        return self.midpool("bench", "--build", sample.BUILD, *arguments,
                            **options)

    def test_interleaves_and_reports(self):
        log = self.path("order")
        done = self.bench(
            "-n", "4", "--allocators", "glibc", "--json", "--", "sh", "-c",
            f'echo "${{LD_PRELOAD:-none}}" >> {log}; cat', input=b"text",
            status=0)
        found = json.loads(done.out)
        self.assertEqual(set(found["allocators"]), {"glibc", "midpool"})
        self.assertTrue(0 < found["served_bytes"] <= 1)
        for rows in found["allocators"].values():
            self.assertEqual({len(values) for key, values in rows.items()
                              if key != "library"}, {4})
        with open(log, encoding="ascii") as file:
            order = ["none" if line == "none\n" else "midpool"
                     for line in file]
        self.assertEqual(order[2:], ["none", "midpool", "midpool", "none"] * 2)

    def test_text_has_a_verdict(self):
        out = self.bench("-n", "2", "--allocators", "glibc", "--",
                         "/bin/true", status=0).out
        self.assertIn("verdict: 2 runs are too few", out)

    def test_differing_statuses_are_said(self):
        out = self.bench("-n", "1", "--allocators", "glibc", "--", "sh", "-c",
                         'test -z "$LD_PRELOAD"', status=0).out
        self.assertIn("under midpool the program ended otherwise, by exit"
                      " status 1", out)
        self.assertIn("verdict: none, as the program ended by exit status 1"
                      " under midpool, and by exit\nstatus 0 without.", out)

    def test_a_crash_is_named_and_carries_no_verdict(self):
        out = self.bench("-n", "2", "--allocators", "glibc", "--", "sh", "-c",
                         "kill -11 $$", status=0).out
        self.assertIn("note: the program ended by signal 11\n", out)
        self.assertIn("verdict: none, as the program ended by signal 11.",
                      out)

    ADVISED = ("import sys; keep = [bytearray(5000) for _ in range(3000)]\n"
               "if 'warmup' in open('/proc/self/environ').read():"
               " open(sys.argv[1], 'a').write('x')")

    def test_advice_is_tried(self):
        """With and without, in turns; the setting is the profile's."""
        log = self.path("log")
        found = json.loads(self.bench(
            "-n", "4", "--advice", "--json", "--", "python3", "-c",
            self.ADVISED, log, status=0).out)
        conf = found["settings"]["warmup"]
        self.assertRegex(conf, r"^warmup:5K=\d{4}")
        self.assertEqual(set(found["allocators"]), {"midpool", "warmup"})
        self.assertEqual(os.path.getsize(log), 4)
        self.assertRegex(found["advice"][conf],
                         "^(helps|harms|makes no|\\d)")

    def test_no_advice_is_said(self):
        out = self.bench("-n", "1", "--advice", "--", "true", status=0).out
        self.assertIn("advice: none", out)
        self.bench("--advice", "--allocators", "glibc", "--", "true",
                   status=2)

    def test_static_programs_are_refused(self):
        self.write("t.c", "int main(void) { return 0; }\n")
        if subprocess.run(["gcc", "-static", "-o", self.path("t"),
                           self.path("t.c")], capture_output=True,
                          check=False).returncode:
            self.skipTest("gcc cannot link statically")
        self.assertIn("static", self.bench("--", "./t", status=2).err)

    def test_unknown_and_missing_allocators(self):
        self.assertIn("apt-get install", self.missing("tbbmalloc"))

    def missing(self, name):
        found = allocators.find(name)
        if found:
            return "apt-get install"  # installed here; nothing to see
        return self.bench("--allocators", name, "--", "true", status=2).err


if __name__ == "__main__":
    unittest.main()
