"""midpool live: a full-screen view of a running program's pools."""

import glob
import os
import sys
import time

from midpool_lib import arguments, gauges, reports, screen, style
from midpool_lib.errors import CommandError

HELP = """\
usage: midpool live [options] [PID|NAME]

Watches a program that was started with 'midpool run' or with live:yes:
rates, hit rates, live and cached bytes, and their past. Reads its page under
/dev/shm; the program does not notice. Without an argument, lists what can be
watched. q leaves.

  -i, --interval S   seconds between two looks, from 0.1 (1)
      --once         one screen of plain text after one interval
      --build DIR    the build whose midpool-snapshot is used

  midpool live redis-server
"""

SPEC = {"-i": "interval=", "--interval": "interval=", "--once": "once",
        "--build": "build="}
PAGES = "/dev/shm/midpool.*.*.*"


def _name_of(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return None


def watchable():
    """pid -> name of the processes that have a page."""
    found = {}
    for path in glob.glob(PAGES):
        pid = path.split(".")[-2]
        name = _name_of(pid) if pid.isdigit() else None
        if name is not None and os.access(path, os.R_OK):
            found[pid] = name
    return found


def choose(word):
    """The pid that the user means."""
    if word.isdigit():
        return word
    found = watchable()
    pids = [pid for pid, name in found.items()
            if name == word or name.startswith(word)]
    if len(pids) == 1:
        return pids[0]
    if pids:
        raise CommandError(f"live: {len(pids)} processes are called {word}",
                           "choose one: midpool live "
                           + " | ".join(sorted(pids, key=int)[:8]))
    raise CommandError(f"live: no process called {word} can be watched",
                       "start it with 'midpool run', or with"
                       " MIDPOOL_CONF=live:yes")


def list_all():
    found = watchable()
    if not found:
        print("no running program has a live page;"
              " 'midpool run -- PROGRAM' gives it one")
    for pid, name in sorted(found.items(), key=lambda item: int(item[0])):
        print(f"{pid:>8}  {name}")
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


def once(pid, view, options):
    for wait in (0, view.interval):
        time.sleep(wait)
        view.add(reports.read(pid, options.build))
    print("\n".join(view.lines("")))
    return 0


def _left(window, seconds):
    """Waits; tells whether a key that leaves was pressed meanwhile."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if window.key(max(0, until - time.monotonic())) in screen.LEAVING:
            return True
    return False


def watch(pid, view, options, window):
    """Draws until q or the program's end; returns why it ended."""
    while True:
        try:
            report = reports.read(pid, options.build)
        except CommandError:
            if not os.path.exists(f"/proc/{pid}"):
                return "has ended"
            raise
        view.add(report)
        if report["process"]["end"] != "running":
            return "has ended"
        window.draw(view, f"every {view.interval:g} s, q leaves")
        if _left(window, view.interval):
            return ""


def main(argv):
    options = arguments.parse("live", argv, SPEC, HELP)
    words = options.rest + (options.after or [])
    if not words:
        return list_all()
    if len(words) > 1:
        raise CommandError("live: one program at a time", "midpool live PID")
    pid = choose(words[0])
    interval = _interval(options.interval or "1")
    view = gauges.Gauges(style.Style(sys.stdout), interval)
    reports.read(pid, options.build)  # its error, if any, before the screen
    if options.once or not sys.stdout.isatty():
        return once(pid, view, options)
    window = screen.of_terminal(1, 0 if os.isatty(0) else None)
    screen.guard(window)
    window.enter()
    try:
        why = watch(pid, view, options, window)
    except KeyboardInterrupt:
        why = ""
    finally:
        window.leave()
    if why:
        print(f"{reports.program(view.now)} [{pid}] {why}")
    return 0
