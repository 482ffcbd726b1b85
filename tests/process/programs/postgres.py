#!/usr/bin/python3
"""postgresql: initdb as another user, pgbench, sorts, hashes, JSON."""

import glob
import os
import re
import signal

from harness import another_user, main, scenario
from processes import free_port

BINARIES = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
BIN = BINARIES[-1] if BINARIES else "/nonexistent"

QUERIES = """
create table t as select i, md5(i::text) as m,
    repeat(md5((i * 7)::text), 1 + i % 300) as body
    from generate_series(1, :rows) i;
select count(*), md5(string_agg(body, ',' order by m)) from t;
create index on t(m);
select count(*), sum(length(a.body)) from t a join t b on a.m = b.m;
select md5(string_agg(m || body, '' order by body, i desc)) from t;
select md5(jsonb_agg(jsonb_build_object('i', i, 'b', left(body, 3000))
    order by i)::text) from t where i % 5 = 0;
select regexp_count(string_agg(body, ''), 'a[0-9]b') from t where i < 900;
do $$ begin for n in 1..300 loop
    perform repeat('x', 2048 + n * 200) || n; end loop; end $$;
update t set body = body || 'end' where i % 3 = 0;
delete from t where i % 4 = 0;
vacuum full analyze t;
select count(*), sum(length(body)) from t;
select 1 / 0;
select 'after the error';
"""

BALANCED = """
select (select sum(abalance) from pgbench_accounts) =
       (select sum(delta) from pgbench_history),
       (select sum(tbalance) from pgbench_tellers) =
       (select sum(bbalance) from pgbench_branches),
       (select count(*) from pgbench_history);
"""


class Postgres:
    """A cluster of its own; its server, and clients over a socket."""

    def __init__(self, run):
        self.run = run
        self.user = another_user("postgres")
        run.env["PGHOST"] = "127.0.0.1"
        run.env["PGPORT"] = self.port = str(free_port())
        run.env["PGUSER"] = "tester"
        run.env["PGDATABASE"] = "postgres"
        self.call("initdb", "-D", "data", "-U", "tester", "-A", "trust",
                  "--no-sync", "-E", "UTF8", "--no-locale",
                  compare="")
        self.start()

    def start(self):
        self.server = self.run.start(
            BIN + "/postgres", "-D", "data", "-p", self.port, "-h",
            "127.0.0.1", "-k", self.run.dir, "-c", "fsync=off", "-c",
            "shared_buffers=32MB", "-c", "max_parallel_workers=2",
            # Whenever it came, rows would lie in another order.
            "-c", "autovacuum=off",
            ready=self.answers, user=self.user)

    def call(self, program, *argv, **options):
        return self.run.run(os.path.join(BIN, program), *argv,
                            user=self.user, **options)

    def answers(self):
        done = self.run.processes.run(
            [BIN + "/pg_isready"], b"", self.run.dir, self.run.env, 60)
        return done.returncode == 0

    def query(self, rows):
        self.call("psql", "-X", "-q", "-A", "-t", "-v", "rows=%d" % rows,
                  stdin=QUERIES.encode())

    def end(self):
        self.run.stop(self.server, signal.SIGINT)


@scenario(band=True, reporters=["initdb", "postgres", "psql", "pgbench"],
          text=True)
def cluster(run):
    base = Postgres(run)
    base.query(6000)
    base.call("pgbench", "-i", "-q", "-s", "1", compare="stdout")
    out = base.call("pgbench", "-c", "4", "-j", "2", "-t", "150", "-n",
                    compare="")
    run.require(re.search(rb"actually processed: 600/600", out),
                "pgbench: %r" % out)
    base.call("psql", "-X", "-A", "-t", "-c", BALANCED)
    base.call("pg_dump", "-t", "t", show=lambda out: (
        len(out), hash(out.split(b"COPY", 1)[1].split(b"\\.", 1)[0])))
    base.end()


if __name__ == "__main__":
    main(BIN + "/initdb", BIN + "/pgbench")
