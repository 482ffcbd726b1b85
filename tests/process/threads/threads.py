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


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
