"""midpool live: a full-screen view of running programs' pools."""

import os
import sys
import time

from midpool_lib.base import arguments, style
from midpool_lib.base.errors import CommandError
from midpool_lib.live import live_family, screen
from midpool_lib.read import pages

HELP = """\
usage: midpool live [options] [PID|NAME]

Watches a program that was started with 'midpool run' or with live:yes:
rates, hit rates, live and cached bytes, and their past. Reads its page under
/dev/shm; the program does not notice. Without an argument, lists what can be
watched. q leaves.

With a NAME, all processes of that name, and what they started, are shown as
one, and listed with the busiest first: a digit, or arrows and enter, chooses
one of them; 0 shows all again.

  -i, --interval S   seconds between two looks, from 0.1 (default: 1)
  -s, --sites        begin with the busiest call stacks in place of the
                     pools, if the program runs with sites; the key s changes
                     between the two
      --once         one screen of plain text after one interval
      --build DIR    the build whose midpool-snapshot is used

  midpool live redis-server
"""

SPEC = {"-i": "interval=", "--interval": "interval=", "-s": "sites",
        "--sites": "sites", "--once": "once",
        "--build": "build="}


def chooser(word):
    """Selects the pages that the user means."""
    if word.isdigit():
        return lambda page: page.pid == int(word)
    names = {page.program for page in pages.in_use()}
    if word in names or not any(name.startswith(word) for name in names):
        return lambda page: page.program == word
    return lambda page: page.program.startswith(word)


class Source:
    """Looks at the processes that a word means, as long as there are any."""

    def __init__(self, word, build):
        self.is_meant = chooser(word)
        self.alone = word.isdigit()
        self.build = build

    def look(self):
        found = pages.in_use()
        several = ([page for page in found if self.is_meant(page)]
                   if self.alone else
                   live_family.members(found, self.is_meant))
        return list(live_family.read(several, self.build))


def nothing_of(word):
    """The error where no process is meant."""
    fix = "start it with 'midpool run', or with MIDPOOL_CONF=live:yes"
    if not word.isdigit():
        return CommandError(f"live: no process called {word} can be watched",
                            fix)
    if os.path.exists(f"/proc/{word}"):
        return CommandError(f"live: process {word} has no live page", fix)
    return CommandError(f"live: no process {word} runs",
                        f"'midpool show {word}' shows the page that it left,"
                        " if there is one")


def list_all():
    found = sorted(pages.in_use(), key=lambda page: page.pid)
    if not found:
        print("no running program has a live page;"
              " 'midpool run -- PROGRAM' gives it one")
    for page in found:
        print(f"{page.pid:>8}  {style.plain(page.program)}")
    return 0


def _interval(text):
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0.1 <= seconds <= 3600:
        raise CommandError(f"live: --interval needs seconds from 0.1 to 3600,"
                           f" not '{text}'")
    return seconds


def once(source, family):
    time.sleep(family.interval)
    family.add(source.look())
    columns = style.terminal_width(sys.stdout)
    print("\n".join(screen.cut(line, columns) for line in family.lines(
        "", columns, 1000)))
    return 0


def _left(window, family, note):
    """Waits; tells whether a key that leaves was pressed meanwhile."""
    until = time.monotonic() + family.interval
    while time.monotonic() < until:
        key = window.key(max(0, until - time.monotonic()))
        if key in screen.LEAVING:
            return True
        if key and family.press(key):
            window.draw(family, note)
    return False


def watch(source, family, window):
    """Draws until q or the end of all; returns why it ended."""
    note = f"every {family.interval:g} s, q leaves"
    while True:
        window.draw(family, note)
        if _left(window, family, note):
            return ""
        looked = source.look()
        if not looked:
            return "has ended"
        family.add(looked)


def main(argv):
    options = arguments.parse("live", argv, SPEC, HELP)
    words = options.rest + (options.after or [])
    if not words:
        return list_all()
    if len(words) > 1:
        raise CommandError("live: one program at a time", "midpool live PID")
    interval = _interval(options.interval or "1")
    source = Source(words[0], options.build)
    looked = source.look()
    if not looked:
        raise nothing_of(words[0])
    name = looked[0][0].program
    family = live_family.Family(style.Style(sys.stdout), interval, name)
    family.sites.shown = options.sites
    family.add(looked)
    if options.once or not sys.stdout.isatty():
        return once(source, family)
    window = screen.of_terminal(1, 0 if os.isatty(0) else None)
    screen.guard(window)
    window.enter()
    try:
        why = watch(source, family, window)
    except KeyboardInterrupt:
        why = ""
    finally:
        window.leave()
    if why:
        print(f"{style.plain(name)} [{words[0]}] {why}")
    return 0
