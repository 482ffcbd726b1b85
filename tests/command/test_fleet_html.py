"""midpool html --fleet: the page's numbers, its outliers, hostile input."""

import json
import os
import re
import unittest

import browser
import generate_fleet
import sample


def worst(reports):
    """The report with the most misses."""
    return max(reports, key=lambda report: report["totals"]["misses"])


class Case(browser.Case):
    def setUp(self):
        super().setUp()
        self.made = list(generate_fleet.many(120, seed=4))
        far = worst([one for one in self.made if
                     one["process"]["executable"] == "/srv/bin/cc1"])
        self.far = sample.report(
            {2048: dict(gets=10**7, misses=10**6)}, generation=1,
            **{name: value for name, value in far["process"].items()
               if name not in ("end", "generation")}, end="unknown")
        self.made[self.made.index(far)] = self.far
        generate_fleet.write_folder(self.path("r"), self.made)

    def page(self, *names, status=0):
        out = self.midpool("html", "--fleet", *names, status=status).out
        with open(self.path(out.strip()), encoding="utf-8") as file:
            return file.read()

    def data(self, text):
        return json.loads(text.partition('id="midpool-about">')[2].partition(
            "</script>")[0])["fleet"]


class Page(Case):
    def test_is_one_file_without_outside_parts(self):
        text = self.page("r")
        self.assertLess(len(text), 500 * 1024)
        self.assertIsNone(re.search(r"""(src|href)=["'](?!data:)""", text))
        self.assertEqual(re.findall(r"https?://(?!www\.w3\.org/2000/svg)",
                                    text), [])

    def test_a_pack_makes_the_same_page(self):
        self.midpool("pack", "r", "-o", "r.db", status=0)
        pages = [self.data(self.page(name, "-o", name + ".html"))
                 for name in ("r", "r.db")]
        self.assertEqual(*pages)

    def test_many_programs_fit(self):
        reports = [sample.report({4096: dict(gets=number, misses=1)},
                                 pid=number, executable=f"/bin/p{number}")
                   for number in range(1, 600)]
        generate_fleet.write_folder(self.path("many"), reports)
        text = self.page("many")
        self.assertLess(len(text), 1000 * 1024)
        data = self.data(text)
        self.assertEqual((data["group_count"], len(data["groups"])),
                         (599, 500))

    def test_broken_reports_are_named_and_the_page_is_made(self):
        self.write("r/cut.json", "{")
        done = self.midpool("html", "--fleet", "r", "-o", "x.html", status=3)
        self.assertIn("cut.json", done.err)
        with open(self.path("x.html"), encoding="utf-8") as file:
            self.assertIn("cut.json", self.data(file.read())["broken_names"][0])

    def test_errors(self):
        self.assertIn("of which reports", self.midpool(
            "html", "--fleet", status=2).err)
        self.assertIn("gone", self.midpool("html", "--fleet", "gone",
                                           status=2).err)
        self.write("midpool-fleet.html", "mine")
        self.assertIn("exists", self.midpool("html", "--fleet", "r",
                                             status=2).err)


@browser.needed
class InABrowser(Case):
    def test_numbers_are_those_of_fleet(self):
        self.page("r", "-o", "f.html")
        page = self.numbers(self.path("f.html"))
        groups = json.loads(self.midpool("fleet", "--json", "r").out)["groups"]
        self.assertEqual(len(groups), 8)
        for group in groups:
            name = f"{group['executable']} @{group['build_id']}"
            for key, value in (
                    ("processes", group["processes"]),
                    ("gets", group["sums"]["gets"]),
                    ("misses", group["sums"]["misses"]),
                    ("hit rate", group["hit_rate"]),
                    ("worst 10 %", group["quantiles"]["hit_rate"]["p10"]),
                    ("highest peak",
                     group["quantiles"]["peak_live_bytes"]["max"])):
                found, = page.found[f"{name}.{key}"]
                self.assertAlmostEqual(float(found), value, 9, key)

    def test_the_outlier_is_named_and_linked(self):
        """The worst group is open; in it stands the process that was made
        far worse than its group."""
        os.mkdir(self.path("pages"))
        self.page("r", "-o", "pages/f.html")
        shown = self.browse(self.path("pages/f.html"), "--dump-dom")
        shown = shown.partition("<main")[2].partition("</main>")[0]
        process = self.far["process"]
        link, = re.findall(
            rf'<a href="([^"]+)"[^>]*>{process["host"]}'
            rf' \[{process["pid"]}\]</a>', shown)
        with open(os.path.join(self.path("pages"), link),
                  encoding="utf-8") as file:
            self.assertEqual(json.load(file)["process"], process)
        self.assertIn('aria-expanded="true"', shown)
        self.assertEqual(shown.count("<svg"), 3)

    def test_hostile_and_empty(self):
        name = "/x/</script><img onerror=1>\x1b\n@ABOUT@" + "n" * 300
        reports = [sample.report({}, pid=1, executable=name, host="<b>h",
                                 duration_ns=2**64 - 1),
                   sample.report({65536: dict(gets=2**47, misses=1)}, pid=2,
                                 build_id="<i>")]
        generate_fleet.write_folder(self.path("h"), reports)
        text = self.page("h", "-o", "h.html")
        self.assertNotIn("<img", text)
        self.assertEqual(text.count("</script>"), 3)
        shown = self.browse(self.path("h.html"), "--dump-dom")
        shown = shown.partition("<main")[2].partition("</main>")[0]
        for bad in ("NaN", "Infinity", "undefined", "<img", "<i>"):
            self.assertFalse(bad in shown, bad)


if __name__ == "__main__":
    unittest.main()
