"""Medians, their intervals, and whether two samples differ.

As benchstat does: order statistics, no assumption about distributions, no
outliers removed. Exact for the few runs that people have patience for.
"""

import functools
import math

ALPHA = 0.05
EXACT_RUNS = 50  # in both samples together
EXACT_VALUES = 200  # of one sample, for the interval of its median


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    low, high = ordered[middle - 1], ordered[middle]
    if isinstance(low, int) and (low + high) % 2 == 0:
        return (low + high) // 2
    return low + (high - low) / 2


def exact_outside(n, share):
    """The largest k for which fewer than k of n values fall on one side of the
    median with at most this probability, as in n tosses of a coin."""
    tail, k = 0.0, 0
    while k < n // 2:
        tail += math.comb(n, k) / 2**n
        if tail > share:
            break
        k += 1
    return k


def near_outside(n, share):
    """The same by the normal approximation, because the exact sum would take
    minutes for many values."""
    from statistics import NormalDist  # slow to import, seldom needed

    z = NormalDist().inv_cdf(1 - share)
    return math.floor(n / 2 - z * math.sqrt(n) / 2)


def median_interval(values, confidence=0.95):
    """(low, high) that holds the median with this confidence, or None.

    The k-th smallest and largest of n values hold it unless fewer than k
    values fall on one side. Below six values no pair reaches 95 %.
    """
    ordered = sorted(values)
    n = len(ordered)
    outside = exact_outside if n <= EXACT_VALUES else near_outside
    k = outside(n, (1 - confidence) / 2)
    if k == 0:
        return None
    return ordered[k - 1], ordered[n - k]


@functools.lru_cache(maxsize=1000)
def _rank_sums(ranks, size):
    """How many choices of `size` ranks have each (doubled) sum. Comparisons of
    many rows have the same ranks in most of them."""
    ways = [{} for _ in range(size + 1)]
    ways[0][0] = 1
    for rank in ranks:
        for chosen in range(size - 1, -1, -1):
            target = ways[chosen + 1]
            for total, count in ways[chosen].items():
                target[total + rank] = target.get(total + rank, 0) + count
    return ways[size]


def _doubled_ranks(pooled):
    """Value -> twice its mean rank, so that ties stay whole numbers."""
    ranks = {}
    start = 0
    ordered = sorted(pooled)
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end] == ordered[start]:
            end += 1
        ranks[ordered[start]] = start + 1 + end
        start = end
    return ranks


def mann_whitney(first, second):
    """p of the two-sided Mann-Whitney U test; ties are accounted for."""
    pooled = list(first) + list(second)
    ranks = _doubled_ranks(pooled)
    if len(ranks) == 1:
        return 1.0
    n, m = len(first), len(second)
    observed = sum(ranks[value] for value in first)
    expected = n * (n + m + 1)
    if n + m <= EXACT_RUNS:
        sums = _rank_sums(tuple(sorted(ranks[value] for value in pooled)), n)
        off = abs(observed - expected)
        extreme = sum(count for total, count in sums.items()
                      if abs(total - expected) >= off)
        return extreme / math.comb(n + m, n)
    return _normal_p(n, m, pooled, abs(observed - expected) / 2)


def _normal_p(n, m, pooled, off):
    total = n + m
    counts = {}
    for value in pooled:
        counts[value] = counts.get(value, 0) + 1
    ties = sum(count**3 - count for count in counts.values())
    variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance <= 0:
        return 1.0
    return math.erfc(max(0.0, off - 0.5) / math.sqrt(2 * variance))


def least_p(n, m):
    """The p of samples that do not overlap: the lowest there is."""
    return 2 / math.comb(n + m, n)


def can_show_difference(n, m):
    """True if any outcome of n against m runs would be significant."""
    return least_p(n, m) <= ALPHA


def runs_needed(comparisons):
    """The fewest runs of each that show one difference among so many."""
    runs = 1
    while least_p(runs, runs) > ALPHA / max(1, comparisons):
        runs += 1
    return runs


def benjamini_hochberg(values):
    """Adjusts the p values of several tests. If all tests with an adjusted p of
    at most ALPHA are believed, at most a share of ALPHA of these is expected to
    be chance.

    This holds for independent tests, and for tests that rise and fall together,
    as those of one pool's misses and of all pools' misses do.
    """
    order = sorted(range(len(values)), key=values.__getitem__)
    adjusted, lowest = [1.0] * len(values), 1.0
    for rank in range(len(values), 0, -1):
        index = order[rank - 1]
        lowest = min(lowest, values[index] * len(values) / rank)
        adjusted[index] = lowest
    return adjusted
