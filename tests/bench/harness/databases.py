"""Data bases under load: redis, PostgreSQL, MariaDB.

PostgreSQL's and MariaDB's files are made once and copied for each run.
"""

import getpass
import glob
import os
import random
import shutil
from concurrent.futures import ThreadPoolExecutor

from .servers import accepts, check_api, client, give, needed, ordinary_user
from .servers import server_environment, serving, workplace

ROWS, CLIENTS, SCALE = 20000, 4, 2


def redis(runner, run, allocator):
    """redis-server under redis-benchmark; arguments: bytes, requests."""
    size, requests = run.argv
    # redis-server by another name: the package with it starts a service.
    binary = needed("redis-check-rdb", "redis-tools")
    load = needed("redis-benchmark", "redis-tools")
    check_api(binary, allocator)
    with workplace() as folder:
        name, path = folder / "redis-server", folder / "socket"
        name.symlink_to(binary)
        argv = [name, "--port", "0", "--unixsocket", path, "--save", "",
                "--dir", folder]
        env = server_environment(run, allocator)
        with serving(runner.tools, env, argv,
                     lambda: accepts(path)) as server:
            client([load, "-s", str(path), "-t", "set,get", "-d", size, "-n",
                    requests, "-r", "20000", "-c", "20", "-q"])
    return server.metrics


def postgres_folder():
    """The folder of the newest PostgreSQL's programs; empty: there is none."""
    found = glob.glob("/usr/lib/postgresql/*/bin")
    return max(found, key=lambda path: int(path.split("/")[-2]), default="")


def postgres_program(name):
    return needed(name, "postgresql", postgres_folder())


def _postgres(tools, env, folder, owner):
    """The server on the cluster in the folder, where its socket is too."""
    argv = [postgres_program("postgres"), "-D", folder / "data", "-k", folder,
            "-h", "", "-c", "fsync=off", "-c", "shared_buffers=32MB", "-c",
            "autovacuum=off"]
    return serving(tools, env, argv,
                   lambda: accepts(folder / ".s.PGSQL.5432"), cwd=folder,
                   **owner)


def _pgbench(folder, *argv):
    client([postgres_program("pgbench"), "-h", str(folder), "-U", "bench", "-s",
            str(SCALE), *argv, "postgres"])


def make_cluster(tools, target):
    """A cluster of PostgreSQL's in which pgbench has its tables."""
    owner = ordinary_user("postgres")
    initdb = postgres_program("initdb")
    with workplace(owner) as folder:
        client([initdb, "-D", "data", "-U", "bench", "-A", "trust",
                "--no-sync", "-E", "UTF8", "--no-locale"], cwd=folder, **owner)
        with _postgres(tools, {}, folder, owner):
            _pgbench(folder, "-i", "-q")
        shutil.copytree(folder / "data", target)


def postgres(runner, run, allocator):
    """PostgreSQL under pgbench; arguments: the cluster, point selects and
    TPC-B-like transactions of each of the clients."""
    cluster, selects, transactions = run.argv
    owner = ordinary_user("postgres")
    env = server_environment(run, allocator)
    with workplace() as folder:
        shutil.copytree(cluster, folder / "data")
        os.chmod(folder / "data", 0o700)
        give(folder, owner)
        with _postgres(runner.tools, env, folder, owner) as server:
            for script, count in (("select-only", selects),
                                  ("tpcb-like", transactions)):
                _pgbench(folder, "-n", "-c", str(CLIENTS), "-t", count, "-b",
                         script)
    return server.metrics


def _mariadb(tools, env, folder):
    argv = [needed("mariadbd", "mariadb-server-core"), "--no-defaults",
            f"--user={getpass.getuser()}", f"--datadir={folder}/data",
            f"--socket={folder}/socket", f"--pid-file={folder}/pid",
            f"--log-error={folder}/log", "--skip-networking",
            "--skip-grant-tables", "--innodb-buffer-pool-size=64M",
            "--innodb-flush-log-at-trx-commit=0", "--innodb-fast-shutdown=2"]
    return serving(tools, env, argv, lambda: accepts(folder / "socket"))


def _sql(folder, text):
    client([needed("mariadb", "mariadb-client-core"), "--no-defaults", "-N",
            f"--socket={folder}/socket", "-u", "root"], text)


def _table():
    """Statements that make a table like sysbench's."""
    yield "create database bench; use bench;\n"
    yield ("create table t(id int primary key, k int, c char(120), "
           "pad varchar(5000), key(k));\n")
    yield (f"insert into t select seq, seq * 7919 % {ROWS}, sha2(seq, 256), "
           "repeat(md5(seq), 1 + seq % 60) "
           f"from seq_1_to_{ROWS};\n")


def make_database(tools, target):
    """MariaDB's files with a table in it."""
    install = needed("mariadb-install-db", "mariadb-server-core")
    with workplace() as folder:
        client([install, "--no-defaults", f"--datadir={folder}/data",
                f"--user={getpass.getuser()}", "--skip-test-db"])
        with _mariadb(tools, {}, folder):
            _sql(folder, "".join(_table()))
        shutil.copytree(folder / "data", target)


def statements(seed, transactions):
    """A client's transactions: point selects, ranges that sort, updates."""
    rng = random.Random(seed)
    yield "use bench;\n"
    for _ in range(transactions):
        yield "begin;\n"
        for _ in range(5):
            yield f"select c, pad from t where id = {rng.randrange(ROWS)};\n"
        low = rng.randrange(ROWS)
        between = f"between {low} and {low + 99}"
        yield f"select sum(k) from t where id {between};\n"
        yield f"select c from t where id {between} order by c;\n"
        yield f"select distinct c, pad from t where k {between} order by c;\n"
        row = rng.randrange(ROWS)
        yield f"update t set k = k + 1, pad = concat(pad, 'x') where id={row};\n"
        yield "commit;\n"


def mariadb(runner, run, allocator):
    """MariaDB under four clients; arguments: its files, transactions of each
    of the clients."""
    files, transactions = run.argv
    scripts = ["".join(statements(seed, int(transactions)))
               for seed in range(CLIENTS)]
    with workplace() as folder:
        shutil.copytree(files, folder / "data")
        env = server_environment(run, allocator)
        with _mariadb(runner.tools, env, folder) as server:
            with ThreadPoolExecutor(CLIENTS) as pool:
                list(pool.map(lambda text: _sql(folder, text), scripts))
    return server.metrics
