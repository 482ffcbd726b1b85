"""Live pages: the files that processes with live:yes keep under /dev/shm.

The one place in the command that finds, opens, reads and removes them:

  names(user)            names of files that may be pages
  find(user)             the pages that there are, as Page objects
  read_many(names)       reports of many pages, by one midpool-snapshot
  remove(page)           one page of a process that ended
  prune(...)             old pages, by age, number and bytes

A page is opened as the library opens it (careful.py): no link is followed, a
pipe does not make anybody wait, and the file must be a regular one of the user
whose uid is in its name. So nobody can pass off a page as another user's. But
its contents are only its owner's word, which matters to root, who reads the
pages of all users. Only midpool-snapshot reads the counters
(stats/reader/page_file.h). This module knows some fields of the header, which a
test compares with struct stats_header (stats/page/page.h).

For one thread at a time. An error of a single file raises nothing; the file is
left out.
"""

import fcntl
import os
import struct
import time

from midpool_lib.base import careful, paths, removal
from midpool_lib.base.errors import CommandError

DIRECTORY = "/dev/shm"
PREFIX = "midpool."
MAGIC = b"midpool\0"
LAYOUT = 7  # PAGE_LAYOUT; pages of others are told, not read
ENDS = ("running", "exit", "exec", "signal", "unknown")
MARK_DEAD = 1  # access time; see interpose/live/live_sweep.c
FORMING_SECONDS = 60  # a file that is no page yet may become one
BATCH = 1000  # names to one midpool-snapshot

# struct stats_header, from its start to report_errno.
_HEADER = struct.Struct("<8s4Iii2I3q2Q256s512s48s72s2048s2I")
_FLOCK = struct.Struct("hhqqi4x")
_F_OFD_GETLK = 36


class Page:
    """One page's file and the contents of its header.

    path, uid, pid, generation: as in the file's name; the file belongs to
    uid, and the header has the same pid. bytes: what it takes of the file
    system. in_use: a process counts into it at this moment. The rest are
    fields of the header: layout, end (a word of ENDS), ppid, start_unix_ns,
    start_monotonic_ns, end_monotonic_ns (0 without an end), pid_namespace,
    start_ticks, executable, host, config, report_errno.
    """

    def __init__(self, path, name, status):
        self.path = path
        self.uid, self.pid, self.generation = name
        self.device, self.inode = status.st_dev, status.st_ino
        self.bytes = status.st_blocks * 512
        marked = int(status.st_atime) == MARK_DEAD
        self.met_dead = status.st_mtime if marked else None
        self.in_use = False

    def _take(self, data):
        """Reads the header. False: it is none of a whole page."""
        if len(data) < _HEADER.size or not data.startswith(MAGIC):
            return False
        (_magic, self.layout, _bytes, _used, end, pid, self.ppid,
         _generation, _active, self.start_unix_ns, self.start_monotonic_ns,
         self.end_monotonic_ns, self.pid_namespace, self.start_ticks,
         _reason, executable, _build_id, host, config, _warn,
         self.report_errno) = _HEADER.unpack_from(data)
        self.end = ENDS[min(end, len(ENDS) - 1)]
        self.executable = _text(executable)
        self.host = _text(host)
        self.config = _text(config)
        return pid == self.pid

    @property
    def program(self):
        """The executable's name, without its directory."""
        return os.path.basename(self.executable) or "?"

    @property
    def key(self):
        """Tells a program's run within a process from all others."""
        return self.pid, self.start_unix_ns

    def ended_seconds(self):
        """Seconds since it ended, or was first found dead; 0: unknown."""
        if self.end_monotonic_ns:
            now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            return max(0, now - self.end_monotonic_ns) / 1e9
        if self.met_dead is None:
            return 0
        return max(0, time.time() - self.met_dead)


def _text(data):
    return data.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def parse_name(name):
    """(uid, pid, generation) of midpool.<uid>.<pid>.<generation>, or None."""
    parts = name[len(PREFIX):].split(".") if name.startswith(PREFIX) else ()
    if len(parts) != 3 or not all(
            part.isascii() and part.isdigit() and len(part) <= 10
            for part in parts):
        return None
    return tuple(map(int, parts))


def _is_locked(fd):
    ask = _FLOCK.pack(fcntl.F_WRLCK, 0, 0, 0, 0)
    try:
        answer = fcntl.fcntl(fd, _F_OFD_GETLK, ask)
    except OSError:
        return False
    return _FLOCK.unpack(answer)[0] != fcntl.F_UNLCK


def _is_mapped(page):
    """True if the page's process maps it; for systems without such locks."""
    try:
        with open(f"/proc/{page.pid}/maps", "rb") as maps:
            mark = b" %d " % page.inode
            return any(mark in line and b"/midpool." in line
                       for line in maps)
    except OSError:
        return False


def _counts(page, fd):
    return page.end_monotonic_ns == 0 and (_is_locked(fd) or _is_mapped(page))


def open_page(path):
    """The Page at path, or None."""
    name = parse_name(os.path.basename(path))
    if name is None:
        return None
    try:
        fd = careful.open_regular(path, name[0])
    except OSError:
        return None
    try:
        page = Page(path, name, os.fstat(fd))
        if not page._take(os.pread(fd, _HEADER.size, 0)):
            return None
        page.in_use = _counts(page, fd)
        # It may have written its end after the first look.
        if page.end == "running" and not page.in_use and not page._take(
                os.pread(fd, _HEADER.size, 0)):
            return None
        return page
    except OSError:
        return None
    finally:
        os.close(fd)


def names(user=None, directory=DIRECTORY):
    """(name, its numbers) of files that may be pages the caller can read."""
    own = os.geteuid()
    try:
        found = os.listdir(directory)
    except OSError:
        return
    for name in found:
        parsed = parse_name(name)
        if parsed is None or (own != 0 and parsed[0] != own):
            continue
        if user is None or parsed[0] == user:
            yield name, parsed


def find(user=None, directory=DIRECTORY):
    """All pages, in no order: of one user (a number), or of all for root."""
    for name, _parsed in names(user, directory):
        page = open_page(os.path.join(directory, name))
        if page is not None:
            yield page


def in_use(user=None):
    """Pages of processes that run."""
    return [page for page in find(user) if page.in_use]


def read_many(names, build=None, brief=False):
    """Reports of page files or pids, in that order: one process reads all.

    Yields for each a document as midpool-snapshot prints it (reports.normalise
    makes it whole), or a text that says why there is none. brief leaves out
    what fleets do not need: see stats/render/report_json.c.
    """
    names = list(names)
    if not names:
        return
    import subprocess  # here, since most commands go without

    tool = paths.require(paths.snapshot_tool(build), "midpool-snapshot")
    for start in range(0, len(names), BATCH):
        batch = names[start:start + BATCH]
        words = [tool] + (["--brief"] if brief else []) + ["--"] + batch
        done = subprocess.run(words, stdin=subprocess.DEVNULL,
                              capture_output=True, check=False)
        yield from _answers(done, batch)


def _answers(done, batch):
    import json

    said = done.stderr.decode("utf-8", "replace").splitlines()
    lines = ([done.stdout] if len(batch) == 1 and done.stdout
             else done.stdout.split(b"\n"))
    for index in range(len(batch)):
        line = lines[index] if index < len(lines) else b""
        try:
            document = json.loads(line)
        except ValueError:
            document = None
        if document is not None:
            yield document
        else:
            yield said.pop(0) if said else "midpool-snapshot failed"


def remove(page):
    """Removes a page of a process that ended. False: it is not removed."""
    try:
        fd = careful.open_regular(page.path, page.uid)
    except OSError:
        return False
    try:
        status = os.fstat(fd)
        if (status.st_ino, status.st_dev) != (page.inode, page.device):
            return False  # another process's by now
        if _is_locked(fd) or _counts(page, fd):
            return False
        return removal.unlink_same(page.path, status)
    except OSError:
        return False
    finally:
        os.close(fd)


def _remains(user, directory):
    """Files named like pages that never became one: (path, status)."""
    for name, parsed in names(user, directory):
        path = os.path.join(directory, name)
        try:
            fd = careful.open_regular(path, parsed[0])
        except OSError:
            continue
        try:
            status = os.fstat(fd)
            if (not _is_locked(fd)
                    and os.pread(fd, len(MAGIC), 0) != MAGIC
                    and time.time() - status.st_mtime > FORMING_SECONDS):
                yield path, status
        except OSError:
            continue
        finally:
            os.close(fd)


def _mark(page):
    """Notes, as the library's sweeps do, when a page was first met dead."""
    if page.end_monotonic_ns or page.met_dead is not None:
        return
    try:
        os.utime(page.path, (MARK_DEAD, time.time()), follow_symlinks=False)
    except OSError:
        pass


def prune(max_age=None, max_count=None, max_bytes=None, user=None,
          directory=DIRECTORY, dry_run=False):
    """Removes pages of ended processes, the oldest first; returns (how many,
    bytes). With dry_run nothing is removed.

    max_age: seconds since the end, or since a sweep or prune first met the
    page of a process that was killed; max_count and max_bytes: of
    ended processes' pages together. None is no bound. Never touches a page in
    use, one of a process that starts, or a file that is not midpool's.
    """
    ended = [page for page in find(user, directory) if not page.in_use]
    if not dry_run:
        for page in ended:
            _mark(page)
    removed, freed = removal.prune(
        ended, Page.ended_seconds, (max_age, max_count, max_bytes),
        lambda page: dry_run or remove(page))
    for path, status in list(_remains(user, directory)):
        if dry_run or _remove_remains(path, status):
            removed, freed = removed + 1, freed + status.st_blocks * 512
    return removed, freed


def _remove_remains(path, status):
    try:
        return removal.unlink_same(path, status)
    except OSError:
        return False


def report_of(name, build=None):
    """The document of one page file or pid, or a CommandError."""
    document = next(read_many([name], build))
    if isinstance(document, dict):
        return document
    why = document.removeprefix("midpool-snapshot: ")
    if not name.isdigit():
        raise CommandError(why)
    why = f"process {why}"
    if not os.path.exists(f"/proc/{name}"):
        raise CommandError(f"no process {name}, no page of it, and no file of"
                           " that name" if "no page of" in why else why)
    raise CommandError(why, "only programs started with live:yes can be read"
                       " while they run: midpool run does that")
