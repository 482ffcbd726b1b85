"""midpool bench: what is measured, in turns, and the verdict's honesty."""

import json
import os
import subprocess
import unittest

import sample
from midpool_lib import allocators, measure, verdict


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


class Measuring(sample.Case):
    """Each run in a process of its own: see OneRun."""

    CODE = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from midpool_lib import measure
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
                                  library="/lib/x86_64-linux-gnu/libm.so.6")
        self.assertEqual(os.waitstatus_to_exitcode(found["status"]), 7)
        self.assertEqual(out, b"/lib/x86_64-linux-gnu/libm.so.6\n")

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
        self.assertIn("under midpool the program ends differently", out)

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
