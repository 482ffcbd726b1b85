"""Runs programs preloaded and checks their output and reports.

Purpose   One place that knows how a program is started under midpool: the
          environment, a directory for its reports, a bounded time, and the
          equations that every report has to satisfy (check_report.py).
Use       run(...) gives a Result; Result.reports() reads and checks the
          JSON reports. Test scripts define functions named test_* and call
          main(); the build names one of them on the command line, none runs
          all.
"""

import os
import signal
import subprocess
import sys
import tempfile
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.path.insert(1, os.path.join(HERE, "..", "..", "..", "scripts"))
import check_report  # noqa: E402  (beside this folder)
from midpool_lib.base import conf as midpool_conf  # noqa: E402

FAILED, SKIPPED = 99, 77
SOAK = os.environ.get("MIDPOOL_SOAK") == "1"
# Where programs are another processor's: what runs them, as qemu-aarch64.
RUNNER = os.environ.get("MIDPOOL_TEST_RUNNER", "").split()
# Options that all programs run with, beneath those of the test: scripts/test.
BENEATH = os.environ.get("MIDPOOL_TEST_CONF", "")


class Skip(Exception):
    """Raised by a test that can not run here; the text says why."""


def count_exactly():
    """At the start of a test whose numbers hold with its own options only."""
    if BENEATH:
        raise Skip("counts exactly, with other options than %s" % BENEATH)


class Result:
    """A program's exit status, its output, and its processes' reports."""

    def __init__(self, status, out, err, folder):
        self.status, self.out, self.err = status, out, err
        self.folder = folder

    def paths(self, ending=".json"):
        return sorted(os.path.join(self.folder.name, name)
                      for name in os.listdir(self.folder.name)
                      if name.startswith("report.") and name.endswith(ending))

    def reports(self):
        """All JSON reports, each checked against the equations."""
        found = []
        for path in self.paths():
            report = check_report.load(path)
            broken = check_report.check(report)
            assert not broken, "%s: %s" % (path, "; ".join(broken))
            found.append(report)
        return found

    def texts(self):
        """Text reports that went to a file for want of descriptor 2."""
        return [name for name in os.listdir(self.folder.name)
                if name.startswith("midpool.") and name.endswith(".txt")]

    def report(self):
        found = self.reports()
        assert len(found) == 1, "%d reports: %s" % (len(found), self)
        return found[0]

    def expect(self, status=0):
        assert self.status == status, "status %r, not %r: %s" % (
            self.status, status, self)
        return self

    def __str__(self):
        tail = b"\n".join([b"stdout:", self.out[-1500:],
                           b"stderr:", self.err[-3000:]])
        return "status %r\n%s" % (self.status, tail.decode(errors="replace"))


def environment(lib, conf="", folder=None, extra=None, preload=()):
    env = dict(os.environ)
    for name in ("LD_PRELOAD", "MIDPOOL_CONF", "MALLOC_CONF"):
        env.pop(name, None)
    libs = list(preload)
    if lib:
        libs = [lib if name == "MIDPOOL" else name for name in libs]
        if lib not in libs:
            libs.append(lib)
    libs = [name for name in libs if name != "MIDPOOL"]
    if libs:
        env["LD_PRELOAD"] = ":".join(libs)
    if lib and folder and "report" not in [
            item.key for item in midpool_conf.parse(conf)]:
        report = "report:json,report_file:%s/report.%%p.%%n.json" % folder
        conf = report + ("," + conf if conf else "")
    if lib and BENEATH:
        conf = BENEATH + ("," + conf if conf else "")
    if conf:
        env["MIDPOOL_CONF"] = conf
    env.update(extra or {})
    return env


def emulated(argv, env):
    """The words that run argv: the emulator itself is not preloaded."""
    words = list(RUNNER)
    libs = env.pop("LD_PRELOAD", None)
    if libs:
        words += ["-E", "LD_PRELOAD=" + libs]
    return words + list(argv)


def run(lib, argv, conf="", seconds=1000, extra=None, preload=(), **options):
    """Runs argv under lib (None: the C library alone).

    conf goes to MIDPOOL_CONF; unless it sets report itself, JSON reports go
    into a folder of their own, which is the working directory as well. preload names further libraries, in order,
    "MIDPOOL" for our place among them. A program that is not done in time is
    killed, with its group, and the test fails.
    """
    folder = tempfile.TemporaryDirectory(prefix="midpool-test-")
    os.chmod(folder.name, 0o777)
    env = environment(lib, conf, folder.name, extra, preload)
    if RUNNER:
        argv = emulated(argv, env)
    options.setdefault("cwd", folder.name)
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    child = subprocess.Popen(argv, env=env, start_new_session=True, **options)
    try:
        out, err = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        out, err = child.communicate()
        raise AssertionError("%s: not done in %d s: %s" % (
            argv, seconds, Result("timeout", out or b"", err or b"", folder)))
    return Result(child.returncode, out or b"", err or b"", folder)


def run_one(test, arguments):
    """The exit status that stands for the test's outcome."""
    try:
        test(arguments)
    except Skip as reason:
        print("SKIPPED %s: %s" % (test.__name__, reason))
        return SKIPPED
    except Exception:  # a test may fail in any way
        traceback.print_exc(file=sys.stdout)
        print("FAILED %s" % test.__name__)
        return FAILED
    print("ok %s" % test.__name__)
    return 0


class Arguments:
    """--lib PATH, --bin DIRECTORY of the compiled programs, and the rest."""

    def __init__(self, argv):
        self.lib = self.bin = None
        self.names = []
        words = iter(argv)
        for word in words:
            if word == "--lib":
                self.lib = os.path.abspath(next(words))
            elif word == "--bin":
                self.bin = os.path.abspath(next(words))
            else:
                self.names.append(word)

    def program(self, name):
        return os.path.join(self.bin, name)


def main(module):
    arguments = Arguments(sys.argv[1:])
    tests = {name[len("test_"):]: function
             for name, function in sorted(vars(module).items())
             if name.startswith("test_")}
    chosen = arguments.names or list(tests)
    statuses = [run_one(tests[name], arguments) for name in chosen]
    if len(statuses) == 1:
        sys.exit(statuses[0])
    sys.exit(FAILED if FAILED in statuses else 0)
