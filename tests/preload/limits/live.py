#!/usr/bin/python3
"""The live page: read while a program runs and after every kind of end."""

import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402


def cases(arguments, *words):
    return [arguments.program("limits_report_cases")] + list(words)


def snapshot_tool(arguments):
    tool = os.path.join(os.path.dirname(arguments.lib), "midpool-snapshot")
    if not os.path.exists(tool):
        raise preload.Skip("no midpool-snapshot built")
    return tool


def live_run(arguments, ending):
    """Runs a program with a live page and ends it; its page is read."""
    tool = snapshot_tool(arguments)
    env = preload.environment(arguments.lib, "report:none,live:yes")
    child = subprocess.Popen(cases(arguments, "wait_for_input"), env=env,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdout.readline() == b"ready\n"
        running = json.loads(subprocess.run(
            [tool, str(child.pid)], check=True, capture_output=True).stdout)
        assert running["process"]["end"] == "running", running["process"]
        assert running["totals"]["gets"] > 0
        if ending:
            child.send_signal(ending)
        child.stdin.close()
        child.wait(timeout=20)
        after = subprocess.run([tool, str(child.pid)], capture_output=True)
    finally:
        child.kill()
        child.stdout.close()
    return running, after


def test_page_after_kill(arguments):
    for number in (signal.SIGKILL, signal.SIGSEGV):
        running, after = live_run(arguments, number)
        assert after.returncode == 0, after
        report = json.loads(after.stdout)
        assert report["process"]["end"] != "running", report["process"]
        assert report["totals"]["gets"] == running["totals"]["gets"]


def test_page_after_exit(arguments):
    """A process that ended well leaves nothing behind, or a page that says so.
    """
    _running, after = live_run(arguments, None)
    if after.returncode == 0:
        report = json.loads(after.stdout)
        assert report["process"]["end"] == "exit", report["process"]


def pages():
    return {name for name in os.listdir("/dev/shm")
            if name.startswith("midpool.")}


def test_files_are_swept(arguments):
    """A page that was met dead an hour ago goes when the next one starts."""
    old = pages()
    live_run(arguments, signal.SIGKILL)
    page, = pages() - old
    path = os.path.join("/dev/shm", page)
    os.utime(path, (1, time.time() - 2 * 3600))
    preload.run(arguments.lib, cases(arguments, "nothing"),
                conf="report:none,live:yes").expect(0)
    assert not os.path.exists(path), path


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
