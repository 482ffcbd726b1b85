"""The rules of diff --fail-on: 'misses>+3%', '16K.hit_rate<-0.5pp'.

    RULE   = [SCOPE.]METRIC (> | <) LIMIT
    SCOPE  = 16K: a pool; class:20K: a class; none: the totals
    LIMIT  = +3% -3%: relative change of the median
             +0.5pp -0.5pp: change of a rate in percentage points
             +1M -100: absolute change
             98% 1M 100: the new median itself

A rule that is met fails the comparison, unless the change is within noise
(there are enough runs to tell, and they show no difference; p is adjusted for
the number of rules that compare, see comparison.adjust). A rule on a value
that a run does not have, as a hit rate without gets, fails it as well: nothing
shows that it is kept.
"""

import re

from midpool_lib.base.cli import nearest
from midpool_lib.base.errors import CommandError
from midpool_lib.compare import comparison
from midpool_lib.read import profiles

_RULE = re.compile(
    r"\s*(?:(?P<scope>class:\d+[KkMm]?|\d+[KkMm]?)\.)?(?P<metric>[a-z_]+)\s*"
    r"(?P<side>[<>])\s*(?P<sign>[+-]?)(?P<number>\d+(?:\.\d+)?)\s*"
    r"(?P<unit>%|pp|[KkMmGg]?)\s*$")
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}


def size_of(text):
    unit = text[-1].lower() if text[-1].isalpha() else ""
    return int(text[:-1] if unit else text) * _UNITS[unit]


class Rule:
    """One parsed rule."""

    def __init__(self, text):
        found = _RULE.match(text)
        if not found:
            raise CommandError(
                f"diff: --fail-on '{text}' is not a rule",
                "as in 'misses>+3%', 'hit_rate<-0.5pp', '16K.peak>+1M',"
                " 'hit_rate<98%'")
        self.text = text.strip()
        self.above = found["side"] == ">"
        self.relative = bool(found["sign"])
        self.unit = found["unit"].lower()
        self.metric = self._metric(found["metric"])
        self.key = self._key(found["scope"])
        number = float(found["number"]) * (-1 if found["sign"] == "-" else 1)
        self.limit = self._limit(number)

    def _metric(self, name):
        if name not in profiles.metric_names():
            like = nearest(name, profiles.metric_names())
            raise CommandError(
                f"diff: --fail-on '{self.text}': no counter '{name}'",
                f"did you mean '{like}'?" if like else
                "'midpool show --explain' lists them")
        return profiles.ALIASES.get(name, name)

    def _key(self, scope):
        if not scope:
            return profiles.TOTAL
        if self.metric in profiles.WHOLE and self.metric != "discards":
            raise CommandError(f"diff: --fail-on '{self.text}':"
                               f" {self.metric} is one for the whole program")
        if scope.startswith("class:"):
            return "class", size_of(scope[6:])
        return "pool", size_of(scope)

    def _limit(self, number):
        rate = self.metric in profiles.RATES
        if self.unit == "pp" and not (rate and self.relative):
            raise CommandError(
                f"diff: --fail-on '{self.text}': pp is for the change of"
                " hit_rate and waste", "give it a sign: 'hit_rate<-0.5pp'")
        if self.unit == "%" and not self.relative and not rate:
            raise CommandError(
                f"diff: --fail-on '{self.text}': % of what?",
                "give it a sign for a relative change: 'misses>+3%'")
        if self.unit in ("%", "pp"):
            return number / 100
        return number * _UNITS[self.unit]

    def _value(self, change):
        if not self.relative:
            return change.new_median
        if self.unit != "%":
            return change.difference
        if change.ratio is None:  # from nothing to something
            return float("inf") if change.difference > 0 else float("-inf")
        return change.ratio

    def _missing(self, base, new):
        """The sides on which a run lacks the value that the rule needs."""
        needed = [("base", base)] if self.relative else []
        return [name for name, side in needed + [("new", new)]
                if len(side.values(self.key, self.metric)) < len(side)]

    def look_up(self, base, new):
        """(the change, or None; the sides on which a value is missing)."""
        known = base.keys() & new.keys()
        if self.key not in known:
            sizes = sorted(key[1] for key in known if key[0] == self.key[0])
            raise CommandError(
                f"diff: --fail-on '{self.text}': no {self.key[0]} of"
                f" {self.key[1]} bytes",
                "there are: " + ", ".join(map(str, sizes)))
        missing = self._missing(base, new)
        if missing:
            return None, missing
        change = comparison.change_of(base, new, self.key, self.metric)
        if change is None:  # only the base lacks the value, which is not needed
            change = comparison.change_of(new, new, self.key, self.metric)
        return change, missing

    def judge(self, change):
        """None if the rule is kept, otherwise why it is Broken."""
        value = self._value(change)
        broken = value > self.limit if self.above else value < self.limit
        if not broken or (self.relative and change.significant is False):
            return None
        return Broken(self, change, value)


class Broken:
    """A rule that is not kept: by its value, or because there is none."""

    def __init__(self, rule, change=None, value=None, missing=()):
        self.rule = rule
        self.change = change    # None if a value is missing
        self.value = value      # None likewise; infinite if the base is 0
        self.missing = missing  # the sides without it: "base", "new"


def judge(rules, base, new):
    """The rules that are Broken."""
    found = [(rule, *rule.look_up(base, new)) for rule in rules]
    comparison.adjust([change for rule, change, _missing in found
                       if change and rule.relative])
    judged = [Broken(rule, missing=missing) if missing else rule.judge(change)
              for rule, change, missing in found]
    return [broken for broken in judged if broken]


def parse(texts):
    return [Rule(part) for text in texts for part in text.split(",")]
