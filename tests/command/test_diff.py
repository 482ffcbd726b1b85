"""midpool diff: significance, comparability, the gate and its statuses."""

import json
import os
import random
import types
import unittest

import sample
from midpool_lib.base.errors import CommandError
from midpool_lib.compare import diff, diff_text, gate
from midpool_lib.read import profiles


class Case(sample.Case):
    def side(self, name, numbers, **changes):
        """One report for each number of misses."""
        files = []
        for index, misses in enumerate(numbers):
            report = sample.report(
                {4096: dict(gets=10000, misses=misses),
                 65536: dict(gets=50, misses=5)}, pid=4242 + index)
            report["config"].update(changes.get("config", {}))
            report["process"].update(changes.get("process", {}))
            files.append(self.write(f"{name}.{index}.json", report))
        return files

    def diff(self, base, new, *options, status=0):
        return self.midpool("diff", *options, *base, "--", *new,
                            status=status)


class Runs(Case):
    """diff counts the reports of one run as one, as show does."""

    def write_all(self, name, *reports):
        return [self.write(f"{name}.{index}.json", report)
                for index, report in enumerate(reports)]

    def state(self, seconds, gets, pid=7, **process):
        return sample.report({4096: dict(gets=gets)}, pid=pid,
                             duration_ns=seconds * 10**9, **process)

    def gets(self, base, new):
        found = json.loads(self.diff(base, new, "--json").out)
        change = found["rows"][0]["metrics"]["gets"]
        return change["base"]["values"], change["new"]["values"]

    def test_reports_by_signals_are_states_of_one_run(self):
        base = self.write_all("a", self.state(1, 100, end="running"),
                              self.state(2, 200, end="running"),
                              self.state(3, 300))
        new = self.write_all("b", self.state(3, 400, pid=8))
        self.assertEqual(self.gets(base, new), ([300], [400]))

    def test_a_process_and_its_workers_are_one_run(self):
        start = sample.report()["process"]["start_unix_ns"]
        workers = [self.state(1, 1000, pid=n, ppid=7, start_unix_ns=start + n)
                   for n in (71, 72, 73)]
        base = self.write_all("a", self.state(9, 10), *workers)
        new = self.write_all("b", self.state(9, 10, pid=8))
        self.assertEqual(self.gets(base, new), ([3010], [10]))
        folder = self.path("run")
        os.mkdir(folder)
        for name in base:
            os.rename(name, os.path.join(folder, os.path.basename(name)))
        self.assertEqual(self.gets([folder], new), ([3010], [10]))
        self.midpool("html", folder, "-o", "run.html", status=0)
        shown = json.loads(self.midpool("show", "--json", "run.html",
                                        status=0).out)
        self.assertEqual(shown["totals"]["gets"], 3010)
        self.midpool("html", folder, "--", *new, "-o", "c.html", status=0)
        shown = json.loads(self.midpool("show", "--json", "c.html",
                                        status=0).out)
        self.assertEqual([one["totals"]["gets"] for one in shown], [3010, 10])

    def test_all_commands_tell_the_same_of_a_run(self):
        """Its time is not that of the last image, its curve not the first's."""
        start = sample.report()["process"]["start_unix_ns"]
        names = self.write_all(
            "a", self.state(5, 10, end="exec"),
            self.state(1, 20, generation=2, start_unix_ns=start + 5 * 10**9),
            self.state(6, 900, pid=8, ppid=7, start_unix_ns=start + 10**9))
        folder = self.path("run")
        os.mkdir(folder)
        for name in names:
            os.rename(name, os.path.join(folder, os.path.basename(name)))
        self.midpool("html", folder, "-o", "run.html", status=0)
        page = json.loads(self.midpool("show", "--json", "run.html").out)
        found = json.loads(self.diff([folder], [folder], "--json").out)
        metrics = found["rows"][0]["metrics"]
        self.assertEqual(metrics["duration_ns"]["base"]["values"], [7 * 10**9])
        self.assertEqual(metrics["peak_live_bytes"]["base"]["values"],
                         [page["totals"]["peak_live_bytes"]])
        self.assertEqual(page["process"]["duration_ns"], 7 * 10**9)
        self.assertEqual(page["totals"]["gets"], 930)
        text = self.midpool("show", folder, status=0).out
        self.assertIn("sqlite3 [7] and 1 more process ran for 7 s", text)
        self.assertIn("of 930 gets", text)
        points = page["intervals"]
        self.assertEqual(points[-1]["to_ns"], 7 * 10**9)
        self.assertEqual(sum(point["gets"] for point in points), 3 * sum(
            point["gets"] for point in sample.report()["intervals"]))

    def test_runs_one_after_another_stay_runs(self):
        base = self.write_all("a", *[self.state(1, 100, pid=n) for n in (1, 2)])
        new = self.write_all("b", *[self.state(1, 100, pid=n) for n in (3, 4)])
        self.assertEqual(self.gets(base, new), ([100, 100], [100, 100]))


class Significance(Case):
    def test_shown_difference(self):
        out = self.diff(self.side("a", [100, 101, 102, 103]),
                        self.side("b", [200, 201, 202, 203])).out
        self.assertRegex(out, r"misses .*\+93\.\d+ % +p=0\.029")
        self.assertIn("unchanged: pool 2 KB", out)

    def test_noise_is_a_tilde(self):
        out = self.diff(self.side("a", [100, 101, 102, 103]),
                        self.side("b", [99, 102, 103, 101])).out
        self.assertRegex(out, r"(?m)^  misses .* ~  p=")

    def test_too_few_runs_are_a_question(self):
        out = self.diff(self.side("a", [100]), self.side("b", [200])).out
        self.assertRegex(out, r"misses .*\+95\.\d+ % \?")
        self.assertIn("too few runs", out)

    def test_p_is_never_nothing(self):
        base = self.side("a", range(100, 110))
        new = self.side("b", range(200, 210))
        for options in ([], ["--markdown"]):
            out = self.diff(base, new, *options).out
            self.assertRegex(out, r"misses .*\+\d+\.\d+ %.* p?<0\.001")
            self.assertNotIn("0.000", out)

    def test_only_what_is_shown_is_coloured(self):
        def kinds(base, new):
            both = [profiles.Sample([sample.report(
                {4096: dict(gets=10000, misses=misses)}) for misses in side])
                    for side in (base, new)]
            return {change.metric: diff_text.kind(change) for change in
                    compare(*both).changes if change.key == profiles.TOTAL}

        shown = kinds([100, 101, 102, 103], [200, 201, 202, 203])
        self.assertEqual((shown["misses"], shown["hit_rate"], shown["gets"]),
                         ("worse", "worse", ""))
        self.assertEqual(kinds([100], [200])["misses"], "")
        self.assertEqual(
            kinds([100, 101, 102, 103], [99, 102, 103, 104])["misses"], "")

    def test_around_a_median_of_nothing_the_spread_is_absolute(self):
        out = self.diff(self.side("a", [0, 0, 0, 6]),
                        self.side("b", [200] * 4)).out
        self.assertRegex(out, r"(?m)^  misses +0 ± 6 ")

    def test_equal_is_same(self):
        files = self.side("a", [100] * 4)
        self.assertRegex(self.diff(files, files).out,
                         r"(?m)^  misses .* same$")

    def test_rates_change_in_points(self):
        out = self.diff(self.side("a", [100] * 4),
                        self.side("b", [1100] * 4)).out
        self.assertRegex(out, r"hit rate .* -9\.95 pp")

    def test_json(self):
        out = self.diff(self.side("a", [100] * 4), self.side("b", [200] * 4),
                        "--json").out
        rows = json.loads(out)["rows"]
        misses = rows[0]["metrics"]["misses"]
        self.assertEqual(misses["base"]["median"], 105)
        self.assertEqual(misses["new"]["median"], 205)
        self.assertTrue(misses["significant"])

    def test_heaviest_first_and_markdown(self):
        base = self.write("x.json", sample.report(
            {4096: dict(gets=10), 65536: dict(gets=10)}))
        new = self.write("y.json", sample.report(
            {4096: dict(gets=12), 65536: dict(gets=20)}))
        out = self.midpool("diff", "--markdown", base, new, status=0).out
        self.assertLess(out.index("pool 64 KB"), out.index("pool 4 KB"))
        self.assertIn("| **all pools** | gets |", out)


def compare(base, new):
    for report in base.reports + new.reports:
        report["children"] = []  # as reports.read_all does
    return diff.Result(base, new, types.SimpleNamespace(
        allow=[], all=True, fail_on=[]))


class ManyRows(Case):
    """More rows are more chances for noise to look like a change."""

    def runs(self, chance, count, factor=1.0):
        """Runs of a program whose threads make every number a little other;
        factor changes one class of the ten."""
        return profiles.Sample([sample.report({
            size: dict(gets=int(chance.gauss(90000, 900)),
                       misses=int(chance.gauss(3000, 90)
                                  * (factor if size == 8192 else 1)),
                       live=chance.randrange(40))
            for size in (2048, 3072, 4096, 6144, 8192, 12288, 16384, 24576,
                         32768, 65536)},
            duration_ns=int(chance.gauss(1e9, 1e7))) for _ in range(count)])

    def test_a_program_against_itself(self):
        """In one comparison of twenty at most is there a change at all."""
        chance = random.Random(20261130)
        compared, raw, shown = 0, 0, 0
        for _ in range(60):
            result = compare(self.runs(chance, 6), self.runs(chance, 6))
            self.assertGreater(result.comparisons, 50)
            compared += result.comparisons
            raw += sum(change.p <= 0.05 for change in result.changes)
            shown += any(change.significant for change in result.changes)
        self.assertGreater(raw, 0.03 * compared)  # without the adjustment
        self.assertLessEqual(shown, 0.05 * 60)

    def test_a_change_is_still_found(self):
        chance = random.Random(7)
        for _ in range(5):
            result = compare(self.runs(chance, 10),
                             self.runs(chance, 10, 1.5))
            found = {change.key for change in result.changes
                     if change.metric == "misses" and change.significant}
            self.assertIn(("class", 8192), found)
            self.assertIn(("pool", 8192), found)

    def test_so_few_runs_cannot_tell(self):
        """4 and 4 that do not overlap: no proof among so many rows."""
        chance = random.Random(8)
        result = compare(self.runs(chance, 4), self.runs(chance, 4, 1.5))
        misses, = [change for change in result.changes
                   if change.metric == "misses"
                   and change.key == ("class", 8192)]
        self.assertTrue(misses.apart)
        self.assertIsNone(misses.significant)
        self.assertGreater(result.runs_needed, 6)

    def test_the_adjustment_is_said(self):
        base = self.side("a", [100, 101, 102, 103])
        new = self.side("b", [200, 201, 202, 203])
        for options in ([], ["--markdown"]):
            self.assertRegex(
                self.diff(base, new, *options).out.replace("\n", " "),
                r"p is adjusted for \d+ comparisons \(Benjamini")
        found = json.loads(self.diff(base, new, "--json").out)
        self.assertGreater(found["comparisons"], 1)
        self.assertEqual(found["false_discovery_rate"], 0.05)
        misses = found["rows"][0]["metrics"]["misses"]
        self.assertGreaterEqual(misses["p_adjusted"], misses["p"])

    def test_rules_are_adjusted_for_each_other(self):
        """Of 20 rules on mere noise, one would fail by chance."""
        chance = random.Random(5)
        metrics = ("misses", "gets", "slot_bytes", "live_bytes", "puts")
        rules = gate.parse([f"{size}.{metric}>+0%" for metric in metrics
                            for size in ("2K", "4K", "8K", "16K", "32K")])
        failed = sum(bool(gate.judge(rules, self.runs(chance, 6),
                                     self.runs(chance, 6)))
                     for _ in range(40))
        self.assertLessEqual(failed, 0.05 * 40)


class Comparability(Case):
    def test_other_executable(self):
        done = self.diff(self.side("a", [1] * 4), self.side(
            "b", [1] * 4, process={"executable": "/bin/other"}), status=3)
        self.assertIn("NOT COMPARABLE: other executables", done.out)

    def test_one_file_under_two_names(self):
        """As python3, and python3.11 in a report that knew no links."""
        done = self.diff(
            self.side("a", [1] * 4, process={"executable": "/bin/py3.11"}),
            self.side("b", [1] * 4, process={"executable": "/bin/py3",
                                             "file": "/usr/bin/py3.11"}))
        self.assertIn("it was called py3 and py3.11", done.out)
        self.diff(self.side("a", [1] * 4, process={
            "executable": "/bin/py3.11"}), self.side("b", [1] * 4, process={
                "executable": "/bin/py3", "file": "/bin/py3.12"}), status=3)

    def test_other_configuration_and_allowing_it(self):
        base = self.side("a", [1] * 4)
        new = self.side("b", [1] * 4, config={"decay_ms": "0"})
        self.assertIn("decay_ms", self.diff(base, new, status=3).out)
        self.diff(base, new, "--allow", "config")

    def test_where_reports_go_does_not_matter(self):
        self.diff(self.side("a", [1] * 4),
                  self.side("b", [1] * 4, config={"report_file": "x"}))

    def test_another_build_is_a_note(self):
        out = self.diff(self.side("a", [1]), self.side(
            "b", [1], process={"build_id": "ff"})).out
        self.assertIn("different builds", out)

    def test_incomparable_is_no_regression(self):
        self.diff(self.side("a", [1] * 4), self.side(
            "b", [900] * 4, process={"executable": "/bin/other"}),
            "--fail-on", "misses>+3%", status=3)

    def test_a_run_that_was_cut_off(self):
        base = self.side("a", [1] * 4)
        for process, word in (
                ({"end": "signal", "end_signal": "SIGSEGV"}, "SIGSEGV"),
                ({"end": "unknown"}, "unseen")):
            new = self.side("b", [1] * 4, process=process)
            out = self.diff(base, new, status=3).out
            self.assertRegex(out, f"NOT COMPARABLE: a run ended .*{word}")
            self.assertIn("--allow end", out)
            self.diff(base, new, "--allow", "end")
            self.diff(new, new, status=3)

    def test_another_exit_status(self):
        base = self.side("a", [1] * 4, process={"exit_status": 0})
        new = self.side("b", [1] * 4, process={"exit_status": 1})
        self.assertIn("ended differently: with exit status 0 and with",
                      self.diff(base, new, status=3).out)
        self.diff(base, new, "--allow", "end")
        self.diff(new, new)
        self.diff(base, self.side("c", [1] * 4))

    def test_other_classes(self):
        report = sample.report()
        report["pools"][2]["classes"].pop()
        self.assertIn("size classes", self.diff(
            [self.write("x.json", sample.report())],
            [self.write("y.json", report)], status=3).out)


class Gate(Case):
    def judge(self, rule, status, base=(100,) * 4, new=(200,) * 4):
        return self.diff(self.side("a", base), self.side("b", new),
                         "--fail-on", rule, status=status)

    def test_relative(self):
        self.assertIn("FAIL", self.judge("misses>+3%", 1).out)
        self.judge("misses>+200%", 0)
        self.judge("misses<-3%", 0)

    def test_points_absolute_and_level(self):
        self.judge("hit_rate<-0.5pp", 1)
        self.judge("hit_rate<-5pp", 0)
        self.judge("misses>+99", 1)
        self.judge("misses>+1K", 0)
        self.judge("hit_rate<99%", 1)
        self.judge("hit_rate<50%", 0)

    def test_scopes(self):
        self.judge("4K.misses>+3%", 1)
        self.judge("64K.misses>+3%", 0)
        self.judge("class:4K.misses>+3%", 1)
        self.judge("class:2560.misses>+3%", 0)

    def test_noise_does_not_fail(self):
        self.judge("misses>+0%", 0, (100, 110, 120, 130), (104, 125, 109, 133))

    def test_single_runs_do(self):
        self.judge("misses>+3%", 1, (100,), (200,))

    def test_from_nothing(self):
        self.judge("live>+3%", 0)
        self.judge("64K.misses>+3%,misses>+3%", 1)

    def crashed(self, name):
        """A run that ended by a signal before its first get."""
        return self.write(name, sample.report(
            {}, end="signal", end_signal="SIGSEGV"))

    RULES = "hit_rate<98%,hit_rate<-1pp,misses>+3%"

    def test_a_crashed_program_does_not_pass(self):
        done = self.diff(self.side("a", [100]), [self.crashed("b.json")],
                         "--fail-on", self.RULES, status=3)
        self.assertNotRegex(done.out, r"\d rules? of \d kept")
        done = self.diff(self.side("a", [100]), [self.crashed("b.json")],
                         "--allow", "end", "--fail-on", self.RULES, status=1)
        self.assertIn("FAIL hit_rate<98%: not every run of new has",
                      done.out)
        self.assertIn("1 rule of 3 kept", done.out)

    def test_one_run_without_the_value_is_enough(self):
        new = self.side("b", [100] * 3) + [self.write("x", sample.report(
            {}, pid=7))]
        self.diff(self.side("a", [100] * 4), new, "--fail-on",
                  "hit_rate<50%", status=1)

    def test_a_level_needs_no_base(self):
        empty = [self.write("x.json", sample.report({}))]
        new = self.side("b", [100])
        self.diff(empty, new, "--fail-on", "hit_rate<50%")
        self.diff(empty, new, "--fail-on", "hit_rate<99.9%", status=1)
        out = self.diff(empty, new, "--fail-on", "hit_rate<-1pp", "--json",
                        status=1).out
        self.assertEqual(json.loads(out)["broken"], [
            {"rule": "hit_rate<-1pp", "value": None, "missing": ["base"]}])

    def test_bad_rules_are_usage(self):
        for rule in ("misses", "misses>3%", "missses>+3%", "misses>+3pp",
                     "5K.misses>+3%", "16K.time>+3%", ">+3%", ""):
            done = self.judge(rule, 2)
            self.assertIn("--fail-on", done.err)

    def test_nearest_name(self):
        with self.assertRaises(CommandError) as caught:
            gate.Rule("missses>+3%")
        self.assertIn("'misses'", caught.exception.fix)

    def test_missing_side_is_usage(self):
        self.midpool("diff", *self.side("a", [1, 2, 3]), status=2)


if __name__ == "__main__":
    unittest.main()
