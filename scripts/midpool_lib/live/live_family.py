"""Several running processes on one screen: their sum, and a list of them."""

import copy
import time

from midpool_lib.base import style
from midpool_lib.base.errors import CommandError
from midpool_lib.live import busiest, gauges
from midpool_lib.read import merge, pages, reports

# Counters that are what is there now, not what happened so far.
LEVELS = ("live", "live_bytes", "resident_bytes", "cached_bytes")
UP, DOWN = "\033[A", "\033[B"


def members(found, is_meant):
    """The pages that are meant, and those of all that these started."""
    chosen = {page.pid: page for page in found if is_meant(page)}
    grown = True
    while grown:
        more = {page.pid: page for page in found
                if page.ppid in chosen and page.pid not in chosen}
        chosen.update(more)
        grown = bool(more)
    return list(chosen.values())


def read(several, build=None):
    """(page, report) of each page that can still be read."""
    names = [page.path for page in several]
    for page, document in zip(several, pages.read_many(names, build)):
        try:
            yield page, reports.whole(document)
        except CommandError:
            continue


def _past_only(report):
    """The part of an ended process in a sum: its calls, no live buffers."""
    past = copy.deepcopy(report)
    rows = [past["totals"]] + past["pools"] + [
        row for pool in past["pools"] for row in pool["classes"]]
    for row in rows:
        for name in LEVELS:
            row[name] = 0
    for name in LEVELS:
        if name in past["memory"]:
            past["memory"][name] = 0
    past["threads"]["now"] = 0
    past["children"] = []
    return past


class Family:
    """Takes looks at several processes and makes a screen of them.

    With one process the screen is that process's. With several it shows
    their sum, which goes on to count those that ended, and the processes,
    busiest first; one may be chosen, and is then shown alone.
    """

    def __init__(self, look, interval, name=""):
        self.look = look
        self.interval = interval
        self.name = name
        self.sum = gauges.Gauges(look, interval)
        self.each = {}      # key -> gauges of a process that runs
        self.ended = None   # the sum of those that ran
        self.started = None
        self.chosen = None  # key of the one that is shown
        self.marked = 0     # place in the list
        self.typed = ""     # the beginning of a key's sequence
        self.sites = busiest.Busiest()

    def add(self, looked):
        """The next look: (page, report) of all that run."""
        now = {page.key: report for page, report in looked}
        for key in [key for key in self.each if key not in now]:
            past = _past_only(self.each.pop(key).now)
            self.ended = past if self.ended is None else merge.add_up(
                [self.ended, past])
            self.ended["children"] = []
        for key, report in now.items():
            if key not in self.each:
                self.each[key] = gauges.Gauges(self.look, self.interval)
            self.each[key].add(report)
        if now:
            self._add_sum(list(now.values()))

    def _add_sum(self, several):
        clock = time.monotonic_ns()
        longest = max(report["process"]["duration_ns"] for report in several)
        if self.started is None:
            self.started = clock - longest
        gone = [] if self.ended is None else [self.ended]
        whole = dict(merge.add_up(several + gone))  # may be one of them
        whole["process"] = dict(whole["process"],
                                duration_ns=clock - self.started)
        self.sum.add(whole)

    def ordered(self):
        """The processes' keys, busiest first."""
        return sorted(self.each, key=lambda key: (
            -self.each[key].rate("gets"),
            -self.each[key].now["totals"]["gets"], key))

    @property
    def view(self):
        """The process that is shown alone: the chosen or the only one."""
        if self.chosen in self.each:
            return self.each[self.chosen]
        if len(self.each) == 1 and self.ended is None:
            return next(iter(self.each.values()))
        return None

    def press(self, key):
        """Takes a key: arrows and enter choose a process, 0 shows all, s is
        for call stacks."""
        self.typed = (self.typed + key)[-3:]
        order = self.ordered()
        if self.typed == UP or key == "k":
            self.marked -= 1
        elif self.typed == DOWN or key == "j":
            self.marked += 1
        elif key in ("\r", "\n") and order and self.chosen is None:
            self.chosen = order[self.marked]
        elif key.isdigit() and 0 < int(key) <= len(order):
            self.chosen = order[int(key) - 1]
        elif key in ("0", "a", "\x7f"):
            self.chosen = None
        elif key == "s":
            self.sites.shown = not self.sites.shown
        else:
            return False
        self.marked = max(0, min(self.marked, len(order) - 1))
        return True

    # The methods that a screen needs.

    def title(self, note):
        if self.view is not None:
            return self.view.title(note)
        up = self.sum.now["process"]["duration_ns"]
        name = style.plain(self.name or reports.program(self.sum.now))[:24]
        return (self.look.paint("midpool live", "bold") + "   "
                + self.look.paint(name, "bold")
                + f", {len(self.each)} processes   up {style.duration(up)}"
                + f"   {note}")

    def line_head(self):
        return (self.view or self.sum).line_head()

    def line(self):
        return (self.view or self.sum).line()

    def lines(self, note, columns=80, rows=24):
        table = (self.sites.lines(self.view or self.sum, columns)
                 if self.sites.shown else None)
        if self.view is not None:
            back = note + ("; 0 for all" if len(self.each) > 1 else "")
            return self.view.lines(back, columns, table)
        top = [self.title(note), ""] + self.sum.overview(columns) + [""]
        if table:
            return top + table
        return top + self._list(columns, max(2, rows - len(top)))

    def _list(self, columns, room):
        """The head, the processes around the marked one, and how many are
        left out, in so many lines."""
        order = self.ordered()
        room -= 1 if len(order) < room else 2
        first = max(0, self.marked - max(0, room - 1))
        shown = order[first:first + room]
        rows = [self.look.paint(_row(("", "process", "", "gets/s", "hit rate",
                                      "misses/s", "live", "cached"), columns),
                                "bold")]
        for place, key in enumerate(shown, first):
            rows.append(self._process(place, key, columns))
        left = len(order) - len(shown)
        if left:
            rows.append(f"   and {left} more; arrows and enter choose")
        return rows

    def _process(self, place, key, columns):
        one = self.each[key]
        totals = one.now["totals"]
        mark = f"{place + 1}" if place < 9 else ""
        if place == self.marked:
            mark = ">" + mark
        return _row((mark, str(key[0]), style.plain(
            reports.program(one.now)), style.count(one.rate("gets")),
            one.recent_rate(), style.short_count(one.rate("misses")),
            style.size(totals["live_bytes"]),
            style.size(totals["cached_bytes"])), columns)


def _row(cells, columns):
    widths = (2, 9, -15, 12, 10, 10, 10, 10)
    return gauges.fit(zip(cells, widths), columns)
