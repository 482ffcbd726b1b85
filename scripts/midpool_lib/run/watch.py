"""midpool run --live: the live view while the program runs.

Meanwhile the view has the terminal: the program's output to it is kept and
shown afterwards, and the program reads nothing from it.
"""

import os
import sys
import tempfile
import time

from midpool_lib.base import style
from midpool_lib.base.errors import CommandError
from midpool_lib.live import live_family, screen
from midpool_lib.run import launch

INTERVAL = 0.5


class Watcher(launch.Onlooker):
    """Draws the view, at most once in INTERVAL seconds."""

    every = 0.1

    def __init__(self, window, family, build):
        self.window = window
        self.family = family
        self.build = build
        self.collector = None  # of the run: Session.once sets it
        self.next = 0.0

    def pause(self):
        if self.window is not None:
            self.window.leave()

    def resume(self):
        if self.window is not None:
            self.window.enter()

    def look(self, _pid):
        if self.window is None:
            return
        key = self.window.key(0)
        if key in screen.LEAVING:
            self.close()
            return
        if key and self.family.press(key):
            self.next = 0.0
        if time.monotonic() < self.next:
            return
        self.next = time.monotonic() + INTERVAL
        running = [page for page in self.collector.pages() if page.in_use]
        looked = list(live_family.read(running, self.build))
        if looked:  # otherwise there is no page yet
            self.family.add(looked)
            self.window.draw(self.family, "q leaves the view")

    def close(self):
        if self.window is not None:
            self.window.leave()
            self.window = None


def _streams(kept):
    """The program's streams, with files in place of the terminal."""
    found = {}
    if os.isatty(0):
        found[0] = os.open(os.devnull, os.O_RDONLY)
    for number in (1, 2):
        if os.isatty(number):
            found[number] = kept.fileno()
    return found


def run_watched(session):
    if not os.isatty(2):
        raise CommandError("run: --live needs a terminal on stderr",
                           "use 'midpool live PID' in another terminal")
    family = live_family.Family(style.Style(sys.stderr), INTERVAL,
                                os.path.basename(os.fsdecode(session.path)))
    window = screen.of_terminal(2, 0 if os.isatty(0) else None)
    with tempfile.TemporaryFile() as kept:
        watcher = Watcher(window, family, session.options.build)
        window.enter()
        try:
            ended, found = session.once(_streams(kept), watcher)
        finally:
            watcher.close()
        kept.seek(0)
        for piece in iter(lambda: kept.read(1 << 16), b""):
            os.write(1 if os.isatty(1) else 2, piece)
    return ended, found
