"""Runs real programs with and without midpool and compares them.

Purpose   A scenario is a function that drives one unmodified program. It is
          called twice in a working directory of the same name: plain, then
          with the library preloaded. What it saw (exit statuses, stdout,
          stderr, files) has to be equal, and every report that the second
          run left has to add up (check_report.py).
Use       @scenario(...) on functions that take a Run, main() at the end. The
          file is then a test of its own: FILE LIBRARY. Exit status 0 passed,
          1 failed, 77 a program is not installed (with --require: 1).
Processes Each program leads a session of its own; it and all that it left
          behind is waited for, or killed, when the run is over.
"""

import argparse
import atexit
import os
import pwd
import re
import shutil
import signal
import stat
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))
import check_report  # noqa: E402
from difference import describe_difference  # noqa: E402
from packages import lack  # noqa: E402
from processes import Processes  # noqa: E402

SKIPPED = 77
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SCENARIOS = []
# Options that all programs run with: see scripts/test.
BENEATH = os.environ.get("MIDPOOL_TEST_CONF", "")


class Failure(Exception):
    """A claim of a scenario that does not hold."""


def scenario(band=False, reporters=(), text=False, timeout=400,
             own_malloc=False, conf=BENEATH):
    """Registers a scenario.

    band       it is known to use the band: gets and a hit rate above zero
    reporters  executables that must have left a report each
    text       run it a third time with the default report, on stderr
    timeout    seconds that each of its programs may take
    own_malloc it brings its own malloc, where the pools stand aside
    conf       further options; with guard in them every reporter has to have
               had guarded buffers, and no mistake is found with any
    """
    def register(function):
        function.band = band
        function.reporters = reporters
        function.text = text
        function.timeout = timeout
        function.own_malloc = own_malloc
        function.conf = conf
        SCENARIOS.append(function)
        return function
    return register


class Run:
    """One run of a scenario: where it works, with which environment."""

    def __init__(self, workdir, env, timeout, processes, user=None):
        self.dir = workdir
        self.env = env
        self.timeout = timeout
        self.processes = processes
        self.user = user
        self.seen = []
        self.stderr = b""
        self.texts = set()

    def note(self, name, value):
        """Adds something that has to be equal in both runs."""
        self.seen.append((name, value))

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, content):
        """Makes a file in the working directory and returns its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        mode = "wb" if isinstance(content, bytes) else "w"
        with open(path, mode) as file:
            file.write(content)
        return path

    def run(self, *argv, status=0, stdin=b"", env=None, show=None,
            compare="stdout stderr", user=None):
        """Runs a program to its end and notes what it did; its stdout.

        show is applied to stdout before it is compared; compare leaves out
        what differs from run to run anyway ("stdout" or ""). status None
        allows any exit status, and compares it with the rest.
        """
        done = self.processes.run(argv, stdin=stdin, cwd=self.dir,
                                  env={**self.env, **(env or {})},
                                  timeout=self.timeout, user=user)
        self.stderr += done.stderr
        if status is None:
            if compare:
                self.note(argv[0] + " status", done.returncode)
        elif done.returncode != status:
            raise Failure("%s: status %d, not %d\n%s" % (
                " ".join(argv)[:200], done.returncode, status,
                (done.stdout + done.stderr)[-3000:].decode(errors="replace")))
        if "stdout" in compare:
            self.note(argv[0] + " stdout",
                      show(done.stdout) if show else done.stdout)
        if "stderr" in compare:
            self.note(argv[0] + " stderr", done.stderr)
        return done.stdout

    def start(self, *argv, ready, user=None):
        """Starts a server and waits until ready() is true."""
        return self.processes.start(argv, cwd=self.dir, env=self.env,
                                    ready=ready, user=user)

    def stop(self, server, number=signal.SIGTERM, status=0):
        """Ends a server in its own way, which has to be a clean one."""
        ended, output = server.end(number)
        self.stderr += output
        if ended != status:
            raise Failure("%s ended with %s, not %s:\n%s" % (
                server.name, ended, status,
                output[-3000:].decode(errors="replace")))

    def mode(self):
        """plain, json, or text"""
        if "LD_PRELOAD" not in self.env:
            return "plain"
        conf = self.env["MIDPOOL_CONF"]
        return "json" if "report:json" in conf else "text"

    def require_workers(self, name, least):
        """With text reports: the parent's, and one of each worker."""
        if self.mode() != "text":
            return
        found = re.findall(rb"^midpool +%s \[(\d+)\]" % name.encode(),
                           self.stderr, re.MULTILINE)
        count = len(found) + len(
            [file for file in os.listdir(self.dir)
             if re.match(r"midpool\.%s\.\d+\.txt" % name, file)])
        self.require(count > least, "%d reports of %s and %d workers"
                     % (count, name, least))

    def require(self, holds, text):
        if not holds:
            raise Failure(text)


class Suite:
    """All scenarios of one file, over one library."""

    def __init__(self, library, check_reports):
        self.check_reports = check_reports
        self.root = tempfile.mkdtemp(prefix="midpool-programs-")
        os.chmod(self.root, 0o755)
        self.processes = Processes()
        atexit.register(self.close)
        # A copy that any user can read: a home directory often is not.
        self.library = os.path.join(self.root, "libmidpool.so")
        shutil.copyfile(library, self.library)
        os.chmod(self.library, 0o755)
        self.reports = os.path.join(self.root, "reports")
        os.mkdir(self.reports)
        os.chmod(self.reports, 0o1777)

    def close(self):
        self.processes.kill_all()
        shutil.rmtree(self.root, ignore_errors=True)

    def environment(self, mode, conf):
        env = {"PATH": PATH, "HOME": os.path.join(self.root, "work"),
               "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0",
               "PYTHONDONTWRITEBYTECODE": "1"}
        if mode != "plain":
            env["LD_PRELOAD"] = self.library
        if mode == "text":  # of every process, however few its gets
            env["MIDPOOL_CONF"] = "report_min_gets:0"
        if mode == "json":
            env["MIDPOOL_CONF"] = ("report:json,report_file:"
                                   + self.reports + "/%e.%p.%n.json")
        if mode != "plain" and conf:
            env["MIDPOOL_CONF"] += "," + conf
        return env

    def once(self, function, mode):
        """Runs the scenario in an empty directory; what it saw."""
        workdir = os.path.join(self.root, "work")
        os.mkdir(workdir)
        os.chmod(workdir, 0o1777)
        run = Run(workdir, self.environment(mode, function.conf),
                  function.timeout, self.processes)
        try:
            function(run)
            self.processes.settle()
            run.texts = text_reports(run)
        finally:
            self.processes.kill_all()
            shutil.rmtree(workdir, ignore_errors=True)
        return run

    def clear_reports(self):
        for name in os.listdir(self.reports):
            os.unlink(os.path.join(self.reports, name))

    def run(self, function):
        """Runs one scenario; its line of the result."""
        plain = self.once(function, "plain")
        self.clear_reports()
        pooled = self.once(function, "json")
        difference = describe_difference(plain.seen, pooled.seen)
        if difference:
            raise Failure("differs with midpool: " + difference)
        if not self.check_reports:
            return "same with and without (reports not checked)"
        line = judge_reports(function, self.reports)
        if function.text:
            self.run_text(function, plain)
        return line

    def run_text(self, function, plain):
        """The default report: on stderr, beside an unchanged stdout."""
        text = self.once(function, "text")
        quiet = [entry for entry in plain.seen if "stderr" not in entry[0]]
        seen = [entry for entry in text.seen if "stderr" not in entry[0]]
        difference = describe_difference(quiet, seen)
        if difference:
            raise Failure("differs with a text report: " + difference)
        lacking_text = [name for name in function.reporters
                        if not {name, real_name(name)} & text.texts]
        if lacking_text or not text.texts:
            raise Failure("no text report of %s, only of %s: %r" % (
                lacking_text, sorted(text.texts), text.stderr[-500:]))
        if b"\x1b" in text.stderr and b"\x1b" not in plain.stderr:
            raise Failure("escape codes in a report outside a terminal")


def text_reports(run):
    """Executables whose text reports came: on stderr, or, where descriptor 2
    was no longer what it had been, in a file."""
    words = re.findall(rb"^midpool +(\S+) \[\d+\]", run.stderr, re.MULTILINE)
    names = {word.decode(errors="replace") for word in words}
    for name in os.listdir(run.dir):
        found = re.match(r"midpool\.(.+)\.\d+\.txt", name)
        if found:
            names.add(found.group(1))
    return names


def judge_reports(function, folder):
    """Checks the reports of one run and sums them up in a line."""
    names = sorted(os.listdir(folder))
    # Where process ids come round again, a second report gets a number.
    strays = [name for name in names
              if not re.search(r"\.json(\.\d+)?$", name)]
    if strays:
        raise Failure("not a finished report: %s" % strays)
    paths = [os.path.join(folder, name) for name in names]
    reports, problems = check_report.check_files(
        paths, active=not function.own_malloc)
    problems += file_name_problems(paths)
    problems += misuse_problems(reports)
    executables = {os.path.basename(report["process"]["executable"])
                   for report in reports}
    problems += ["no report of " + name for name in function.reporters
                 if not {name, real_name(name)} & executables]
    gets = sum(report["totals"]["gets"] for report in reports)
    hits = sum(report["totals"]["hits"] for report in reports)
    if "guard:" in function.conf:
        problems += guard_problems(function, reports)
    elif function.band and hits == 0:
        problems.append("known to use the band, but %d hits in %d gets"
                        % (hits, gets))
    if not reports:
        problems.append("no report at all")
    if problems:
        raise Failure("reports:\n" + "\n".join(problems[:20]))
    rate = "%.1f %% hits" % (100 * hits / gets) if gets else "no hit rate"
    return "%d reports, %d gets, %s, %s" % (len(reports), gets, rate,
                                            share_of_band(reports))


def guard_problems(function, reports):
    """Whose buffers were not guarded, and mistakes, of which there are none.
    A file that tells of one is a stray among the reports."""
    guarded = {os.path.basename(report["process"]["executable"])
               for report in reports
               if report.get("guard", {}).get("sampled", 0) > 0}
    return ["no guarded buffer in " + name for name in function.reporters
            if function.band and not {name, real_name(name)} & guarded]


def share_of_band(reports):
    """The share of the programs' requested bytes that the pools served."""
    served = sum(report["totals"]["requested_bytes"] for report in reports)
    rest = sum(report["fallback"][part]["bytes"] for report in reports
               for part in ("below", "above"))
    return "%.0f %% of all bytes" % (100 * served / max(served + rest, 1))


def real_name(name):
    """The program's name after following links: python3 is python3.11."""
    return os.path.basename(os.path.realpath(
        shutil.which(name, path=PATH) or name))


def file_name_problems(paths):
    """The patterns %e and %p name the process that the report is about."""
    problems = []
    for path in paths:
        try:
            process = check_report.load(path)["process"]
        except (OSError, ValueError, KeyError):
            continue  # already a problem of its own
        wanted = "%s.%d." % (os.path.basename(process["executable"]),
                             process["pid"])
        if not os.path.basename(path).startswith(wanted):
            problems.append("%s is about %s" % (path, wanted))
    return problems


def misuse_problems(reports):
    """None of these programs frees wrongly; a count is our mistake."""
    return ["misuse in %s: %s" % (report["process"]["executable"],
                                  report["misuse"])
            for report in reports if any(report["misuse"].values())]


def another_user(*names):
    """A user to run servers as, which refuse to run as root; or None."""
    if os.geteuid() != 0:
        return None
    for name in names + ("nobody",):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def lacking(programs):
    return [program for program in programs
            if not shutil.which(program, path=PATH)]


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("library", help="path of libmidpool.so")
    parser.add_argument("only", nargs="*", help="names of scenarios")
    parser.add_argument("--require", action="store_true",
                        default=bool(os.environ.get("CI")),
                        help="a missing program is a failure")
    parser.add_argument("--no-reports", action="store_true",
                        help="compare only; for another library")
    return parser.parse_args()


def main(*programs, also=()):
    """Runs the file's scenarios; they need programs and, also, files."""
    args = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_ignored: sys.exit(1))
    missing = lacking(programs)
    missing += [path for path in also if not os.path.exists(path)]
    if missing:
        print(("" if args.require else "skipped: ") + lack(missing))
        sys.exit(1 if args.require else SKIPPED)
    if not stat.S_ISREG(os.stat(args.library).st_mode):
        sys.exit("no library: " + args.library)
    suite = Suite(args.library, not args.no_reports)
    passed = failed = 0
    for function in SCENARIOS:
        if args.only and function.__name__ not in args.only:
            continue
        if function.__module__ != "__main__":
            continue  # of a file whose helpers this one uses
        try:
            print("ok   %s: %s" % (function.__name__, suite.run(function)))
            passed += 1
        except Failure as failure:
            failed += 1
            print("FAIL %s: %s" % (function.__name__, failure))
        except Exception:  # a scenario that breaks must not end the others
            failed += 1
            print("FAIL %s:\n%s" % (function.__name__,
                                    traceback.format_exc()))
        sys.stdout.flush()
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)
