"""midpool diff --sites: which call stacks got more."""

import json
import unittest

import sample
import site_sample
from site_sample import shown
from midpool_lib.compare import site_diff
from midpool_lib.read import stacks

BASE = {"main/load": 100000, "main/draw": 50000, "main/tiny": 20}


class Diff(sample.Case):
    def side(self, name, several):
        return [self.write(f"{name}.{n}.json",
                           site_sample.report(paths, pid=100 + n))
                for n, paths in enumerate(several)]

    def grown(self, load=130000, runs=6, word="load"):
        base = [dict(BASE, **{"main/draw": 50000 + 7 * (n % 3)})
                for n in range(runs)]
        new = [dict(paths, **{f"main/{word}": load + n})
               for n, paths in enumerate(base)]
        return self.side("a", base), self.side("b", new)

    def rows(self, base, new, *options, status=0):
        done = self.midpool("diff", "--json", *options, *base, "--", *new,
                            status=status)
        sites = json.loads(done.out)["sites"]
        return sites, {tuple(row["name"]): row for row in sites["rows"]}

    def test_the_stack_that_got_more_is_found(self):
        base, new = self.grown()
        sites, rows = self.rows(base, new, "--sites")
        load = rows[shown("load"), shown("main")]
        self.assertIs(load["significant"], True)
        self.assertEqual(load["base"]["median"], 100000)
        self.assertAlmostEqual(load["ratio"], 0.3, 3)
        self.assertIs(rows[shown("draw"), shown("main")]["significant"],
                      False)
        self.assertEqual((sites["by"], sites["value"], sites["left_out"]),
                         ("stack", "requested_bytes", 1))
        out = self.midpool("diff", "--sites", *base, "--", *new,
                           status=0).out
        table = out[out.index("by stack"):]
        self.assertRegex(table, r"97\.7 KB .* 127 KB .* \+30\.00 %  p=0\.0\d\d"
                         rf"  {shown('load')[:4]}")
        self.assertIn("1 with less than 0.1 % are left out", table)
        self.assertIn(shown("load"), self.midpool(
            "diff", "--sites", "--markdown", *base, "--", *new, status=0).out)

    def test_a_stack_that_is_new_counts_as_none_before(self):
        base, new = self.grown(word="fresh")
        _sites, rows = self.rows(base, new, "--sites")
        fresh = rows[shown("fresh"), shown("main")]
        self.assertEqual(fresh["base"]["values"], [0] * 6)
        self.assertIs(fresh["significant"], True)
        self.assertIn("from none", self.midpool(
            "diff", "--sites", *base, "--", *new, status=0).out)

    def test_by_function_is_all_that_passes_through(self):
        base, new = self.grown()
        _sites, rows = self.rows(base, new, "--by", "function")
        self.assertEqual(rows[shown("main"),]["base"]["median"], 150027)
        _sites, rows = self.rows(base, new, "--by", "module", "--value",
                                 "misses")
        self.assertEqual(list(rows), [("prog",)])
        self.assertIs(rows["prog",]["significant"], True)

    def test_few_runs_are_not_enough(self):
        base, new = self.grown(runs=2)
        _sites, rows = self.rows(base, new, "--sites")
        self.assertIsNone(rows[shown("load"), shown("main")]["significant"])
        self.assertIn("too few runs", self.midpool(
            "diff", "--sites", *base, "--", *new, status=0).out)

    def test_noise_among_many_stacks_is_shown_to_be_none(self):
        """200 stacks that differ by chance alone, 10 runs against 10: the
        rate of false discoveries is of all rows together."""
        import random

        chance = random.Random(18)
        sides = [[site_sample.report(
            {f"main/f{n}": 1000 + chance.randrange(500) for n in range(200)})
            for _run in range(10)] for _side in range(2)]
        result = site_diff.SiteResult(stacks.of_sides(*sides))
        self.assertEqual(result.comparisons, 200)
        self.assertEqual([row.key for row in result.rows if row.significant],
                         [])
        # Without the adjustment some would be.
        self.assertTrue([row for row in result.rows if row.p <= 0.05])

    def test_without_stacks_it_says_how_to_get_them(self):
        base, _new = self.grown()
        plain = self.write("p.json", sample.report())
        done = self.midpool("diff", "--sites", *base, "--", plain, status=2)
        self.assertIn("--sites", done.err)

    def test_unknown_words_are_named(self):
        base, new = self.grown(runs=1)
        for words in (("--by", "week"), ("--value", "age")):
            done = self.midpool("diff", *words, *base, "--", *new, status=2)
            self.assertIn(words[1], done.err)

    def test_another_rate_is_comparable(self):
        base, new = self.grown(runs=1)
        with open(new[0], encoding="utf-8") as file:
            report = json.load(file)
        report["config"]["sites"] = "64K"
        self.midpool("diff", *base, "--", self.write("c.json", report),
                     status=0)


if __name__ == "__main__":
    unittest.main()
