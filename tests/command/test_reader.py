"""For any content of a file the command prints a sentence, without a crash."""

import json
import os
import random
import types
import unittest

import sample
from midpool_lib.base import style
from midpool_lib.base.errors import CommandError
from midpool_lib.compare import diff, diff_text
from midpool_lib.live import gauges
from midpool_lib.page import diff_html, html
from midpool_lib.read import merge, profiles, reports
from midpool_lib.show import export, text_report, tree

GOOD = json.dumps(sample.report())


class Sentences(sample.Case):
    """Each kind of bad file has its own words."""

    def complaint(self, content):
        path = self.path("bad.json")
        with open(path, "wb") as file:
            file.write(content)
        done = self.midpool("show", path, status=2)
        self.assertEqual(done.out, "")
        return done.err

    def test_truncated(self):
        self.assertIn("cut off", self.complaint(GOOD[:700].encode()))

    def test_empty(self):
        self.assertIn("empty", self.complaint(b"\n"))

    def test_binary(self):
        self.assertIn("not a midpool report", self.complaint(b"\x7fELF\xff"))

    def test_other_text(self):
        self.assertIn("not a midpool report", self.complaint(b"hello\n"))

    def test_other_json(self):
        self.assertIn("not a midpool report", self.complaint(b'{"a": 1}'))

    def test_newer_schema(self):
        newer = dict(sample.report(), schema_version=2)
        words = self.complaint(json.dumps(newer).encode())
        self.assertIn("newer midpool", words)
        self.assertIn("update", words)

    def test_missing_counter(self):
        report = sample.report()
        del report["totals"]["gets"]
        self.assertIn("totals.gets is missing",
                      self.complaint(json.dumps(report).encode()))

    def test_negative_counter(self):
        report = sample.report()
        report["pools"][1]["misses"] = -1
        self.assertIn("is no count",
                      self.complaint(json.dumps(report).encode()))

    def test_deep_nesting(self):
        self.complaint(b"[" * 100000)

    def test_deep_nesting_of_objects(self):
        self.complaint(b'{"a":' * 100000)

    def test_huge_numbers(self):
        self.complaint(GOOD.replace("4242", "9" * 9000, 1).encode())

    def test_huge_file(self):
        path = self.path("huge.json")
        with open(path, "wb") as file:
            file.truncate(70 * 2**20)
        self.assertIn("64 MB", self.midpool("show", path, status=2).err)

    def test_page_of_another_layout(self):
        sample.need_build()
        self.complaint(b"midpool\0" + b"\xff" * 40000)

    def test_missing_directory_and_unreadable_names(self):
        self.assertIn("directory", self.midpool("show", self.dir,
                                                status=2).err)
        self.assertIn("no such", self.midpool("show", "nowhere.json",
                                              status=2).err)
        self.midpool("show", "a" * 300, status=2)


class Kept(sample.Case):
    """Members that a newer release added to the same version are kept."""

    def test_unknown_members_survive(self):
        report = dict(sample.report(), sites=[{"x": 1}])
        path = self.write("a.json", report)
        shown = json.loads(self.midpool("show", "--json", path, status=0).out)
        self.assertEqual(shown["sites"], [{"x": 1}])

    def test_missing_new_counters_are_zero(self):
        report = sample.report()
        for row in [report["totals"]] + report["pools"]:
            del row["warmups"]
        shown = self.midpool("show", self.write("a.json", report), status=0)
        self.assertIn("978,300 gets", shown.out)

    def test_control_characters_do_not_reach_the_terminal(self):
        report = sample.report(executable="/bin/\033[2Jevil\a")
        shown = self.midpool("show", self.write("a.json", report), status=0)
        self.assertNotIn("\033", shown.out)
        self.assertNotIn("\a", shown.out)


class Fuzz(sample.Case):
    """Damaged reports: read, or refused with a CommandError."""

    OPTIONS = types.SimpleNamespace(
        all=True, allow=[],
        fail_on=["misses>+3%,4K.hit_rate<-1pp,peak_rss_bytes>1"])

    def mutate(self, chance, text):
        data = bytearray(text.encode())
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data) or 1)
            kind = chance.randrange(4)
            if not data:
                break
            if kind == 0:
                data[at] = chance.randrange(256)
            elif kind == 1:
                del data[at:at + chance.randint(1, 40)]
            elif kind == 2:
                data[at:at] = chance.choice(
                    [b"null", b"-1", b"1e99", b'""', b"[]", b"{}", b"\\",
                     b"true", b"1.5", b"99999999999999999999"])
            else:
                data = data[:at + 1]
        return bytes(data)

    def replace_a_value(self, chance, report):
        """A report with one value anywhere of a wrong type."""
        where = report
        while True:
            keys = (list(where) if isinstance(where, dict)
                    else range(len(where)))
            if not keys:
                return
            key = chance.choice(list(keys))
            if isinstance(where[key], (dict, list)) and chance.random() < 0.8:
                where = where[key]
                continue
            if chance.random() < 0.3:
                del where[key]
            else:
                where[key] = chance.choice(
                    [None, -1, 1.5, "x", [], {}, True, 2**64, [None],
                     {"a": None}])
            return

    def family(self):
        """A report of two processes, with all that a report may hold."""
        report = sample.report()
        report["children"] = [sample.report(pid=9, ppid=4242)]
        report["own"] = {"totals": dict(report["totals"])}
        for part in ("warnings", "hints"):
            report[part] = ["a text", {"id": "hit_rate", "message": "low"}]
        report["leftovers"] = {"buffers": 1, "bytes": 2048, "classes": []}
        report["process"].update(exit_status=1, end_signal="SIGKILL")
        return report

    def survive(self, data):
        path = self.path("fuzz.json")
        with open(path, "wb") as file:
            file.write(data)
        try:
            report = reports.read(path)
        except CommandError as error:
            self.assertNotIn("\n", error.problem)
            return False
        self.show_everywhere(report)
        return True

    def show_everywhere(self, report):
        """Every form of output accepts a report that the reader accepted."""
        look = style.Style(colour=False, utf8=True)
        whole = merge.add_up([report, report])
        text_report.render(whole, look, True)
        tree.lines(merge.members(whole), look)
        tree.lines(merge.members(report), look)
        export.to_csv([report])
        export.to_prom([report])
        html.page(["a"], [report])
        diff_html.data(profiles.Sample([report]), profiles.Sample([whole]))
        view = gauges.Gauges(look, 1)
        for _ in range(2):
            view.add(report)
            view.lines("")
        try:
            result = diff.Result(profiles.Sample([report]),
                                 profiles.Sample([whole]), self.OPTIONS)
        except CommandError:
            return  # a rule for a pool that is not there
        diff_text.plain(result, look)
        diff_text.markdown(result)
        diff.to_json(result)

    def test_damaged_bytes(self):
        chance = random.Random(11)
        for _ in range(600):
            self.survive(self.mutate(chance, GOOD))

    def test_wrong_types(self):
        chance = random.Random(12)
        read = 0
        for _ in range(600):
            report = self.family()
            for _ in range(chance.randint(1, 3)):
                self.replace_a_value(chance, report)
            read += self.survive(json.dumps(report).encode())
        self.assertGreater(read, 20)

    def test_merged_and_page_forms_are_read_back(self):
        first = reports.normalise(sample.report())
        child = reports.normalise(sample.report(pid=9, ppid=4242))
        whole = merge.of_run(first, [first, child])
        self.assertEqual(whole["totals"]["gets"],
                         2 * first["totals"]["gets"])
        path = self.write("page.html", html.page(["a"], [whole]))
        again = reports.read(path)
        self.assertEqual(again["totals"], whole["totals"])
        self.assertEqual(len(again["children"]), 1)


if __name__ == "__main__":
    os.chdir("/")
    unittest.main()
