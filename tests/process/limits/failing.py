#!/usr/bin/python3
"""Every system call of the library fails in turn, in a program at work.

For every n, the nth call that midpool makes through libc fails (see
failing_calls.c). The program must go on, with the same output and the same end,
except that it may get ENOMEM if memory could not be mapped. A message tells
that a report could not be written.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402

# Of each kind so many; all of them in the soak.
MOST = 1000 if preload.SOAK else 12
MEMORY = ["mmap", "munmap", "mprotect", "madvise"]
KINDS = MEMORY + [
    "open", "open64", "openat64", "read", "write", "pread64", "pwrite64",
    "fstat64", "fstatat64", "ftruncate64", "posix_fallocate64", "rename",
    "renameat2", "unlink", "unlinkat", "utimensat", "getcwd"]


def run_once(arguments, call, conf, words):
    """The result, and whether there was such a call."""
    result = preload.run(
        arguments.lib, words, conf=conf,
        preload=[arguments.program("libfailing_calls.so"), "MIDPOOL"],
        extra={"FAIL_CALL": call, "FAIL_LOG": "failed",
               # Otherwise a small program makes no munmap.
               "MALLOC_CONF": "retain:false,dirty_decay_ms:0"})
    path = os.path.join(result.folder.name, "failed")
    return result, os.path.exists(path)


def judge(result, kind, expected, context):
    """Refused memory is the program's to deal with: it says so, and ends.
    What jemalloc says of a failed call names the error."""
    assert b"Success" not in result.err, (context, result)
    if kind in MEMORY and result.status == preload.FAILED:
        assert b"malloc(" in result.out + result.err, (context, result)
        return
    assert result.status == 0, "%s: %s" % (context, result)
    assert kind in MEMORY or result.out == expected, "%s: %s" % (
        context, result)


def fail_each(arguments, conf, words, needed, reported):
    """reported tells whether a run's report is there, or said not to be."""
    first, none = run_once(arguments, "", conf, words)
    assert not none and first.expect(0), first
    seen = {}
    for kind in KINDS:
        for number in range(1, MOST + 1):
            call = "%s:%d" % (kind, number)
            result, failed = run_once(arguments, call, conf, words)
            if not failed:
                break
            seen[kind] = number
            judge(result, kind, first.out, call)
            assert result.status or reported(result), "%s: %s" % (call, result)
    print(seen)
    assert needed <= set(seen), seen


def test_files_and_memory(arguments):
    """A live page and a report in a file; jemalloc's memory."""
    def reported(result):
        return result.reports() or b"no report written" in result.err
    fail_each(arguments, "report:json,report_file:report.%p.json,live:yes",
              [arguments.program("limits_work"), "4", "threads"],
              {"mmap", "munmap", "madvise", "write", "open64", "fstat64",
               "ftruncate64", "getcwd"}, reported)


def test_text(arguments):
    """The default report, on stderr: whole, or not at all."""
    def reported(result):
        return not result.err or b"hit rate" in result.err
    fail_each(arguments, "report:text", [arguments.program("limits_work"),
                                         "2"], {"write", "fstat64"}, reported)


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
