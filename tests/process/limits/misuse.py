#!/usr/bin/python3
"""Mistakes of a program: what is said, how it ends, what is counted.

With misuse:abort the process ends by SIGABRT after one line that names the
mistake, the pointer and the size class; with warn it says so and goes on; with
off it goes on in silence. It is counted in each case, and nothing is ever
handed out twice. A wrong size given to a sized delete is a warning by default,
and ends the process only where misuse:abort was given.
"""

import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402

# The whole line, less "midpool: " and how it goes on.
FREED = "double free or use of freed buffer {ptr} (class of {bytes} bytes)"
MIDDLE = ("free of a pointer into the middle of a buffer: {ptr}"
          " (class of {bytes} bytes)")
MISALIGNED = "free of a misaligned pointer: {ptr} (class of {bytes} bytes)"
NEVER = "free of a pointer never handed out: {ptr}"
SIZED = (" was given the wrong size, {size}, for buffer {ptr}"
         " (class of {bytes} bytes)")

# The mistake, the lines that may say so, and the report's counter.
KINDS = {
    "double": ([FREED], "double_free"),
    "double_late": ([FREED], "double_free"),
    "double_other_thread": ([FREED], "double_free"),
    "double_cached_elsewhere": ([FREED], "double_free"),
    # Nothing is known of memory that went back to the system, but that.
    "double_purged": ([FREED, NEVER], None),
    "double_realloc": ([FREED], "double_free"),
    "interior": ([MIDDLE], "interior_free"),
    "interior_of_freed": ([MIDDLE], "interior_free"),
    "misaligned": ([MISALIGNED], "misaligned_free"),
    "wild": ([NEVER], None),
    "realloc_freed": ([FREED], "double_free"),
    "usable_freed": ([FREED], "double_free"),
    "sized_wrong": (["operator delete" + SIZED], "wrong_size"),
    "sized_outside": (["free_sized" + SIZED], "wrong_size"),
    "sized_array": (["operator delete" + SIZED], "wrong_size"),
}
SIZED_KINDS = [kind for kind in KINDS if kind.startswith("sized_")]
GIVEN = {"sized_outside": lambda size: "100 bytes",
         "sized_wrong": lambda size: "%d bytes" % (2 * size),
         "sized_array": lambda size: "1 byte"}
SIZES = (2048, 5000, 16384, 65536)
CLASS_OF = {2048: 2048, 5000: 5120, 16384: 16384, 65536: 65536}


def pointer(result):
    found = re.match(rb"pointer (0x[0-9a-f]+)", result.out)
    assert found, result
    return found.group(1).decode()


def lines(result):
    """The lines that midpool printed, without its warnings at exit."""
    return [line for line in result.err.decode().splitlines()
            if line.startswith("midpool")]


def check_line(result, kind, size, ending):
    """One line in exactly these words, then the call stack."""
    said = lines(result)
    assert said, "nothing was said: %s" % result
    given = GIVEN[kind](size) if kind in GIVEN else None
    allowed = ["midpool: %s; %s" % (text.format(
        ptr=pointer(result), bytes=CLASS_OF[size], size=given), ending)
        for text in KINDS[kind][0]]
    assert said[0] in allowed, "%r is none of %r" % (said[0], allowed)
    stack = [line for line in said[1:] if line.startswith("midpool:   by ")]
    assert "limits_misuse" in stack[0], said


def make_abort(kind):
    def aborts(arguments):
        for size in SIZES:
            result = preload.run(arguments.lib, [
                arguments.program("limits_misuse"), kind, str(size)],
                conf="misuse:abort" if kind in SIZED_KINDS else "")
            assert result.status == -signal.SIGABRT, result
            assert b"survived" not in result.out, result
            check_line(result, kind, size, "aborting")
    return aborts


def make_warn(kind, conf="misuse:warn"):
    def warns(arguments):
        for size in SIZES[:2]:
            result = preload.run(arguments.lib, [
                arguments.program("limits_misuse"), kind, str(size)],
                conf=conf).expect(0)
            assert b"survived" in result.out, result
            check_line(result, kind, size, "going on")
            counter = KINDS[kind][1]
            if counter:
                count = result.report()["misuse"][counter]
                assert count == 1, (counter, count)
    return warns


def make_off(kind):
    def goes_on(arguments):
        result = preload.run(arguments.lib, [
            arguments.program("limits_misuse"), kind],
            conf="misuse:off").expect(0)
        assert b"survived" in result.out, result
        assert not lines(result), result
        counter = KINDS[kind][1]
        if counter:
            count = result.report()["misuse"][counter]
            assert count == 1, (counter, count)
    return goes_on


for _kind in KINDS:
    for _mode, _make in (("abort", make_abort), ("warn", make_warn),
                         ("off", make_off)):
        _test = _make(_kind)
        _test.__name__ = "test_%s_%s" % (_kind, _mode)
        globals()[_test.__name__] = _test
for _kind in SIZED_KINDS:
    _test = make_warn(_kind, "")
    _test.__name__ = "test_%s_default" % _kind
    globals()[_test.__name__] = _test


def test_warnings_end(arguments):
    """A mistake in a loop fills no log; all of it is counted."""
    result = preload.run(arguments.lib, [
        arguments.program("limits_misuse"), "double_often"],
        conf="misuse:warn").expect(0)
    said = [line for line in lines(result) if "  by " not in line]
    assert len(said) == 101, (len(said), result)
    assert all("double free" in line for line in said[:100]), result
    assert said[100] == "midpool: 100 warnings of misuse; no more are written"
    assert result.report()["misuse"]["double_free"] == 500, result


def test_double_at_the_same_time(arguments):
    """Frees that pass each other unseen are found later, by the end at last."""
    count = 400000
    result = preload.run(arguments.lib, [
        arguments.program("limits_misuse_race"), str(count)],
        conf="misuse:off").expect(0)
    assert b"survived" in result.out, result
    report = result.report()
    assert report["misuse"]["double_free"] == count, report["misuse"]
    assert report["totals"]["live"] == 3, report["totals"]


def test_no_false_alarm(arguments):
    for conf in ("", "check_fill:yes", "zero:free",
                 "check_fill:yes,zero:free"):
        result = preload.run(arguments.lib, [
            arguments.program("limits_misuse"), "nothing"], conf=conf)
        result.expect(0)
        assert not lines(result), result
        assert not any(result.report()["misuse"].values()), result


def test_write_after_free_seen(arguments):
    """check_fill names pointer, class and offset."""
    for size in SIZES:
        result = preload.run(arguments.lib, [
            arguments.program("limits_misuse"), "write_after_free",
            str(size)], conf="check_fill:yes")
        assert result.status == -signal.SIGABRT, result
        said = lines(result)
        assert pointer(result) in said[0], said
        assert "1234" in said[0], said
        assert str(CLASS_OF[size]) in said[0], said


def test_write_after_free_warn(arguments):
    result = preload.run(arguments.lib, [
        arguments.program("limits_misuse"), "write_after_free"],
        conf="check_fill:yes,misuse:warn").expect(0)
    assert pointer(result) in lines(result)[0], result


def test_write_after_free_left(arguments):
    """SIGABRT's handler leaves by siglongjmp: all that the thread asks for
    afterwards comes from the pools."""
    result = preload.run(arguments.lib, [
        arguments.program("limits_misuse"), "write_after_free_left"],
        conf="check_fill:yes").expect(0)
    assert b"survived" in result.out, result
    assert pointer(result) in lines(result)[0], result
    totals = result.report()["totals"]
    assert totals["gets"] >= 2000 and totals["bypasses"] == 0, totals


def test_zero_on_free(arguments):
    for size in SIZES:
        preload.run(arguments.lib, [
            arguments.program("limits_misuse"), "read_after_free", str(size)],
            conf="zero:free").expect(0)


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
