"""midpool show: text, machine formats, trees, the glossary."""

import csv
import io
import json
import re
import unittest

import sample
from midpool_lib import counters, text_report


class Text(sample.Case):
    def setUp(self):
        super().setUp()
        self.report = sample.report()
        self.file = self.write("a.json", self.report)

    def test_headline_says_of_what(self):
        out = self.midpool("show", self.file, status=0).out
        self.assertIn("99.9 % of 978,300 gets", out)
        self.assertIn("sqlite3 [4242]", out)

    def test_fits_a_screen_also_in_detail(self):
        for options in ([], ["-a"]):
            out = self.midpool("show", *options, self.file, status=0).out
            lines = out.splitlines()
            self.assertLessEqual(len(lines), 40)
            self.assertLessEqual(max(map(len, lines)), 80)

    def test_no_colour_outside_a_terminal(self):
        self.assertNotIn("\033", self.midpool("show", self.file).out)

    def test_never_a_hundred_percent_with_misses(self):
        report = sample.report({4096: dict(gets=10**9, misses=1)})
        out = self.midpool("show", self.write("b.json", report)).out
        self.assertNotIn("100", out.splitlines()[1])

    def test_explains_every_counter(self):
        out = self.midpool("show", "--explain", self.file, status=0).out
        for name in counters.NAMES:
            self.assertRegex(out, rf"(?m)^{name} ")

    def test_several_are_added_up(self):
        other = self.write("b.json", sample.report(
            {4096: dict(gets=700)}, pid=77, ppid=4242))
        out = self.midpool("show", self.file, other, status=0).out
        self.assertIn("of 979,000 gets", out)

    def test_sums_of_peaks_are_called_bounds(self):
        alone = self.midpool("show", self.file, status=0).out
        self.assertNotIn("at most 3", alone)
        out = self.midpool("show", self.file, self.other(), status=0).out
        self.assertRegex(out, r"peak live at\s+most\s+[\d.]+ MB")

    def test_threads_of_several_are_called_a_sum_of_peaks(self):
        alone = self.midpool("show", self.file, status=0).out
        self.assertIn("1 now, at most 4", alone)
        out = self.midpool("show", self.file, self.other(), status=0).out
        self.assertIn("at most 8, a sum of peaks of processes", out)

    def other(self, **process):
        """Of another process that lived at the same time."""
        return self.write("other.json", sample.report(pid=77, **process))

    def test_one_report_twice_is_one(self):
        alone = self.midpool("show", self.file, status=0).out
        self.assertEqual(alone, self.midpool("show", self.file, self.file,
                                             status=0).out)

    def test_several_programs_are_named(self):
        out = self.midpool("show", self.file, self.other(
            executable="/bin/cat"), status=0).out
        self.assertIn("2 processes within 1.23 s", out)
        self.assertIn("gets of cat 978 K, sqlite3 978 K", out)
        out = self.midpool("show", self.file, self.other(
            executable="/bin/cat", ppid=4242,
            start_unix_ns=1764034675000000001), status=0).out
        self.assertIn("sqlite3 [4242] and 1 more process ran for", out)

    def test_memory_that_one_process_does_not_know_is_not_summed(self):
        reports = []
        for pid, peak in ((1, 50 << 20), (2, 70 << 20), (3, None)):
            reports.append(sample.report(pid=pid))
            reports[-1]["memory"]["peak_rss_bytes"] = peak
        names = [self.write(f"{n}.json", report)
                 for n, report in enumerate(reports)]
        out = self.midpool("show", *names[:2], status=0).out
        self.assertRegex(out, r"all\s+processes\s+at\s+most\s+120 MB")
        out = self.midpool("show", *names, status=0).out
        self.assertNotIn("all processes", out)

    def test_no_line_ends_between_a_number_and_its_unit(self):
        for width in range(20, 79):
            for line in text_report.wrapped(
                    "12 calls (4.31 MB) above 64 KB, 17 % in 310 ms", width):
                self.assertNotRegex(line, r"\d$")

    def test_children_are_a_tree(self):
        names = [self.file]
        for pid, parent in ((2, 4242), (3, 2)):
            names.append(self.write(f"{pid}.json", sample.report(
                {4096: dict(gets=pid)}, pid=pid, ppid=parent,
                executable=f"/bin/p{pid}", start_unix_ns=1764034675000000000
                + pid)))
        out = self.midpool("show", "-t", *names, status=0).out
        self.assertRegex(out, r"(?m)^ +4242 .*B  sqlite3$")
        self.assertRegex(out, r"(?m)^ +2 .*B    p2$")
        self.assertRegex(out, r"(?m)^ +3 .*B      p3$")

    def test_inactive_is_said(self):
        report = sample.report({})
        report["interception"] = {"active": False, "reason": "own malloc"}
        out = self.midpool("show", self.write("b.json", report)).out
        self.assertIn("NOT ACTIVE: own malloc", out)

    def test_without_a_last_run_it_says_how(self):
        self.assertIn("midpool run", self.midpool("show", status=2).err)


class Machines(sample.Case):
    def setUp(self):
        super().setUp()
        self.report = sample.report()
        self.file = self.write("a.json", self.report)

    def test_json_is_the_report(self):
        shown = json.loads(self.midpool("show", "--json", self.file).out)
        self.assertEqual(shown["totals"], self.report["totals"])
        self.assertEqual(shown["pools"], self.report["pools"])

    def test_csv_has_a_row_per_class_pool_and_total(self):
        out = self.midpool("show", "--csv", self.file).out
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual([row["scope"] for row in rows].count("class"), 25)
        total = rows[0]
        for name in counters.NAMES:
            self.assertEqual(int(total[name]), self.report["totals"][name])
        classes = [row for row in rows if row["scope"] == "class"]
        self.assertEqual(sum(int(row["gets"]) for row in classes),
                         self.report["totals"]["gets"])

    def test_prometheus_text_has_types_and_sums(self):
        out = self.midpool("show", "--prom", self.file, self.file,
                           self.write("b.json", sample.report(pid=7))).out
        self.assertTrue(out.endswith("\n"))
        found = re.findall(r"(?m)^midpool_gets_total\{[^}]*\} (\d+)$", out)
        self.assertEqual(len(found), 25)
        self.assertEqual(sum(map(int, found)),
                         2 * self.report["totals"]["gets"])
        names = re.findall(r"(?m)^# TYPE (\S+)", out)
        self.assertEqual(len(names), len(set(names)))


if __name__ == "__main__":
    unittest.main()
