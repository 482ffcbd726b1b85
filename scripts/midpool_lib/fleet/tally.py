"""Adds up live pages by program, for as long as the exporter runs.

Every scan looks at all pages. A running process is counted by the present state
of its page. A process that ended is counted once, by its last state, and its
page is removed some seconds later. A process that removed its page itself (with
live:yes, at exit) is counted by the state that the last scan saw. With
live:keep the page stays, so that nothing is lost, however short the process
lived.

Sums over a group never go down. If a process resets its counters, its earlier
state is added to the ended ones; a number that is only a little lower is
ignored.

Anybody may put a page into the directory, and root reads those of all users.
What a page says is its owner's word. So it counts for its owner alone: a group
belongs to one uid, that of the file. Each user's groups and pages are bounded,
so that none crowds out others.

Not safe for several threads; the exporter has a lock.
"""

import collections
import functools
import os
import time

from midpool_lib.base import conf, counters
from midpool_lib.read import openmetrics, pages

OTHER = "other"  # the program, or the uid, of groups beyond the bounds
MAX_GROUPS = 500     # groups of one user
MAX_FOREIGN = 5000   # groups of all users but the exporter's own
MAX_PAGES = 5000     # pages of one user who is not the exporter's own
_POOLS = frozenset(2048 << shift for shift in range(6))
_TIERS = ("below", "above")
_SUMS = [row.name for row in counters.TABLE
         if row.kind == "SUM" and row.series != "POOLS"]
_LEVELS = [row.name for row in counters.TABLE
           if row.kind == "GAUGE" and row.series != "POOLS"]
_POOL_SUMS = [row.name for row in counters.TABLE
              if row.kind == "SUM" and row.series == "POOLS"]
_POOL_LEVELS = [row.name for row in counters.TABLE
                if row.kind == "GAUGE" and row.series == "POOLS"]
RESET_GETS = 1000  # far more than what threads do during a look


def _of_pools(report, names):
    """The same, of the pools. A forged page may name sizes that no pool has;
    they count as one, so that they do not become series without end."""
    found = {}
    for pool in report["pools"]:
        size = pool["max_bytes"]
        label = str(size) if size in _POOLS else OTHER
        for name in names:
            if pool.get(name):
                key = name, "pool", label
                found[key] = found.get(key, 0) + pool[name]
    return found


def sums_of(report):
    """(metric, own label's name, its value) -> number, of all growing sums."""
    found = _of_pools(report, _POOL_SUMS)
    totals = report["totals"]
    for name in _SUMS:
        if totals.get(name):
            found[name, "", ""] = totals[name]
    for tier in _TIERS:
        side = report["fallback"][tier]
        found["fallback_calls", "tier", tier] = side["calls"]
        found["fallback_bytes", "tier", tier] = side["bytes"]
    for kind, key in openmetrics.BAD_FREES:
        if report["misuse"].get(key):
            found["bad_frees", "kind", kind] = report["misuse"][key]
    found["foreign_frees", "", ""] = report["misuse"].get("foreign_frees", 0)
    found["purged_bytes", "", ""] = report["memory"].get("purged_bytes") or 0
    return found


def levels_of(report):
    """The same, of a process's present levels."""
    totals = report["totals"]
    found = _of_pools(report, _POOL_LEVELS)
    found.update({(name, "", ""): totals.get(name, 0) for name in _LEVELS})
    found["metadata_bytes", "", ""] = report["memory"]["metadata_bytes"]
    found["threads", "", ""] = report["threads"]["now"]
    return found


def _add(into, numbers):
    for key, number in numbers.items():
        into[key] = into.get(key, 0) + number


def unit_of_cgroup(text):
    """The systemd unit in /proc/PID/cgroup, without the name of the instance:
    foo@7.service is foo@.service, session-3.scope is session.scope."""
    for line in text.splitlines():
        for part in reversed(line.rpartition(":")[2].split("/")):
            if part.endswith(".service"):
                name, at, _instance = part.partition("@")
                return name + "@.service" if at else part
            if part.endswith(".scope"):
                return part.partition("-")[0].removesuffix(".scope") + ".scope"
    return ""


def _lives(pid):
    """True if a process of that pid runs and is not a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8",
                  errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _own_namespace():
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return 0


@functools.lru_cache(maxsize=256)  # most processes of a program have the same
def _labels_in(config):
    values = {item.key: item.value for item in conf.parse(config)}
    return dict(openmetrics.labels_of(values.get("report_labels", "")))


def _gets(sums):
    return sum(number for (name, _label, _own), number in sums.items()
               if name == "gets")


class Known:
    """A process that a scan saw running. met_dead: the time from which its page
    is no longer in use without saying why, or None."""

    __slots__ = ("group", "sums", "levels", "met_dead")

    def __init__(self, group):
        self.group = group
        self.sums = {}
        self.levels = {}
        self.met_dead = None

    def update(self, sums, levels):
        """Takes the page's numbers; none of them goes down. If there are far
        fewer gets than before, the program has reset its counters."""
        if _gets(sums) < _gets(self.sums) - RESET_GETS:
            _add(self.group.ended, self.sums)
        else:
            for key, number in self.sums.items():
                if sums.get(key, 0) < number:
                    sums[key] = number
        self.sums, self.levels = sums, levels


class Group:
    """All processes of one program, unit and user. ended: the sums of those
    that ended; counts: how many were seen, killed, or lost their report."""

    def __init__(self):
        self.ended = {}
        self.counts = {"seen": 0, "killed": 0, "reports_lost": 0}


class Tally:
    EXEC_SECONDS = 5  # the longest time between two programs of a process

    def __init__(self, only=None, keep_seconds=10, build=None,
                 directory=pages.DIRECTORY):
        """only: (name, value) of a label that processes must have, or None.
        keep_seconds: how long the page of an ended process stays; None: for
        ever. directory: where the pages are."""
        self.directory = directory
        self.groups = {}
        self.groups_of = collections.Counter()  # by uid
        self.running = {}
        self.folded = {}  # key of an ended process -> when it was folded
        self.only = only
        self.keep_seconds = keep_seconds
        self.build = build
        self.namespace = _own_namespace()
        self.own = str(os.geteuid())
        self.unreadable = 0
        self.removed = 0
        self.scans = 0
        self.scan_seconds = 0.0
        self.scanned_at = 0.0

    # Groups.

    def _unit(self, page, labels):
        if "unit" in labels:
            return openmetrics.printable(labels["unit"], 64)
        if not page.in_use or page.pid_namespace != self.namespace:
            return ""
        try:
            # A service that root starts may change its user.
            if page.uid not in (0, os.stat(f"/proc/{page.pid}").st_uid):
                return ""
            with open(f"/proc/{page.pid}/cgroup", encoding="utf-8",
                      errors="replace") as file:
                return openmetrics.printable(unit_of_cgroup(file.read(4096)),
                                             64)
        except OSError:
            return ""

    def _group(self, page, labels):
        name = openmetrics.program_label(page.executable.encode(
            "utf-8", "surrogateescape").decode("utf-8", "replace"))
        key = self._bounded((name, self._unit(page, labels), str(page.uid)))
        if key not in self.groups:
            self.groups[key] = Group()
            self.groups_of[key[2]] += 1
        return self.groups[key]

    def _bounded(self, key):
        """The key, or the common one of all groups beyond a bound."""
        uid = key[2]
        if key in self.groups:
            return key
        if (uid != self.own and len(self.groups) - self.groups_of[self.own]
                >= MAX_FOREIGN):
            return OTHER, "", OTHER
        if self.groups_of[uid] >= MAX_GROUPS:
            return OTHER, "", uid
        return key

    # Scans.

    def _wanted(self):
        """Pages that count here, with their labels."""
        seen = collections.Counter()
        for name, (uid, _pid, _generation) in pages.names(
                directory=self.directory):
            seen[uid] += 1
            if seen[uid] > MAX_PAGES and str(uid) != self.own:
                self.unreadable += 1
                continue
            page = pages.open_page(os.path.join(self.directory, name))
            if page is None:
                continue
            labels = _labels_in(page.config)
            if self.only and labels.get(self.only[0]) != self.only[1]:
                continue
            yield page, labels

    def scan(self):
        """Brings everything up to date."""
        began = time.monotonic()
        self.unreadable = 0
        found = {_key(page): (page, labels)
                 for page, labels in self._wanted()}
        fresh = [key for key in found if key not in self.folded]
        read = pages.read_many([found[key][0].path for key in fresh],
                               self.build, brief=True)
        for key, report in zip(fresh, read):
            if isinstance(report, dict):
                self._take(key, *found[key], report)
            else:
                self.unreadable += 1
        for key in [key for key in self.running if key not in found]:
            known = self.running[key]
            known.group.counts["killed"] += known.met_dead is not None
            self._fold(key, known)
        self._sweep(found)
        self.scans += 1
        self.scan_seconds = time.monotonic() - began
        self.scanned_at = time.time()

    def _take(self, key, page, labels, report):
        known = self.running.get(key)
        if known is None:
            known = Known(self._group(page, labels))
            known.group.counts["seen"] += 1
            self.running[key] = known
        known.update(sums_of(report), levels_of(report))
        # The page may have changed since it was found: its process has ended.
        end = report["process"]["end"]
        if page.in_use or end == "running" or (
                end == "unknown" and self._may_exec(page, known)):
            return
        self._fold(key, known)
        self.folded[key] = time.monotonic()
        counts = known.group.counts
        counts["killed"] += end in ("unknown", "signal")
        counts["reports_lost"] += bool(report["process"].get("report_errno"))

    def _may_exec(self, page, known):
        """True if the process may be between two programs: the first one's
        page is no longer in use, and the second has not marked it yet."""
        now = time.monotonic()
        if known.met_dead is None:
            known.met_dead = now
        return now - known.met_dead < self.EXEC_SECONDS and (
            page.pid_namespace != self.namespace or _lives(page.pid))

    def _fold(self, key, known):
        _add(known.group.ended, known.sums)
        del self.running[key]

    def _sweep(self, found):
        now = time.monotonic()
        for key in list(self.folded):
            if key not in found:
                del self.folded[key]  # somebody removed it
            elif (self.keep_seconds is not None
                  and now - self.folded[key] >= self.keep_seconds
                  and pages.remove(found[key][0])):
                del self.folded[key]
                self.removed += 1

    # The figures that are served.

    def totals(self):
        """(executable, unit, uid), sums, levels, running, counts of every group."""
        live = {}
        for known in self.running.values():
            row = live.setdefault(id(known.group), [{}, {}, 0])
            _add(row[0], known.sums)
            _add(row[1], known.levels)
            row[2] += 1
        for key, group in sorted(self.groups.items()):
            sums, levels, running = live.get(id(group), ({}, {}, 0))
            sums = dict(sums)
            _add(sums, group.ended)
            yield key, sums, levels, running, group.counts


def _key(page):
    return (page.pid_namespace, page.uid, page.pid, page.generation,
            page.start_unix_ns, page.inode)
