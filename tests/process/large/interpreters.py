#!/usr/bin/python3
"""The own test suites of tcl and perl, from their Debian sources."""

import glob
import os
import re

import _paths  # noqa: F401
from harness import main, scenario
from sources import unpack

TCL_FILES = """append array assemble basic binary chan clock cmdAH cmdIL
    compile concat coroutine dict encoding env error eval event exec expr
    fCmd fileName foreach format if incr info interp io ioCmd join lindex
    linsert list llength lrange lreplace lsearch lset lsort namespace obj oo
    parse proc regexp rename scan set split string stringComp subst switch
    thread timer trace upvar util var while zlib""".split()

PERL_FILES = "t/op/*.t t/re/*.t t/uni/*.t t/io/*.t t/base/*.t t/cmd/*.t"


def tcl_outcomes(out):
    """The totals of a file of tests, and those of them that failed."""
    text = out.decode(errors="replace")
    return (re.findall(r"^all\.tcl:\s+Total.*$", text, re.MULTILINE),
            sorted(set(re.findall(r"^==== (\S+) .*FAILED$", text,
                                  re.MULTILINE))))


def _run_tcl(run, name):
    """Outcomes of a file; some tests race with the clock, and fail or are
    skipped on a busy machine: three tries."""
    for _attempt in range(3):
        out = run.run("tclsh", "tcl/tests/all.tcl", "-singleproc", "1",
                      "-verbose", "body error skip", "-file", name + ".test",
                      compare="", status=None)
        totals, failed = tcl_outcomes(out)
        if not failed and b"SKIPPED: timing issue" not in out:
            break
    run.note(name, (totals, failed))
    run.require(totals, "no totals of %s: %r" % (name, out[-500:]))


@scenario(timeout=900)
def tcl(run):
    unpack("tcl8.6", run.path("tcl"))
    for name in TCL_FILES:
        _run_tcl(run, name)


def _perl_outcomes(out):
    """The numbers of the tests that passed, in order."""
    return re.findall(rb"^(?:not )?ok \d+", out, re.MULTILINE)


@scenario(band=True, timeout=900)
def perl(run):
    unpack("perl", run.path("perl"))
    names = []
    for pattern in PERL_FILES.split():
        names += sorted(glob.glob(run.path("perl", pattern)))
    for name in names:
        short = os.path.relpath(name, run.path("perl/t"))
        run.run("sh", "-c", "cd perl/t && timeout 60 perl " + short,
                show=_perl_outcomes, compare="stdout", status=None)


if __name__ == "__main__":
    main("tclsh", "perl", "dpkg-source")
