#!/usr/bin/python3
"""A program that forbids itself by Landlock to open files (landlocked.c).

No descriptor is kept for the report, as the program would see it: it goes
where it still can, and the live page has the numbers in any case.
"""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402

GETS = 5000


def run(arguments, conf, *words, **options):
    result = preload.run(arguments.lib,
                         [arguments.program("limits_landlocked"), *words],
                         conf=conf, **options)
    if result.status == preload.SKIPPED:
        raise preload.Skip(result.err.decode())
    assert result.expect(0).out == b"done\n", result
    return result


def test_text_on_stderr(arguments):
    """A pipe and a file need no opening."""
    heard = run(arguments, "report:text,report_min_gets:4000").err
    with tempfile.TemporaryFile() as file:
        run(arguments, "report:text,report_min_gets:4000", stderr=file)
        file.seek(0)
        written = file.read()
    for text in (heard, written):
        gets = int(re.search(rb"of ([\d,]+) gets", text)[1].replace(b",", b""))
        assert gets >= GETS, text


def test_file_in_an_open_folder(arguments):
    with tempfile.TemporaryDirectory(prefix="midpool-test-") as folder:
        result = run(arguments, "report:json,report_file:%s/%%e.%%p.json"
                     % folder, folder)
        name, = os.listdir(folder)
        assert re.fullmatch(r"limits_landlocked\.\d+\.json", name), name
        report = preload.check_report.load(os.path.join(folder, name))
        assert report["totals"]["gets"] >= GETS, report["totals"]
        assert result.err == b"", result


def test_file_elsewhere(arguments):
    """One line says that there is none, and why."""
    with tempfile.TemporaryDirectory(prefix="midpool-test-") as folder:
        for name in ("%s/r.json" % folder, "%s/%%e.%%p.json" % folder):
            result = run(arguments, "report:json,report_file:" + name)
            assert re.fullmatch(
                rb"midpool: no report written to %s/\S+: Permission denied\n"
                % folder.encode(), result.err), result
        assert os.listdir(folder) == []


def test_page_when_stderr_is_closed(arguments):
    """As with xz 5.8: no way is left, but the page stays, says why, and has
    all numbers."""
    before = set(glob.glob("/dev/shm/midpool.*"))
    with tempfile.TemporaryDirectory(prefix="midpool-test-") as folder:
        marked = "report_file:%s/r.json" % folder
        for conf in ("report:text,report_min_gets:0,live:yes",
                     "report:json,live:yes," + marked):
            result = run(arguments, conf, "close")
            assert result.err == b"", result
    snapshot = os.path.join(os.path.dirname(arguments.lib) or ".",
                            "midpool-snapshot")
    told = []
    for path in set(glob.glob("/dev/shm/midpool.*")) - before:
        page = subprocess.run([snapshot, path], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False).stdout
        if b"limits_landlocked" not in page:
            continue  # another test's
        os.unlink(path)
        report = json.loads(page)
        assert report["totals"]["gets"] >= GETS, report["totals"]
        assert report["process"]["end"] == "exit", report["process"]
        told.append(report["process"].get("report_errno"))
    assert told == [13, 13], told


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
