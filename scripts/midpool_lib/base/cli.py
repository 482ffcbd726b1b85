"""Runs the command that is meant; shows errors as a line, not a traceback."""

import os
import sys

from midpool_lib import VERSION
from midpool_lib.base.errors import CommandError

HELP = """\
usage: midpool COMMAND [options] ...

midpool runs unmodified programs with their allocations of 2 to 64 KB served
from pools, and shows how the pools did.

  run [--] PROGRAM ARGS...     runs PROGRAM on midpool, then shows its report
  show [FILE|FOLDER|PID|-...]  shows a report; without FILE the last run's
  diff BASE... -- NEW...       compares profiles: what changed beyond noise
  live PID|NAME                watches a running program, full screen
  html A [B...]                writes a page about a profile or a comparison
  bench [--] PROGRAM ARGS...   compares PROGRAM under each allocator
  doctor PROGRAM               says whether midpool can serve PROGRAM
  fleet FOLDER...              sums up very many processes, by program
  pack FOLDER... -o PACK       puts their reports into one SQLite file
  prune [FOLDER...]            removes old pages and reports
  exporter                     serves all processes to Prometheus
  export FORMAT FILE...        writes reports for other tools

midpool COMMAND --help tells more; midpool(1) and midpool(7) tell all.

  midpool run -o base.json -- sqlite3 my.db .dump    keep a profile
  midpool html base.json                             and look at it
"""

# The package of each command; its module there bears the command's name.
COMMANDS = {
    "run": "run", "show": "show", "diff": "compare", "live": "live",
    "html": "page", "bench": "bench", "doctor": "run", "fleet": "fleet",
    "pack": "fleet", "prune": "fleet", "exporter": "fleet", "export": "show",
}

# Signals that Python ignores from its start on, as a mask; see front.
ignored_signals = 0


def nearest(word, words):
    """The word most like it, or None: for 'did you mean'."""
    import difflib

    found = difflib.get_close_matches(word, list(words), 1, 0.5)
    return found[0] if found else None


def module(command):
    """The module of a command: SPEC, HELP and main(argv) -> exit status."""
    return __import__(f"midpool_lib.{COMMANDS[command]}.{command}",
                      fromlist=["main"])


def dispatch(argv):
    if not argv or argv[0] in ("-h", "--help", "help"):
        if len(argv) > 1 and argv[1] in COMMANDS:
            return dispatch([argv[1], "--help"])
        sys.stdout.write(HELP)
        return 0 if argv else 2
    if argv[0] in ("-V", "--version"):
        print("midpool", VERSION)
        return 0
    if argv[0] not in COMMANDS:
        from shutil import which

        like = nearest(argv[0], COMMANDS)
        if like and not which(argv[0]):
            fix = f"did you mean 'midpool {like}'?"
        else:
            fix = f"to run it on midpool: midpool run -- {argv[0]}"
        raise CommandError(f"'{argv[0]}' is not a command", fix)
    return module(argv[0]).main(argv[1:])


def complain(error):
    try:
        sys.stderr.write(f"midpool: {error.problem}\n")
        if error.fix:
            sys.stderr.write(f"  {error.fix}\n")
    except (OSError, ValueError):
        pass


def start(argv):
    """The command from its raw arguments; returns the exit status."""
    global ignored_signals
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(errors="backslashreplace")
    try:
        ignored_signals = int(argv[0], 16)
        status = dispatch(argv[1:])
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except CommandError as error:
        complain(error)
        return error.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output left: as silent as any filter.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except OSError as error:
        complain(CommandError(f"{error.strerror or error}"
                              + (f": {error.filename}" if error.filename
                                 else "")))
        return 2
