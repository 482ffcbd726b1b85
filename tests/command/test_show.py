"""midpool show: text, machine formats, trees, the glossary."""

import csv
import io
import json
import os
import re
import subprocess
import unittest

import sample
from midpool_lib.base import counters
from midpool_lib.read import merge, reports
from midpool_lib.show import text_report


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

    def test_requests_that_could_use_no_pool_were_asked_for(self):
        report = sample.report({})
        for row in (report["pools"][1]["classes"][0], report["pools"][1],
                    report["totals"]):
            row["bypasses"] = 6000
        out = self.midpool("show", self.write("b.json", report), status=0).out
        self.assertIn("no request of 2 KB to 64 KB could use them", out)
        self.assertNotIn("asked for nothing", out)

    def test_more_threads_than_caches_are_told_of(self):
        report = sample.report()
        report["threads"] = {"now": 1, "peak": 4093, "peak_is_bound": True}
        file = self.write("many.json", report)
        out = self.midpool("show", file, status=0).out
        self.assertIn("at most 4,093 or more (as many have a cache)", out)
        out = self.midpool("show", file, self.other(), status=0).out
        self.assertRegex(out, r"threads +4,097 or more, a sum of peaks")

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
        self.assertIn("processes  at most 120 MB resident", out)
        out = self.midpool("show", *names, status=0).out
        self.assertNotIn("resident\n", out)

    def test_cpu_time_and_the_kind_of_the_peak_are_said(self):
        report = sample.report(cpu_user_ns=1200 * 10**6,
                               cpu_system_ns=30 * 10**6)
        report["memory"].update(peak_rss_bytes=5 << 20,
                                peak_live_is_exact=False)
        name = self.write("b.json", report)
        out = self.midpool("show", name, status=0).out
        self.assertIn("process    1.2 s user + 30 ms system CPU time;"
                      " at most 5 MB resident", out)
        self.assertIn("peak live at least", out)
        report["memory"]["peak_live_is_exact"] = True
        name = self.write("b.json", report)
        self.assertNotIn("at least", self.midpool("show", name).out)
        self.assertNotIn("CPU time", self.midpool("show", self.file).out)

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


class Several(sample.Case):
    """Folders, standard input, lists, and files that are broken."""

    PROGRAMS = ("/bin/cat", "/bin/grep", "/bin/sort", "/usr/bin/xz")

    def setUp(self):
        super().setUp()
        self.folder = self.path("reports")
        os.mkdir(self.folder)
        self.names = [self.add(f"svc.{n + 1}.json", pid=n + 1, gets=100 * n
                               + 100, executable=program)
                      for n, program in enumerate(self.PROGRAMS)]

    def add(self, name, gets, **process):
        return self.write(f"reports/{name}", sample.report(
            {4096: dict(gets=gets)}, **process))

    def text(self, name):
        with open(name, "rb") as file:
            return file.read()

    def gets(self, *names, status=0, **options):
        out = self.midpool("show", "--json", *names, status=status,
                           **options).out
        found = json.loads(out)
        found = found if isinstance(found, list) else [found]
        return [report["totals"]["gets"] for report in found]

    def test_a_folder_is_all_its_reports_by_number(self):
        self.add("svc.10.json", 1000, pid=10)
        self.write("reports/notes.txt", "no report")
        self.write("reports/.svc.11.json", "being written")
        self.assertEqual(self.gets(self.folder), [100, 200, 300, 400, 1000])
        out = self.midpool("show", self.folder, status=0).out
        self.assertIn("of 2,000 gets", out)

    def test_a_folder_may_hold_links_and_traps(self):
        os.symlink(self.names[0], self.path("reports/zlink.json"))
        for trap in ("a", "b"):
            os.mkfifo(self.path(f"reports/{trap}.json"))
        done = self.midpool("show", self.folder, status=3, timeout=60)
        self.assertIn("of 1,000 gets", done.out)
        self.assertRegex(done.err, r"(?m)/a\.json: not a regular file; left")

    def test_a_folder_without_reports_says_how_to_get_some(self):
        os.mkdir(self.path("none"))
        done = self.midpool("show", self.path("none"), status=2)
        self.assertIn("none is a directory without reports", done.err)
        self.assertIn("report_file", done.err)

    def test_standard_input(self):
        one = json.dumps(sample.report()).encode()
        self.assertEqual(self.gets("-", input=one), [978300])
        texts = [self.text(name) for name in self.names]
        data = b"".join(texts)
        self.assertEqual(self.gets("-", input=data), [100, 200, 300, 400])
        lines = b"\n".join(texts)
        self.assertEqual(self.gets("-", self.names[0], input=lines),
                         [100, 200, 300, 400, 100])
        for data, why in ((b"", "empty"), (one[:900], "cut off"),
                          (one + b"{", "cut off"), (b"[]", "without a report"),
                          (b"midpool\0" + bytes(9000), "live page")):
            done = self.midpool("show", "-", input=data, status=2)
            self.assertIn("standard input", done.err)
            self.assertIn(why, done.err)

    def test_a_pipe_of_the_users_is_read(self):
        done = subprocess.run(
            ["bash", "-c", '"$0" show --json <(cat "$1")', sample.COMMAND,
             self.names[1]], env=self.env, capture_output=True, check=True)
        self.assertEqual(json.loads(done.stdout)["totals"]["gets"], 200)

    def test_a_broken_one_is_named_and_left_out(self):
        broken = self.write("reports/svc.2.json", "{")
        missing = self.path("reports/missing.json")
        for words in ([self.folder], self.names):
            done = self.midpool("show", *words, status=3)
            self.assertIn("of 800 gets", done.out)
            self.assertEqual(done.err, f"midpool: {broken}: the report is cut"
                             " off after 1 bytes; left out\n")
        for form in ("--json", "--csv", "--prom", "-l", "-t"):
            done = self.midpool("show", form, missing, self.names[0],
                                status=3)
            self.assertIn(missing, done.err)
            self.assertIn("cat", done.out)
        self.midpool("show", broken, missing, status=2)

    def test_many_broken_ones_do_not_fill_the_screen(self):
        names = [self.write(f"reports/b{n}.json", "{") for n in range(50)]
        done = self.midpool("show", *self.names, *names, status=3)
        self.assertEqual(len(done.err.splitlines()), 21)
        self.assertIn("and 30 more", done.err)

    def test_a_header_over_four_programs_names_them(self):
        lines = self.midpool("show", *self.names, status=0).out.splitlines()
        self.assertIn("4 processes within", lines[0])
        self.assertEqual("programs   gets of xz 400, sort 300, grep 200,"
                         " cat 100", lines[1])

    def test_a_list_is_sorted_and_has_a_total(self):
        out = self.midpool("show", "-l", *self.names, status=0).out
        lines = out.splitlines()
        self.assertEqual([int(line.split()[0].replace(",", ""))
                          for line in lines], [400, 300, 200, 100, 1000])
        self.assertIn(f"xz [4] ({self.names[3]})", lines[0])
        self.assertIn("total of 4", lines[-1])
        out = self.midpool("show", "-l", *self.names, self.names[0],
                           status=0).out
        self.assertRegex(out.splitlines()[-1],
                         r"^ +1,000 gets .*total of 4; of 5 reports, the last")
        out = self.midpool("show", "-l", self.names[0], status=0).out
        self.assertEqual(len(out.splitlines()), 1)

    def test_a_list_of_families_counts_their_processes(self):
        images = [sample.report(pid=7), sample.report(pid=8, ppid=7),
                  sample.report(pid=9, ppid=7)]
        for image in images:
            reports.normalise(image)
        family = merge.add_up(images)
        name = self.write("family.json", json.dumps(family))
        out = self.midpool("show", "-l", name, self.names[0], status=0).out
        self.assertIn("total of 2 reports, 4 processes", out.splitlines()[-1])
        self.assertNotIn("the last of", out)

    def test_the_json_of_several_is_read_back(self):
        both = self.write("both.json", self.midpool(
            "show", "--json", *self.names[:2], status=0).out)
        self.assertEqual(self.gets(both), [100, 200])
        self.assertIn("of 300 gets", self.midpool("show", both, status=0).out)
        done = self.midpool("diff", "--json", "--allow",
                            "executable", both, "--", both, status=0)
        self.assertEqual(json.loads(done.out)["base_runs"], 2)
        self.midpool("html", both, "-o", self.path("b.html"), status=0)
        self.assertEqual(self.gets(self.path("b.html")), [100, 200])

    def test_the_numbered_files_of_a_service_match_its_pattern(self):
        sample.need_build()
        env = dict(self.env, LD_PRELOAD=sample.BUILD + "/libmidpool.so",
                   MIDPOOL_CONF="report:json,report_file:"
                   + self.path("reports/web.json"))
        for _ in range(3):
            subprocess.run(["/bin/true"], env=env, check=True)
        found = sorted(name for name in os.listdir(self.folder)
                       if name.startswith("web"))
        self.assertEqual(found, ["web.2.json", "web.3.json", "web.json"])


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

    def test_prometheus_text_has_texts_and_sums(self):
        """One series per process and pool, though a file was given twice."""
        files = (self.file, self.file,
                 self.write("b.json", sample.report(pid=7)))
        out = self.midpool("show", "--prom", *files).out
        self.assertEqual(self.midpool("export", "--prom", *files).out, out)
        self.assertTrue(out.endswith("\n# EOF\n"))
        found = re.findall(r"(?m)^midpool_gets_total\{[^}]*\} (\d+)$", out)
        pools = [pool for pool in self.report["pools"] if pool["gets"]]
        self.assertEqual(len(found), 2 * len(pools))
        self.assertEqual(sum(map(int, found)),
                         2 * self.report["totals"]["gets"])
        names = re.findall(r"(?m)^# HELP (\S+)", out)
        self.assertEqual(len(names), len(set(names)))


class Export(sample.Case):
    def test_detail_is_as_configured_or_as_asked_for(self):
        report = sample.report()
        report["config"]["openmetrics_detail"] = "classes"
        file = self.write("a.json", report)
        out = self.midpool("export", "--prom", file).out
        self.assertIn(',pool="8192",class="5120"} 12000\n', out)
        out = self.midpool("export", "--prom", "--detail", "pools", file).out
        self.assertNotIn("class=", out)
        self.assertIn(',pool="8192"} 12000\n', out)

    def test_labels_are_escaped_and_forged_ones_left_out(self):
        report = sample.report(executable='/x/a"\\\n\x1bb')
        report["config"]["report_labels"] = r'job=w"\\e\+b+pool=1+z=2'
        out = self.midpool("export", "--prom",
                           self.write("a.json", report)).out
        self.assertIn(r'{executable="a\"\\??b",instance="0-4242-1-'
                      r'1764034675000000000",job="w\"\\e+b",pool="2048"}',
                      out)
        self.assertNotIn('z="2"', out)

    def test_errors(self):
        file = self.write("a.json", sample.report())
        for arguments, words in (([file], "which format"),
                                 (["--prom"], "which report"),
                                 (["--prom", "--detail", "x", file], "x"),
                                 (["--prom", "gone.json"], "gone.json")):
            done = self.midpool("export", *arguments, status=2)
            self.assertIn(words, done.err)


if __name__ == "__main__":
    unittest.main()
