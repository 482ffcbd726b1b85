"""The tables of a pack: very many processes' reports in one SQLite file.

A pack is recognised by its application_id; user_version is the version of this
schema, which only grows within a version. The file itself tells the meaning of
every column ('sqlite3 FILE .schema'). A process has one row in `process`, one
in `part` for each of its pools and classes, and one in `request` for each
requested size. Rows of zeros are left out.

SQLite has no integers beyond 2^63 - 1. A greater count is that number in its
column, and stands exactly in `beyond`.
"""

import os
import urllib.parse

from midpool_lib.base import careful, counters
from midpool_lib.base.errors import CommandError
from midpool_lib.read import openmetrics

APPLICATION = b"mdpl"
VERSION = 1
MAGIC = b"SQLite format 3\0"
APPLICATION_AT = 68  # in the header of every SQLite file
HIGHEST = 2**63 - 1

KEY = ("host", "pid_namespace", "pid", "start_unix_ns", "generation")
MISUSE = tuple(key for _kind, key in openmetrics.BAD_FREES)
MEMORY = ("metadata_bytes", "reserved_bytes", "purged_bytes",
          "peak_rss_bytes")
UNKNOWN = {"cpu_user_ns", "cpu_system_ns"} | set(MEMORY)  # may be NULL
_TEXT, _INTEGER = "TEXT NOT NULL DEFAULT ''", "INTEGER NOT NULL DEFAULT 0"


class Column:
    def __init__(self, name, kind, meaning):
        self.name = name
        self.kind = kind
        self.meaning = meaning

    @property
    def is_number(self):
        return self.kind.startswith("INTEGER")


def _columns(*rows):
    return [Column(name, kind, meaning) for name, kind, meaning in rows]


_COUNTERS = [Column(row.name, _INTEGER, row.meaning)
             for row in counters.TABLE]

PROCESS = _columns(
    ("id", "INTEGER PRIMARY KEY", "what other tables call the process"),
    ("host", _TEXT, "the machine"),
    ("pid_namespace", _INTEGER, "inode of /proc/PID/ns/pid; 0: not known"),
    ("pid", _INTEGER, "in that namespace"),
    ("start_unix_ns", _INTEGER, "start, since 1970"),
    ("generation", _INTEGER, "1; the next program in the process is 2"),
    ("ppid", _INTEGER, "the parent's pid"),
    ("executable", _TEXT, "path of the program"),
    ("program", _TEXT, "its name"),
    ("build_id", _TEXT, "of the program, in hexadecimal"),
    ("unit", _TEXT, "the label unit, or ''"),
    ("ended", _TEXT, "exit, exec, signal, running or unknown"),
    ("duration_ns", _INTEGER, "how long it ran"),
    ("cpu_user_ns", "INTEGER", "CPU time; NULL: not known"),
    ("cpu_system_ns", "INTEGER", "CPU time; NULL: not known"),
    ("active", _INTEGER, "1: its allocations came to midpool"),
    ("threads_now", _INTEGER, "threads with a cache at the end"),
    ("threads_peak", _INTEGER, "most of them at a time"),
    ("below_calls", _INTEGER, "requests below the band, to jemalloc"),
    ("below_bytes", _INTEGER, "bytes of them"),
    ("above_calls", _INTEGER, "requests above the band, to jemalloc"),
    ("above_bytes", _INTEGER, "bytes of them"),
    *[(name, _INTEGER, "bad frees of this kind") for name in MISUSE],
    ("foreign_frees", _INTEGER, "frees of another allocator's pointers"),
    *[(name, "INTEGER", counters.METRICS[name].meaning)
      for name in MEMORY],
    ("peak_live_is_exact", _INTEGER, "0: peak_live_bytes is a bound"),
    ("midpool_version", _TEXT, "of the library"),
    ("config", _INTEGER, "config.id"),
    ("warnings", "TEXT", "a JSON list; NULL: none"),
    ("source", _TEXT, "the file that held the report")) + _COUNTERS

PART = _columns(
    ("process", _INTEGER, "process.id"),
    ("scope", _TEXT, "pool or class"),
    ("max_bytes", _INTEGER, "the largest request that it serves")
    ) + _COUNTERS

REQUEST = _columns(
    ("process", _INTEGER, "process.id"),
    ("served_by", _TEXT, "pools or jemalloc"),
    ("from_bytes", _INTEGER, "the smallest request of this row"),
    ("to_bytes", _INTEGER, "the largest"),
    ("calls", _INTEGER, "how many there were"))

LABEL = _columns(
    ("process", _INTEGER, "process.id"),
    ("name", _TEXT, "of a label in report_labels"),
    ("value", _TEXT, "its value"))

BEYOND = _columns(
    ("process", _INTEGER, "process.id"),
    ("place", _TEXT, "process, pool BYTES, class BYTES, pools BYTES or"
     " jemalloc BYTES"),
    ("name", _TEXT, "the column"),
    ("value", _TEXT, "the number, in decimal digits"))

CONFIG = _columns(
    ("id", "INTEGER PRIMARY KEY", "what process.config is"),
    ("text", "TEXT NOT NULL UNIQUE", "the effective options, as JSON"))

# Each table with its key; config is not of a single process.
OF_PROCESS = {"part": (PART, "process, scope, max_bytes"),
              "request": (REQUEST, "process, served_by, from_bytes"),
              "label": (LABEL, "process, name"),
              "beyond": (BEYOND, "process, place, name")}
TABLES = dict({name: columns for name, (columns, _key) in OF_PROCESS.items()},
              process=PROCESS, config=CONFIG)


def _table(name, columns, key=None):
    rows = [f"  {column.name} {column.kind}{{}} -- {column.meaning}"
            for column in columns]
    ends = [","] * (len(rows) - 1) + ["," if key else ""]
    rows = [row.format(end) for row, end in zip(rows, ends)]
    if key:
        rows.append(f"  PRIMARY KEY ({key})")
    return (f"CREATE TABLE {name} (\n" + "\n".join(rows) + "\n)"
            + (" WITHOUT ROWID" if key else ""))


def create(db):
    """Makes the tables in an empty database."""
    db.execute(f"PRAGMA application_id = {int.from_bytes(APPLICATION, 'big')}")
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute(_table("process", PROCESS))
    db.execute(f"CREATE UNIQUE INDEX process_key ON process ({', '.join(KEY)})")
    db.execute(_table("config", CONFIG))
    for name, (columns, key) in OF_PROCESS.items():
        db.execute(_table(name, columns, key))


def is_pack(path):
    """True if a file's beginning marks it as a pack; False also if it cannot
    be read or is not a file."""
    try:
        with open(careful.open_regular(path, follow=True), "rb") as file:
            head = file.read(APPLICATION_AT + len(APPLICATION))
    except (OSError, ValueError):
        return False
    return head.startswith(MAGIC) and head.endswith(APPLICATION)


def sqlite():
    """Python's own module, which a minimal Python leaves out."""
    try:
        import sqlite3
    except ImportError:
        raise CommandError("this Python has no sqlite3",
                           "apt install libpython3-stdlib") from None
    return sqlite3


def address(path, mode):
    """A path as SQLite wants it; mode is ro, rw or rwc."""
    return ("file:" + urllib.parse.quote(os.path.abspath(path))
            + "?mode=" + mode)


def connect(path, mode="ro"):
    """A connection that trusts nothing in the file; transactions are the
    caller's."""
    db = sqlite().connect(address(path, mode), uri=True, isolation_level=None)
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")
    return db


def known(db, schema, table):
    """The columns of a table there that this version knows, in its order."""
    found = db.execute(f"SELECT type FROM {schema}.sqlite_master"
                       " WHERE name = ?", (table,)).fetchall()
    if found != [("table",)]:
        raise CommandError(f"not a valid pack: no table {table}")
    have = {row[1] for row
            in db.execute(f"PRAGMA {schema}.table_info({table})")}
    return [column for column in TABLES[table] if column.name in have]


def _wrong(column):
    name = f'"{column.name}"'
    if not column.is_number:
        null = ", 'null'" if column.kind == "TEXT" else ""
        return f"typeof({name}) NOT IN ('text'{null})"
    null = ", 'null'" if column.kind == "INTEGER" else ""
    return f"typeof({name}) NOT IN ('integer'{null}) OR {name} < 0"


def check(db, schema, tables):
    """Raises CommandError unless these tables have what a reader relies on;
    all numbers must be counts."""
    version = db.execute(f"PRAGMA {schema}.user_version").fetchone()[0]
    if version > VERSION:
        raise CommandError(f"made by a newer midpool (pack version {version},"
                           f" this one reads {VERSION}): update midpool")
    for table in tables:
        columns = known(db, schema, table)
        missing = {"process": {"id", "ended", "program", *KEY}}.get(
            table, {"process"} if table in OF_PROCESS else {"id", "text"})
        missing -= {column.name for column in columns}
        if missing:
            raise CommandError(f"not a valid pack: {table} has no"
                               f" {sorted(missing)[0]}")
        where = " OR ".join(map(_wrong, columns))
        if db.execute(f"SELECT 1 FROM {schema}.{table} WHERE {where}"
                      " LIMIT 1").fetchone():
            raise CommandError(f"not a valid pack: a value of {table} is no"
                               " count or no text")
