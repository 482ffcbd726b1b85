"""Options, messages and the library, shared by the three commands."""

import sys
from pathlib import Path

from . import build


class Usage(Exception):
    """A mistake in the command line; ends the program with status 2."""


def add_options(parse):
    parse.add_argument("--lib", metavar="PATH", type=Path,
                       help="midpool's library; none is built then")
    parse.add_argument("--out", metavar="DIR", type=Path,
                       default=build.ROOT / "build" / "bench",
                       help="where results and programs go (build/bench)")


def library(args):
    """Midpool's library, given or built."""
    path = args.lib or build.midpool()
    if not path.is_file():
        raise Usage(f"there is no library {path}")
    return path.resolve()


def guarded(body, *args):
    """Runs body; a mistake or a failed build is one message, status 2."""
    try:
        return body(*args)
    except (Usage, build.BuildError) as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
