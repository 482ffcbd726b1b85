#!/usr/bin/python3
"""The live page: read while a program runs and after every kind of end."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
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


def page_of(child):
    return "/dev/shm/midpool.%d.%d.1" % (os.geteuid(), child.pid)


def live_run(arguments, ending):
    """Runs a program with a live page and ends it; its page is read.

    Returns the reports before and after, and the page's path.
    """
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
        child.wait(timeout=400)
        after = subprocess.run([tool, str(child.pid)], capture_output=True)
    finally:
        child.kill()
        child.stdout.close()
    return running, after, page_of(child)


def test_page_after_kill(arguments):
    for number in (signal.SIGKILL, signal.SIGSEGV):
        running, after, page = live_run(arguments, number)
        os.unlink(page)
        assert after.returncode == 0, after
        report = json.loads(after.stdout)
        assert report["process"]["end"] != "running", report["process"]
        assert report["totals"]["gets"] == running["totals"]["gets"]


def test_page_after_exit(arguments):
    """A process that ended well leaves nothing behind."""
    _running, after, page = live_run(arguments, None)
    assert after.returncode == 2, after
    assert not os.path.exists(page)


FORKS = """
import os
for _ in range(100):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
"""


def test_children_do_not_sweep(arguments):
    """The number of calls does not grow with the pages that are there."""
    if not shutil.which("strace"):
        raise preload.Skip("no strace")
    dead = ["/dev/shm/midpool.%d.%d.1" % (os.geteuid(), 2147470000 + n)
            for n in range(200)]
    with tempfile.NamedTemporaryFile() as log:
        env = preload.environment(arguments.lib, "report:none,live:yes")
        words = ["strace", "-f", "-o", log.name, "-e",
                 "trace=open,openat,unlink,unlinkat,getdents64"]
        for name in ("LD_PRELOAD", "MIDPOOL_CONF"):
            words += ["-E", "%s=%s" % (name, env.pop(name))]
        try:
            for path in dead:
                with open(path, "wb") as file:
                    file.write(b"x")
                os.utime(path, (1, time.time()))
            subprocess.run(words + ["/usr/bin/python3", "-c", FORKS], env=env,
                           check=True, capture_output=True)
            with open(log.name, encoding="utf-8") as file:
                calls = [line for line in file if "midpool." in line
                         or "getdents" in line or '"/dev/shm"' in line]
        finally:
            for path in dead + pages_of_tracee(log.name):
                if os.path.exists(path):
                    os.unlink(path)
    assert any("openat" in line for line in calls), calls
    assert len(calls) < 400, (len(calls), calls[-9:])


def pages_of_tracee(log):
    with open(log, encoding="utf-8") as file:
        pids = {line.split()[0] for line in file}
    prefix = "midpool.%d." % os.geteuid()
    return ["/dev/shm/" + name for name in os.listdir("/dev/shm")
            if name.startswith(prefix) and name.split(".")[2] in pids]


THREADS = """
import os, sys, threading, time
def work():
    kept = bytearray(5000)
    barrier.wait()
for child in range(int(sys.argv[1])):
    pid = os.fork()
    if pid == 0:
        barrier = threading.Barrier(33)
        threads = [threading.Thread(target=work) for _ in range(32)]
        for thread in threads: thread.start()
        barrier.wait()
        for thread in threads: thread.join()
        os.write(1, b".")
        os._exit(0)
    os.waitpid(pid, 0)
pages = [os.stat("/dev/shm/" + name) for name in os.listdir("/dev/shm")]
print(sum(page.st_blocks * 512 for page in pages), len(pages))
"""


def test_pages_take_a_tenth_at_most(arguments):
    """Many processes of 33 threads that die: a neighbour keeps its room."""
    if os.geteuid() != 0:
        raise preload.Skip("needs root")
    inside = ["unshare", "--mount", "/bin/sh", "-c",
              "mount -t tmpfs -o size=4m none /dev/shm || exit 77;"
              'exec env -- "$@"', "sh", "LD_PRELOAD=" + arguments.lib,
              "MIDPOOL_CONF=live:yes,report:none", "/usr/bin/python3", "-c",
              THREADS, "30"]
    result = preload.run(None, inside)
    if result.status in (1, 77):
        raise preload.Skip("no mounts here: %s" % result)
    dots, numbers = result.expect(0).out.decode().rsplit(".", 1)
    assert dots + "." == "." * 30, result
    total, pages = map(int, numbers.split())
    assert 0 < total <= (4 << 20) // 10 and pages > 1, (total, pages)


def test_files_are_swept(arguments):
    """A page that was met dead an hour ago goes when the next one starts."""
    for _attempt in range(20):
        _running, _after, path = live_run(arguments, signal.SIGKILL)
        os.utime(path, (1, time.time() - 2 * 3600))
        preload.run(arguments.lib, cases(arguments, "nothing"),
                    conf="report:none,live:yes").expect(0)
        if not os.path.exists(path):
            return
        os.unlink(path)  # its number may be another process's by now
    assert False, path


def run_mounted(arguments, mount):
    """Runs a program with mount's view of /dev, its report on stdout."""
    if os.geteuid() != 0:
        raise preload.Skip("needs root")
    inside = ["unshare", "--mount", "/bin/sh", "-c",
              mount + " || exit 77; exec env -- \"$@\"", "sh"]
    words = ["LD_PRELOAD=" + arguments.lib,
             "MIDPOOL_CONF=live:yes,report:json,"
             "report_file:/proc/self/fd/1"]
    result = preload.run(None, inside + words + cases(arguments, "nothing"))
    if result.status in (1, 77):
        raise preload.Skip("no mounts here: %s" % result)
    report = preload.check_report.loads(result.expect(0).out.decode())
    assert not preload.check_report.check(report), report
    assert report["interception"]["active"], report["interception"]
    assert report["totals"]["gets"] > 0, report["totals"]
    return result.err.decode().splitlines()


def test_shm_is_full(arguments):
    said = run_mounted(arguments,
                       "mount -t tmpfs -o size=4k none /dev/shm && "
                       "dd if=/dev/zero of=/dev/shm/full bs=4k count=1 "
                       "2> /dev/null")
    assert len(said) == 1 and "No space left" in said[0], said
    assert "/dev/shm/midpool." in said[0], said


def test_shm_has_no_room_for_all(arguments):
    """The file is there, and then its pages are not to be had."""
    said = run_mounted(arguments,
                       "mount -t tmpfs -o size=8k none /dev/shm")
    assert len(said) == 1 and "No space left" in said[0], said


def test_shm_is_missing(arguments):
    said = run_mounted(arguments,
                       "mount --bind /sys /dev && test ! -e /dev/shm")
    assert len(said) == 1 and "No such file" in said[0], said


def test_shm_is_read_only(arguments):
    said = run_mounted(arguments, "mount -t tmpfs -o ro none /dev/shm")
    assert len(said) == 1 and "Read-only" in said[0], said


def test_page_is_private(arguments):
    """No other user can read it with any umask, and no descriptor is kept."""
    env = preload.environment(arguments.lib, "report:none,live:yes")
    child = subprocess.Popen(cases(arguments, "wait_for_input"), env=env,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             preexec_fn=lambda: os.umask(0))
    try:
        assert child.stdout.readline() == b"ready\n"
        page = page_of(child)
        status = os.stat(page)
        assert status.st_mode & 0o7777 == 0o600, oct(status.st_mode)
        held = [os.readlink("/proc/%d/fd/%s" % (child.pid, fd))
                for fd in os.listdir("/proc/%d/fd" % child.pid)]
        assert page not in held, held
        os.unlink(page)
        child.stdin.close()
        assert child.wait(timeout=400) == 0
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def test_low_limit_on_file_sizes(arguments):
    """As under ulimit -f: no page, one line, and no other difference."""
    shell = ["/bin/bash", "-c", "ulimit -f 1024; (exit 3); echo $?; "
             'exec "$0" nothing', cases(arguments)[0]]
    result = preload.run(arguments.lib, shell, conf="report:none,live:yes")
    assert result.expect(0).out.startswith(b"3\n"), result
    said = result.err.decode().splitlines()
    assert len(said) == 1 and "File too large" in said[0], said


def test_interrupted_allocation(arguments):
    """A profiler's timer interrupts the call that makes the page's room."""
    tool = snapshot_tool(arguments)
    if not shutil.which("strace"):
        raise preload.Skip("no strace")
    with tempfile.NamedTemporaryFile() as log:
        env = preload.environment(arguments.lib, "report:none,live:yes")
        words = ["strace", "-f", "-o", log.name, "-e", "trace=fallocate",
                 "-e", "inject=fallocate:error=EINTR:when=1"]
        for name in ("LD_PRELOAD", "MIDPOOL_CONF"):
            words += ["-E", "%s=%s" % (name, env.pop(name))]
        child = subprocess.Popen(
            words + cases(arguments, "wait_for_input"), env=env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            if child.stdout.readline() != b"ready\n":
                raise preload.Skip("strace can not trace here")
            with open(log.name, encoding="utf-8") as file:
                calls = file.read()
            assert calls.count("fallocate(") >= 2, calls
            pid = int(calls.split()[0])
            subprocess.run([tool, str(pid)], check=True, capture_output=True)
        finally:
            child.stdin.close()
            child.wait(timeout=60)
            child.stdout.close()


def start_in_namespace(arguments):
    """A program that is process 1 of a PID namespace of its own."""
    env = preload.environment(arguments.lib, "report:none,live:keep")
    inside = ["env"] + ["%s=%s" % (name, env.pop(name))
                        for name in ("LD_PRELOAD", "MIDPOOL_CONF")]
    child = subprocess.Popen(
        ["unshare", "--pid", "--fork", "--kill-child"] + inside
        + cases(arguments, "wait_for_input"), env=env,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if child.stdout.readline() != b"ready\n":
        end(child)
        raise preload.Skip("no namespaces here")
    return child


def end(child):
    child.stdin.close()
    child.stdout.close()
    child.wait(timeout=60)


def test_namespaces_share_shm(arguments):
    """Containers with one /dev/shm: each has a process 1, none loses its page.
    """
    if os.geteuid() != 0:
        raise preload.Skip("needs root")
    tool = snapshot_tool(arguments)

    def pages():
        return {"/dev/shm/" + name for name in os.listdir("/dev/shm")
                if name.startswith("midpool.0.1.")}

    def is_running(page):
        result = subprocess.run([tool, page], check=True, capture_output=True)
        report = json.loads(result.stdout)
        return (report["process"]["end"] == "running"
                and report["process"]["pid"] == 1
                and report["totals"]["gets"] > 0)

    before = pages()
    children = []
    try:
        for _ in range(2):
            children.append(start_in_namespace(arguments))
        mine = pages() - before
        assert len(mine) == 2, mine
        for page in mine:
            os.utime(page, (1, time.time() - 2 * 3600))
        preload.run(arguments.lib, cases(arguments, "nothing"),
                    conf="report:none,live:yes").expect(0)
        for page in mine:
            assert is_running(page), page
    finally:
        for child in children:
            end(child)
    for page in mine:
        assert not is_running(page), page
        os.unlink(page)


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
