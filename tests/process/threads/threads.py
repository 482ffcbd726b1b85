#!/usr/bin/python3
"""Tests from outside of a program: its reports after vfork, and programs with
sanitizers, which midpool passes through."""

import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402


def test_vfork_child_exits(arguments):
    """A vfork child that calls exit writes no report: it is its parent's."""
    words = [arguments.program("threads_vfork"), "exit"]
    for conf in ("", "live:yes"):
        result = preload.run(arguments.lib, words, conf=conf).expect(0)
        assert result.out == b"parent goes on\n", result
        # The parent itself ends by _exit; programs that were spawned report.
        strange = [report["process"] for report in result.reports()
                   if "threads_vfork" in report["process"]["executable"]]
        assert not strange, strange


def sanitized(arguments, name):
    """The sanitizer's allocator stays in charge, and the report says so."""
    program = arguments.program("threads_" + name)
    if not os.path.exists(program):
        raise preload.Skip("not built: " + name)
    bare = preload.run(None, [program])
    if bare.status:
        raise preload.Skip("does not run bare: %s" % bare)
    result = preload.run(arguments.lib, [program]).expect(0)
    assert result.out == bare.out, (bare, result)
    report = result.report()
    assert report["process"]["duration_ns"] > 0, report["process"]
    assert not report["interception"]["active"], report["interception"]
    reason = report["interception"]["reason"]
    assert "Sanitizer" in reason or "defines malloc" in reason, reason
    text = preload.run(arguments.lib, [program], conf="report:text").expect(0)
    assert b"NOT ACTIVE" in text.err, text


def test_sanitized_program(arguments):
    sanitized(arguments, "sanitized")


def test_thread_sanitized_program(arguments):
    sanitized(arguments, "thread_sanitized")


def test_clang_thread_sanitized_program(arguments):
    sanitized(arguments, "clang_thread_sanitized")


def test_second_copy(arguments):
    """A second copy of the library stands aside, and says so."""
    with tempfile.TemporaryDirectory(prefix="midpool-test-") as folder:
        copy = os.path.join(folder, "libother.so")
        shutil.copy(arguments.lib, copy)
        for order in (["MIDPOOL", copy], [copy, "MIDPOOL"]):
            result = preload.run(arguments.lib, [
                arguments.program("threads_plain")], preload=order)
            result.expect(0)
            active = [report["interception"]["active"]
                      for report in result.reports()]
            assert active.count(True) == 1, active


CACHES = 4093  # as many threads can have one


def threads_and_report(arguments, how, threads, conf=""):
    """How many threads there were, how many gets, and what the report says."""
    preload.count_exactly()
    result = preload.run(arguments.lib, [arguments.program("threads_beyond"), how,
                                         str(threads)], conf=conf)
    if result.status == preload.SKIPPED:
        raise preload.Skip(result.err.decode(errors="replace"))
    most, gets = map(int, result.expect(0).out.split())
    report = result.report()
    assert report["totals"]["gets"] + report["totals"]["bypasses"] == gets, report
    assert report["totals"]["live"] == 0, report["totals"]
    return most, gets, report


def test_more_threads_than_caches(arguments):
    """The report says that there were more, and a free by the thread that got
    the buffer is never a remote put."""
    most, _, report = threads_and_report(arguments, "own", CACHES + 107)
    assert most > CACHES
    assert report["threads"]["peak"] == CACHES, report["threads"]
    assert report["threads"]["peak_is_bound"], report["threads"]
    assert report["totals"]["remote_puts"] == 0, report["totals"]


def test_more_threads_than_caches_hand_over(arguments):
    """Every free is by another thread: those of buffers that a thread with a
    cache got are remote puts, and of the others it is not known."""
    _, gets, report = threads_and_report(arguments, "given", CACHES + 107)
    assert report["threads"]["peak_is_bound"], report["threads"]
    assert report["totals"]["remote_puts"] == (CACHES - 1) * 3, report["totals"]
    assert gets > CACHES * 3


def test_as_many_threads_as_caches(arguments):
    """Then the peak is no bound."""
    most, _, report = threads_and_report(arguments, "own", CACHES - 1)
    assert report["threads"] == {"now": 1, "peak": CACHES, "peak_is_bound": False}
    assert most == CACHES
    assert report["totals"]["remote_puts"] == 0, report["totals"]


def test_many_threads_one_after_the_other(arguments):
    """Caches change hands; the peak is that of threads at a time."""
    most, _, report = threads_and_report(arguments, "short", CACHES + 107)
    assert 2 <= report["threads"]["peak"] <= most, report["threads"]
    assert not report["threads"]["peak_is_bound"], report["threads"]
    assert report["totals"]["remote_puts"] == 0, report["totals"]


def test_threads_that_free_when_they_end(arguments):
    """What a thread got itself is no remote put after its cache is gone."""
    _, gets, report = threads_and_report(arguments, "late", 200)
    assert report["totals"]["puts"] == gets, report["totals"]
    assert report["totals"]["remote_puts"] == 0, report["totals"]


def test_threads_without_memory_for_caches(arguments):
    """Fewer threads than usual have a cache; the report says that, too."""
    most, _, report = threads_and_report(arguments, "unmapped", 40)
    assert report["threads"]["peak"] < most, report["threads"]
    assert report["threads"]["peak_is_bound"], report["threads"]
    assert report["totals"]["remote_puts"] == 0, report["totals"]


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
