"""The statistics, against counting by hand and published values."""

import itertools
import random
import unittest

import sample  # noqa: F401  (sets the module path)
from midpool_lib.compare import sampling


def p_by_enumeration(first, second):
    """Mann-Whitney by trying every assignment of the pooled values."""
    pooled = first + second
    expected = len(first) * len(second) / 2

    def u_of(chosen):
        mine = [pooled[i] for i in chosen]
        rest = [pooled[i] for i in range(len(pooled)) if i not in chosen]
        return sum((a > b) + (a == b) / 2 for a in mine for b in rest)

    off = abs(u_of(tuple(range(len(first)))) - expected)
    sums = [abs(u_of(chosen) - expected) >= off - 1e-9 for chosen in
            itertools.combinations(range(len(pooled)), len(first))]
    return sum(sums) / len(sums)


class MannWhitney(unittest.TestCase):
    def test_equals_enumeration_with_and_without_ties(self):
        chance = random.Random(5)
        for _ in range(60):
            n, m = chance.randint(1, 5), chance.randint(1, 5)
            first = [chance.randint(0, 6) for _ in range(n)]
            second = [chance.randint(0, 6) for _ in range(m)]
            self.assertAlmostEqual(sampling.mann_whitney(first, second),
                                   p_by_enumeration(first, second), 12)

    def test_known_values(self):
        # Wholly separated samples: 2 / C(n+m, n).
        self.assertAlmostEqual(
            sampling.mann_whitney([1, 2, 3, 4], [5, 6, 7, 8]), 2 / 70)
        self.assertAlmostEqual(
            sampling.mann_whitney([1, 2, 3], [4, 5, 6]), 2 / 20)

    def test_no_difference_is_one(self):
        self.assertEqual(sampling.mann_whitney([7] * 5, [7] * 5), 1.0)

    def test_many_runs_agree_with_the_exact_test(self):
        chance = random.Random(3)
        first = [chance.gauss(10, 1) for _ in range(25)]
        second = [chance.gauss(10.8, 1) for _ in range(25)]
        exact = sampling.mann_whitney(first, second)
        limit, sampling.EXACT_RUNS = sampling.EXACT_RUNS, 0
        self.addCleanup(setattr, sampling, "EXACT_RUNS", limit)
        self.assertAlmostEqual(sampling.mann_whitney(first, second), exact,
                               delta=0.003)

    def test_how_many_runs_can_tell(self):
        self.assertFalse(sampling.can_show_difference(3, 3))
        self.assertTrue(sampling.can_show_difference(4, 4))
        self.assertFalse(sampling.can_show_difference(1, 20))


class ManyComparisons(unittest.TestCase):
    # Benjamini and Hochberg 1995, the example of section 3.
    PAPER = [.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459,
             .3240, .4262, .5719, .6528, .7590, 1.0]

    def test_the_example_of_the_paper(self):
        shuffled = self.PAPER[::2] + self.PAPER[1::2][::-1]
        adjusted = dict(zip(shuffled, sampling.benjamini_hochberg(shuffled)))
        self.assertAlmostEqual(adjusted[.0001], .0015)
        self.assertAlmostEqual(adjusted[.0095], .0095 * 15 / 4)
        # A higher rank allows a lower value than its own, 0.0278 * 15 / 6.
        self.assertAlmostEqual(adjusted[.0278], .0298 * 15 / 7)
        self.assertEqual([p for p in self.PAPER if adjusted[p] <= 0.05],
                         self.PAPER[:4])
        self.assertEqual(sampling.benjamini_hochberg([]), [])
        self.assertEqual(sampling.benjamini_hochberg([0.03]), [0.03])

    def test_the_rate_of_false_discoveries(self):
        """20 of 60 values are of true changes; 5 % of the found are not."""
        chance = random.Random(1995)
        shares, found_true = [], 0
        for _ in range(800):
            values = [chance.random() for _ in range(40)] + [
                chance.random() * 0.004 for _ in range(20)]
            found = [index for index, p in enumerate(
                sampling.benjamini_hochberg(values)) if p <= sampling.ALPHA]
            false = sum(index < 40 for index in found)
            shares.append(false / len(found) if found else 0)
            found_true += len(found) - false
        self.assertLessEqual(sum(shares) / len(shares), sampling.ALPHA)
        self.assertGreater(found_true, 0.9 * 20 * 800)

    def test_runs_needed(self):
        self.assertEqual(sampling.runs_needed(1), 4)
        self.assertEqual(sampling.runs_needed(0), 4)
        self.assertEqual(sampling.runs_needed(40), 7)


class Medians(unittest.TestCase):
    def test_median_keeps_whole_numbers_exact(self):
        big = 2**63 + 1
        self.assertEqual(sampling.median([big, big]), big)
        self.assertEqual(sampling.median([3, 1, 2]), 2)
        self.assertEqual(sampling.median([1, 2]), 1.5)

    def test_interval_needs_six_values(self):
        self.assertIsNone(sampling.median_interval([1, 2, 3, 4, 5]))
        self.assertEqual(sampling.median_interval([1, 2, 3, 4, 5, 6]), (1, 6))

    def test_an_interval_of_many_is_that_of_few(self):
        values = list(range(sampling.EXACT_VALUES + 1))
        exact = sampling.exact_outside(len(values), 0.025)
        near = sampling.median_interval(values)
        for first, second in zip((exact - 1, len(values) - exact), near):
            self.assertLessEqual(abs(first - second), 1)

    def test_interval_of_ten_drops_the_extremes(self):
        # P(fewer than 2 of 10 below the median) = 11/1024, twice < 5 %.
        self.assertEqual(sampling.median_interval(list(range(10))), (1, 8))


if __name__ == "__main__":
    unittest.main()
