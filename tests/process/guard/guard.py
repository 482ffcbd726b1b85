#!/usr/bin/python3
"""Guarded buffers: mistakes of bugs.c, handlers of handlers.c.

    guard.py --lib LIB --bin DIRECTORY [TEST]...
"""

import math
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402

# The mistake, its name in a report, and the offset of the access from the end
# (None: as the second number says, from the start).
FAULTS = {
    "write_1": ("overrun: a write", 0, None),
    "write_16": ("overrun: a write", 15, None),
    "write_4096": ("overrun: a write", 4095, None),
    "read": ("overrun: a read", 0, None),
    "read_4096": ("overrun: a read", 4095, None),
    "under_write": ("underrun: a write", None, -1),
    "under_16": ("underrun: a write", None, -16),
    "under_4096": ("underrun: a write", None, -4096),
    "under_read": ("underrun: a read", None, -1),
    "freed_write": ("use after free: a write", None, 100),
    "freed_read": ("use after free: a read", None, 0),
}
CLASSES = {4096: 4096, 16384: 16384, 65536: 65536, 5001: 5120, 2057: 2560}
PARTS = {"allocated": r"allocated by thread (\d+), at",
         "freed": r"freed by thread (\d+), at",
         "accessed": r"accessed by thread (\d+), at",
         "again": r"freed again by thread (\d+), at"}


def run(arguments, words, conf="guard:1", program="guard_bugs", **options):
    return preload.run(arguments.lib, [arguments.program(program)] + words,
                       conf=conf, seconds=100, **options)


def parts(text):
    """The threads of each part of a report, and its stack's first frame."""
    found = {}
    for name, pattern in PARTS.items():
        match = re.search(pattern + r"\nmidpool:     (\S+)", text)
        if match:
            found[name] = match.group(1), match.group(2)
    return found


def guard_file(result):
    names = [name for name in os.listdir(result.folder.name)
             if name.endswith(".guard")]
    assert len(names) == 1, (names, str(result))
    with open(os.path.join(result.folder.name, names[0])) as file:
        return file.read()


def expect_report(result, kind, size, offset, stacks):
    text = result.err.decode()
    assert "midpool: guard: " + kind in text, str(result)
    assert "(offset %d)" % offset in text, (offset, str(result))
    assert re.search(r"buffer 0x[0-9a-f]+ of %d bytes \(class of %d bytes\)"
                     % (size, CLASSES[size]), text), str(result)
    found = parts(text)
    assert set(found) == set(stacks), (sorted(found), str(result))
    for _thread, frame in found.values():
        assert "/guard_bugs+0x" in frame, (frame, str(result))
    written = guard_file(result)
    assert written and text.startswith(written), (written, str(result))
    return found


def expect_fault(arguments, mistake, size, thread):
    kind, beyond, before = FAULTS[mistake]
    result = run(arguments, [mistake, str(size)] + thread)
    assert result.status == -signal.SIGSEGV, (mistake, size, str(result))
    offset = before if beyond is None else size + beyond
    stacks = ["allocated", "accessed"]
    if mistake.startswith("freed"):
        stacks.append("freed")
    found = expect_report(result, kind, size, offset, stacks)
    threads = {thread for thread, _frame in found.values()}
    assert len(threads) == (len(stacks) if thread else 1), str(result)


def test_every_mistake_is_caught_at_once(arguments):
    for size in (4096, 16384, 65536):
        for mistake in FAULTS:
            expect_fault(arguments, mistake, size, [])


def test_across_threads(arguments):
    for mistake in FAULTS:
        expect_fault(arguments, mistake, 16384, ["thread"])


def test_double_free(arguments):
    stacks = ["allocated", "freed", "again"]
    for thread in ([], ["thread"]):
        result = run(arguments, ["double", "5001"] + thread)
        assert result.status == -signal.SIGABRT, str(result)
        text = result.err.decode()
        assert "midpool: guard: double free\n" in text, str(result)
        found = parts(text)
        assert set(found) == set(stacks), (found, str(result))
        assert guard_file(result) in text, str(result)
    result = run(arguments, ["double", "5001"], "guard:1,misuse:warn")
    report = result.expect(0).report()
    assert report["misuse"]["double_free"] == 1, report["misuse"]
    assert report["guard"]["caught"] == 1, report["guard"]
    result = run(arguments, ["double", "5001"], "guard:1,misuse:off").expect(0)
    assert result.err == b"", str(result)


def test_a_gap_is_looked_at_by_free(arguments):
    """Sizes that are no multiple of a page: which side faults is a matter of
    chance, and the other one is found by the free."""
    for size in (5001, 2057):
        for mistake in ("write_1", "under_write"):
            faults = found = 0
            for _ in range(12):
                result = run(arguments, [mistake, str(size)])
                text = result.err.decode()
                faults += result.status == -signal.SIGSEGV
                if result.status == -signal.SIGABRT:
                    found += 1
                    assert ", found at the free" in text, str(result)
                assert ("overrun" if mistake == "write_1" else
                        "underrun") in text, str(result)
            assert faults + found == 12, (size, mistake, faults, found)
            assert found > 0, (size, mistake)


def test_a_gap_only_ends_a_process_with_abort(arguments):
    # Beyond the end, but within the 15 bytes that alignment leaves.
    result = run(arguments, ["write_1", "5001"], "guard:1,misuse:warn")
    report = result.expect(0).report()
    assert report["guard"] == {"sampled": 1, "caught": 1}, report["guard"]
    assert b"guard: overrun: bytes were written 1 byte beyond" in result.err
    assert run(arguments, ["write_1", "5001"],
               "guard:1,misuse:off").expect(0).err == b""


def test_one_in_a_hundred(arguments):
    """500 children with 100 guardable buffers each: those that are caught are
    as many as chance has it, within five standard deviations."""
    runs, chance = 500, 1 - (1 - 1 / 100) ** 100
    result = run(arguments, ["many", str(runs)],
                 "guard:100,report:none").expect(0)
    caught = int(result.out)
    bound = 5 * math.sqrt(runs * chance * (1 - chance))
    assert abs(caught - runs * chance) <= bound, (caught, runs * chance, bound)
    assert result.err.count(b"midpool: guard: ") == caught


def test_off_nothing_is_caught(arguments):
    result = run(arguments, ["many", "20"], "report:none").expect(0)
    assert result.out == b"0\n" and result.err == b"", str(result)


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
