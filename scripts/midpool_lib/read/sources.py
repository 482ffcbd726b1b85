"""Where reports are read from: files, folders, standard input.

of(name) says which sources a name means; Source.read() gives the bytes, or
raises a CommandError in the user's words. A live page is only recognised here:
pages.py reads it.
"""

import os
import re
import sys

from midpool_lib.base import careful
from midpool_lib.base.errors import CommandError

MAX_BYTES = 64 * 1024 * 1024  # of one report
MAX_LIST_BYTES = 1024 * 1024 * 1024  # of a list of them, or from a pipe
PIECE_BYTES = 128 * 1024
PAGE_MAGIC = b"midpool\0"
STDIN = "-"
SHARED = "/dev/shm"


def open_named(name):
    """Opens what the user named; waits for the writer of a pipe."""
    return open(name, "rb")


def open_listed(name):
    """Opens a file of a folder: also through a link, but no pipe or device."""
    return open(careful.open_regular(name, follow=True), "rb")


def open_shared(name):
    """Opens a file in a directory where everybody may write."""
    return open(careful.open_regular(name), "rb")


def open_stdin(_name):
    if sys.stdin is None:
        raise CommandError("standard input is closed")
    return open(sys.stdin.fileno(), "rb", closefd=False)


class Source:
    """One file, or standard input; name is the one that the user gave."""

    def __init__(self, name, opened_by=open_named):
        self.name = name
        self._open = opened_by

    @property
    def title(self):
        return "standard input" if self.name == STDIN else self.name

    def read(self):
        """All bytes; the first few only of a live page."""
        try:
            with self._open(self.name) as file:
                return self._bytes(file)
        except FileNotFoundError:
            fix = f"'midpool run -o {self.name} -- PROGRAM' would write it"
            raise CommandError(f"{self.name}: no such file or process", fix
                               ) from None
        except OSError as error:
            raise CommandError(f"{self.title}: {error.strerror}") from None
        except ValueError:
            raise CommandError(f"{self.name!r} is not a file name") from None

    def _bytes(self, file):
        first = file.read(PIECE_BYTES)
        if first.startswith(PAGE_MAGIC):
            return first  # 32 MB follow, most of them never written
        several = self.name == STDIN or first.lstrip()[:1] == b"["
        most = MAX_LIST_BYTES if several else MAX_BYTES
        data = _rest(file, first, most)
        if len(data) >= most:
            raise CommandError(f"{self.title} is over {most >> 20} MB, too"
                               " large for a report")
        return data


def _rest(file, first, most):
    """The rest of a file, up to a bit more than it may have."""
    pieces, room = [first], most - len(first)
    while room > 0:
        piece = file.read(min(room, PIECE_BYTES))
        if not piece:
            break
        pieces.append(piece)
        room -= len(piece)
    return b"".join(pieces)


def _by_number(name):
    """A key by which svc.9.json comes before svc.10.json."""
    return [(int(part), "") if part.isdecimal() else (-1, part)
            for part in re.split(r"(\d+)", name)]


def _in_folder(folder):
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise CommandError(f"{folder}: {error.strerror}") from None
    found = [name for name in names
             if name.endswith(".json") and not name.startswith(".")]
    if not found:
        raise CommandError(f"{folder} is a directory without reports (*.json)",
                           "MIDPOOL_CONF=report:json,report_file:"
                           f"{os.path.abspath(folder)}/%e.%p.json puts some"
                           " there")
    return [Source(os.path.join(folder, name), open_listed)
            for name in sorted(found, key=_by_number)]


def is_shared(name):
    """True if a name, which may be relative, is of a file in /dev/shm."""
    return os.path.realpath(os.path.dirname(name) or ".") == SHARED


def of(name):
    """The sources that a name means: all reports in it, if it is a folder."""
    if name == STDIN:
        return [Source(name, open_stdin)]
    if os.path.isdir(name):
        return _in_folder(name)
    return [Source(name, open_shared if is_shared(name) else open_named)]
