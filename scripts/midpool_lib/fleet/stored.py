"""Report files in a folder: which there are, and removing old ones.

A regular file is midpool's if its first bytes are those of a report in JSON,
OpenMetrics or CSV, whatever its name. The library's temporary files, which it
may leave behind, are recognised by their names, an hour after the last write.
"""

import os
import re
import time

from midpool_lib.base import careful, removal

BEGINNINGS = (re.compile(rb'\s*\{\s*"schema"\s*:\s*"midpool\.report"'),
              re.compile(rb"# HELP midpool_info "),
              re.compile(rb"pid,executable,scope,(pool|max)_bytes,"))
BEGINNING_BYTES = 256
TEMPORARY = re.compile(r"midpool\.[0-9a-f]{1,16}\.tmp")
TEMPORARY_SECONDS = 3600


class Stored:
    """One report's file; bytes are what it takes of the file system."""

    def __init__(self, path, status):
        self.path = path
        self.status = status
        self.bytes = status.st_blocks * 512

    def age_seconds(self):
        return max(0, time.time() - self.status.st_mtime)


def _is_left_over(name, status):
    return (TEMPORARY.fullmatch(name) is not None
            and time.time() - status.st_mtime > TEMPORARY_SECONDS)


def _look(folder, name):
    """The report's file of that name, or None if it is no report."""
    path = os.path.join(folder, name)
    try:
        fd = careful.open_regular(path)
    except OSError:
        return None
    try:
        status = os.fstat(fd)
        start = os.pread(fd, BEGINNING_BYTES, 0)
        if _is_left_over(name, status) or any(
                form.match(start) for form in BEGINNINGS):
            return Stored(path, status)
        return None
    except OSError:
        return None
    finally:
        os.close(fd)


def find(folder):
    """The reports in a folder, in no order; raises OSError if it has none."""
    for name in os.listdir(folder):
        found = _look(folder, name)
        if found is not None:
            yield found


def remove(stored):
    """Removes the file unless it was written anew meanwhile; True: it did."""
    try:
        return removal.unlink_same(stored.path, stored.status)
    except OSError:
        return False
