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


if __name__ == "__main__":
    main("redis-server", "redis-cli", "redis-benchmark")
