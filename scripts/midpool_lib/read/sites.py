"""Sampled call stacks of reports, as one list: what the option sites wrote.

A frame is (module's path, its build id, offset), or (None, "", address) for
code that lies in no file. Numbers are estimates, as in the report; those of
several processes are added up, and their errors as those of independent sums.
"""

import math

from midpool_lib.base.errors import CommandError
from midpool_lib.read.family import members

SUMS = ("samples", "gets", "requested_bytes", "misses", "live", "live_bytes",
        "peak_live", "peak_live_bytes", "sampled_puts", "sampled_remote_puts")
ERRORS = ("gets_error", "requested_bytes_error", "misses_error")
# Short words for the values that a user may ask for.
VALUES = {"bytes": "requested_bytes", "gets": "gets", "misses": "misses",
          "live": "live_bytes", "peak": "peak_live_bytes"}
OTHER = ((None, "", 0),)  # stands for the stacks for which there was no room


class Site:
    """One stack, innermost frame first, and its numbers by name."""

    def __init__(self, frames):
        self.frames = frames
        self.values = dict.fromkeys(SUMS + ERRORS, 0)
        self.lifetimes = []

    def __getitem__(self, name):
        return self.values[name]

    def add(self, row):
        for name in SUMS:
            self.values[name] += row[name]
        for name in ERRORS:
            self.values[name] = math.hypot(self.values[name], row[name])
        old = self.lifetimes or [0] * len(row["lifetimes"])
        self.lifetimes = [a + b for a, b in zip(old, row["lifetimes"])]


class Sites:
    """All stacks of some reports, the one that asked for most first."""

    def __init__(self, sections):
        self.rates = sorted({section["rate_bytes"] for section in sections})
        self.rate_max = max(section.get("rate_bytes_max", self.rates[-1])
                            for section in sections)
        self.processes = len(sections)
        self.lost = sum(section["lost_records"] for section in sections)
        self.modules = {}  # (path, build id): the report's module
        self.stacks = {}
        for section in sections:
            self._take(section)
        self.list = sorted(self.stacks.values(),
                           key=lambda site: (-site["requested_bytes"],
                                             str(site.frames)))

    def _take(self, section):
        keys = []
        for module in section["modules"]:
            keys.append((module["path"], module["build_id"]))
            self.modules.setdefault(keys[-1], module)
        for row in section["stacks"]:
            frames = tuple((None, "", offset) if number is None
                           else keys[number] + (offset,)
                           for number, offset in row["frames"])
            self._add(frames, row)
        for row in section["other_stacks"]:
            self._add(OTHER, row)

    def _add(self, frames, row):
        site = self.stacks.get(frames)
        if site is None:
            site = self.stacks[frames] = Site(frames)
        site.add(row)

    def total(self, name):
        return sum(site[name] for site in self.list)

    def error(self, name):
        return math.sqrt(sum(site[name] ** 2 for site in self.list))


def of(several):
    """The Sites of reports; an error where none has any."""
    sections = [report["sites"] for whole in several
                for report in members(whole) if "sites" in report]
    if not sections:
        raise CommandError("the report has no call stacks",
                           "sample them: midpool run --sites -- PROGRAM, or"
                           " MIDPOOL_CONF=sites:auto,report:json")
    try:
        return Sites(sections)
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise CommandError(f"sites is damaged in the report: {error!r}"
                           ) from None
