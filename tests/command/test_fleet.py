"""midpool fleet: sums and spreads over processes, and two fleets compared."""

import json
import os
import random
import resource
import statistics
import subprocess
import unittest

import sample
from midpool_lib.compare import sampling
from midpool_lib.fleet import fleet_group

SOAK = os.environ.get("MIDPOOL_SOAK") == "1"
PROCESSES = 10000 if SOAK else 300
DAY_NS = 86400 * 10**9
START_NS = 1764034675000000000  # 2025-11-25 in UTC


def one(pid, executable="/usr/bin/alpha", gets=1000, misses=10, **process):
    return sample.report({4096: dict(gets=gets, misses=misses)}, pid=pid,
                         executable=executable, **process)


class Case(sample.Case):
    def folder(self, name, reports):
        os.makedirs(self.path(name), exist_ok=True)
        for number, report in enumerate(reports):
            self.write(f"{name}/{number}.json", report)
        return self.path(name)

    def fleet(self, *arguments, status=0):
        done = self.midpool("fleet", "--json", *arguments, status=status)
        return json.loads(done.out)


class Sums(Case):
    def test_are_those_of_the_reports_and_the_worst_comes_first(self):
        random.seed(5)
        reports = [one(pid, random.choice(["/a/alpha", "/b/beta"]),
                       gets=random.randrange(1000, 2000),
                       misses=random.randrange(1, 900),
                       build_id=random.choice(["00aa", "00bb"]))
                   for pid in range(1, PROCESSES + 1)]
        found = self.fleet(self.folder("many", reports))
        self.assertEqual(found["processes"], PROCESSES)
        self.assertEqual(len(found["groups"]), 4)
        misses = [group["sums"]["misses"] for group in found["groups"]]
        self.assertEqual(misses, sorted(misses, reverse=True))
        for group in found["groups"]:
            mine = [report["totals"] for report in reports
                    if report["process"]["build_id"] == group["build_id"]
                    and report["process"]["executable"].endswith(
                        group["executable"])]
            self.assertEqual(group["processes"], len(mine))
            for name in ("gets", "hits", "misses", "slot_bytes"):
                self.assertEqual(group["sums"][name],
                                 sum(row[name] for row in mine), name)
            values = sorted(row["misses"] for row in mine)
            spread = group["quantiles"]["misses"]
            self.assertEqual(spread["median"], statistics.median(values))
            self.assertEqual(spread["max"], values[-1])
            self.assertEqual(group["most_misses"]["misses"], values[-1])
            below = [value for value in values if value <= spread["p90"]]
            self.assertGreaterEqual(len(below), 0.9 * len(values))
            self.assertLess(len([value for value in below
                                 if value < spread["p90"]]),
                            0.9 * len(values))
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertLess(peak, 200 * 1024)

    def test_only_the_last_report_of_a_process_counts(self):
        early = one(7, gets=100, end="running", duration_ns=10)
        late = one(7, gets=500, end="exit", duration_ns=99)
        other = one(7, gets=900, pid_namespace=4026531999)
        found = self.fleet(self.folder("f", [late, early, other]))
        self.assertEqual(found["processes"], 2)
        self.assertEqual(found["groups"][0]["sums"]["gets"], 1400)
        out = self.midpool("fleet", self.path("f")).out
        self.assertIn("1 report of processes that have a later one", out)

    def test_a_run_counts_as_its_processes(self):
        parent, child = one(1, "/bin/make"), one(2, "/bin/cc", gets=300)
        whole = dict(one(1, "/bin/make", gets=1300), own=parent,
                     children=[child])
        found = self.fleet(self.folder("f", [whole]))
        self.assertEqual({group["executable"]: group["sums"]["gets"]
                          for group in found["groups"]},
                         {"make": 1000, "cc": 300})

    def test_by_host_unit_and_day(self):
        reports = [one(pid, host="box" if pid % 2 else "pod",
                       start_unix_ns=START_NS + pid % 3 * DAY_NS)
                   for pid in range(1, 13)]
        for report in reports:
            report["config"]["report_labels"] = "job=x+unit=web.service"
        folder = self.folder("f", reports)
        for by, names in (("host", ["box", "pod"]), ("unit", ["web.service"]),
                          ("day", ["2025-11-25", "2025-11-26",
                                   "2025-11-27"])):
            found = self.fleet("--by", by, folder)
            self.assertEqual([group[by] for group in found["groups"]], names)
            self.assertEqual(sum(group["sums"]["gets"]
                                 for group in found["groups"]), 12000)
            self.assertIn(names[0], self.midpool("fleet", "--by", by,
                                                 folder).out)

    def test_by_family(self):
        """make starts sh, which becomes cc1 by exec; another make, later
        with the same pids, is another family of that name. Nobody knows who
        started nginx's workers."""
        reports = []
        for start in (START_NS, START_NS + DAY_NS):
            for pid, ppid, name, more in (
                    (10, 1, "make", {}), (11, 10, "sh", dict(end="exec")),
                    (11, 10, "cc1", dict(generation=2)), (12, 11, "as", {}),
                    (20, 9, "nginx", {}), (21, 9, "nginx", {})):
                reports.append(one(pid, "/bin/" + name, ppid=ppid, **dict(
                    dict(start_unix_ns=start + pid + more.get(
                        "generation", 1)), **more)))
        folder = self.folder("f", reports)
        self.midpool("pack", folder, "-o", "f.db", status=0)
        for name in (folder, self.path("f.db")):
            found = self.fleet("--by", "family", name)
            self.assertEqual({(group["family"], group["executable"]):
                              group["processes"]
                              for group in found["groups"]},
                             {("make", "make"): 2, ("make", "sh"): 2,
                              ("make", "cc1"): 2, ("make", "as"): 2,
                              ("nginx", "nginx"): 4})

    def test_sorting(self):
        folder = self.folder("f", [
            one(1, "/a", gets=10000, misses=100), one(2, "/b", gets=200)])
        for sort, first in (("misses", "a"), ("hit_rate", "b"),
                            ("gets", "a"), ("processes", "a")):
            found = self.fleet("--sort", sort, folder)
            self.assertEqual(found["groups"][0]["executable"], first, sort)


class BadInput(Case):
    def test_what_cannot_be_read_is_counted_and_named(self):
        good = one(1)
        folder = self.folder("f", [good])
        text = json.dumps(good)
        for name, content in (
                ("empty", ""), ("cut", text[:len(text) // 2]),
                ("other", "[1]"), ("newer", dict(good, schema_version=99)),
                ("negative", dict(good, totals=dict(good["totals"],
                                                    gets=-1))),
                ("deep", "[" * 100000), ("nan", '{"a": NaN}')):
            self.write(f"f/{name}.json", content)
        os.mkfifo(os.path.join(folder, "pipe.json"))
        found = self.fleet(folder, self.path("gone"), status=3)
        self.assertEqual((found["processes"], found["broken"]), (1, 9))
        for name in ("empty", "cut", "other", "newer", "negative", "deep",
                     "nan", "pipe", "gone"):
            self.assertEqual(len([problem for problem
                                  in found["broken_names"]
                                  if f"/{name}" in problem]), 1, name)
        out = self.midpool("fleet", folder, status=3).out
        self.assertIn("8 files left out", out)

    def test_nothing_to_read_is_an_error(self):
        os.mkdir(self.path("none"))
        for names, words in (((), "which reports"), ((self.path("none"),),
                                                     "without reports"),
                             (("--by", "hots", "x"), "did you mean host"),
                             (("--sort", "x", "y"), "misses"),
                             (("diff", "x"), "two sides")):
            self.assertIn(words, self.midpool("fleet", *names, status=2).err)

    def test_hostile_names_reach_no_terminal(self):
        folder = self.folder("f", [one(1, "/x/a\x1b[31m\n\"b" + "n" * 300,
                                       host="\x1b]0;h", gets=500)])
        for by in ((), ("--by", "host")):
            out = self.midpool("fleet", *by, folder).out
            self.assertNotIn("\x1b", out)
            self.assertLess(max(map(len, out.splitlines())), 120)
        self.assertEqual(self.fleet(folder)["groups"][0]["executable"],
                         "a\x1b[31m\n\"b" + "n" * 300)

    def test_a_clock_far_off_has_its_day(self):
        found = self.fleet("--by", "day", self.folder(
            "f", [one(1, start_unix_ns=2**64 - 1), one(2, start_unix_ns=0)]))
        self.assertEqual({group["day"] for group in found["groups"]},
                         {"1970-01-01", "2554-07-21"})


class Diff(Case):
    def sides(self, shift):
        random.seed(3)

        def side(more):
            return [one(pid, f"/bin/p{pid % 2}", gets=10000,
                        misses=random.randrange(100, 200)
                        + (more if pid % 2 else 0)) for pid in range(1, 61)]

        return (self.folder("mon", side(0) + [one(900, "/bin/old")]),
                self.folder("tue", side(shift) + [one(901, "/bin/new")]))

    def compare(self, *names):
        done = self.midpool("fleet", "diff", "--json", *names, status=0)
        return json.loads(done.out)

    def test_shows_what_changed_and_only_that(self):
        found = self.compare(*self.sides(60))
        first = found["programs"][0]
        self.assertEqual(first["executable"], "p1", "the worse one is first")
        self.assertIs(first["metrics"]["misses"]["significant"], True)
        other = found["programs"][1]["metrics"]["misses"]
        self.assertIs(other["significant"], False)
        self.assertEqual((found["only_base"], found["only_new"]),
                         (["old"], ["new"]))
        out = self.midpool("fleet", "diff", self.path("mon"), "--",
                           self.path("tue")).out
        self.assertIn("not shown to differ: p0", out)
        self.assertIn("only in base: old", out)
        self.assertRegex(out, r"misses +\d+ ± \d+ % .*p")

    def test_equal_fleets_do_not_differ(self):
        base, _new = self.sides(0)
        found = self.compare(base, base)
        self.assertEqual(len(found["programs"]), 3)
        self.assertFalse([change for program in found["programs"]
                          for change in program["metrics"].values()
                          if change["significant"]])

    def test_adjusts_for_all_programs(self):
        result = self.compare(*self.sides(20))
        pairs = [(change["p"], change["p_adjusted"])
                 for program in result["programs"]
                 for change in program["metrics"].values()
                 if change["p"] < 1]
        self.assertEqual(result["comparisons"], len(pairs))
        self.assertEqual(sorted(p for _p, p in pairs),
                         sorted(sampling.benjamini_hochberg(
                             [p for p, _adjusted in pairs])))


class Quantiles(unittest.TestCase):
    def test_a_quantile_is_a_value_that_is_there(self):
        values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
        for share, want in ((0.1, 1), (0.11, 2), (0.9, 9), (1, 10), (0, 1)):
            self.assertEqual(fleet_group.quantile(values, share), want)
        self.assertEqual(fleet_group.quantile([4], 0.5), 4)


class Real(Case):
    def test_reports_of_real_processes(self):
        sample.need_build()
        code = "kept = [bytes(5000) for _ in range(300)]"
        running = []
        for number in range(4):
            env = dict(self.env, LD_PRELOAD=sample.BUILD + "/libmidpool.so",
                       PYTHONMALLOC="malloc", MIDPOOL_CONF="report:json,"
                       f"report_file:{self.dir}/r/%e.json,"
                       f"report_labels:unit=u{number % 2}.service")
            os.makedirs(self.path("r"), exist_ok=True)
            running.append(subprocess.Popen(["/usr/bin/python3", "-c", code],
                                            env=env))
        self.assertEqual([process.wait() for process in running], [0] * 4)
        found = self.fleet("--by", "unit", self.path("r"))
        self.assertEqual(sorted((group["unit"], group["processes"])
                                for group in found["groups"]),
                         [("u0.service", 2), ("u1.service", 2)])
        self.assertEqual({process.pid for process in running},
                         self.pids(self.path("r")))
        for group in found["groups"]:
            self.assertGreaterEqual(group["sums"]["gets"], 600)

    def pids(self, folder):
        found = set()
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                found.add(json.load(file)["process"]["pid"])
        return found


if __name__ == "__main__":
    unittest.main()
