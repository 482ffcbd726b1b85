#!/usr/bin/python3
"""Runs one self-checking program, preloaded, and checks its reports.

    drive.py --lib LIB|none [--conf CONF] [--env NAME=VALUE]
             [--preload LIBRARY]... [--audit LIBRARY] [--seconds N] [--status N]
             [--any-status] [--no-report] [--passive] [--reason TEXT] [--both|--only-bare] PROGRAM [ARGUMENT...]

The program has to end with --status (0; any at all under midpool with
--any-status, but it has to end), and every report that it or a child
of it leaves has to satisfy the equations; at least one has to be there
(unless --no-report) and active (unless --passive). With --both it runs on the
C library alone first: the test itself has to be right. --only-bare or
--lib none does only that.
"""

import argparse
import os
import sys

import preload


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--lib", required=True)
    parser.add_argument("--conf", default="")
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("--preload", action="append", default=[])
    parser.add_argument("--audit")
    parser.add_argument("--seconds", type=int, default=1000)
    parser.add_argument("--status", type=int, default=0)
    parser.add_argument("--no-report", action="store_true")
    parser.add_argument("--passive", action="store_true")
    parser.add_argument("--any-status", action="store_true")
    parser.add_argument("--reason")
    parser.add_argument("--both", action="store_true")
    parser.add_argument("--only-bare", action="store_true")
    parser.add_argument("program", nargs=argparse.REMAINDER)
    return parser.parse_args()


def absolute(word):
    """The program runs in another directory: files of this one by path."""
    return os.path.abspath(word) if os.path.exists(word) else word


def run(given, lib):
    extra = dict(pair.split("=", 1) for pair in given.env)
    if given.audit:
        extra["LD_AUDIT"] = absolute(given.audit)
    words = [absolute(word) for word in given.program]
    result = preload.run(lib and absolute(lib), words, conf=given.conf, extra=extra,
                         preload=[absolute(name) for name in given.preload],
                         seconds=given.seconds * (10 if preload.SOAK else 1))
    if result.status == preload.SKIPPED:
        raise preload.Skip(result.err.decode(errors="replace"))
    if lib and given.any_status:
        print("ended with status %s: %s" % (result.status,
                                            result.err[-200:].decode()))
        return
    result.expect(given.status)
    if not lib or given.no_report:
        return
    reports = result.reports()
    assert reports, "no report: %s" % result
    for report in reports:
        active = report["interception"]["active"]
        assert active or given.passive, report["interception"]
        if given.reason:
            assert not active, report["interception"]
            assert given.reason in report["interception"]["reason"]


def main():
    given = arguments()

    def program(_):
        bare = given.only_bare or given.lib == "none"
        if given.both or bare:
            run(given, None)
        if not bare:
            run(given, given.lib)

    sys.exit(preload.run_one(program, None))


if __name__ == "__main__":
    main()
