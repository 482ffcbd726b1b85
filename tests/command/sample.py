"""Made-up reports whose numbers hold every equation of the contract."""

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
COMMAND = os.path.join(SOURCE, "scripts", "midpool")
BUILD = os.environ.get("MIDPOOL_TEST_BUILD", os.path.join(SOURCE, "build"))
# This machine's folder of libraries, as x86_64-linux-gnu, and one in it.
MULTIARCH = sysconfig.get_config_var("MULTIARCH")
LIBM = f"/lib/{MULTIARCH}/libm.so.6"
sys.path.insert(0, os.path.join(SOURCE, "scripts"))

from midpool_lib.base import counters  # noqa: E402

POOLS = [2048, 4096, 8192, 16384, 32768, 65536]


def class_sizes(pool):
    if pool == 2048:
        return [2048]
    step = pool // 8
    with_header = [pool // 2 + 512] if pool >= 8192 else []
    return with_header + [pool // 2 + step * n for n in (1, 2, 3, 4)]


def class_row(size, gets=0, misses=0, live=0, depot=0, used=0.9):
    """One class's counters; used is the part of a slot that was asked for."""
    row = dict.fromkeys(counters.NAMES, 0)
    slot = gets * size
    row.update(max_bytes=size, gets=gets, misses=misses, hits=gets - misses,
               depot_hits=depot, cache_hits=gets - misses - depot,
               puts=gets - live, live=live, slot_bytes=slot,
               requested_bytes=int(slot * used), live_bytes=live * size,
               peak_live_bytes=min(misses, gets) * size,
               resident_bytes=misses * size,
               cached_bytes=(misses - live) * size)
    row["hit_rate"] = row["hits"] / gets if gets else None
    return row


def add_rows(rows):
    total = dict.fromkeys(counters.NAMES, 0)
    for row in rows:
        for name in counters.NAMES:
            total[name] += row[name]
    total["hit_rate"] = total["hits"] / total["gets"] if total["gets"] else None
    return total


def report(classes=None, pid=4242, executable="/usr/bin/sqlite3", **process):
    """A report; classes maps a class's bytes to class_row's arguments."""
    if classes is None:
        classes = {2048: dict(gets=52000, misses=40, live=3, used=1),
                   4096: dict(gets=910000, misses=900, depot=5000, used=0.97),
                   5120: dict(gets=12000, misses=120, used=0.83),
                   16384: dict(gets=300, misses=300, live=120),
                   65536: dict(gets=4000, misses=9, used=0.99)}
    pools = []
    for pool in POOLS:
        rows = [class_row(size, **classes.get(size, {}))
                for size in class_sizes(pool)]
        pools.append(dict(add_rows(rows), max_bytes=pool, classes=rows))
    totals = add_rows(pools)
    sizes = [{"from_bytes": size - 256 if size > 2048 else 2048,
              "to_bytes": size - 1 if size > 2048 else 2303,
              "gets": values["gets"]} for size, values in classes.items()
             if values.get("gets")]
    return {
        "schema": "midpool.report", "schema_version": 1,
        "process": dict({"pid": pid, "ppid": 4000, "executable": executable,
                         "build_id": "abcdef0123", "host": "box",
                         "start_unix_ns": 1764034675000000000,
                         "duration_ns": 1234567890, "end": "exit"},
                        **process),
        "config": {"report": "json", "decay_ms": "10000"},
        "interception": {"active": True, "reason": ""},
        "totals": totals, "pools": pools,
        "fallback": {"below": {"calls": 812345, "bytes": 91234567},
                     "above": {"calls": 41, "bytes": 9123456}},
        "sizes": sizes,
        "memory": {key: totals[key] for key in
                   ("live_bytes", "cached_bytes", "resident_bytes",
                    "peak_live_bytes")},
        "threads": {"now": 1, "peak": 4},
        "misuse": {"double_free": 0, "interior_free": 0,
                   "misaligned_free": 0},
        "intervals": [
            {"from_ns": n * 10**8, "to_ns": (n + 1) * 10**8, "hits": 990,
             "gets": 1000 + n, "misses": 10 + n, "live_bytes": 4096 * n}
            for n in range(12)],
        "leftovers": {"buffers": totals["live"],
                      "bytes": totals["live_bytes"], "classes": []},
        "warnings": [], "hints": []}


class Case(unittest.TestCase):
    """A test with a directory of its own and the command at hand."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="midpool-test.")
        self.addCleanup(holder.cleanup)
        self.dir = holder.name
        self.env = dict(os.environ, XDG_STATE_HOME=self.dir + "/state",
                        TERM="xterm", LANG="C.UTF-8")
        for name in ("MIDPOOL_CONF", "LD_PRELOAD", "NO_COLOR", "COLUMNS"):
            self.env.pop(name, None)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str)
                       else json.dumps(content))
        return self.path(name)

    def compile(self, name, source, *flags, compiler="gcc", **options):
        """Builds a C program. Its calls of malloc and free stay calls."""
        subprocess.run([compiler, "-w", "-fno-builtin", *flags, "-o",
                        self.path(name), self.write(name + ".c", source)],
                       check=True, **options)
        return self.path(name)

    def midpool(self, *arguments, status=None, **options):
        done = subprocess.run([COMMAND, *arguments], capture_output=True,
                              env=options.pop("env", self.env),
                              cwd=options.pop("cwd", self.dir),
                              timeout=options.pop("timeout", 300),
                              check=False, **options)
        done.out = done.stdout.decode("utf-8", "replace")
        done.err = done.stderr.decode("utf-8", "replace")
        self.assertNotIn("Traceback", done.err)
        if status is not None:
            self.assertEqual(done.returncode, status, done.err + done.out)
        return done


def need_build():
    """For tests that run programs: skips where nothing is built."""
    if not os.path.exists(os.path.join(BUILD, "libmidpool.so")):
        raise unittest.SkipTest(f"no libmidpool.so in {BUILD}")


def end(process):
    """Ends a process that Popen started with pipes, whatever it does."""
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
