"""The busiest call stacks of the live view, since the last look."""

from midpool_lib.base import style
from midpool_lib.base.errors import CommandError
from midpool_lib.live import gauges
from midpool_lib.read import sites as read_sites
from midpool_lib.read import symbols

ROWS = 10
HEADS = ("requested/s", "gets/s", "misses/s", "live", "  who asked, innermost"
         " first")
WIDTHS = (12, 10, 10, 10)
NONE = ("no call stacks: start it with 'midpool run --sites', or with"
        " MIDPOOL_CONF=sites:auto,live:yes")


class Busiest:
    """The choice of call stacks in place of the pools, and their names, which
    are looked up once for all looks."""

    def __init__(self):
        self.shown = False
        self.names = symbols.Symbols()

    def _rows(self, before, now, seconds):
        """Of each stack its rates and live bytes, the busiest first."""
        try:
            old = read_sites.of([before]).stacks
        except CommandError:
            old = {}
        rows = []
        for frames, site in read_sites.of([now]).stacks.items():
            past = old.get(frames)
            rates = [max(0, site[name] - (past[name] if past else 0))
                     / seconds if seconds > 0 else 0
                     for name in ("requested_bytes", "gets", "misses")]
            rows.append((rates, site))
        rows.sort(key=lambda row: ([-rate for rate in row[0]],
                                   -row[1]["requested_bytes"]))
        self.names.learn([site for _rates, site in rows[:ROWS]])
        return rows[:ROWS]

    def _line(self, rates, site, columns):
        cells = (style.size(round(rates[0])), style.short_count(
            round(rates[1])), style.short_count(round(rates[2])),
            style.size(site["live_bytes"]))
        row = gauges.fit(zip(cells, WIDTHS), columns)
        words = style.plain(" < ".join(self.names.names(site)))
        room = columns - len(row) - 2
        return row + ("  " + words[:room] if room > 3 else "")

    def lines(self, view, columns):
        """The table of a Gauges' last two looks."""
        try:
            rows = self._rows(view.before, view.now, view.seconds)
        except CommandError:
            return [NONE]
        head = gauges.fit(list(zip(HEADS, WIDTHS)) + [
            (HEADS[-1], len(HEADS[-1]))], columns)
        return [view.look.paint(head, "bold")] + [
            self._line(rates, site, columns) for rates, site in rows]
