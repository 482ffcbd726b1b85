#!/usr/bin/python3
"""Sums over threads, ended ones too, and forked children are exact.

    sums.py --lib LIB --program SUMS

sums.c counts its own calls, process by process; here its numbers and those
of the reports are compared one by one.
"""

import argparse
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402

PROCESSES = 7  # one and its children


def differences(where, expected, found):
    return ["%s.%s: counted %d, reported %r" % (where, key, value,
                                                found.get(key))
            for key, value in expected.items() if found.get(key) != value]


def compare(expected, report):
    wrong = []
    classes = [row for pool in report["pools"] for row in pool["classes"]]
    assert len(classes) == len(expected["classes"]), len(classes)
    for want, row in zip(expected["classes"], classes):
        wrong += differences("class %d" % row["max_bytes"], want, row)
    totals = {key: sum(row[key] for row in expected["classes"])
              for key in expected["classes"][0]}
    wrong += differences("totals", totals, report["totals"])
    wrong += differences("fallback.above", expected["above"],
                         report["fallback"]["above"])
    gets = sum(row["gets"] for row in report["sizes"])
    if gets != totals["gets"]:
        wrong.append("sizes: %d of %d gets" % (gets, totals["gets"]))
    if report["totals"]["remote_puts"] > expected["elsewhere"]:
        wrong.append("remote_puts: %d, but only %d were"
                     % (report["totals"]["remote_puts"],
                        expected["elsewhere"]))
    if report["threads"]["now"] != 1:
        wrong.append("threads: %r" % report["threads"])
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lib", required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("--conf", default="")
    given = parser.parse_args()

    def exact(_):
        preload.count_exactly()
        with tempfile.TemporaryDirectory(prefix="midpool-sums-") as folder:
            result = preload.run(os.path.abspath(given.lib), [
                os.path.abspath(given.program), folder],
                conf=given.conf, seconds=2000).expect(0)
            reports = result.reports()
            assert len(reports) == PROCESSES, len(reports)
            for report in reports:
                pid = report["process"]["pid"]
                path = os.path.join(folder, str(pid))
                with open(path, encoding="utf-8") as file:
                    wrong = compare(json.load(file), report)
                assert not wrong, "process %d:\n%s" % (pid, "\n".join(wrong))
                print(pid, json.dumps(report["totals"]))

    sys.exit(preload.run_one(exact, None))


if __name__ == "__main__":
    main()
