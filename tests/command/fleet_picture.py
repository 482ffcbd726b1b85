#!/usr/bin/python3
"""Makes scripts/man/midpool-fleet.png: the page of a small real fleet.

    fleet_picture.py [OUTPUT.png]

Runs some programs many times with the library preloaded, each with work of
another size, one far more; 'midpool html --fleet' makes the page of their
reports, and chromium the picture.
"""

import os
import random
import subprocess
import sys

import browser
import sample

PICTURE = os.path.join(sample.SOURCE, "scripts", "man", "midpool-fleet.png")
SQL = ("CREATE TABLE t (a, b); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL"
       " SELECT i + 1 FROM n WHERE i < {size}00) INSERT INTO t SELECT i,"
       " hex(randomblob(40)) FROM n; SELECT count(*) FROM (SELECT * FROM t"
       " ORDER BY b);")
PROGRAMS = {
    "sqlite3": (14, lambda size: [":memory:", SQL.format(size=size)]),
    "perl": (14, lambda size: [
        "-e", f"for (1..{size}) {{ my @a = map {{ 'x' x (2000 + rand 9000) }}"
        " 1..40; }"]),
    "/usr/bin/python3": (10, lambda size: [
        "-c", f"for _ in range({size}):\n"
        "    kept = [bytes(n) for n in range(2000, 40000, 500)]"]),
    "gcc": (6, lambda size: ["-O1", "-c", "-xc", "-o", os.devnull, "-"]),
}


class Picture(browser.Case):
    def runTest(self):
        env = dict(self.env, PYTHONMALLOC="malloc",
                   LD_PRELOAD=sample.BUILD + "/libmidpool.so",
                   MIDPOOL_CONF="report:json,"
                   f"report_file:{self.dir}/%e.%p.%n.json")
        chance = random.Random(1)
        for name, (count, words) in PROGRAMS.items():
            for number in range(count):
                size = chance.randrange(50, 200) * (
                    9 if number == 0 else 1)
                text = "".join(f"int f{i}(int a) {{ return a * {i}; }}\n"
                               for i in range(size))
                subprocess.run([name, *words(size)], env=env, check=True,
                               input=text.encode(),
                               stdout=subprocess.DEVNULL)
        self.midpool("html", "--fleet", self.dir, "-o", "fleet.html",
                     status=0)
        self.browse(self.path("fleet.html"), "--hide-scrollbars",
                    "--window-size=1120,960", "--screenshot=" + OUTPUT)


if __name__ == "__main__":
    OUTPUT = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else PICTURE)
    sample.need_build()
    Picture().debug()
