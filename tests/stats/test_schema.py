#!/usr/bin/python3
"""Validates reports against stats/report.schema.json.

usage: test_schema.py write_pages [libmidpool.so]

Synthetic reports of every scene, and with the library a real one. Members
that the schema does not describe are errors here, though the schema itself
allows them to later versions: so it can not fall behind.
"""

import copy
import json
import os
import subprocess
import sys
import tempfile

from scenes import NAMES, ROOT, Checks, Scenes, skip

try:
    import jsonschema
except ImportError:
    skip("python3-jsonschema is not installed")

sys.path.insert(0, os.path.join(ROOT, "tests", "process"))
import check_report  # noqa: E402

VALIDATOR = jsonschema.Draft202012Validator
PROGRAM = """
buffers = [bytearray(size) for size in range(2000, 70000, 500)]
del buffers[::2]
more = [bytearray(9000) for _ in range(200)]
"""


def closed(node):
    """The schema without leave for members it does not describe."""
    if isinstance(node, dict):
        if "properties" in node:
            node.setdefault("additionalProperties", False)
        for child in node.values():
            closed(child)
    elif isinstance(node, list):
        for child in node:
            closed(child)
    return node


def errors_of(validator, report):
    return ["%s: %s" % ("/".join(map(str, error.absolute_path)),
                        error.message[:200])
            for error in validator.iter_errors(report)]


def check_scenes(checks, validator, program):
    with Scenes(program) as scenes:
        for name in NAMES:
            report = check_report.loads(scenes.read(name, "json").decode())
            if name == "extreme":
                # Its pid is negative, its start after its end.
                report["process"].update(pid=1, ppid=1)
            found = errors_of(validator, report)
            checks.that(not found, "%s: %s" % (name, found[:3]))
            if name not in ("extreme", "troubled"):
                found = check_report.check(report)
                checks.that(not found, "%s: %s" % (name, found[:3]))


def check_broken(checks, validator, program):
    """The schema is no rubber stamp."""
    with Scenes(program) as scenes:
        good = check_report.loads(scenes.read("busy", "json").decode())
    for path, value in ((("totals", "gets"), -1), (("totals", "hits"), 0.5),
                        (("process", "end"), "gone"),
                        (("totals", "hit_rate"), 99.5),
                        (("pools",), []), (("surprise",), 1)):
        bad = copy.deepcopy(good)
        node = bad
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = value
        checks.that(errors_of(validator, bad), "%s = %s passed" % (path, value))


def check_real(checks, validator, library):
    """A report of a real program, through the library."""
    with tempfile.TemporaryDirectory(prefix="midpool-schema-") as directory:
        path = os.path.join(directory, "report.json")
        environment = dict(os.environ, LD_PRELOAD=library,
                           MIDPOOL_CONF="report:json,report_file:" + path,
                           PYTHONMALLOC="malloc")
        subprocess.run([sys.executable, "-c", PROGRAM], env=environment,
                       check=True)
        report = check_report.load(path)
    found = errors_of(validator, report) + check_report.check(report)
    checks.that(not found, "real report: %s" % found[:3])
    checks.that(report["totals"]["gets"] > 300, "the pools served it")
    checks.that(report["process"]["end"] == "exit", "it ended by exit")


def main():
    checks = Checks()
    with open(os.path.join(ROOT, "stats", "report.schema.json"),
              encoding="utf-8") as file:
        schema = json.load(file)
    VALIDATOR.check_schema(schema)
    validator = VALIDATOR(closed(schema))
    check_scenes(checks, validator, sys.argv[1])
    check_broken(checks, validator, sys.argv[1])
    for library in sys.argv[2:]:
        check_real(checks, validator, library)
    checks.finish()


if __name__ == "__main__":
    main()
