"""Compares two samples: which changes are larger than the noise?"""

from midpool_lib.compare import sampling
from midpool_lib.read import profiles


class Change:
    """One metric of one row, on both sides."""

    def __init__(self, key, metric, base, new):
        self.key = key
        self.metric = metric
        self.base = base
        self.new = new
        self.base_median = sampling.median(base)
        self.new_median = sampling.median(new)
        self.p = sampling.mann_whitney(base, new)
        self.adjusted = self.p  # for the comparisons beside it, see adjust
        self.testable = sampling.can_show_difference(len(base), len(new))

    @property
    def same(self):
        """True if all values of both sides are equal."""
        return len(set(self.base) | set(self.new)) == 1

    @property
    def apart(self):
        """True if the two sides' values do not overlap."""
        return (max(self.base) < min(self.new)
                or max(self.new) < min(self.base))

    @property
    def significant(self):
        """True, False, or None if so few runs cannot tell.

        That is also so if the sides do not overlap and yet are not shown to
        differ: among so many comparisons it would take more runs.
        """
        if self.same:
            return False
        if not self.testable:
            return None
        if self.adjusted <= sampling.ALPHA:
            return True
        return None if self.apart else False

    @property
    def difference(self):
        return self.new_median - self.base_median

    @property
    def ratio(self):
        """Relative change; None where the base is zero."""
        if not self.base_median:
            return None if self.difference else 0.0
        return self.difference / self.base_median

    def to_json(self, side):
        """For programs; side(values, median) gives one side's part."""
        return {"base": side(self.base, self.base_median),
                "new": side(self.new, self.new_median),
                "difference": self.difference, "ratio": self.ratio,
                "p": self.p, "p_adjusted": self.adjusted,
                "significant": self.significant}


def change_of(base, new, key, metric):
    """The change of one metric, None where a side has no value for it."""
    first, second = base.values(key, metric), new.values(key, metric)
    if not first or not second:
        return None
    return Change(key, metric, first, second)


def adjust(changes):
    """Adjusts p for the number of comparisons made at once, and returns that
    number. Comparisons in which no value differs do not count, because chance
    cannot show anything there."""
    tested = [change for change in changes
              if change.testable and not change.same]
    for change, p in zip(tested, sampling.benjamini_hochberg(
            [change.p for change in tested])):
        change.adjusted = p
    return len(tested)


class Row:
    """The changes of one row; weight sorts rows, the heaviest first."""

    def __init__(self, key, changes, weight):
        self.key = key
        self.changes = changes
        self.weight = weight

    @property
    def same(self):
        return all(change.same for change in self.changes)


def row_of(base, new, key):
    metrics = profiles.SHOWN
    if key == profiles.TOTAL:
        metrics += profiles.WHOLE
    changes = [change_of(base, new, key, metric) for metric in metrics]
    weight = change_of(base, new, key, "slot_bytes")
    return Row(key, [change for change in changes if change],
               abs(weight.difference) if weight else 0)


def rows(base, new, scope):
    """All rows of a scope ("pool" or "class"), sorted by weight."""
    keys = sorted(key for key in base.keys() & new.keys() if key[0] == scope)
    found = [row_of(base, new, key) for key in keys]
    return sorted(found, key=lambda row: -row.weight)
