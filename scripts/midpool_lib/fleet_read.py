"""Reads the reports of very many processes, one at a time, into few words each.

read(names) goes through files and folders; of every process image it keeps a
Process: the last state that any report has of it. What cannot be read is
counted and named, and the rest goes on. Memory grows by half a kilobyte per
process, not with the size of reports.
"""

import datetime

from midpool_lib import openmetrics, reports, sources
from midpool_lib.errors import CommandError
from midpool_lib.family import Image, members

# Of each process: counters of its totals by name, then what stands elsewhere.
COUNTERS = ("gets", "hits", "misses", "requested_bytes", "slot_bytes",
            "peak_live_bytes", "live_bytes", "cached_bytes", "discards",
            "bypasses")
OTHERS = ("below_calls", "below_bytes", "above_calls", "above_bytes",
          "peak_rss_bytes", "duration_ns", "misuse")
VALUES = COUNTERS + OTHERS
NAMES_TOLD = 100  # of files that cannot be read


class Process:
    """The last state of one image of one process; values by VALUES' order.

    A value is None where the report does not know it.
    """

    __slots__ = ("program", "build_id", "host", "unit", "day", "pid", "file",
                 "end", "rank", "values")

    def __getitem__(self, name):
        return self.values[_INDEX[name]]


_INDEX = {name: index for index, name in enumerate(VALUES)}


class Fleet:
    """Processes by key, and what was left out."""

    def __init__(self):
        self.processes = {}
        self.files = 0
        self.reports = 0
        self.broken = 0
        self.broken_names = []  # the first NAMES_TOLD, with the reason

    def leave_out(self, problem):
        self.broken += 1
        if len(self.broken_names) < NAMES_TOLD:
            self.broken_names.append(problem)

    def add(self, report, file, intern):
        self.reports += 1
        image = Image(report)
        key = (report["process"].get("pid_namespace", 0),) + image.key
        rank = (image.end, not image.is_running, not image.ended_unseen)
        known = self.processes.get(key)
        if known is None or rank > known.rank:
            self.processes[key] = _process(report, file, rank, intern)


def _misuse(report):
    return sum(count for kind, count in report["misuse"].items()
               if kind != "foreign_frees")


def _values(report):
    totals, fallback = report["totals"], report["fallback"]
    below, above = fallback["below"], fallback["above"]
    return tuple(totals[name] for name in COUNTERS) + (
        below["calls"], below["bytes"], above["calls"], above["bytes"],
        report["memory"].get("peak_rss_bytes"),
        report["process"]["duration_ns"], _misuse(report))


def day_of(start_unix_ns):
    """The day of a start in UTC, as 2026-11-30."""
    return datetime.datetime.fromtimestamp(
        start_unix_ns // 10**9, datetime.timezone.utc).date().isoformat()


def _process(report, file, rank, intern):
    part = report["process"]
    found = Process()
    found.program = intern(reports.program(report))
    found.build_id = intern(part["build_id"])
    found.host = intern(part["host"])
    found.unit = intern(dict(openmetrics.labels(report)).get("unit", ""))
    found.day = intern(day_of(part["start_unix_ns"]))
    found.pid = part["pid"]
    found.end = intern(part["end"])
    found.file = file
    found.rank = rank
    found.values = _values(report)
    return found


def read(names):
    """A Fleet of all reports in files and folders; raises where none is."""
    fleet, texts = Fleet(), {}
    first = None

    def intern(text):
        return texts.setdefault(text, text)

    for name in names:
        try:
            found = sources.of(name)
        except CommandError as error:
            first = first or error
            fleet.leave_out(error.problem)
            continue
        for source in found:
            fleet.files += 1
            try:
                _take(fleet, source, intern)
            except CommandError as error:
                first = first or error
                fleet.leave_out(error.problem)
    if not fleet.processes:
        raise first or CommandError("fleet: no report")
    return fleet


def _take(fleet, source, intern):
    for report in reports.read_source(source, make=reports.digest):
        for member in (members(report) if report["children"] else [report]):
            fleet.add(member, source.title, intern)
