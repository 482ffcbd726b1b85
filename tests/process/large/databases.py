#!/usr/bin/python3
"""Databases for longer: a long SQL script, pgbench, redis killed."""

import os
import random
import signal

import _paths  # noqa: F401
from harness import SCENARIOS, main, scenario
from postgres import BALANCED, BIN, Postgres
from redis import Redis, load_stream

SCENARIOS.clear()  # what came with the imports belongs to the short suite


def sql_script(count):
    """A few thousand statements, the same ones in each run."""
    chance = random.Random(5)
    lines = ["pragma page_size=8192;", "pragma cache_size=200;",
             "create table t(a integer primary key, b text, c blob);",
             "create index tb on t(b);",
             "create virtual table words using fts5(body);", "begin;"]
    for number in range(count):
        key = chance.randrange(count)
        size = chance.randrange(10, 50000)
        lines.append("insert or replace into t values(%d, 'key%d', "
                     "zeroblob(%d));" % (key, key % 97, size))
        if number % 5 == 0:
            lines.append("insert into words values('%s');" % " ".join(
                "w%d" % chance.randrange(500) for _ in range(200)))
        if number % 50 == 0:
            lines += ["commit;", "begin;",
                      "select count(*), sum(length(c)) from t where b > "
                      "'key%d';" % (number % 97),
                      "select b, count(*), max(length(c)) from t group by b "
                      "order by 3 desc limit 5;",
                      "select count(*) from words where words match "
                      "'w%d AND w%d';" % (number % 500, number % 311)]
        if number % 400 == 399:
            lines += ["update t set c = c || zeroblob(%d) where a %% 11 = 3;"
                      % (number % 3000), "commit;", "vacuum;", "begin;"]
    return "\n".join(lines + ["commit;", "pragma integrity_check;"])


@scenario(band=True, timeout=600)
def long_sql_script(run):
    run.run("sqlite3", "base.db", stdin=sql_script(6000).encode())
    run.run("sqlite3", "base.db", "select sum(a), sum(length(c)) from t;")


@scenario(band=True, timeout=600)
def pgbench_with_checks(run):
    base = Postgres(run)
    base.call("pgbench", "-i", "-q", "-s", "10", "--foreign-keys",
              compare="stdout")
    for mode in ("simple", "extended", "prepared"):
        base.call("pgbench", "-c", "16", "-j", "4", "-t", "400", "-n", "-M",
                  mode, compare="")
    base.call("psql", "-X", "-A", "-t", "-c", BALANCED)
    base.call("pg_amcheck", "--install-missing", "--heapallindexed", "-d",
              "postgres", compare="")
    base.call("/bin/sh", "-c", BIN + "/pg_dump -Fc -Z6 -f dump && " + BIN
              + "/createdb copy && " + BIN + "/pg_restore -j 2 -d copy dump")
    base.call("psql", "-X", "-A", "-t", "-d", "copy", "-c", BALANCED)
    base.end()


@scenario(band=True, timeout=600)
def postgres_killed_and_recovered(run):
    base = Postgres(run)
    base.call("pgbench", "-i", "-q", "-s", "2", compare="stdout")
    base.call("pgbench", "-c", "8", "-j", "2", "-t", "300", "-n", compare="")
    os.killpg(base.server.pid, signal.SIGKILL)
    base.server.process.wait()
    run.processes.kill_all()
    os.unlink(run.path("data/postmaster.pid"))
    base.start()
    base.call("psql", "-X", "-A", "-t", "-c", BALANCED)
    base.end()


@scenario(band=True, timeout=600)
def redis_killed_and_reloaded(run):
    options = ("--appendonly", "yes", "--appendfsync", "always")
    redis = Redis(run, *options)
    redis.ask("--pipe", stdin=load_stream(2500))
    redis.ask("DEBUG", "DIGEST")
    redis.ask("BGREWRITEAOF")
    redis.ask("--pipe", stdin=load_stream(1500))
    redis.ask("DEBUG", "DIGEST")
    redis.wait_for_children()
    os.kill(redis.server.pid, signal.SIGKILL)
    redis.server.process.wait()
    redis = Redis(run, "--appendonly", "yes", "--appendfsync", "no",
                  "--auto-aof-rewrite-percentage", "0")
    redis.ask("DEBUG", "DIGEST")
    for size in (2048, 8192, 16384, 32768, 65536):
        redis.benchmark(size, count=20000)
        redis.save_in_background()
    redis.end()


if __name__ == "__main__":
    main("sqlite3", "redis-server", "redis-benchmark", BIN + "/initdb")
