"""Reads the reports of very many processes, one at a time, and keeps little.

read(names) goes through files, folders and packs. For every process image it
keeps a Process: the last state that any report has of it. Unreadable files are
counted and named, and the rest is still read. Memory grows by half a kilobyte
per process, not with the size of reports. If a single pack is given, its
processes are not kept but read again whenever they are needed, because a pack
contains each process once.
"""

import datetime

from midpool_lib.base.errors import CommandError
from midpool_lib.fleet import pack_read, pack_schema
from midpool_lib.read import openmetrics, reports, sources
from midpool_lib.read.family import members, rank

# Kept of each process: counters of its totals, then values from elsewhere.
COUNTERS = ("gets", "hits", "misses", "requested_bytes", "slot_bytes",
            "peak_live_bytes", "live_bytes", "cached_bytes", "discards",
            "bypasses")
OTHERS = ("below_calls", "below_bytes", "above_calls", "above_bytes",
          "peak_rss_bytes", "duration_ns", "misuse")
VALUES = COUNTERS + OTHERS
NAMES_TOLD = 100  # at most so many unreadable files are named


class Process:
    """The last state of one image of one process; values in VALUES' order.

    A value is None if the report does not have it.
    """

    __slots__ = ("program", "build_id", "host", "unit", "day", "family",
                 "pid", "namespace", "start", "generation", "ppid", "file",
                 "end", "rank", "values")

    def __getitem__(self, name):
        return self.values[_INDEX[name]]


_INDEX = {name: index for index, name in enumerate(VALUES)}


class Overview:
    """The numbers of processes and hosts, and the days on which they began."""

    def __init__(self, count, hosts, first_day, last_day):
        self.count = count
        self.hosts = hosts
        self.first_day = first_day
        self.last_day = last_day


class Fleet:
    """Processes by key, and the files that were left out."""

    def __init__(self):
        self.processes = {}
        self.files = 0
        self.reports = 0
        self.broken = 0
        self.broken_names = []  # the first NAMES_TOLD, with the reason
        self._texts = {}

    def _intern(self, text):
        return self._texts.setdefault(text, text)

    def leave_out(self, problem):
        self.broken += 1
        if len(self.broken_names) < NAMES_TOLD:
            self.broken_names.append(problem)

    def _add(self, row):
        self.reports += 1
        key = tuple(row.get(name, 0) for name in pack_schema.KEY)
        place = rank(row["duration_ns"], row["ended"])
        known = self.processes.get(key)
        if known is None or place > known.rank:
            self.processes[key] = self._process(row, place)

    def add(self, report, file):
        self._add(_row(report, file))

    def add_pack(self, pack):
        for row in pack.processes("id"):
            self._add(_pack_row(row))

    def _process(self, row, place=None):
        found = Process()
        for name in ("program", "build_id", "host", "unit"):
            setattr(found, name, self._intern(row.get(name, "")))
        found.end = self._intern(row["ended"])
        found.day = self._intern(day_of(row["start_unix_ns"]))
        found.start = row["start_unix_ns"]
        found.namespace = row.get("pid_namespace", 0)
        found.pid, found.ppid = row["pid"], row.get("ppid", 0)
        found.generation = row["generation"]
        found.file = row.get("source", "")
        found.rank = place
        found.values = tuple(row.get(name) for name in VALUES)
        return found

    def each(self):
        """Each process once."""
        return self.processes.values()

    @property
    def overview(self):
        days = {process.day for process in self.each()}
        return Overview(len(self.processes),
                        len({process.host for process in self.each()}),
                        min(days), max(days))


class PackFleet(Fleet):
    """The processes of one pack; each() reads them again every time."""

    def __init__(self, pack):
        super().__init__()
        self.pack = pack
        self.files = 1
        count, hosts, first, last = pack.one(
            "SELECT count(*), count(DISTINCT host), min(start_unix_ns),"
            " max(start_unix_ns) FROM process")
        if not count:
            raise CommandError(f"{pack.path} holds no process")
        self.reports = count
        self.overview = Overview(count, hosts, day_of(first), day_of(last))

    overview = None

    def each(self):
        for row in self.pack.processes("id"):
            yield self._process(_pack_row(row))


def day_of(start_unix_ns):
    """The day of a start in UTC, as 2026-11-30."""
    return datetime.datetime.fromtimestamp(
        start_unix_ns // 10**9, datetime.timezone.utc).date().isoformat()


def _misuse(report):
    return sum(count for kind, count in report["misuse"].items()
               if kind != "foreign_frees")


def _row(report, file):
    """The kept part of a report, by the names of a pack's columns."""
    process, totals = report["process"], report["totals"]
    below, above = report["fallback"]["below"], report["fallback"]["above"]
    row = {name: totals[name] for name in COUNTERS}
    row.update(
        program=reports.program(report), build_id=process["build_id"],
        host=process["host"], pid=process["pid"], ended=process["end"],
        unit=dict(openmetrics.labels(report)).get("unit", ""), source=file,
        start_unix_ns=process["start_unix_ns"], ppid=process["ppid"],
        generation=process["generation"],
        pid_namespace=process.get("pid_namespace", 0),
        duration_ns=process["duration_ns"], misuse=_misuse(report),
        peak_rss_bytes=report["memory"].get("peak_rss_bytes"),
        below_calls=below["calls"], below_bytes=below["bytes"],
        above_calls=above["calls"], above_bytes=above["bytes"])
    return row


def _pack_row(row):
    """The same, of a pack's row; 0 for counters that the pack lacks."""
    for name in VALUES:
        if name not in row and name != "peak_rss_bytes":
            row[name] = 0
    row["misuse"] = sum(row.get(kind, 0) for kind in pack_schema.MISUSE)
    return row


def read(names):
    """A Fleet of all reports in files, folders and packs; raises if there are
    none."""
    if len(names) == 1 and pack_schema.is_pack(names[0]):
        return PackFleet(pack_read.Pack(names[0]))
    fleet = Fleet()
    first = None
    for name in names:
        try:
            for take in _takers(fleet, name):
                fleet.files += 1
                try:
                    take()
                except CommandError as error:
                    first = first or error
                    fleet.leave_out(error.problem)
        except CommandError as error:
            first = first or error
            fleet.leave_out(error.problem)
    if not fleet.processes:
        raise first or CommandError("fleet: no report")
    return fleet


def _takers(fleet, name):
    """Functions, one for each file of a name, that add the file's reports."""
    if pack_schema.is_pack(name):
        return [lambda: fleet.add_pack(pack_read.Pack(name))]
    return [lambda source=source: _take(fleet, source)
            for source in sources.of(name)]


def _take(fleet, source):
    for report in reports.read_source(source, make=reports.digest):
        for member in members(report):
            fleet.add(member, source.title)
