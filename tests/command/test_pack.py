"""midpool pack: nothing is lost, packs merge, fleet and others read them."""

import json
import os
import shutil
import sqlite3
import subprocess
import threading
import unittest

import generate_fleet
import sample
from midpool_lib.base import counters
from midpool_lib.fleet import pack_schema

BIG = 2**64 - 1
QUERIES = {  # what an operator asks, as it stands in midpool-fleet(7)
    "worst programs": """
        SELECT program, build_id, count(*) AS processes, sum(misses) AS misses,
               1 - 1.0 * sum(misses) / sum(gets) AS hit_rate
        FROM process GROUP BY program, build_id ORDER BY misses DESC LIMIT 10
        """,
    "outliers": """
        SELECT host, pid, p.program, misses FROM process p
        JOIN (SELECT program, avg(misses) AS usual FROM process
              GROUP BY program) a ON a.program = p.program
        WHERE misses > 20 * usual ORDER BY misses DESC LIMIT 10
        """,
    "sizes": """
        SELECT max_bytes, sum(gets) AS gets, sum(misses) AS misses,
               1 - 1.0 * sum(requested_bytes) / sum(slot_bytes) AS waste
        FROM part WHERE scope = 'class' GROUP BY max_bytes ORDER BY misses DESC
        """}


class Case(sample.Case):
    def setUp(self):
        super().setUp()
        self.made = list(generate_fleet.many(60, hosts=3))
        self.folder = self.path("r")
        generate_fleet.write_folder(self.folder, self.made)

    def pack(self, *arguments, status=0):
        return self.midpool("pack", *arguments, status=status)

    def rows(self, path, query):
        db = sqlite3.connect(self.path(path))
        db.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in db.execute(query)]
        finally:
            db.close()

    def contents(self, path):
        """Everything in a pack, without the numbers that it gave itself."""
        found = []
        for row in self.rows(path, "SELECT * FROM process"):
            key = [row[name] for name in pack_schema.KEY]
            for table in ("process", *pack_schema.OF_PROCESS):
                own = "id" if table == "process" else "process"
                for part in self.rows(path, f"SELECT * FROM {table}"
                                      f" WHERE {own} = {row['id']}"):
                    for name in ("id", "process", "config"):
                        part.pop(name, None)
                    found.append((*key, table, json.dumps(part)))
        return sorted(found)


class Lossless(Case):
    def check(self, path, wanted):
        found = {tuple(row[name] for name in pack_schema.KEY): row
                 for row in self.rows(path, "SELECT * FROM process")}
        self.assertEqual(len(found), len(wanted))
        for report in wanted:
            row = found[tuple(report["process"][name]
                              for name in pack_schema.KEY)]
            for name in counters.NAMES:
                self.assertEqual(row[name], report["totals"][name], name)
            self.assertEqual(row["below_bytes"],
                             report["fallback"]["below"]["bytes"])
            self.check_parts(path, row["id"], report)

    def check_parts(self, path, number, report):
        parts = {(row["scope"], row["max_bytes"]): row for row in self.rows(
            path, f"SELECT * FROM part WHERE process = {number}")}
        for pool in report["pools"]:
            for scope, want in [("pool", pool)] + [
                    ("class", row) for row in pool["classes"]]:
                row = parts.get((scope, want["max_bytes"]), {})
                for name in counters.NAMES:
                    self.assertEqual(row.get(name, 0), want[name], name)
        sizes = {row["from_bytes"]: row["calls"] for row in self.rows(
            path, f"SELECT * FROM request WHERE process = {number}"
            " AND served_by = 'pools'")}
        self.assertEqual(sizes, {row["from_bytes"]: row["gets"]
                                 for row in report["sizes"]})

    def test_every_counter_is_in_it(self):
        out = self.pack(self.folder, "-o", "a.db").out
        self.assertEqual(out, "a.db: 60 processes (60 added)\n")
        self.check("a.db", self.made)
        config, = {row["text"] for row in self.rows(
            "a.db", "SELECT text FROM config JOIN process ON config = config.id"
            " WHERE program = 'api'")}
        self.assertEqual(json.loads(config)["report_labels"],
                         "unit=api.service")
        self.assertEqual(self.rows("a.db", "SELECT DISTINCT value FROM label"
                                   " JOIN process ON process = id"
                                   " WHERE program = 'cc1'"),
                         [{"value": "cc1.service"}])

    def test_counts_that_sqlite_has_no_integer_for(self):
        """The edge is 2^63 - 1."""
        for gets in (2**63 - 2, 2**63 - 1, 2**63, BIG):
            report = sample.report(generation=1)
            report["totals"].update(gets=gets, hits=gets, misses=0)
            self.pack(self.write("big.json", report), "-o", "big.db")
            row, = self.rows("big.db", "SELECT gets, id FROM process")
            exact = self.rows("big.db", "SELECT value FROM beyond"
                              " WHERE name = 'gets'")
            self.assertEqual(row["gets"], min(gets, 2**63 - 1))
            self.assertEqual(exact, [{"value": str(gets)}]
                             if gets > 2**63 - 1 else [])
            found = json.loads(self.midpool("fleet", "--json", "big.db").out)
            self.assertEqual(found["groups"][0]["sums"]["gets"], gets)
            os.unlink(self.path("big.db"))

    def test_fleet_says_the_same_of_a_pack_as_of_its_reports(self):
        self.pack(self.folder, "-o", "a.db")
        for arguments in ([], ["--by", "host"], ["--by", "unit"],
                          ["--by", "day", "--sort", "peak"]):
            whole, packed = (json.loads(self.midpool(
                "fleet", "--json", *arguments, name, status=0).out)
                for name in (self.folder, "a.db"))
            whole["files"] = packed["files"]
            self.assertEqual(whole, packed, arguments)
        both = json.loads(self.midpool("fleet", "--json", self.folder, "a.db",
                                       status=0).out)
        self.assertEqual((both["processes"], both["reports"]), (60, 120))
        found = self.midpool("fleet", "diff", "a.db", self.folder, status=0)
        self.assertIn("not shown to differ", found.out)


class Merging(Case):
    def test_packs_are_their_reports_in_any_order(self):
        for number in (0, 1, 2):
            generate_fleet.write_folder(self.path(f"part{number}"),
                                        self.made[number::3])
            self.pack(f"part{number}", "-o", f"{number}.db")
        self.pack("0.db", "1.db", "2.db", "-o", "a.db")
        self.pack("2.db", "part1", "1.db", "-o", "b.db")
        self.pack("0.db", "-o", "b.db")
        self.assertEqual(len(self.contents("a.db")),
                         len(self.contents("b.db")))
        for table in ("process", *pack_schema.OF_PROCESS):
            self.assertGreater(self.rows(
                "a.db", f"SELECT count(*) AS n FROM {table}")[0]["n"],
                0 if table != "beyond" else -1, table)
        self.assertEqual(self.contents("a.db"), self.contents("b.db"))
        out = self.pack("a.db", "b.db", self.folder, "-o", "b.db",
                        status=2).err
        self.assertIn("into itself", out)
        out = self.pack("a.db", self.folder, "-o", "b.db").out
        self.assertEqual(out, "b.db: 60 processes (0 added,"
                         " 120 known already)\n")

    def test_the_later_state_stays(self):
        early = sample.report({4096: dict(gets=100, misses=9)}, pid=7,
                              generation=1, end="running", duration_ns=10)
        late = sample.report({8192: dict(gets=500, misses=3)}, pid=7,
                             generation=1, end="exit", duration_ns=99)
        killed = dict(late, process=dict(late["process"], end="unknown"))
        for name, report in (("early", early), ("late", late),
                             ("killed", killed)):
            self.pack(self.write(f"{name}.json", report), "-o", f"{name}.db")
        for order in (("early", "late", "killed"), ("late", "early"),
                      ("killed", "late", "early"),
                      ("early", "killed", "late")):
            for ending in (".json", ".db"):
                name = "".join(order) + ending[1:] + ".db"
                self.pack(*[word + ending for word in order], "-o", name)
                row, = self.rows(name, "SELECT * FROM process")
                self.assertEqual((row["gets"], row["ended"]), (500, "exit"),
                                 name)
                parts = self.rows(name, "SELECT max_bytes FROM part"
                                  " WHERE scope = 'class'")
                self.assertEqual(parts, [{"max_bytes": 8192}], name)

    def test_a_pack_of_an_older_midpool_lacks_a_counter(self):
        self.pack(self.folder, "-o", "old.db")
        db = sqlite3.connect(self.path("old.db"))
        for table in ("process", "part"):
            db.execute(f"ALTER TABLE {table} DROP COLUMN inherited_puts")
        db.execute("ALTER TABLE process DROP COLUMN midpool_version")
        db.commit()
        db.close()
        self.assertIn("60 processes", self.midpool("fleet", "old.db",
                                                   status=0).out)
        self.pack("old.db", "-o", "new.db")
        self.pack(self.folder, "-o", "old.db")
        for name in ("new.db", "old.db"):
            row, = self.rows(name, "SELECT sum(inherited_puts) AS n,"
                             " sum(gets) AS gets FROM process")
            self.assertEqual(row["n"], 0)
            self.assertEqual(row["gets"], sum(report["totals"]["gets"]
                                              for report in self.made))

    def test_a_newer_version_is_not_read(self):
        self.pack(self.folder, "-o", "new.db")
        db = sqlite3.connect(self.path("new.db"))
        db.execute("PRAGMA user_version = 2")
        db.close()
        for arguments in (["fleet", "new.db"], ["pack", "new.db", "-o", "x"],
                          ["pack", self.folder, "-o", "new.db"]):
            self.assertIn("newer midpool", self.midpool(*arguments,
                                                        status=2).err)
        self.assertFalse(os.path.exists(self.path("x")))


class BadInput(Case):
    def test_reports_that_cannot_be_read_are_named(self):
        self.write("r/cut.json", "{")
        self.write("bad.db", "nothing")
        done = self.pack(self.folder, "bad.db", "gone", "-o", "a.db",
                         status=3)
        self.assertIn("60 added", done.out)
        for name in ("cut.json", "bad.db", "gone"):
            self.assertIn(name, done.err)

    def test_what_is_no_pack_is_not_touched(self):
        self.write("precious", "mine")
        sqlite3.connect(self.path("other.db")).execute("CREATE TABLE t (a)")
        os.symlink("precious", self.path("link"))
        for name, words in (("precious", "no pack"), ("other.db", "no pack"),
                            ("link", "a link"), (".", "directory"),
                            ("gone/x", None)):
            done = self.pack(self.folder, "-o", name,
                             status=2 if words else 0)
            self.assertIn(words or "", done.err, name)
        with open(self.path("precious"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")
        self.assertIn("which reports", self.pack("-o", "x", status=2).err)
        self.assertIn("-o is missing", self.pack("x", status=2).err)
        self.assertEqual([name for name in os.listdir(self.dir)
                          if name.startswith(".midpool")], [])

    def damaged(self):
        """(name of a pack, what is wrong with it)."""
        self.pack(self.folder, "-o", "good.db")
        for name, change in (
                ("text", "UPDATE process SET gets = 'x' WHERE id = 3"),
                ("real", "UPDATE process SET gets = 1.5 WHERE id = 3"),
                ("negative", "UPDATE process SET pid = -1 WHERE id = 3"),
                ("blob", "UPDATE process SET host = x'00' WHERE id = 3"),
                ("gone", "DROP TABLE process"),
                ("view", "DROP TABLE process; CREATE VIEW process AS"
                 " SELECT 1 AS id"),
                ("narrow", "ALTER TABLE process DROP COLUMN ended")):
            shutil.copy(self.path("good.db"), self.path(name + ".db"))
            db = sqlite3.connect(self.path(name + ".db"))
            db.executescript(change)
            db.close()
            yield name + ".db"
        with open(self.path("good.db"), "rb") as file:
            data = file.read()
        for name, content in (("cut.db", data[:len(data) // 2]),
                              ("noise.db", data[:100] + b"\xff" * 20000)):
            with open(self.path(name), "wb") as file:
                file.write(content)
            yield name

    def test_damaged_packs_are_named(self):
        names = list(self.damaged())
        for name in names:
            done = self.midpool("fleet", name, status=2)
            self.assertIn(f"{name}: ", done.err)
        done = self.pack(*names, self.folder, "-o", "x.db", status=3)
        self.assertIn("60 added", done.out)
        for name in names:
            self.assertIn(f"midpool: {name}: ", done.err)

    def test_a_full_disk_leaves_a_pack_whole(self):
        """A limit on the size of files, as a full disk."""
        self.pack(self.folder, "-o", "a.db")
        before = self.contents("a.db")
        generate_fleet.write_folder(self.path("more"), generate_fleet.many(
            400, seed=9))
        limit = os.path.getsize(self.path("a.db")) // 512 + 64
        for name in ("a.db", "new.db"):
            done = subprocess.run(
                ["sh", "-c", f'ulimit -f {limit}; exec "$@"', "sh",
                 sample.COMMAND, "pack", "more", "-o", name], cwd=self.dir,
                env=self.env, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(f"pack: {name}: ", done.stderr)
        self.assertEqual(self.contents("a.db"), before)
        self.assertFalse(os.path.exists(self.path("new.db")))
        self.assertEqual([name for name in os.listdir(self.dir)
                          if "journal" in name or name[0] == "."], [])
        self.pack("more", "-o", "a.db")

    def test_several_at_once(self):
        """Nothing of two that write one pack is lost."""
        self.pack(self.folder, "-o", "a.db")
        folders = []
        for number in range(3):
            folders.append(self.path(f"more{number}"))
            generate_fleet.write_folder(folders[-1], generate_fleet.many(
                20, seed=20 + number))
        running = [threading.Thread(target=self.pack, args=(
            folder, "-o", "a.db")) for folder in folders]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        self.assertEqual(self.rows("a.db", "SELECT count(*) AS n FROM process"
                                   )[0]["n"], 120)

    def test_ten_thousand_labels_and_programs(self):
        """The screen shows a limited number of rows; --json has all."""
        self.pack(self.write("one.json", self.made[0]), "-o", "many.db")
        db = sqlite3.connect(self.path("many.db"))
        columns = [column.name for column in pack_schema.PROCESS]
        changed = {"id": "n", "pid": "n + 1000000", "program": "'p' || n",
                   "unit": "'u' || n"}
        db.execute(
            "WITH RECURSIVE number(n) AS (SELECT 2 UNION ALL SELECT n + 1"
            " FROM number WHERE n < 10000) INSERT INTO process SELECT "
            + ", ".join(changed.get(name, name) for name in columns)
            + " FROM process, number")
        db.commit()
        db.close()
        out = self.midpool("fleet", "--by", "unit", "many.db", status=0).out
        self.assertIn("and 9,960 more groups", out)
        self.assertLess(len(out.splitlines()), 60)
        found = json.loads(self.midpool("fleet", "--json", "many.db").out)
        self.assertEqual(len(found["groups"]), 10000)

    def test_no_room_for_the_output(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([sample.COMMAND, "fleet", self.folder],
                                  stdout=full, stderr=subprocess.PIPE,
                                  env=self.env, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"No space left", done.stderr)

    def test_hostile_names(self):
        name = "/x/a\x1b[31m\n\"'; DROP TABLE process; --\ud800"
        report = sample.report(executable=name, host="\x1b]0;h",
                               generation=1)
        self.pack(self.write("h.json", report), "-o", "h.db", status=None)
        out = self.midpool("fleet", "h.db").out
        self.assertNotIn("\x1b", out)
        self.assertIn("1 process", out)


class OtherTools(Case):
    def test_the_schema_says_what_each_column_means(self):
        self.pack(self.folder, "-o", "a.db")
        texts = "\n".join(row["sql"] for row in self.rows(
            "a.db", "SELECT sql FROM sqlite_master WHERE type = 'table'"))
        for columns in pack_schema.TABLES.values():
            for column in columns:
                self.assertRegex(texts, rf"(?m)^  {column.name} [A-Z].* --"
                                 r" \w+")

    def test_the_manual_has_the_queries(self):
        path = os.path.join(sample.SOURCE, "scripts", "man",
                            "midpool-fleet.7")
        with open(path, encoding="utf-8") as file:
            page = " ".join(file.read().replace("\\-", "-").split())
        missing = [name for name, query in QUERIES.items()
                   if " ".join(query.split()) not in page]
        self.assertEqual(missing, [])

    def test_sqlite3_answers_an_operator(self):
        self.pack(self.folder, "-o", "a.db")
        worst = self.rows("a.db", QUERIES["worst programs"])
        sums = {}
        for report in self.made:
            key = (os.path.basename(report["process"]["executable"]),
                   report["process"]["build_id"])
            sums[key] = sums.get(key, 0) + report["totals"]["misses"]
        self.assertEqual([row["misses"] for row in worst],
                         sorted(sums.values(), reverse=True))
        for query in QUERIES.values():
            self.rows("a.db", query)
        if shutil.which("sqlite3"):
            done = subprocess.run(
                ["sqlite3", "-csv", "a.db", "SELECT sum(gets) FROM process"],
                cwd=self.dir, capture_output=True, text=True, check=True)
            self.assertEqual(int(done.stdout), sum(
                report["totals"]["gets"] for report in self.made))


if __name__ == "__main__":
    unittest.main()
