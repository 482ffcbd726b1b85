#!/usr/bin/python3
"""malloc_stats_print with option J is one JSON object, with midpool's in it."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402
import check_report  # noqa: E402  (found by way of preload)


def test_one_object(arguments):
    program = [arguments.program("api_jemalloc_calls_back"), "printing_json"]
    alone = json.loads(preload.run(None, program).expect(0).out)
    printed = json.loads(preload.run(arguments.lib, program).expect(0).out)
    assert set(alone) == {"jemalloc"}, list(alone)
    assert set(printed) == {"jemalloc", "midpool"}, list(printed)
    assert set(alone["jemalloc"]) == set(printed["jemalloc"])
    assert printed["midpool"]["interception"]["active"]
    broken = check_report.check(printed["midpool"])
    assert not broken, broken


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
