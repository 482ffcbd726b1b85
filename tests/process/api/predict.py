#!/usr/bin/python3
"""Every number of the report equals what the program predicted.

    predict.py --lib LIB --program PREDICT SEED CALLS

predict.c counts its own calls by the contract's definitions; here its numbers
and those of the report are compared one by one.
"""

import argparse
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402

SOAK_CALLS = 40 * 1000 * 1000  # at most, to be done within run()'s seconds


def differences(where, expected, found):
    return ["%s.%s: predicted %d, reported %r" % (where, key, value,
                                                  found.get(key))
            for key, value in expected.items() if found.get(key) != value]


def fallback_sizes(widths, fallback):
    """Calls by the bit width of their size; the band cuts two widths."""
    found = [0] * len(widths)
    for row in fallback["sizes"]:
        found[row["from_bytes"].bit_length()] += row["calls"]
    return ["fallback of %d bits: predicted %d, reported %d"
            % (width, want, found[width])
            for width, want in enumerate(widths) if found[width] != want]


def compare(expected, report):
    wrong = differences("totals", expected["totals"], report["totals"])
    classes = [row for pool in report["pools"] for row in pool["classes"]]
    assert len(classes) == len(expected["classes"]), len(classes)
    for want, row in zip(expected["classes"], classes):
        wrong += differences("class %d" % row["max_bytes"], want, row)
    for side in ("below", "above"):
        wrong += differences("fallback." + side, expected[side],
                             report["fallback"][side])
    wrong += fallback_sizes(expected["widths"], report["fallback"])
    found = {row["from_bytes"]: row["gets"] for row in report["sizes"]}
    for index, gets in enumerate(expected["sizes"]):
        start = 2048 + 256 * index
        if found.pop(start, 0) != gets:
            wrong.append("sizes from %d: predicted %d" % (start, gets))
    wrong += ["sizes from %d: not predicted" % start
              for start, gets in found.items() if gets]
    for key in ("remote_puts", "inherited_puts", "discards", "warmups"):
        if report["totals"][key] != 0:
            wrong.append("totals.%s is %d" % (key, report["totals"][key]))
    memory, totals = report["memory"], expected["totals"]
    for key in ("live_bytes", "peak_live_bytes"):
        if memory[key] != totals[key]:
            wrong.append("memory.%s is %d, predicted %d"
                         % (key, memory[key], totals[key]))
    if report["threads"] != {"now": 1, "peak": 1, "peak_is_bound": False}:
        wrong.append("threads: %r" % report["threads"])
    if any(report["misuse"].values()):
        wrong.append("misuse: %r" % report["misuse"])
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lib", required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("seed")
    parser.add_argument("calls", type=int)
    given = parser.parse_args()
    calls = given.calls
    if preload.SOAK:
        calls = max(calls, min(100 * calls, SOAK_CALLS))

    def predicted(_):
        preload.count_exactly()
        path = os.path.join("/tmp", "midpool-predicted.%d" % os.getpid())
        try:
            result = preload.run(os.path.abspath(given.lib), [
                os.path.abspath(given.program), given.seed, str(calls), path],
                conf="decay_ms:-1", seconds=4000).expect(0)
            with open(path, encoding="utf-8") as file:
                expected = json.load(file)
        finally:
            if os.path.exists(path):
                os.unlink(path)
        wrong = compare(expected, result.report())
        assert not wrong, "\n" + "\n".join(wrong)
        print(json.dumps(expected["totals"]))

    sys.exit(preload.run_one(predicted, None))


if __name__ == "__main__":
    main()
