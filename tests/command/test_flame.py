"""The flame graph of midpool html: its tree, and a browser's use of it."""

import json
import re
import unittest

import browser
import sample
import site_sample
from site_sample import shown
from midpool_lib.page import flame
from midpool_lib.read import stacks

PATHS = {"main/load/read": 6000, "main/load": 1000, "main/draw/read": 2000,
         "main/draw": 1000}
# The page's colours of change, and what is written on them.
INK = "#1b1f27"
LESS, MORE = ("less1", "less2", "less3"), ("more1", "more2", "more3")
# Machado, Oliveira, Fernandes 2009, severity 1: how the colour-blind see.
BLIND = {
    "protanopia": ((0.152286, 1.052583, -0.204868),
                   (0.114503, 0.786281, 0.099216),
                   (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968),
                     (0.280085, 0.672501, 0.047413),
                     (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779),
                   (-0.078411, 0.930809, 0.147602),
                   (0.004733, 0.691367, 0.303900))}


def linear(colour):
    """The light of '#rrggbb', red, green and blue from 0 to 1."""
    parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045
            else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def luminance(light):
    return sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), light))


def contrast(first, second):
    """WCAG's ratio of two colours."""
    low, high = sorted((luminance(linear(first)), luminance(linear(second))))
    return (high + 0.05) / (low + 0.05)


def lab(light):
    """CIELAB of light, under D65."""
    rows = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722),
            (0.0193, 0.1192, 0.9505))
    x, y, z = (sum(a * b for a, b in zip(row, light)) / white
               for row, white in zip(rows, (0.9505, 1, 1.089)))
    x, y, z = (part ** (1 / 3) if part > 0.008856
               else 7.787 * max(part, 0) + 16 / 116 for part in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(first, second):
    return sum((a - b) ** 2 for a, b in zip(lab(first), lab(second))) ** 0.5


def seen(light, kind):
    return [min(1, max(0, sum(a * b for a, b in zip(row, light))))
            for row in BLIND[kind]]


class Tree(sample.Case):
    """The data of the graph."""

    def graph(self, *sides, nodes=flame.NODES):
        sides = [[site_sample.report(paths) for paths in side]
                 for side in sides]
        data = flame.graph(stacks.of_sides(*sides), [1024], nodes)
        path, found = [], {}
        for row in data["nodes"]:
            del path[row[0]:]
            path.append(data["names"][row[1]][0])
            found["/".join(path[1:])] = row[2:]
        return found

    def test_a_node_has_the_sum_of_all_that_passes_through_it(self):
        found = self.graph([PATHS])
        read = "/".join(map(shown, ("main", "load", "read")))
        self.assertEqual(found[read][0], [6000, 60, 600, 0, 0])
        self.assertEqual(found["/".join(map(shown, ("main", "load")))][0][0],
                         7000)
        self.assertEqual(found[""][0], [10000, 100, 1000, 0, 0])
        self.assertEqual(len(found), 6)

    def test_small_parts_become_one_and_nothing_is_lost(self):
        paths = {f"main/{chr(97 + n // 26)}{chr(97 + n % 26)}": 100 + n
                 for n in range(500)}
        found = self.graph([paths], nodes=100)
        self.assertLessEqual(len(found), 100)
        self.assertEqual(sum(row[0][0] for path, row in found.items()
                             if path.count("/") == 1), sum(paths.values()))
        self.assertIn(shown("main") + "/(smaller ones)", found)

    def test_marks_tell_what_is_more_than_noise(self):
        base = [dict(PATHS, **{"main/load": 1000 + n}) for n in range(8)]
        new = [dict(PATHS, **{"main/load": 3000 + n,
                              "main/draw/read": 2001 - n % 2})
               for n in range(8)]
        found = self.graph(base, new)
        self.assertEqual(found[shown("main") + "/" + shown("load")][2][0],
                         "+")
        read = "/".join(map(shown, ("main", "draw", "read")))
        self.assertEqual(found[read][2][0], "~")
        self.assertEqual(found[read][2][3], "=")
        found = self.graph(new, base)
        self.assertEqual(found[shown("main") + "/" + shown("load")][2][0],
                         "-")
        found = self.graph(base[:1], new[:1])
        self.assertEqual(found[shown("main") + "/" + shown("load")][2][0],
                         "?")


class Page(sample.Case):
    def test_a_page_without_stacks_has_no_graph(self):
        path = self.write("a.json", sample.report())
        self.midpool("html", path, status=0)
        with open(self.path("a.html"), encoding="utf-8") as file:
            self.assertIn('"flames":[null]', file.read())

    def test_large_tables_leave_the_graph(self):
        rows = {f"main/f{n}/g{n}/h{n}": 1000 + n for n in range(5000)}
        path = self.write("a.json", site_sample.report(rows))
        self.midpool("html", path, status=0)
        with open(self.path("a.html"), encoding="utf-8") as file:
            text = file.read()
        self.assertLess(len(text), 500 * 1024)
        about = text.partition('id="midpool-about">')[2].partition("<")[0]
        graph, = json.loads(about)["flames"]
        self.assertEqual(graph["nodes"][0][2][0], sum(rows.values()))
        self.midpool("show", "a.html", status=0)

    def test_a_damaged_table_is_told(self):
        report = site_sample.report(PATHS)
        report["sites"]["stacks"][0]["frames"] = [[9, 1]]
        path = self.write("a.json", report)
        self.assertIn("damaged", self.midpool("html", path, status=2).err)

    def colours(self):
        with open(sample.SOURCE + "/scripts/midpool_lib/page/page.css",
                  encoding="utf-8") as file:
            return dict(re.findall(
                r"\.((?:less|more|equal|own)\d?) \{ fill: (#\w+)",
                file.read()))

    def test_the_colour_blind_tell_more_from_less(self):
        """Just noticeable is a distance of 2.3."""
        found = self.colours()
        for kind in BLIND:
            for less, more in zip(LESS, MORE):
                sides = [seen(linear(found[name]), kind)
                         for name in (less, more)]
                same = seen(linear(found["equal"]), kind)
                self.assertGreater(distance(*sides), 12, (kind, less, more))
                for side in sides:
                    self.assertGreater(distance(side, same), 5,
                                       (kind, less, more))

    def test_names_are_readable_on_all_colours(self):
        found = self.colours()
        self.assertEqual(len(found), 12)
        for name, colour in found.items():
            self.assertGreater(contrast(colour, INK), 5, name)


# In the page: acts as a person does, and writes down what is to be seen.
ACT = """<script>
const seen = [], svg = document.querySelector("svg.flame");
const frames = () => [...svg.querySelectorAll(".frame")];
const named = (name) => frames().find((box) => box.dataset.frame === name);
const wide = (name) => { const box = named(name);
  return box ? Math.round(box.querySelector("rect").getAttribute("width")) : null; };
const key = (name) => (document.activeElement === document.body ? svg : document.activeElement)
  .dispatchEvent(new KeyboardEvent("keydown", {key: name, bubbles: true, cancelable: true}));
const at = () => document.activeElement.dataset.frame;
const choose = (label, index) => { const box = document.querySelector(`select[aria-label=${label}]`);
  box.value = index; box.dispatchEvent(new Event("change")); };
const search = (text) => { const box = document.querySelector(".flame-search");
  box.value = text; box.dispatchEvent(new Event("input")); };
const said = (kind) => document.querySelector(".flame-" + kind).textContent;
%s
document.querySelector("main").append(make("pre", {id: "seen"}, JSON.stringify(seen)));
</script></body>"""


@browser.needed
class InABrowser(browser.Case):
    def act(self, steps, *reports):
        """The values that the steps push to seen, on the reports' page."""
        sides = [[self.write(f"{side}.{n}.json", report)
                  for n, report in enumerate(runs)]
                 for side, runs in enumerate(reports)]
        words = sides[0] + (["--"] + sides[1] if len(sides) > 1 else [])
        self.midpool("html", *words, "-o", "page.html", status=0)
        with open(self.path("page.html"), encoding="utf-8") as file:
            text = file.read()
        for name in ("main", "load", "read", "draw"):
            steps = steps.replace(f"@{name}", shown(name))
        self.write("act.html", text.replace("</body>", ACT % steps))
        page = self.browse(self.path("act.html"), "--dump-dom")
        found = page.partition('<pre id="seen">')[2].partition("</pre>")[0]
        return json.loads(found.replace("&amp;", "&"))

    def test_widths_are_shares(self):
        whole, load, draw, value = self.act(
            'seen.push(wide("all stacks"), wide("@load"), wide("@draw"),'
            ' named("@load").dataset.value);', [site_sample.report(PATHS)])
        self.assertEqual((whole, load, draw), (999, 699, 299))
        self.assertEqual(value, "7000")

    def test_zoom_by_pointer_and_back(self):
        found = self.act(
            'named("@draw").dispatchEvent(new MouseEvent("click"));'
            'seen.push(wide("@draw"), wide("@main"), wide("@load"),'
            ' wide("@read")); key("Backspace"); seen.push(wide("@draw"));'
            'named("@draw").dispatchEvent(new MouseEvent("click"));'
            'key("Escape"); seen.push(wide("@load"));',
            [site_sample.report(PATHS)])
        self.assertEqual(found, [999, 999, None, 666, 299, 699])

    def test_keys_walk_and_zoom(self):
        found = self.act(
            'frames()[0].focus();'
            'for (const name of ["ArrowDown", "ArrowDown", "ArrowRight",'
            ' "ArrowLeft", "ArrowDown", "ArrowUp"])'
            ' { key(name); seen.push(at()); }'
            'key("Enter"); seen.push(wide("@load"), at());'
            'seen.push(svg.querySelectorAll("[tabindex=\\"0\\"]").length);'
            'key("/"); seen.push(document.activeElement.className);',
            [site_sample.report(PATHS)])
        self.assertEqual(found, [shown(name) for name in (
            "main", "load", "draw", "load", "read", "load")]
            + [999, shown("load"), 1, "flame-search"])

    def test_search_tells_the_share_of_matches_once(self):
        found = self.act(
            'search("@read"); seen.push(said("found"),'
            ' svg.querySelectorAll(".match").length);'
            'svg.focus(); frames()[0].focus(); key("n"); seen.push(at());'
            'search("PROG"); seen.push(said("found"));'
            'search("nothing"); seen.push(said("found"));',
            [site_sample.report(PATHS)])
        self.assertEqual(found, [
            "2 matches, 80.0 % of requested bytes", 2, shown("read"),
            "5 matches, 100 % of requested bytes", "no match"])

    def test_another_value(self):
        found = self.act(
            'seen.push(said("about")); choose("value", 2);'
            'seen.push(said("about")); choose("value", 3);'
            'seen.push(wide("@main"), said("about"));',
            [site_sample.report(PATHS)])
        self.assertEqual(found[0], "all stacks: 9.77 KB, 100 % of all")
        self.assertEqual(found[1], "all stacks: 1,000, 100 % of all")
        self.assertEqual(found[2], None)
        self.assertEqual(found[3], "all stacks: 0 B, –  of all".replace(
            "–  of", "– of"))

    def test_a_comparison_has_colours_and_words(self):
        base = [site_sample.report(dict(PATHS, **{"main/load": 1000 + n}))
                for n in range(8)]
        new = [site_sample.report(
            {"main/load/read": 6000, "main/load": 4000 + n,
             "main/draw": 1000}, pid=7) for n in range(8)]
        found = self.act(
            'seen.push(named("@load").getAttribute("class"),'
            ' named("@load").getAttribute("aria-label"),'
            ' named("@load").textContent);'
            'choose("widths", 1); seen.push('
            ' named("@draw").getAttribute("class"), wide("@draw"));'
            'const rows = [...document.querySelectorAll("table.sites tr")];'
            'seen.push(rows.map((row) => row.textContent).find('
            ' (text) => text.includes("@draw ← @main")));', base, new)
        self.assertEqual(found[0], "frame more2")
        self.assertIn("6.84 KB → 9.77 KB, +43 %", found[1])
        self.assertIn("+43 %", found[2])
        self.assertEqual(found[3:5], ["frame less3", 299])
        self.assertRegex(found[5], "2,000 B|1.95 KB")
        self.assertIn("-100.00 %", found[5])


if __name__ == "__main__":
    unittest.main()
