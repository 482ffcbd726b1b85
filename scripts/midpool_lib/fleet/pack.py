"""midpool pack: the reports of very many processes in one SQLite file."""

import os
import sys

from midpool_lib.base import arguments, style
from midpool_lib.base.errors import INCOMPLETE, CommandError
from midpool_lib.fleet import pack_schema, pack_write
from midpool_lib.read import keep, reports, sources
from midpool_lib.read.family import members

HELP = """\
usage: midpool pack [-q] FOLDER|FILE|PACK... -o PACK

Puts reports in JSON, and other packs, into one SQLite file: all counters of
each process, its pools, classes and requested sizes, labels and options. If a
process has several reports, the last one counts. An existing PACK is extended;
packing the same reports again does no harm. Reports are not removed.
Unreadable files are named and left out (exit status 3). A pack does not hold
curves in time, hints and call stacks.

  -o, --output PACK  the file
  -q, --quiet        say nothing

  midpool pack /var/log/midpool -o week.db && midpool prune /var/log/midpool
  midpool pack mars.db venus.db -o all.db
  midpool fleet all.db
  sqlite3 all.db 'SELECT program, sum(misses) FROM process GROUP BY program'
  sqlite3 all.db .schema              what each column means; midpool(7)
"""

SPEC = {"-o": "output=", "--output": "output=", "-q": "quiet",
        "--quiet": "quiet"}


class Output:
    """The pack that is written. A new one gets its name when it is complete; an
    existing one is changed in transactions."""

    def __init__(self, path):
        self.path = path
        self.is_new = not keep.regular(path)
        self.place = path
        self.db = None
        if self.is_new:
            self.place = os.path.join(os.path.dirname(path) or ".",
                                      ".midpool." + os.urandom(6).hex())
        elif not pack_schema.is_pack(path):
            raise CommandError(f"pack: {path} exists and is no pack",
                               "choose another name for -o, or remove it")

    def open(self):
        self.db = pack_schema.connect(self.place,
                                      "rwc" if self.is_new else "rw")
        if self.is_new:
            self.db.execute("PRAGMA journal_mode = MEMORY")
            self.db.execute("PRAGMA synchronous = OFF")
            pack_schema.create(self.db)
        else:
            pack_schema.check(self.db, "main", ())
            pack_write.grow(self.db)
        return pack_write.Writer(self.db)

    def finish(self):
        self.db.close()
        if self.is_new:
            with open(self.place, "rb") as file:
                os.fsync(file.fileno())
            os.replace(self.place, self.path)

    def abandon(self):
        if self.db is not None:
            self.db.close()
        if self.is_new and os.path.exists(self.place):
            os.unlink(self.place)


class Packing:
    """One call of the command."""

    def __init__(self, output):
        self.output = output
        self.errors = []
        self.writer = output.open()

    @property
    def nothing_read(self):
        writer = self.writer
        return not writer.added + writer.replaced + writer.known_already

    def take(self, name):
        """Takes what a name that the user gave means."""
        if pack_schema.is_pack(name):
            self._merge(name)
            return
        try:
            found = sources.of(name)
        except CommandError as error:
            self.errors.append(error)
            return
        self.writer.begin()
        for source in found:
            self._add(source)
        self.writer.db.execute("COMMIT")

    def _add(self, source):
        try:
            for report in reports.read_source(source):
                for member in members(report):
                    self.writer.add(member, source.title)
        except CommandError as error:
            self.errors.append(error)

    def _merge(self, name):
        if os.path.exists(self.output.path) and os.path.samefile(
                name, self.output.path):
            raise CommandError(f"pack: {name} would be packed into itself",
                               "give another name with -o")
        try:
            self.writer.merge(name)
        except CommandError as error:
            self.errors.append(CommandError(f"{name}: {error.problem}"))


def _said(path, writer):
    words = [f"{style.count(writer.added)} added"]
    for number, what in ((writer.replaced, "replaced by a later state"),
                         (writer.known_already, "known already")):
        if number:
            words.append(f"{style.count(number)} {what}")
    total, = writer.db.execute("SELECT count(*) FROM process").fetchone()
    return (f"{path}: {style.count(total)} process"
            f"{'' if total == 1 else 'es'} ({', '.join(words)})")


def _pack(names, path):
    """Returns remarks, and the errors of files that were left out."""
    output = Output(path)
    database_error = pack_schema.sqlite().Error
    packing = None
    try:
        packing = Packing(output)
        for name in names:
            packing.take(name)
        words = _said(path, packing.writer)
        if packing.nothing_read and packing.errors:
            raise packing.errors[0]
        output.finish()
    except database_error as error:
        output.abandon()
        raise CommandError(f"pack: {path}: {error}",
                           "nothing was written" if output.is_new else
                           "the pack is intact, and has a part of the reports;"
                           " the command may be called again") from None
    except BaseException:
        output.abandon()
        raise
    return words, packing.errors


def main(argv):
    options = arguments.parse("pack", argv, SPEC, HELP)
    names = options.rest + (options.after or [])
    if not names or not options.output:
        missing = "-o is missing" if names else "which reports?"
        raise CommandError(f"pack: {missing}",
                           "midpool pack /var/log/midpool -o week.db")
    keep.check_directory("pack", options.output)
    words, errors = _pack(names, options.output)
    if not options.quiet:
        print(words)
        sys.stdout.flush()
    reports.say_left_out(errors)
    return INCOMPLETE if errors else 0
