"""The pages of midpool html without a mouse: every control is reached by Tab,
seen to have the focus, and works by Enter, Space and typing."""

import unittest

import browser
import generate_fleet
import keyboard
import sample


class Case(sample.Case):
    def open(self, *arguments):
        self.midpool("html", *arguments, "-o", "page.html", status=0)
        keys = keyboard.Keyboard(self.path("page.html"))
        self.addCleanup(keys.close)
        return keys

    def everything(self, keys):
        """The controls in the order of Tab; those seen are all that a mouse
        would find. A part that scrolls gets the focus as well."""
        found = keys.walk()
        self.assertEqual([at for at in found if not at["seen"]], [])
        found = [at for at in found if at["tag"] not in ("DIV", "SECTION")]
        self.assertEqual(len(found), keys.ask(
            "[...document.querySelectorAll('main button, main a[href],"
            " main input, main select, main summary')]"
            ".filter((node) => node.checkVisibility()).length"))
        return found


@browser.needed
class Fleet(Case):
    def setUp(self):
        super().setUp()
        generate_fleet.write_folder(self.path("r"),
                                    list(generate_fleet.many(120, seed=4)))

    def first(self, keys):
        return keys.ask("document.querySelector('button.name').textContent"
                        ".slice(2)")

    def test_a_fleet(self):
        keys = self.open("--fleet", "r")
        found = self.everything(keys)
        self.assertEqual(found[0]["label"], "find a program")
        names = [at["text"] for at in found if at["expanded"] is not None]
        self.assertEqual(len(names), 8)
        worst = self.first(keys)

        at = keys.reach(names[0])
        for key, expanded in ((" ", "false"), ("Enter", "true")):
            self.assertNotEqual(at["expanded"], expanded)
            keys.press(key)
            at = keys.focus()  # still there
            self.assertEqual(at["expanded"], expanded)
            self.assertEqual(keys.ask("document.querySelector('tr.inside')"
                                      ".checkVisibility()"),
                             expanded == "true")

        keys.press("Tab", keyboard.SHIFT)  # the last heading
        before = keys.focus()["text"]
        keys.press("Enter")
        after = keys.focus()["text"]
        self.assertEqual(after.rstrip(" ▴▾"), before.rstrip(" ▴▾"))
        self.assertNotEqual(after, before)
        keys.press("Enter")
        self.assertNotEqual(keys.focus()["text"], after)

        keys.reach("find a program")
        for letter in worst:
            keys.press(letter)
        self.assertEqual(keys.focus()["label"], "find a program")
        self.assertEqual(keys.ask("document.querySelectorAll('button.name')"
                                  ".length"), 1)
        self.assertEqual(self.first(keys), worst)

        dark = keys.ask("document.documentElement.dataset.theme || ''")
        keys.reach("◐ theme")
        keys.press("Enter")
        self.assertNotEqual(
            keys.ask("document.documentElement.dataset.theme"), dark)


@browser.needed
class Report(Case):
    def test_a_report(self):
        keys = self.open(self.write("a.json", sample.report()))
        found = self.everything(keys)
        self.assertIn("◐ theme", [at["text"] for at in found])
        at = keys.reach("classes of the pool")
        rows = ("[...document.querySelectorAll('tr')].filter((row) =>"
                " row.checkVisibility()).length")
        shown = keys.ask(rows)
        for key, expanded in (("Enter", "true"), (" ", "false")):
            keys.press(key)
            self.assertEqual(keys.focus()["expanded"], expanded)
            self.assertEqual(keys.ask(rows) > shown, expanded == "true")

    def test_a_comparison(self):
        names = [self.write(f"{gets}.json", sample.report(
            {4096: dict(gets=gets, misses=5, depot=7)}))
                 for gets in (1000, 2000)]
        self.everything(self.open(*names))


if __name__ == "__main__":
    unittest.main()
