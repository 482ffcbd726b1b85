#!/usr/bin/python3
"""midpool-snapshot on good, foreign, damaged and hostile files.

usage: test_snapshot_tool.py write_pages midpool-snapshot
"""

import fcntl
import json
import mmap
import os
import random
import struct
import subprocess
import sys
import tempfile
import time

from scenes import NAMES, Checks, Scenes

BLOCK_BYTES = 8192
HEADER_BYTES = 2 * BLOCK_BYTES
PREFIX = "/dev/shm/midpool."


class Tool:
    def __init__(self, program, checks):
        self.program = program
        self.checks = checks

    def run(self, *arguments, **options):
        return subprocess.run([self.program, *arguments], timeout=60,
                              capture_output=True, check=False, **options)

    def refuses(self, path, words, name):
        """Exit status 2, one line on stderr with those words, no output."""
        result = self.run(path)
        said = result.stderr.decode("utf-8", "replace")
        self.checks.that(
            result.returncode == 2 and result.stdout == b""
            and said.count("\n") == 1 and words in said,
            "%s: status %d, said %r" % (name, result.returncode, said))


def check_formats(checks, tool, scenes):
    """The tool shows what the process itself would have shown."""
    for name in NAMES:
        page = scenes.path(name, "page")
        result = tool.run(page)
        checks.that(result.returncode == 0
                    and result.stdout == scenes.read(name, "json"),
                    "%s as JSON: %d" % (name, result.returncode))
        result = tool.run("--format", "csv", page)
        checks.that(result.stdout == scenes.read(name, "csv"),
                    "%s as CSV" % name)
        result = tool.run("-f", "openmetrics", page)
        checks.that(result.stdout == scenes.read(name, "prom"),
                    "%s as OpenMetrics" % name)
        result = tool.run("--format=text", page,
                          env=dict(os.environ, LC_ALL="C.UTF-8"))
        checks.that(result.stdout == scenes.read(name, "txt"),
                    "%s as text" % name)


def check_foreign(checks, tool, directory):
    def path(name):
        return os.path.join(directory, name)

    def write(name, data):
        with open(path(name), "wb") as file:
            file.write(data)
        return path(name)

    tool.refuses(path("missing"), "No such file", "missing")
    tool.refuses(directory, "not a regular file", "a directory")
    tool.refuses("/dev/null", "not a regular file", "a device")
    os.mkfifo(path("fifo"))
    tool.refuses(path("fifo"), "not a regular file", "a pipe, unopened")
    tool.refuses(write("empty", b""), "too short", "empty")
    tool.refuses(write("text", b"hello\n" * 9000), "not a page", "text")
    tool.refuses(write("zero", bytes(HEADER_BYTES)), "not a page", "zeros")
    checks.that(tool.run("99999999999999999999").returncode == 2, "huge pid")
    checks.that(tool.run("").returncode == 2, "empty argument")
    result = tool.run("4194304")
    checks.that(result.returncode == 2 and b"live:yes" in result.stderr,
                "a pid without page")


def check_damaged(tool, scenes, directory):
    good = scenes.read("busy", "page")
    damaged = os.path.join(directory, "damaged")

    def refuses(data, words, name):
        with open(damaged, "wb") as file:
            file.write(data)
        tool.refuses(damaged, words, name)

    def with_word(offset, value):
        return (good[:offset] + struct.pack("<I", value)
                + good[offset + 4:])

    refuses(good[:-1], "truncated", "a byte short")
    refuses(good[:HEADER_BYTES], "truncated", "only the header")
    refuses(good[:HEADER_BYTES - 1], "too short", "less than the header")
    refuses(with_word(8, 999), "another version", "another layout")
    refuses(with_word(12, 1), "damaged", "another block size")
    refuses(with_word(16, 0xffffffff), "damaged", "too many blocks")
    link = os.path.join(directory, "link")
    os.symlink(scenes.path("busy", "page"), link)
    tool.refuses(link, "symbolic link", "a link")


def check_hostile(checks, tool, scenes, directory):
    """Random bytes behind a valid beginning: JSON comes out, or a line."""
    good = bytearray(scenes.read("busy", "page"))
    path = os.path.join(directory, "hostile")
    source = random.Random(7)
    for round_number in range(40):
        data = bytearray(good)
        if round_number % 2:
            data[20:] = source.randbytes(len(data) - 20)
        else:
            for _ in range(200):
                data[source.randrange(20, len(data))] = source.randrange(256)
        with open(path, "wb") as file:
            file.write(data)
        result = tool.run(path)
        checks.that(result.returncode == 0 and json.loads(result.stdout),
                    "hostile %d: %d %s" % (round_number, result.returncode,
                                           result.stderr[:100]))


def check_other_user(checks, tool, scenes, directory):
    """Only root reads pages of others, and nobody is not root."""
    if os.geteuid() != 0:
        return
    os.chmod(directory, 0o755)
    page = os.path.join(directory, "other")
    with open(page, "wb") as file:
        file.write(scenes.read("busy", "page"))
    os.chmod(page, 0o644)
    program = os.path.join(directory, "tool")
    with open(tool.program, "rb") as source, open(program, "wb") as copy:
        copy.write(source.read())
    os.chmod(program, 0o755)
    result = subprocess.run([program, page], user=65534, group=65534,
                            extra_groups=[], capture_output=True, check=False)
    checks.that(result.returncode == 2
                and b"belongs to another user" in result.stderr,
                "another user's page: %d %r" % (result.returncode,
                                                result.stderr))


def running(page, pid, namespace=None):
    """A page that says it is pid's, from a moment ago, still running."""
    data = bytearray(page)
    struct.pack_into("<I", data, 20, 0)      # end
    struct.pack_into("<i", data, 24, pid)
    struct.pack_into("<q", data, 48, time.monotonic_ns())
    struct.pack_into("<q", data, 56, 0)      # end_monotonic_ns
    if namespace is None:
        namespace = os.stat("/proc/self/ns/pid").st_ino
    struct.pack_into("<Q", data, 64, namespace)
    return bytes(data)


def write_page(path, data):
    with open(path, "wb") as file:
        file.write(data)


class Mapping:
    """A page's mapping, as its process has one, which keeps a lock."""

    def __init__(self, path, lock=False):
        with open(path, "r+b") as file:
            if lock:
                whole = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)
                fcntl.fcntl(file.fileno(), fcntl.F_OFD_SETLK, whole)
            self.mapping = mmap.mmap(file.fileno(), 0)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.mapping.close()


def page_paths(pid, *generations):
    return ["%s%d.%d.%d" % (PREFIX, os.geteuid(), pid, generation)
            for generation in generations]


def check_pid(checks, tool, scenes):
    """By pid: the newest generation, alive only while it is mapped."""
    pid = os.getpid()
    paths = page_paths(pid, 9, 10)
    try:
        for path in paths:
            write_page(path, running(scenes.read("busy", "page"), pid))
        with Mapping(paths[1]):
            report = json.loads(tool.run(str(pid)).stdout)
            checks.that(report["process"]["end"] == "running"
                        and report["memory"]["rss_bytes"]
                        and report["leftovers"] is None,
                        "mapped by its process: %s" % report["process"])
            report = json.loads(tool.run(paths[0]).stdout)
            checks.that(report["process"]["end"] == "unknown",
                        "not mapped any more: %s" % report["process"])
        report = json.loads(tool.run(str(pid)).stdout)
        checks.that(report["process"]["end"] == "unknown",
                    "unmapped: %s" % report["process"])
    finally:
        for path in paths:
            if os.path.exists(path):
                os.unlink(path)


def check_other_namespace(checks, tool, scenes, directory):
    """A container's page: its pid says nothing here, the lock all."""
    path = os.path.join(directory, "container")
    write_page(path, running(scenes.read("busy", "page"), os.getpid(), 1))
    with Mapping(path, lock=True):
        report = json.loads(tool.run(path).stdout)
        checks.that(report["process"]["end"] == "running"
                    and not report["memory"]["rss_bytes"],
                    "locked: %s %s" % (report["process"], report["memory"]))
    report = json.loads(tool.run(path).stdout)
    checks.that(report["process"]["end"] == "unknown",
                "unlocked: %s" % report["process"])


def check_obstacles(checks, tool, scenes):
    """Files that others put under names of higher generations."""
    pid = os.getpid()
    paths = page_paths(pid, 1, 2, 3, 4, 5, 6)
    page, link, fifo, folder, copy, foreign = paths
    data = running(scenes.read("busy", "page"), pid)
    try:
        write_page(page, data)
        os.symlink(page, link)
        os.mkfifo(fifo)
        os.mkdir(folder)
        write_page(copy, data)
        write_page(foreign, b"")
        if os.geteuid() == 0:
            os.chown(foreign, 65534, 65534)
        else:
            os.unlink(foreign)
        with Mapping(page):
            result = tool.run(str(pid))
            checks.that(result.returncode == 0
                        and json.loads(result.stdout)["process"]["end"]
                        == "running", "the mapped one: %s" % result)
        result = tool.run(str(pid))
        checks.that(result.returncode == 0, "the newest one: %s" % result)
        os.unlink(copy)
        result = tool.run(str(pid))
        checks.that(result.returncode == 0, "the only one: %s" % result)
    finally:
        os.rmdir(folder)
        for path in paths:
            if os.path.lexists(path):
                os.unlink(path)


def check_many_groups(checks, tool, scenes, directory):
    """The line of groups in /proc/PID/status may be of any length."""
    if os.geteuid() != 0:
        return
    path = os.path.join(directory, "groups")
    write_page(path, running(scenes.read("busy", "page"), os.getpid()))
    groups = os.getgroups()
    os.setgroups(range(100000, 105000))
    try:
        with Mapping(path):
            report = json.loads(tool.run(path).stdout)
    finally:
        os.setgroups(groups)
    checks.that(report["memory"]["rss_bytes"]
                and report["memory"]["peak_rss_bytes"],
                "many groups: %s" % report["memory"])


def check_several(checks, tool, scenes, directory):
    """A line of JSON per file, in the given order; null if it is no page."""
    busy, odd = scenes.path("busy", "page"), scenes.path("odd", "page")
    bad = os.path.join(directory, "none")
    result = tool.run(busy, bad, odd)
    lines = result.stdout.splitlines()
    checks.that(result.returncode == 3 and len(lines) == 3
                and json.loads(lines[0]) == json.loads(scenes.read("busy",
                                                                   "json"))
                and lines[1] == b"null"
                and json.loads(lines[2]) == json.loads(scenes.read("odd",
                                                                   "json"))
                and result.stderr.count(b"\n") == 1, "several: %s" % result)
    brief = json.loads(tool.run("--brief", busy).stdout)
    whole = json.loads(scenes.read("busy", "json"))
    for part in ("process", "fallback", "memory", "threads", "misuse"):
        checks.that(all(whole[part][key] == value for key, value
                        in brief[part].items() if key != "sizes"),
                    "brief %s: %s" % (part, brief[part]))
    for short, row in zip([brief["totals"]] + brief["pools"],
                          [whole["totals"]] + whole["pools"]):
        left_out = row.keys() - short.keys() - {"classes", "hit_rate"}
        checks.that(all(row[key] == value for key, value in short.items())
                    and not any(row[key] for key in left_out),
                    "brief counters: %s" % short)
    checks.that("intervals" not in brief and "config" not in brief, "brief")


def check_forged(checks, tool, scenes):
    """Root is not shown another user's page as a process's own."""
    if os.geteuid() != 0:
        return
    pid = 2147470123  # none that a process can have
    data = running(scenes.read("busy", "page"), pid)
    own, = page_paths(pid, 1)
    forged = ["%s%d.%d.9" % (PREFIX, uid, pid) for uid in (65533, 65534)]
    try:
        for path, uid in zip(forged, (65533, 65534)):
            write_page(path, data)
            os.chown(path, uid, uid)
        checks.that(tool.run(str(pid)).returncode == 2, "two strangers")
        checks.that(tool.run(forged[0]).returncode == 0, "by its name")
        write_page(own, running(scenes.read("tiny", "page")
                                if "tiny" in NAMES else data, pid))
        result = tool.run(str(pid))
        checks.that(result.returncode == 0, "root's own: %s" % result)
        os.chown(forged[0], 0, 0)
        tool.refuses(forged[0], "does not belong", "another's name")
    finally:
        for path in forged + [own]:
            if os.path.exists(path):
                os.unlink(path)


def check_usage(checks, tool, scenes):
    page = scenes.path("busy", "page")
    result = tool.run("--help")
    checks.that(result.returncode == 0 and b"FILE|PID" in result.stdout,
                "help")
    checks.that(tool.run("--version").returncode == 0, "version")
    checks.that(tool.run().returncode == 2, "no argument")
    checks.that(tool.run("-f", "text", page, page).returncode == 2,
                "text of two")
    checks.that(tool.run("--format", "xml", page).returncode == 2, "format")
    result = tool.run("--format", "text", "--all", page)
    checks.that(b"2.5 KB" in result.stdout, "all")
    with open("/dev/full", "wb") as full:
        result = subprocess.run([tool.program, page], stdout=full,
                                stderr=subprocess.PIPE, check=False)
    checks.that(result.returncode == 2 and b"No space" in result.stderr,
                "full disk")


def main():
    checks = Checks()
    tool = Tool(os.path.abspath(sys.argv[2]), checks)
    with Scenes(sys.argv[1]) as scenes, \
            tempfile.TemporaryDirectory(prefix="midpool-tool-") as directory:
        check_formats(checks, tool, scenes)
        check_foreign(checks, tool, directory)
        check_damaged(tool, scenes, directory)
        check_hostile(checks, tool, scenes, directory)
        check_other_user(checks, tool, scenes, directory)
        check_pid(checks, tool, scenes)
        check_other_namespace(checks, tool, scenes, directory)
        check_obstacles(checks, tool, scenes)
        check_many_groups(checks, tool, scenes, directory)
        check_several(checks, tool, scenes, directory)
        check_forged(checks, tool, scenes)
        check_usage(checks, tool, scenes)
    checks.finish()


if __name__ == "__main__":
    main()
