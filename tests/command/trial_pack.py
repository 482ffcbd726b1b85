#!/usr/bin/python3
"""A million processes in packs, and in a larger engine; not among the tests.

    trial_pack.py [--processes N] [--duckdb FOLDER] [--postgresql URI] PLACE

Makes two packs of N/2 generated processes in the folder PLACE, unless they
are there, merges them by 'midpool pack', and asks the three questions of
midpool-fleet(7) of sqlite3, of DuckDB and of PostgreSQL, each of which has to
give the same answers; 'midpool fleet' has to find the same sums. Prints how
long each took. FOLDER is where 'npm install @duckdb/node-api' was done; URI
is that of an empty database.
"""

import argparse
import json
import math
import os
import re
import resource
import sqlite3
import subprocess
import time

import generate_fleet
import sample
from test_pack import QUERIES

TABLES = ("process", "part")
# Reads commands, one a line in JSON, and prints each one's rows and seconds.
DUCKDB = """
const {DuckDBInstance} = require("@duckdb/node-api");
(async () => {
  const place = await DuckDBInstance.create(process.argv[1]);
  const db = await place.connect();
  const lines = require("fs").readFileSync(0, "utf8").trim().split("\\n");
  for (const line of lines) {
    const began = performance.now();
    const answer = await db.runAndReadAll(JSON.parse(line));
    const seconds = (performance.now() - began) / 1000;
    console.log(JSON.stringify([answer.getRowsJson(), seconds]));
  }
})();
"""


def timed(what, work):
    """Does work; prints its seconds, its children's CPU and memory."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    found = work()
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime
           - before.ru_utime - before.ru_stime)
    print(f"{what}: {seconds:.1f} s"
          + (f", {cpu:.1f} s of CPU time" if cpu > 0.05 else ""), flush=True)
    return found


def make_packs(place, count):
    found = []
    for seed in (1, 2):
        path = os.path.join(place, f"{seed}.db")
        if not os.path.exists(path):
            timed(path, lambda path=path, seed=seed: generate_fleet.write_pack(
                path, generate_fleet.many(count // 2, seed=seed)))
        found.append(path)
    return found


def midpool(*arguments):
    return subprocess.run([sample.COMMAND, *arguments], check=True,
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE).stdout


def same(left, right):
    """True if the rows agree; engines add floats up in different orders."""
    return len(left) == len(right) and all(
        math.isclose(float(a), float(b), rel_tol=1e-9)
        if isinstance(a, (int, float)) else a == b
        for one, other in zip(left, right) for a, b in zip(one, other))


def check(engine, name, rows, wanted):
    if not same(wanted, rows):
        raise SystemExit(f"{engine}, {name}: {rows[:3]}, not {wanted[:3]}")


def ask_sqlite(pack):
    """{question: rows}."""
    db = sqlite3.connect(pack)
    return {name: timed(f"sqlite3, {name}", lambda query=query:
                        db.execute(query).fetchall())
            for name, query in QUERIES.items()}


def csv(pack, place, table):
    path = os.path.join(place, table + ".csv")
    with open(path, "w", encoding="utf-8") as file:
        subprocess.run(["sqlite3", "-header", "-csv", pack,
                        f"SELECT * FROM {table}"], stdout=file, check=True)
    return path


def ask_duckdb(modules, place, files, answers):
    database = os.path.join(place, "fleet.duckdb")
    if os.path.exists(database):
        os.unlink(database)
    commands = [f"CREATE TABLE {table} AS FROM read_csv('{path}')"
                for table, path in files.items()]
    commands += [f"COPY process TO '{place}/process.parquet'",
                 *QUERIES.values()]
    said = subprocess.run(
        ["node", "-e", DUCKDB, database], cwd=modules, text=True, check=True,
        input="\n".join(json.dumps(" ".join(command.split()))
                        for command in commands), stdout=subprocess.PIPE)
    names = [f"reading {table}" for table in files] + ["writing Parquet",
                                                       *QUERIES]
    for name, line in zip(names, said.stdout.splitlines()):
        rows, seconds = json.loads(line)
        print(f"DuckDB, {name}: {seconds:.2f} s")
        if name in answers:
            check("DuckDB", name, [[number(value) for value in row]
                                   for row in rows], answers[name])


def number(value):
    """A value of JSON or CSV, where numbers beyond doubles are texts."""
    text = str(value)
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?",
                                       text) else value


def psql(uri, *arguments, **more):
    return subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "--csv",
                           "-t", uri, *arguments], check=True, text=True,
                          stdout=subprocess.PIPE, **more).stdout


def ask_postgresql(uri, pack, files, answers):
    schema = subprocess.run(["sqlite3", pack, ".schema"], text=True,
                            check=True, stdout=subprocess.PIPE).stdout
    psql(uri, input=schema.replace("INTEGER", "bigint"))
    for table, path in files.items():
        timed(f"PostgreSQL, reading {table}", lambda table=table, path=path:
              psql(uri, "-c", f"\\copy {table} FROM '{path}'"
                   " (FORMAT csv, HEADER)"))
    for name, query in QUERIES.items():
        said = timed(f"PostgreSQL, {name}", lambda query=query:
                     psql(uri, "-c", query))
        check("PostgreSQL", name,
              [[number(value) for value in line.split(",")]
               for line in said.splitlines()], answers[name])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--processes", type=int, default=1000000)
    parser.add_argument("--duckdb", metavar="FOLDER")
    parser.add_argument("--postgresql", metavar="URI")
    parser.add_argument("place")
    options = parser.parse_args()
    place = os.path.abspath(options.place)
    os.makedirs(place, exist_ok=True)
    packs = make_packs(place, options.processes)
    pack = os.path.join(place, "all.db")
    if os.path.exists(pack):
        os.unlink(pack)
    timed("midpool pack, two packs into one",
          lambda: midpool("pack", *packs, "-o", pack))
    print(f"{os.path.getsize(pack) >> 20} MB")
    answers = ask_sqlite(pack)
    groups = json.loads(timed("midpool fleet", lambda: midpool(
        "fleet", "--json", pack)))["groups"]
    check("midpool fleet", "worst programs",
          [[group["sums"]["misses"]] for group in groups],
          [[row[3]] for row in answers["worst programs"]])
    files = {table: timed(f"{table} as CSV", lambda table=table:
                          csv(pack, place, table)) for table in TABLES}
    if options.duckdb:
        ask_duckdb(options.duckdb, place, files, answers)
    if options.postgresql:
        ask_postgresql(options.postgresql, pack, files, answers)


if __name__ == "__main__":
    main()
