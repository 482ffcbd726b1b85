"""Puts reports, and other packs, into a pack: the last state of each process.

The reports of a folder, or another pack, are added in one transaction: the pack
gets all of them, or stays as it was.
"""

import json

from midpool_lib.base import counters
from midpool_lib.base.errors import CommandError
from midpool_lib.fleet import pack_schema
from midpool_lib.read import openmetrics, reports
from midpool_lib.read.family import rank

_NUMBERS = counters.NAMES
_LATER = ("ended <> 'running'", "ended IN ('exit', 'signal', 'exec',"
          " 'running')")  # as family.rank, of states with one start


def _insert(table, columns):
    names = [column.name for column in columns]
    return (f"INSERT INTO {table} ({', '.join(names)}) VALUES"
            f" ({', '.join('?' * len(names))})")


_INSERT = {table: _insert(table, columns)
           for table, columns in pack_schema.TABLES.items()}
_FIND = ("SELECT id, duration_ns, ended FROM process WHERE "
         + " AND ".join(f"{name} = ?" for name in pack_schema.KEY))


class Writer:
    """Adds to a pack's open database."""

    def __init__(self, db):
        self.db = db
        self.configs = {}
        self.added = 0
        self.replaced = 0
        self.known_already = 0
        self.next = 1

    def begin(self):
        """Begins a transaction, during which no other process can write."""
        self.db.execute("BEGIN IMMEDIATE")
        self.next = 1 + (self.db.execute("SELECT max(id) FROM process"
                                         ).fetchone()[0] or 0)

    # Reports.

    def add(self, report, source):
        """A report that is whole (reports.normalise)."""
        process = report["process"]
        key = tuple(process.get(name, 0) for name in pack_schema.KEY)
        known = self.db.execute(_FIND, _fit(key, (), 0, "", [])).fetchone()
        if known:
            if rank(known[1], known[2]) >= rank(process["duration_ns"],
                                                process["end"]):
                self.known_already += 1
                return
            self._forget(known[0])
            self.replaced += 1
        else:
            self.added += 1
        self._put(self.next, report, source)
        self.next += 1

    def _forget(self, number):
        self.db.execute("DELETE FROM process WHERE id = ?", (number,))
        for table in pack_schema.OF_PROCESS:
            self.db.execute(f"DELETE FROM {table} WHERE process = ?",
                            (number,))

    def _put(self, number, report, source):
        row = [_fact(report, column.name) for column in pack_schema.PROCESS]
        row[0], row[-len(_NUMBERS) - 1] = number, source
        row[_CONFIG] = self._config(report["config"])
        beyond = []
        self.db.execute(_INSERT["process"], _fit(
            row, pack_schema.PROCESS, number, "process", beyond))
        self.db.executemany(_INSERT["part"], list(_parts(report, number,
                                                         beyond)))
        self.db.executemany(_INSERT["request"], list(_requests(
            report, number, beyond)))
        self.db.executemany(_INSERT["label"], [
            (number, name, _text(value))
            for name, value in openmetrics.labels(report)])
        self.db.executemany(_INSERT["beyond"], beyond)

    def _config(self, config):
        text = json.dumps(config, sort_keys=True)
        if text not in self.configs:
            self.db.execute("INSERT OR IGNORE INTO config (text) VALUES (?)",
                            (text,))
            self.configs[text], = self.db.execute(
                "SELECT id FROM config WHERE text = ?", (text,)).fetchone()
        return self.configs[text]

    # Packs.

    def merge(self, path):
        """Takes all processes of another pack; the later state of each stays.
        Raises CommandError if it is no pack; then nothing of it was taken."""
        damaged = pack_schema.sqlite().DatabaseError
        try:
            self.db.execute("ATTACH ? AS theirs",
                            (pack_schema.address(path, "ro"),))
            pack_schema.check(self.db, "theirs", pack_schema.TABLES)
            self.begin()
            self._merge()
            self.db.execute("COMMIT")
        except damaged as error:
            if type(error) is not damaged:
                raise  # it is about the pack that is written: no room
            raise CommandError(f"a damaged pack ({error})") from None
        finally:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            if any(row[1] == "theirs" for row
                   in self.db.execute("PRAGMA database_list")):
                self.db.execute("DETACH theirs")

    def _merge(self):
        run = self.db.execute
        same = " AND ".join(f"ours.{name} = its.{name}"
                            for name in pack_schema.KEY)
        later = ", ".join(f"{{0}}.{part}" for part in ("duration_ns",))
        for part in _LATER:
            later += f", ({{0}}.{part})"
        run("DROP TABLE IF EXISTS temp.fresh")
        run("CREATE TEMP TABLE fresh (theirs INTEGER PRIMARY KEY,"
            " ours INTEGER, replaces INTEGER)")
        run("INSERT INTO fresh SELECT its.id,"
            " ? + row_number() OVER (ORDER BY its.id), ours.id"
            f" FROM theirs.process its LEFT JOIN main.process ours ON {same}"
            f" WHERE ours.id IS NULL OR ({later.format('its')})"
            f" > ({later.format('ours')})", (self.next - 1,))
        fresh, replaced = run("SELECT count(*), count(replaces) FROM fresh"
                              ).fetchone()
        total, = run("SELECT count(*) FROM theirs.process").fetchone()
        self.added += fresh - replaced
        self.replaced += replaced
        self.known_already += total - fresh
        self.next += fresh
        for (number,) in run("SELECT replaces FROM fresh WHERE replaces"
                             " IS NOT NULL").fetchall():
            self._forget(number)
        run("INSERT OR IGNORE INTO main.config (text)"
            " SELECT text FROM theirs.config")
        self._copy("process", {
            "id": "fresh.ours",
            "config": "(SELECT mine.id FROM main.config mine JOIN"
                      " theirs.config other ON mine.text = other.text"
                      " WHERE other.id = its.config)"}, "its.id")
        for table in pack_schema.OF_PROCESS:
            self._copy(table, {"process": "fresh.ours"}, "its.process")

    def _copy(self, table, instead, theirs):
        columns = [column.name for column
                   in pack_schema.known(self.db, "theirs", table)]
        values = [instead.get(name, f"its.{name}") for name in columns]
        self.db.execute(
            f"INSERT INTO main.{table} ({', '.join(columns)})"
            f" SELECT {', '.join(values)} FROM theirs.{table} its"
            f" JOIN fresh ON fresh.theirs = {theirs} ORDER BY fresh.ours")


def grow(db):
    """Adds columns that an older midpool did not know; its rows get 0."""
    for table, columns in pack_schema.TABLES.items():
        have = {column.name for column
                in pack_schema.known(db, "main", table)}
        for column in columns:
            if column.name not in have:
                db.execute(f"ALTER TABLE {table} ADD COLUMN {column.name}"
                           f" {column.kind}")


_CONFIG = [column.name for column in pack_schema.PROCESS].index("config")
_ELSEWHERE = {
    "ended": lambda report: report["process"]["end"],
    "program": reports.program,
    "unit": lambda report: dict(openmetrics.labels(report)).get("unit", ""),
    "active": lambda report: int(report["interception"]["active"]),
    "threads_now": lambda report: report["threads"]["now"],
    "threads_peak": lambda report: report["threads"]["peak"],
    "peak_live_is_exact": lambda report: int(bool(
        report["memory"].get("peak_live_is_exact"))),
    "midpool_version": lambda report: str(report.get("midpool_version", "")),
    "warnings": lambda report: (json.dumps(report["warnings"])
                                if report["warnings"] else None),
}


def _fact(report, name):
    """The value of a report for a column of process."""
    if name in report["totals"]:
        return report["totals"][name]
    if name in _ELSEWHERE:
        return _ELSEWHERE[name](report)
    if name in pack_schema.MISUSE or name == "foreign_frees":
        return report["misuse"].get(name, 0)
    if name in pack_schema.MEMORY:
        return report["memory"].get(name)
    side, _low, what = name.partition("_")
    if side in ("below", "above"):
        return report["fallback"][side][what]
    return report["process"].get(
        name, None if name in pack_schema.UNKNOWN else 0)


def _text(value):
    """Text without halves of characters, which JSON can hold."""
    return value.encode("utf-8", "replace").decode()


def _fit(values, columns, number, place, beyond):
    """A row that SQLite can hold; numbers that it cannot are noted in beyond,
    by their columns if these are given."""
    found = list(values)
    for index, value in enumerate(found):
        if type(value) is str and not value.isascii():
            found[index] = _text(value)
        elif type(value) is int and value > pack_schema.HIGHEST:
            found[index] = pack_schema.HIGHEST
            if columns:
                beyond.append((number, place, columns[index].name,
                               str(value)))
    return found


def _parts(report, number, beyond):
    for pool in report["pools"]:
        for scope, row in [("pool", pool)] + [("class", row) for row
                                              in pool["classes"]]:
            values = [row[name] for name in _NUMBERS]
            if any(values):
                yield _fit([number, scope, row["max_bytes"]] + values,
                           pack_schema.PART, number,
                           f"{scope} {row['max_bytes']}", beyond)


def _requests(report, number, beyond):
    for server, buckets, name in (
            ("pools", report["sizes"], "gets"),
            ("jemalloc", report["fallback"]["sizes"], "calls")):
        for row in buckets:
            if row[name]:
                yield _fit([number, server, row["from_bytes"],
                            row["to_bytes"], row[name]],
                           pack_schema.REQUEST, number,
                           f"{server} {row['from_bytes']}", beyond)
