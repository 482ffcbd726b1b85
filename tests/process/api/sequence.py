#!/usr/bin/python3
"""Known calls, known numbers: what options do to a report.

    sequence.py --lib LIB --bin DIRECTORY NAME

Each test makes its calls through sequence.c; nothing in its report is left
to chance.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402

MB = 1 << 20


def report(arguments, calls, conf=""):
    preload.count_exactly()
    words = [arguments.program("api_sequence")] + calls.split()
    if "decay_ms" not in conf:
        # However slow the machine, time plays no part.
        conf = "decay_ms:600000" + ("," + conf if conf else "")
    return preload.run(arguments.lib, words, conf=conf).expect(0).report()


def expect(row, **numbers):
    wrong = ["%s is %r, not %r" % (key, row[key], value)
             for key, value in numbers.items() if row[key] != value]
    assert not wrong, "; ".join(wrong)


def classes(found):
    return [row for pool in found["pools"] for row in pool["classes"]]


def test_nothing(arguments):
    """No gets: every number is 0, and a rate of nothing is none."""
    found = report(arguments, "100:5 -5")
    rows = [found["totals"]] + found["pools"] + classes(found)
    for row in rows:
        assert row["hit_rate"] is None, row
        assert not any(value for key, value in row.items()
                       if key not in ("max_bytes", "classes")), row
    assert found["sizes"] == [], found["sizes"]
    expect(found["fallback"]["below"], calls=5, bytes=500)
    assert found["warnings"] == [], found["warnings"]


def test_edges_of_classes(arguments):
    """At, above and below the edge of each class, and of the band."""
    edges = [row["max_bytes"] for row in classes(report(arguments, ""))]
    calls = " ".join("%d:1" % (edge + more) for edge in edges
                     for more in (-1, 0, 1))
    found = report(arguments, calls)
    rows = classes(found)
    expect(rows[0], gets=1, requested_bytes=2048)
    for below, row in zip(edges, rows[1:]):
        expect(row, gets=3, misses=3, hits=0, live=3,
               requested_bytes=below + 1 + 2 * row["max_bytes"] - 1)
    expect(found["fallback"]["below"], calls=1, bytes=2047)
    expect(found["fallback"]["above"], calls=1, bytes=65537)


def test_peak_and_leftovers(arguments):
    found = report(arguments, "5000:30 -20 9000:7 -7")
    expect(found["totals"], gets=37, puts=27, live=10, live_bytes=51200,
           peak_live_bytes=30 * 5120)
    expect(found["leftovers"], buffers=10, bytes=51200, classes=[
        {"max_bytes": 5120, "buffers": 10, "bytes": 51200}])


def test_second_round_hits(arguments):
    for rounds, conf in ((1, ""), (5, ""), (5, "cache_max:0"),
                         (5, "cache_max:64K"), (5, "check_fill:yes"),
                         (5, "zero:free"), (5, "decay_ms:-1")):
        found = report(arguments, "5000:300 -300 " * rounds, conf)
        expect(found["totals"], gets=300 * rounds, misses=300,
               hits=300 * (rounds - 1), live=0, discards=0,
               cached_bytes=300 * 5120, hit_rate=1 - 1 / rounds)
        if conf == "cache_max:0":
            expect(found["totals"], cache_hits=0)


def test_warmup(arguments):
    """The contract's own example; more than idle memory usually may be."""
    conf = "warmup:16K=1000+64K=100"
    found = report(arguments, "", conf)
    expect(found["totals"], gets=0, warmups=1100, discards=0, hit_rate=None,
           resident_bytes=1000 * 16384 + 100 * 65536)
    found = report(arguments, "30000:200 16384:1000 65536:100", conf)
    expect(found["totals"], gets=1300, hits=1100, misses=200, discards=0,
           cached_bytes=0)
    found = report(arguments, "16384:1001 -1001 16384:1001", conf)
    expect(found["totals"], gets=2002, hits=2001, misses=1)
    found = report(arguments, "65536:3000", "warmup:64K=3000")
    expect(found["totals"], gets=3000, hits=3000, discards=0)


def test_warmup_within_pool_max(arguments):
    found = report(arguments, "", "warmup:16K=1000+64K=100,pool_max:1M")
    expect(found["totals"], warmups=64, cached_bytes=MB, discards=0)


def test_pool_max(arguments):
    """Memory beyond pool_max is returned at once, for every size."""
    for size, slot in ((2048, 2048), (5000, 5120), (16384, 16384),
                       (65536, 65536)):
        count = 16 * MB // slot
        found = report(arguments, "%d:%d -%d" % (size, count, count),
                       "pool_max:2M")
        totals = found["totals"]
        expect(totals, gets=count, misses=count, live=0)
        assert totals["cached_bytes"] <= 2 * MB, totals
        assert totals["discards"] == count - totals["cached_bytes"] // slot


def test_decay_at_once(arguments):
    """Nothing idles but in the thread's own cache."""
    found = report(arguments, "16384:1000 -1000 16384:1000",
                   "decay_ms:0,cache_max:256K")
    totals = found["totals"]
    expect(totals, gets=2000, live=1000, cached_bytes=0)
    assert totals["hits"] <= 16, totals
    assert totals["discards"] == 1000 - totals["hits"], totals


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
