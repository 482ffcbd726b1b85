#!/usr/bin/python3
"""sqlite3: blobs from 1 to 64 KB, indices, vacuum, a dump read back."""

import hashlib

from harness import main, scenario

BLOBS = """
pragma page_size = 4096;
pragma journal_mode = wal;
create table blobs(id integer primary key, size integer, body blob);
create index by_size on blobs(size);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 1500)
insert into blobs(id, size, body)
    select i, 1000 + (i * 977) % 64000,
           cast(substr(replace(hex(zeroblob(32500)), '0', i || '.'), 1,
                       1000 + (i * 977) % 64000) as blob) from n;
select count(*), sum(size), sum(length(body)) from blobs;
update blobs set body = body || x'00ff' where id % 3 = 0;
delete from blobs where id % 5 = 0;
select size, length(body), hex(substr(body, 1, 8)) from blobs
    where size between 30000 and 31000 order by size;
select max(length(a)) from (select group_concat(hex(substr(body, 1, 40))) a
    from blobs group by id % 7);
vacuum;
pragma integrity_check;
"""


@scenario(band=True, text=True)
def blobs(run):
    run.run("sqlite3", "base.db", stdin=BLOBS.encode())
    dump = run.run("sqlite3", "base.db", ".dump",
                   show=lambda out: hashlib.sha256(out).hexdigest())
    run.run("sqlite3", "copy.db", stdin=dump)
    run.run("sqlite3", "copy.db",
            "select count(*), sum(length(body)) from blobs;",
            "pragma integrity_check;")


@scenario()
def an_error_is_the_same_error(run):
    run.run("sqlite3", ":memory:", "select nothing from nowhere;", status=1)


if __name__ == "__main__":
    main("sqlite3")
