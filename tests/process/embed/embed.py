#!/usr/bin/python3
"""The public C API, from programs that find it at run time."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402


def test_weak_reference_without(arguments):
    result = preload.run(None, [arguments.program("embed_weak")]).expect(0)
    assert result.out == b"without midpool\n", result


def test_weak_reference_with(arguments):
    result = preload.run(arguments.lib,
                         [arguments.program("embed_weak")]).expect(0)
    words = result.out.decode().split()
    assert words[0] == "midpool" and words[2:] == ["counted", "100", "gets"], \
        result


def test_every_function(arguments):
    """lookup.c asserts; its report on stdout is a whole one."""
    result = preload.run(arguments.lib,
                         [arguments.program("embed_lookup")]).expect(0)
    report = json.loads(result.out)
    assert report["schema"] == "midpool.report", report
    assert report["process"]["end"] == "running", report["process"]
    assert report["totals"]["gets"] == 1, report["totals"]


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
