"""midpool html: the page's own checks, and the page in a real browser."""

import json
import os
import re
import subprocess
import unittest

import browser
import sample
from midpool_lib.base import counters

def expected(report, key):
    """The JSON's value of a key on the page."""
    scope, _, name = key.rpartition(".")
    if key == "waste_bytes":
        return counters.waste_bytes(report["totals"])
    if key == "bad_frees":
        return sum(report["misuse"].values())
    if scope.split(".")[0] in ("pools", "classes"):
        rows = report["pools"]
        if scope.startswith("classes"):
            rows = [row for pool in rows for row in pool["classes"]]
        row = [row for row in rows
               if row["max_bytes"] == int(scope.split(".")[1])][0]
        return counters.value(row, name)
    if scope == "totals":
        return counters.value(report["totals"], name)
    value = report
    for part in key.split("."):
        value = value[part]
    return value


class Page(sample.Case):
    """Without a browser: form, size, names of files."""

    def setUp(self):
        super().setUp()
        self.file = self.write("a.json", sample.report())

    def page(self, *arguments):
        done = self.midpool("html", *arguments, status=0)
        with open(self.path(done.out.strip()), encoding="utf-8") as file:
            return file.read()

    def test_is_one_file_without_outside_parts(self):
        text = self.page(self.file)
        self.assertLess(len(text), 500 * 1024)
        self.assertIsNone(re.search(r"""(src|href)=["'](?!data:)""", text))
        self.assertNotIn("@import", text)
        self.assertEqual(re.findall(r"https?://(?!www\.w3\.org/2000/svg)",
                                    text), [])

    def test_holds_its_json(self):
        self.page(self.file)
        shown = self.midpool("show", "--json", "a.html", status=0).out
        self.assertEqual(json.loads(shown)["totals"],
                         sample.report()["totals"])

    def test_a_name_cannot_break_out(self):
        report = sample.report(executable="/x/</script><img onerror=1>&amp;")
        text = self.page(self.write("b.json", report))
        self.assertNotIn("<img", text)
        self.assertEqual(text.count("</script>"), 3)

    def test_a_name_that_is_a_mark_of_the_page(self):
        for mark in ("@ABOUT@", "@REPORTS@", "@SCRIPT@", r"\\1"):
            report = sample.report(executable="/x/" + mark)
            self.page(self.write("b.json", report))
            shown = self.midpool("show", "--json", "b.html", status=0).out
            self.assertEqual(json.loads(shown)["process"]["executable"],
                             "/x/" + mark)

    def test_no_room_leaves_the_page_as_it_was(self):
        """A limit of 4 KB on the size of files, as a full disk."""
        self.page(self.file)
        with open(self.path("a.html"), "rb") as file:
            before = file.read()
        for output in ("a.html", "new.html"):
            done = subprocess.run(
                ["sh", "-c", 'ulimit -f 8; exec "$@"', "sh", sample.COMMAND,
                 "html", self.file, "-o", output], cwd=self.dir, env=self.env,
                capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(f"html: {output}: File too large", done.stderr)
        with open(self.path("a.html"), "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(sorted(os.listdir(self.dir)), ["a.html", "a.json"])

    def test_a_link_is_not_followed(self):
        self.write("precious.html", "")
        os.symlink("precious.html", self.path("a.html"))
        done = self.midpool("html", self.file, status=2)
        self.assertIn("a.html is a link", done.err)
        self.assertEqual(os.path.getsize(self.path("precious.html")), 0)

    def side(self, name, misses):
        return [self.write(f"{name}.{index}.json", sample.report(
            {4096: dict(gets=10000 + index, misses=count),
             8192: dict(gets=900, misses=7)}, pid=4242 + index))
                for index, count in enumerate(misses)]

    def comparison(self, *arguments):
        text = self.page(*arguments, "-o", "c.html")
        about = text.partition('id="midpool-about">')[2].partition("<")[0]
        self.assertIn("midpool.report", text)
        found, = json.loads(about)["comparisons"]
        return found, {change["key"]: change for row in found["rows"]
                       for change in row["changes"]}

    def test_many_runs_are_compared_as_diff_does(self):
        base = self.side("a", range(100, 110))
        new = self.side("b", range(200, 210))
        found, by_key = self.comparison(*base, "--", *new)
        self.assertEqual(found["runs"], [10, 10])
        for key in ("totals.misses", "pools.4096.misses",
                    "classes.4096.misses"):
            self.assertEqual(by_key[key]["kind"], "worse", key)
            self.assertEqual(by_key[key]["p"], "p<0.001", key)
        misses = by_key["pools.4096.misses"]
        self.assertEqual((misses["base"], misses["new"]), (104.5, 204.5))
        self.assertRegex(misses["sides"][0][1], "^± [34] %$")
        shown = json.loads(self.midpool("diff", "-a", "--json", *base, "--",
                                        *new, status=0).out)["rows"][0]
        self.assertEqual(by_key["totals.misses"]["new"],
                         shown["metrics"]["misses"]["new"]["median"])
        self.assertTrue(any("Benjamini" in line
                            for line in found["footnotes"]))

    def test_noise_has_no_colour(self):
        for base, new in (([100, 101, 102, 103], [99, 104, 102, 100]),
                          ([100], [200])):
            _found, by_key = self.comparison(*self.side("a", base), "--",
                                             *self.side("b", new))
            self.assertIn(by_key["totals.misses"]["change"][-1], "~?")
            self.assertEqual({change["kind"] for change in by_key.values()},
                             {""})

    def test_what_does_not_compare_is_said(self):
        other = self.write("o.json", sample.report(executable="/bin/other"))
        found, _by_key = self.comparison(self.file, "--", other)
        self.assertIn("NOT COMPARABLE: other executables: other and sqlite3",
                      found["notes"])

    def test_a_side_is_missing(self):
        for words in ([self.file, "--"], ["--", self.file]):
            self.assertIn("two sides",
                          self.midpool("html", *words, status=2).err)

    def test_hundreds_of_processes_fit(self):
        report = sample.report()
        report["own"] = sample.report()
        report["children"] = [sample.report(pid=n) for n in range(300)]
        text = self.page(self.write("b.json", report))
        self.assertLess(len(text), 500 * 1024)

    def test_other_files_are_not_overwritten(self):
        self.write("notes.html", "<p>mine</p>")
        done = self.midpool("html", self.file, "-o", "notes.html", status=2)
        self.assertIn("exists", done.err)


@browser.needed
class InABrowser(browser.Case):
    def compare(self, page, report, prefix=""):
        count = 0
        for key, values in page.found.items():
            if not key.startswith(prefix):
                continue
            want = expected(report, key[len(prefix):])
            for value in values:
                got = None if value == "null" else float(value)
                if want is None:
                    self.assertIsNone(got, key)
                else:
                    self.assertAlmostEqual(got, want, 9, key)
                count += 1
        return count

    def test_numbers_equal_the_json(self):
        report = sample.report()
        path = self.write("a.json", report)
        self.midpool("html", path, status=0)
        page = self.numbers(self.path("a.html"))
        self.assertGreater(self.compare(page, report), 150)
        self.assertEqual(page.texts["pools.4096.gets"], "910,000")
        self.assertEqual(page.texts["totals.hit_rate"], "99.9 %")

    def test_a_comparison(self):
        base = sample.report()
        new = sample.report({4096: dict(gets=1000, misses=5, depot=7)})
        names = [self.write("a.json", base), self.write("b.json", new)]
        self.midpool("html", *names, "-o", "c.html", status=0)
        page = self.numbers(self.path("c.html"))
        self.assertGreater(self.compare(page, base, "base."), 10)
        for key in ("fallback.above.bytes", "process.duration_ns"):
            self.assertIn("base." + key, page.found)
        self.assertGreater(self.compare(page, new, "new."), 10)

    def test_runs_against_runs(self):
        """The medians of diff stand on the page; only changes are coloured."""
        for name, factor in (("a", 1), ("b", 2)):
            for index in range(8):
                self.write(f"{name}.{index}.json", sample.report(
                    {4096: dict(gets=10000 + 3 * index,
                                misses=factor * 400 + index)},
                    pid=4242 + index))
        names = [[self.path(f"{name}.{index}.json") for index in range(8)]
                 for name in "ab"]
        self.midpool("html", *names[0], "--", *names[1], "-o", "c.html",
                     status=0)
        text = self.browse(self.path("c.html"), "--dump-dom")
        page = browser.Numbers()
        page.feed(text)
        self.assertEqual(page.found["base.totals.misses"], ["403.5"])
        self.assertEqual(page.found["new.pools.4096.gets"], ["10010.5"])
        self.assertEqual(page.texts["new.totals.misses"], "803.5")
        shown = text.partition("<main")[2].partition("</main>")[0]
        for words, kind in ((r"\+99\.\d+ %", "worse"), ("same", ""),
                            (r"-4\.00 pp", "worse")):
            self.assertTrue(re.search(f'class="{kind}"[^>]*>{words}</td>',
                                      shown), words)
        self.assertIsNone(re.search('class="(worse|better)"[^>]*>(~|same)',
                                    shown))

    def test_empty_and_extreme_profiles_draw(self):
        empty = sample.report({})
        empty["intervals"] = []
        empty["fallback"] = {"below": {"calls": 0, "bytes": 0},
                             "above": {"calls": 0, "bytes": 0}}
        huge = sample.report({65536: dict(gets=2**47, misses=1)})
        huge["process"]["duration_ns"] = 10**18
        names = [self.write("a.json", empty), self.write("b.json", huge)]
        for arguments in (names[:1], names[1:], names):
            self.midpool("html", *arguments, "-o", "page.html", status=0)
            text = self.browse(self.path("page.html"), "--dump-dom")
            visible = text.partition("<main")[2].partition("</main>")[0]
            for bad in ("NaN", "Infinity", "undefined"):
                self.assertFalse(bad in visible, bad)
            os.unlink(self.path("page.html"))


if __name__ == "__main__":
    unittest.main()
