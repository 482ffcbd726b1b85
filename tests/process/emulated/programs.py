#!/usr/bin/python3
"""Another processor's real programs under emulation, with and without us.

    programs.py --lib LIB PAGE_BYTES [NAME...]

MIDPOOL_TEST_RUNNER runs a program, as "qemu-aarch64 -L FOLDER", and
MIDPOOL_TEST_ROOT is the folder that holds Debian's packages for it. Each
program does the same work alone and preloaded: it has to end in the same way
with the same output, and its report has to satisfy the equations. Programs
that use buffers of the band say so here: their gets have to be many. The
emulator gives pages of PAGE_BYTES; of those larger than 4 KB some of the
programs tell enough.
"""

import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402  (beside this folder)

ROOT = os.environ.get("MIDPOOL_TEST_ROOT", "/")
ON_LARGE_PAGES = ("sqlite3", "python3", "perl", "lua", "tcl", "xz", "zstd",
                  "openssl")

SQL = ("create table t(a integer primary key, b blob);"
       "with recursive n(i) as (select 1 union all select i+1 from n"
       " where i < 3000) insert into t select i, zeroblob(2000 + i) from n;"
       "select count(*), sum(length(b)) from t;")
PYTHON = ("import hashlib\n"
          "rows = [bytes([i % 251]) * (2048 + i * 37) for i in range(1500)]\n"
          "print(hashlib.sha256(b''.join(rows)).hexdigest())")
PERL = ("my @r = map { chr(65 + $_ % 26) x (2048 + $_ * 31) } 0 .. 1500;"
        "print length(join '', @r), qq(\\n)")
LUA = ("local t = {} for i = 1, 1500 do t[i] = string.rep('x', 2048 + i * 29)"
       " end print(#table.concat(t))")
TCL = ("set n 0\nfor {set i 0} {$i < 1000} {incr i} "
       "{lappend l [string repeat x [expr {2048 + $i * 23}]]}\n"
       "puts [string length [join $l {}]]\n")
AWK = ("BEGIN { for (i = 0; i < 800; i++) { s = sprintf(\"%*d\", 2048 + i * 17,"
       " i); n += length(s); kept[i] = s } print n }")


def text():
    """Lines that compress, sort and parse, the same in every run."""
    state, lines = 1, []
    for number in range(20000):
        state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        lines.append("%d %x %s" % (number, state, "word" * (state >> 60)))
    return "\n".join(lines) + "\n"


# name: the words, input or None, gets of the band at least
PROGRAMS = {
    "sqlite3": (["sqlite3", ":memory:", SQL], None, 1000),
    "python3": (["python3.11", "-c", PYTHON], None, 1000),
    "perl": (["perl", "-e", PERL], None, 500),
    "lua": (["lua5.4", "-e", LUA], None, 1000),
    "tcl": (["tclsh8.6", "SCRIPT"], TCL, 500),
    "gawk": (["gawk", AWK], None, 500),
    "xz": (["xz", "-1", "-c", "DATA"], None, 1),
    "gzip": (["gzip", "-nc", "DATA"], None, 0),
    "bzip2": (["bzip2", "-c", "DATA"], None, 0),
    "zstd": (["zstd", "-q", "-c", "DATA"], None, 1),
    "lz4": (["lz4", "-q", "-c", "DATA"], None, 1),
    "brotli": (["brotli", "-q", "3", "-c", "DATA"], None, 1),
    "openssl": (["openssl", "dgst", "-sha512", "DATA"], None, 1),
    "jq": (["jq", "-R", "-s", "length", "DATA"], None, 1),
    "sed": (["sed", "s/word/term/g", "DATA"], None, 0),
    "grep": (["grep", "-c", "-E", "wordword|ff", "DATA"], None, 1),
    "sort": (["sort", "--parallel=2", "-k", "2", "DATA"], None, 0),
    "sha256sum": (["sha256sum", "DATA"], None, 0),
    "tar": (["tar", "-c", "--mtime=@0", "-f", "-", "DATA"], None, 0),
    "bc": (["bc", "-q", "SCRIPT"], "2^20000 % 10^40\n", 1),
    "git": (["git", "hash-object", "DATA"], None, 0),
    "xmllint": (["xmllint", "--format", "SCRIPT"],
                "<a>" + "<b c='d'>e</b>" * 3000 + "</a>", 1),
    "diff": (["diff", "DATA", "SCRIPT"], "other\n", 0),
    "file": (["file", "-b", "DATA"], None, 1),
    "find": (["find", "DATA", "-size", "+1"], None, 0),
}


def locate(name):
    for folder in ("usr/bin", "bin"):
        path = os.path.join(ROOT, folder, name)
        if os.path.exists(path):
            return path
    raise AssertionError("%s has no %s" % (ROOT, name))


def words(argv, folder, given):
    places = {"DATA": os.path.join(folder, "data"),
              "SCRIPT": os.path.join(folder, "script")}
    with open(places["DATA"], "w") as file:
        file.write(text())
    with open(places["SCRIPT"], "w") as file:
        file.write(given or "")
    return [locate(argv[0])] + [places.get(word, word) for word in argv[1:]]


def compare(lib, name, page):
    argv, given, least = PROGRAMS[name]
    with tempfile.TemporaryDirectory(prefix="midpool-emulated-") as folder:
        argv = words(argv, folder, given)
        extra = {"QEMU_PAGESIZE": page}
        alone = preload.run(None, argv, extra=extra)
        ours = preload.run(lib, argv, extra=extra)
    assert alone.status in (0, 1), str(alone)
    ours.expect(alone.status)
    assert ours.out == alone.out, "other output: %s" % ours
    assert alone.err == ours.err, str(ours)
    for report in ours.reports():
        assert report["interception"]["active"], report["interception"]
    gets = sum(report["totals"]["gets"] for report in ours.reports())
    assert gets >= least, "%d gets of %d" % (gets, least)
    print("ok %s, pages of %s: %d gets" % (name, page, gets))


def check_page_size(page):
    """The emulator does as it is told."""
    told = preload.run(None, [locate("python3.11"), "-c",
                              "import os; print(os.sysconf('SC_PAGESIZE'))"],
                       extra={"QEMU_PAGESIZE": page})
    assert told.out.decode().strip() == page, str(told)


def main():
    arguments = preload.Arguments(sys.argv[1:])
    page = arguments.names.pop(0)
    chosen = arguments.names or (PROGRAMS if page == "4096"
                                 else ON_LARGE_PAGES)
    check_page_size(page)
    failed = passed = 0
    for name in chosen:
        try:
            compare(arguments.lib, name, page)
            passed += 1
        except Exception as reason:  # a program may fail in any way
            print("FAILED %s, pages of %s: %s" % (name, page, reason))
            failed += 1
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
