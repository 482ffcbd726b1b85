"""The figures of the live view: rates between two snapshots, and their past."""

from midpool_lib.base import counters, style
from midpool_lib.read import reports
from midpool_lib.show.text_report import STEPS, size_name

HISTORY = 48  # columns of a sparkline
POOL_HEADS = ("pool", "gets/s", "hit rate", "of all", "misses/s", "live",
              "cached")
POOL_WIDTHS = (8, 14, 10, 10, 10, 10, 10)


def spark(values, utf8):
    """A sparkline of the last values, on a scale from zero."""
    values = values[-HISTORY:]
    top = max(values, default=0)
    steps = STEPS[0] if utf8 else STEPS[1]
    if not top:
        return ""
    return "".join(steps[min(7, int(value / top * 7.999))] if value else " "
                   for value in values)


def fit(cells, columns):
    """A row of (text, width) cells; those that have no room are left out,
    rather than cut. A width below 0 is of a text that begins at the left and
    may be cut, with a blank before it."""
    row, room = "", columns
    for text, width in cells:
        if abs(width) > room:
            break
        row += (f"{text:>{width}}" if width > 0
                else f" {text[:-width - 1]:<{-width - 1}}")
        room -= abs(width)
    return row


class Gauges:
    """Takes snapshots of one process and makes a screen of them."""

    def __init__(self, look, interval):
        self.look = look
        self.interval = interval
        self.before = None
        self.now = None
        self.past = {"gets": [], "misses": [], "live_bytes": [],
                     "cached_bytes": []}

    def add(self, report):
        """The next snapshot."""
        self.before, self.now = self.now, report
        if self.before is None:
            self.before = report
            return
        for name in ("gets", "misses"):
            self.past[name].append(self.rate(name))
        for name in ("live_bytes", "cached_bytes"):
            self.past[name].append(report["totals"][name])
        for values in self.past.values():
            del values[:-HISTORY]

    @property
    def seconds(self):
        elapsed = (self.now["process"]["duration_ns"]
                   - self.before["process"]["duration_ns"])
        return elapsed / 1e9

    def _row(self, report, index):
        return report["totals"] if index is None else report["pools"][index]

    def rate(self, name, index=None):
        """A counter's growth per second since the last snapshot."""
        if self.seconds <= 0:
            return 0
        if index is not None and index >= len(self.before["pools"]):
            return 0
        grown = (self._row(self.now, index)[name]
                 - self._row(self.before, index)[name])
        return max(0, round(grown / self.seconds))

    def recent_rate(self, index=None):
        """The hit rate since the last snapshot, as text."""
        gets, hits = self.rate("gets", index), self.rate("hits", index)
        return style.percent(min(hits, gets), gets)

    def _fallback_rate(self, side):
        if self.seconds <= 0:
            return 0
        grown = (self.now["fallback"][side]["calls"]
                 - self.before["fallback"][side]["calls"])
        return max(0, round(grown / self.seconds))

    def _curve(self, label, text, name, colour, columns):
        room = max(0, columns - 28)
        curve = spark(self.past[name][-room:] if room else [],
                      self.look.utf8)
        return f"{label:<11}{text:>14}   " + self.look.paint(curve, colour)

    def _pool_line(self, index, columns):
        row = self.now["pools"][index]
        cells = (size_name(row["max_bytes"]),
                 style.count(self.rate("gets", index)),
                 self.recent_rate(index),
                 style.percent(row["hits"], row["gets"]),
                 style.short_count(self.rate("misses", index)),
                 style.size(row["live_bytes"]),
                 style.size(row["cached_bytes"]))
        return fit(zip(cells, POOL_WIDTHS), columns)

    def title(self, note):
        process = self.now["process"]
        name = style.plain(reports.program(self.now))[:24]
        return (self.look.paint("midpool live", "bold") + "   "
                + self.look.paint(name, "bold") + f" [{process['pid']}]   up "
                + style.duration(process["duration_ns"]) + f"   {note}")

    @staticmethod
    def line_head():
        return (f"{'gets/s':>12}{'hit rate':>10}{'misses/s':>12}{'live':>12}"
                f"{'cached':>12}")

    def line(self):
        """As much as one line holds, for terminals without ANSI sequences."""
        totals = self.now["totals"]
        return (f"{style.count(self.rate('gets')):>12}"
                f"{self.recent_rate():>10}"
                f"{style.count(self.rate('misses')):>12}"
                f"{style.size(totals['live_bytes']):>12}"
                f"{style.size(totals['cached_bytes']):>12}")

    def overview(self, columns=80):
        """Hit rate and curves, five lines."""
        totals, look = self.now["totals"], self.look
        return [
            "hit rate   " + look.paint(f"{self.recent_rate():>14}", "bold")
            + "   lately; " + style.percent(totals["hits"], totals["gets"])
            + f" of all {style.count(totals['gets'])} gets",
            self._curve("gets/s", style.count(self.rate("gets")), "gets",
                        "green", columns),
            self._curve("misses/s", style.count(self.rate("misses")),
                        "misses", "magenta", columns),
            self._curve("live", style.size(totals["live_bytes"]),
                        "live_bytes", "cyan", columns),
            self._curve("cached", style.size(totals["cached_bytes"]),
                        "cached_bytes", "cyan", columns)]

    def lines(self, note, columns=80, table=None):
        """The screen: 22 lines; a smaller screen cuts the rest. table, if there
        is one, is shown in place of the pools."""
        top = [self.title(note), ""] + self.overview(columns)
        return top + [""] + (table or self._pools(columns)) + [
            ""] + self._foot()

    def _pools(self, columns):
        table = [self.look.paint(fit(zip(POOL_HEADS, POOL_WIDTHS), columns),
                                 "bold")]
        return table + [self._pool_line(index, columns)
                        for index in range(len(self.now["pools"]))]

    def _foot(self):
        totals, threads = self.now["totals"], self.now["threads"]
        waste = counters.waste(totals)
        lines = [
            f"peak live  {style.size(totals['peak_live_bytes']):>14}   waste "
            + ("-" if waste is None else f"{waste * 100:.1f} %")
            + " of the bytes handed out",
            f"jemalloc   {style.count(self._fallback_rate('below')):>14}   "
            "calls/s below 2 KB, "
            f"{style.count(self._fallback_rate('above'))} above 64 KB",
            f"threads    {style.count(threads['now']):>14}   now, "
            f"{style.count(threads['peak'])} at most; "
            f"{style.short_count(totals['discards'])} buffers given back"]
        misuse = sum(count for kind, count in self.now["misuse"].items()
                     if kind != "foreign_frees")
        if misuse:
            lines.append(self.look.paint(
                f"misuse     {style.count(misuse):>14}   bad frees", "bold",
                "red"))
        return lines
