#!/usr/bin/python3
"""Makes up a fleet: reports of very many processes, as JSON or in a pack.

    generate_fleet.py [--seed N] [--host-count N] PROCESSES FOLDER|FILE.db

Programs differ in what they ask for; of each some processes are far worse
than the others, and build 00bb of 'api' misses ten times as often as 00aa.
The numbers of every report hold the equations of the contract. The same seed
makes the same fleet.
"""

import argparse
import json
import os
import random

import sample
from midpool_lib.fleet import pack_schema, pack_write

START_NS = 1796000000 * 10**9  # 2026-11-30 in UTC
DAY_NS = 86400 * 10**9
# name: share of processes, classes that it uses, gets of a usual process
PROGRAMS = {"api": (30, (2048, 4096, 16384), 40000),
            "worker": (40, (4096, 8192, 65536), 9000),
            "cc1": (25, (2048, 2560, 5120, 32768), 3000),
            "postgres": (5, (8192, 28672, 65536), 200000)}


def report(random, number, hosts):
    """The report of process number."""
    names = list(PROGRAMS)
    name = random.choices(names, [PROGRAMS[name][0] for name in names])[0]
    _share, sizes, usual = PROGRAMS[name]
    build = random.choice(("00aa", "00bb"))
    share = random.lognormvariate(-5, 0.6) * (
        10 if (name, build) == ("api", "00bb") else 1)
    if random.random() < 0.001:
        share *= 40
    classes = {}
    for size in sizes:
        gets = 1 + int(usual * random.lognormvariate(0, 0.4))
        misses = min(gets, int(gets * min(share, 1)))
        classes[size] = dict(gets=gets, misses=misses,
                             live=random.randrange(misses // 4 + 1),
                             depot=(gets - misses) // 9,
                             used=random.uniform(0.8, 1))
    found = sample.report(
        classes, pid=2 + number // hosts, executable=f"/srv/bin/{name}",
        build_id=build, host=f"host{number % hosts:04}",
        start_unix_ns=START_NS + random.randrange(7 * DAY_NS),
        duration_ns=random.randrange(10**8, 10**12), generation=1,
        pid_namespace=4026531836,
        end=random.choices(("exit", "signal"), (99, 1))[0])
    found["config"]["report_labels"] = f"unit={name}.service"
    found["fallback"]["sizes"] = [{"from_bytes": 65537, "to_bytes": 131071,
                                   "calls": 41}]
    return found


def many(count, seed=1, hosts=100):
    chance = random.Random(seed)
    for number in range(count):
        yield report(chance, number, hosts)


def write_folder(folder, found):
    os.makedirs(folder, exist_ok=True)
    for number, one in enumerate(found):
        with open(os.path.join(folder, f"{number}.json"), "w",
                  encoding="utf-8") as file:
            json.dump(one, file)


def write_pack(path, found):
    """As 'midpool pack' would, without a million files; the reports are whole
    as they are made."""
    db = pack_schema.connect(path, "rwc")
    db.execute("PRAGMA synchronous = OFF")
    pack_schema.create(db)
    writer = pack_write.Writer(db)
    writer.begin()
    for one in found:
        writer.add(one, "generated")
    db.execute("COMMIT")
    db.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--host-count", type=int, default=100)
    parser.add_argument("processes", type=int)
    parser.add_argument("target", help="a folder, or a pack's FILE.db")
    options = parser.parse_args()
    found = many(options.processes, options.seed, options.host_count)
    write = write_pack if options.target.endswith(".db") else write_folder
    write(options.target, found)


if __name__ == "__main__":
    main()
