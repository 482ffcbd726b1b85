"""midpool prune: old live pages and reports, by age, number and bytes."""

import os
import re

from midpool_lib.base import arguments, removal, style
from midpool_lib.base.errors import CommandError
from midpool_lib.fleet import stored
from midpool_lib.read import pages

HELP = """\
usage: midpool prune [options] [FOLDER...]

Removes live pages of processes that ended, or the reports in FOLDERs, the
oldest first, until all bounds that are given hold. Pages in use, those of
processes that start, and files that are not midpool's are never touched.

  --max-age AGE      keep none that are older than AGE, as 30s, 10m, 12h or
                     7d; for pages 1h, if no bound is given
  --max-count N      keep at most N, in each folder
  --max-bytes SIZE   keep at most SIZE, as 64M or 2G, in each folder
  --dry-run          only say what would be removed
  -q, --quiet        say nothing

  midpool prune
  midpool prune --max-age 30d --max-bytes 1G /var/log/midpool
"""

SPEC = {"--max-age": "max_age=", "--max-count": "max_count=",
        "--max-bytes": "max_bytes=", "--dry-run": "dry_run",
        "-q": "quiet", "--quiet": "quiet"}
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
PAGE_SECONDS = 3600


def _scaled(option, text, units, example):
    found = re.fullmatch(r"(\d{1,15})([A-Za-z]?)", text)
    unit = found and (found[2].upper() if "K" in units else found[2])
    if found is None or unit not in units:
        raise CommandError(f"prune: {option} {text}: not understood",
                           f"as {option} {example}")
    return int(found[1]) * units[unit]


class Bounds:
    """Bounds for the files that are kept; None is no bound."""

    def __init__(self, options):
        self.age = options.max_age and _scaled(
            "--max-age", options.max_age, _SECONDS, "12h")
        self.count = options.max_count and _scaled(
            "--max-count", options.max_count, {"": 1}, "1000")
        self.bytes = options.max_bytes and _scaled(
            "--max-bytes", options.max_bytes, _BYTES, "64M")

    @property
    def there(self):
        return (self.age, self.count, self.bytes) != (None, None, None)


def prune_folder(folder, bounds, dry_run):
    """Removes reports of a folder; returns their number and their bytes."""
    try:
        found = list(stored.find(folder))
    except OSError as error:
        raise CommandError(f"prune: {folder}: {error.strerror}") from None
    return removal.prune(
        found, stored.Stored.age_seconds,
        (bounds.age, bounds.count, bounds.bytes),
        lambda one: dry_run or stored.remove(one))


def _say(options, what, where, removed, freed):
    if not options.quiet:
        verb = "would remove" if options.dry_run else "removed"
        print(f"{verb} {style.count(removed)} {what}"
              f"{'s' if removed != 1 else ''} ({style.size(freed)}) {where}")


def main(argv):
    options = arguments.parse("prune", argv, SPEC, HELP)
    bounds = Bounds(options)
    folders = options.rest + (options.after or [])
    if folders and not bounds.there:
        raise CommandError("prune: folders need a bound",
                           "give --max-age, --max-count or --max-bytes")
    for folder in folders:
        if not os.path.isdir(folder):
            raise CommandError(f"prune: {folder} is no folder")
        _say(options, "report", f"in {style.plain(folder)}",
             *prune_folder(folder, bounds, options.dry_run))
    if not folders:
        if not bounds.there:
            bounds.age = PAGE_SECONDS
        _say(options, "page", f"in {pages.DIRECTORY}", *pages.prune(
            bounds.age, bounds.count, bounds.bytes, dry_run=options.dry_run))
    return 0
