#!/usr/bin/python3
"""redis-server: values of 4 to 32 KB, a background save, a reload."""

import re
import time

from harness import main, scenario
from processes import free_port

def _command(*words):
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(parts)


def load_stream(count):
    """The same data in every run: strings, lists, hashes, appended ones."""
    stream = []
    for number in range(count):
        name = b"%d" % number
        value = (b"value %d " % number) * (4096 // 9)
        value = (value * 8)[:4096 + (number * 1021) % 28672]
        stream.append(_command(b"SET", b"string:" + name, value))
        stream.append(_command(b"RPUSH", b"list:%d" % (number % 9), value))
        stream.append(_command(b"HSET", b"hash:%d" % (number % 5), name,
                               value[:2500]))
        if number % 4 == 0:
            stream.append(_command(b"APPEND", b"string:" + name, value))
        if number % 7 == 0:
            stream.append(_command(b"DEL", b"string:%d" % (number // 2)))
    return b"".join(stream)


class Redis:
    """One server and the clients that talk to it."""

    def __init__(self, run, *options):
        self.run = run
        self.port = str(free_port())
        self.server = run.start(
            "redis-server", "--bind", "127.0.0.1", "--port", self.port,
            "--dir", run.dir, "--save", "", "--enable-debug-command", "yes",
            "--daemonize", "no", *options, ready=self.answers)

    def answers(self):
        done = self.run.processes.run(
            ["redis-cli", "-p", self.port, "ping"], b"", self.run.dir,
            self.run.env, 60)
        return done.stdout.strip() == b"PONG"

    def ask(self, *words, **options):
        return self.run.run("redis-cli", "-p", self.port, *words, **options)

    def benchmark(self, size, count=3000):
        self.run.run("redis-benchmark", "-p", self.port, "-q", "-d",
                     str(size), "-n", str(count), "-c", "16", "-P", "4", "-r",
                     "200", "-t", "set,get,lpush,lpop,hset",
                     show=lambda out: re.findall(rb"([A-Z]+): \d", out) != [],
                     compare="stdout")

    def wait_for_children(self):
        """Until no background save or rewrite is under way."""
        for _attempt in range(5000):
            info = self.ask("INFO", "persistence", compare="")
            if (b"rdb_bgsave_in_progress:0" in info
                    and b"aof_rewrite_in_progress:0" in info
                    and b"aof_rewrite_scheduled:0" in info):
                break
            time.sleep(0.02)
        return info

    def save_in_background(self):
        self.wait_for_children()
        self.ask("BGSAVE")
        info = self.wait_for_children()
        self.run.require(b"rdb_last_bgsave_status:ok" in info,
                         "background save failed: %r" % info)

    def memory(self, wrong):
        """The numbers of INFO memory, once wrong reports no error. redis asks
        the allocator ten times a second; what it tells may be old."""
        for _attempt in range(200):
            info = {name: int(value) for name, value in re.findall(
                r"^(\w+):(\d+)\r?$",
                self.ask("INFO", "memory", compare="").decode(),
                re.MULTILINE)}
            if not wrong(info):
                break
            time.sleep(0.05)
        self.run.require(not wrong(info), wrong(info))
        return info

    def end(self):
        self.run.stop(self.server)


@scenario(band=True, reporters=["redis-server", "redis-benchmark"],
          text=True)
def values_of_many_kilobytes(run):
    redis = Redis(run)
    redis.ask("--pipe", stdin=load_stream(400))
    redis.ask("DEBUG", "DIGEST")
    redis.ask("STRLEN", "string:8")
    redis.save_in_background()
    redis.end()
    redis = Redis(run)
    redis.ask("DEBUG", "DIGEST")
    redis.ask("DBSIZE")
    redis.ask("FLUSHALL")
    for size in (4096, 16384, 32768):
        redis.benchmark(size)
    redis.save_in_background()
    redis.ask("DEBUG", "RELOAD")
    redis.ask("FLUSHALL")
    redis.ask("PING")
    redis.end()


VALUES, KEPT, MB = 11000, 550, 1 << 20


def many_values():
    """170 MB in values of 6 to 26 KB."""
    return b"".join(_command(b"SET", b"%d" % number,
                             b"v" * (6000 + number * 37 % 20000))
                    for number in range(VALUES))


def most_deleted():
    return b"".join(_command(b"DEL", b"%d" % number)
                    for number in range(KEPT, VALUES))


def resident(server):
    with open("/proc/%d/status" % server.pid, encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) << 10


def wrong_sums(info):
    """The figures of mallctl that contradict redis's own count; empty: none."""
    allocated, active, held = (
        info["allocator_" + name]
        for name in ("allocated", "active", "resident"))
    used = info["used_memory"]
    if not 0.9 * used < allocated < 1.5 * used + 4 * MB:
        return "%d used, %d allocated" % (used, allocated)
    if not allocated <= active <= held < info["used_memory_rss"] + 8 * MB:
        return "%d allocated, %d active, %d resident, RSS %d" % (
            allocated, active, held, info["used_memory_rss"])
    return ""


@scenario(band=True, reporters=["redis-server"])
def memory_is_told_and_given_back(run):
    """redis is linked with libjemalloc, and asks it by mallctl."""
    redis = Redis(run)
    redis.ask("--pipe", stdin=many_values(), compare="")
    redis.memory(wrong_sums)
    full = resident(redis.server)
    run.require(full > 150 * MB, "RSS is only %d" % full)
    doctor = redis.ask("MEMORY", "DOCTOR", compare="")
    run.require("LD_PRELOAD" not in run.env
                or b"High allocator RSS overhead" not in doctor,
                "%r" % doctor)
    redis.ask("--pipe", stdin=most_deleted(), compare="")
    redis.memory(wrong_sums)
    redis.ask("MEMORY", "PURGE")
    redis.memory(wrong_sums)
    statistics = redis.ask("MEMORY", "MALLOC-STATS", compare="")
    run.require(b"jemalloc statistics" in statistics, "%r" % statistics)
    if "LD_PRELOAD" in run.env:
        run.require(resident(redis.server) < 60 * MB,
                    "RSS %d, after the purge %d" % (
                        full, resident(redis.server)))
        redis.memory(lambda info: info["allocator_resident"] > 60 * MB)
        run.require(b"\nmidpool" in statistics, "only jemalloc's statistics")
    redis.end()


if __name__ == "__main__":
    main("redis-server", "redis-cli", "redis-benchmark")
