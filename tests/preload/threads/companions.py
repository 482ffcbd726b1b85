#!/usr/bin/python3
"""Other interposers of Debian's in the same process, before and after us.

The program has to work, the pools have to be active, and what the other
library does has to be seen. Under valgrind, which puts its own allocator in
place of every other, midpool stands aside and says so.
"""

import glob
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402


def both_orders(arguments, pattern, words, extra=None):
    """Results of words with the library before and after midpool."""
    library = find(pattern)
    for order in (["MIDPOOL", library], [library, "MIDPOOL"]):
        result = preload.run(arguments.lib, words, preload=order,
                             extra=extra).expect(0)
        report = result.report()
        assert report["interception"]["active"], report["interception"]
        assert report["totals"]["gets"] > 0, report["totals"]
        assert not any(report["misuse"].values()), report["misuse"]
        yield result


def find(pattern):
    found = sorted(glob.glob(pattern))
    if not found:
        raise preload.Skip("not installed: " + pattern)
    return found[-1]


def faketime(arguments, name):
    """libfaketime looks for the real clock, and allocates, when the clock is
    asked for first: as an allocator does while it starts."""
    clock = {"FAKETIME": "@2020-01-02 03:04:05"}
    pattern = "/usr/lib/*/faketime/" + name
    for _ in both_orders(arguments, pattern,
                         [arguments.program("threads_plain")], clock):
        pass
    script = "import time; print(time.strftime('%Y'), len(b'x' * 9000))"
    for result in both_orders(arguments, pattern,
                              ["/usr/bin/python3", "-c", script], clock):
        assert result.out == b"2020 9000\n", result


def test_faketime(arguments):
    faketime(arguments, "libfaketime.so.1")


def test_faketime_threads(arguments):
    faketime(arguments, "libfaketimeMT.so.1")


def test_eatmydata(arguments):
    pattern = "/usr/lib/*/libeatmydata.so*"
    for _ in both_orders(arguments, pattern,
                         [arguments.program("threads_plain")]):
        pass


def test_heaptrack(arguments):
    """It is an allocator to the program: where it comes first it records
    every call and hands it on, where it comes second it sees none."""
    words = [arguments.program("threads_plain")]
    pattern = "/usr/lib/heaptrack/libheaptrack_preload.so"
    for _ in both_orders(arguments, pattern, words):
        pass
    # It takes a call before its own constructor for the end: with a report
    # to write, midpool allocates before all constructors.
    result = preload.run(arguments.lib, words, conf="report:none",
                         preload=[find(pattern), "MIDPOOL"],
                         extra={"DUMP_HEAPTRACK_OUTPUT": "recorded"})
    path = os.path.join(result.expect(0).folder.name, "recorded")
    assert os.path.getsize(path) > 0, result


ALLOCATORS = ("libjemalloc.so.2", "libtcmalloc_minimal.so.4",
              "libmimalloc.so.2*", "libtbbmalloc_proxy.so.2")
# ls, sort, grep and sed died while reallocarray called our own realloc.
COMMANDS = (["ls", "-R", "/usr/share/doc/bash"], ["sort", "/etc/passwd"],
            ["grep", "-c", "root", "/etc/passwd"], ["sed", "-n", "2p",
                                                    "/etc/passwd"],
            ["find", "/etc/apt"], ["awk", "{n++} END {print n}",
                                   "/etc/passwd"],
            ["tar", "-cf", "-", "-C", "/", "etc/passwd"])


def test_allocators(arguments):
    """Another allocator before and after: functions that it does not define
    work on the memory of the one that is in force."""
    tried = 0
    commands = [list(words) for words in COMMANDS]
    commands.append([arguments.program("threads_derived")])
    for name in ALLOCATORS:
        try:
            library = find("/usr/lib/*/" + name)
        except preload.Skip:
            continue
        tried += 1
        for words in commands:
            alone = preload.run(None, words).expect(0).out
            for order in (["MIDPOOL", library], [library, "MIDPOOL"]):
                result = preload.run(arguments.lib, words, preload=order)
                assert result.expect(0).out == alone, (order, words, result)
    if not tried:
        raise preload.Skip("no other allocator is installed")


def test_executable_with_an_allocator(arguments):
    """It defines malloc, calloc, realloc and free, and none of the others."""
    result = preload.run(arguments.lib,
                         [arguments.program("threads_derived_own")])
    assert result.expect(0).out == b"fine\n", result


def test_valgrind(arguments):
    if not shutil.which("valgrind"):
        raise preload.Skip("no valgrind")
    words = ["valgrind", "-q", "--error-exitcode=9",
             arguments.program("threads_plain")]
    result = preload.run(arguments.lib, words, seconds=300).expect(0)
    report = result.report()
    assert not report["interception"]["active"], report["interception"]
    assert "valgrind" in report["interception"]["reason"].lower(), report


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
