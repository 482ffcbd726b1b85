#!/usr/bin/python3
"""python's own test suite: every single test with the same outcome."""

import glob
import os
import xml.etree.ElementTree as tree

import _paths  # noqa: F401
from harness import Failure, main, scenario

PYTHON = "/usr/bin/python3"
MODULES = """test_array test_bytes test_bz2 test_concurrent_futures test_ctypes
    test_fork1 test_gc test_hashlib test_io test_json test_lzma
    test_memoryview test_mmap test_multiprocessing_fork
    test_multiprocessing_spawn test_os test_pickle test_posix test_queue
    test_re test_select test_signal test_ssl test_subprocess
    test_thread test_threading test_threadsignals test_unicode test_wait4
    test_zlib""".split()


def outcomes(path):
    """Test -> passed, failed or skipped, from a JUnit file."""
    result = {}
    for case in tree.parse(path).iter("testcase"):
        name = "%s.%s" % (case.get("classname"), case.get("name"))
        bad = [child.tag for child in case
               if child.tag in ("failure", "error", "skipped")]
        result[name] = bad[0] if bad else "passed"
    return result


def _run_module(run, module):
    """The module's outcomes; a test that fails is tried a second time."""
    results = []
    for attempt in range(2):
        path = run.path("%s-%d.xml" % (module, attempt))
        done = run.processes.run(
            [PYTHON, "-m", "test", "--timeout", "240", "--junit-xml", path,
             module], b"", run.dir, run.env, run.timeout)
        if not os.path.exists(path):
            raise Failure("%s: status %d\n%s" % (
                module, done.returncode, done.stdout[-3000:].decode()))
        results.append(outcomes(path))
        if done.returncode == 0:
            break
    return {name: sorted(other.get(name, "missing") for other in results)[-1]
            for name in results[0]}


def _register(module):
    def run_module(run):
        found = _run_module(run, module)
        for name in sorted(found):
            run.note(name, found[name])
        run.require(len(found) > 1, "only %d tests ran" % len(found))
    run_module.__name__ = module
    scenario(timeout=400)(run_module)


for part in MODULES:
    _register(part)

if __name__ == "__main__":
    TESTS = glob.glob("/usr/lib/python3*/test/test_zlib.py")
    main(PYTHON, also=TESTS[:1] or ["libpython3-testsuite"])
