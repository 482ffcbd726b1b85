"""midpool run: the program is itself, and its reports all come home."""

import glob
import json
import os
import re
import signal
import subprocess
import time
import unittest

import sample
from midpool_lib.read import pages
from midpool_lib.run import elf

sample.need_build()
PYTHON = "/usr/bin/python3"


class Case(sample.Case):
    def run_it(self, *arguments, status=0, **options):
        return self.midpool("run", "--build", sample.BUILD, *arguments,
                            status=status, **options)

    def kept(self, name="kept.json"):
        with open(self.path(name), encoding="utf-8") as file:
            return json.load(file)


class ItsOwn(Case):
    """The program has the same identity and behaviour as without midpool."""

    def test_exit_status(self):
        self.run_it("--", "sh", "-c", "exit 37", status=37)

    def test_death_by_signal(self):
        for name in ("KILL", "TERM", "SEGV", "PIPE"):
            done = self.run_it("--", "sh", "-c", f"kill -{name} $$",
                               status=-getattr(signal, "SIG" + name))
            self.assertIn("SIG" + name, done.err)

    def test_stdin_and_stdout(self):
        done = self.run_it("-q", "--", "cat", input=b"a\0b\xff")
        self.assertEqual(done.stdout, b"a\0b\xff")
        self.assertEqual(done.err, "")

    def test_directory_and_arguments(self):
        done = self.run_it("-q", "--", "sh", "-c", 'pwd; printf %s "$1"',
                           "x", "-o --conf\n*")
        self.assertEqual(done.out, f"{self.dir}\n-o --conf\n*")

    def environment(self, *command):
        done = self.run_it("-q", "--", *command)
        return dict(entry.partition(b"=")[::2]
                    for entry in done.stdout.split(b"\0") if entry)

    def test_environment_with_strange_names(self):
        self.env.update({"a.b-c": "1", "LC_ALL": "C"})
        del self.env["LANG"]
        seen = self.environment("env", "-0")
        for name in (b"LD_PRELOAD", b"MIDPOOL_CONF"):
            del seen[name]
        ours = {os.fsencode(key): os.fsencode(value)
                for key, value in self.env.items()}
        self.assertEqual(seen, ours)

    def test_other_preloads_come_after(self):
        self.env["LD_PRELOAD"] = sample.LIBM
        seen = self.environment("env", "-0")
        self.assertRegex(os.fsdecode(seen[b"LD_PRELOAD"]),
                         r"libmidpool\.so:" + re.escape(sample.LIBM) + "$")

    def test_signal_dispositions(self):
        show = "grep -E '^Sig(Ign|Blk)' /proc/self/status"
        plain = subprocess.run(["sh", "-c", show], capture_output=True,
                               check=True).stdout
        done = self.run_it("-q", "--", "sh", "-c", show)
        self.assertEqual(done.stdout, plain)

    def test_ignored_signals_stay_ignored(self):
        show = "grep ^SigIgn /proc/self/status"
        shell = "trap '' PIPE HUP USR1; exec \"$@\""
        plain = subprocess.run(["sh", "-c", shell, "sh", "sh", "-c", show],
                               capture_output=True, check=True).stdout
        done = subprocess.run(
            ["sh", "-c", shell, "sh", sample.COMMAND, "run", "--build",
             sample.BUILD, "-q", "--", "sh", "-c", show],
            capture_output=True, check=True, env=self.env)
        self.assertEqual(done.stdout, plain)

    def test_signals_are_forwarded(self):
        code = ("import signal,sys\n"
                "signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))\n"
                "print('ready', flush=True)\nsignal.pause()")
        process = subprocess.Popen(
            [sample.COMMAND, "run", "--build", sample.BUILD, "-q", "--",
             PYTHON, "-c", code], stdout=subprocess.PIPE, env=self.env,
            start_new_session=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(self.kill_group, process.pid)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        process.terminate()
        self.assertEqual(process.wait(120), 9)

    def start(self, code, **options):
        """A running `midpool run` of Python code, and its first line."""
        process = subprocess.Popen(
            [sample.COMMAND, "run", "--build", sample.BUILD, "-q", "--",
             PYTHON, "-u", "-c", code], stdout=subprocess.PIPE, env=self.env,
            text=True, **options)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, process.stdout.readline().strip()

    def test_other_signals_too(self):
        code = ("import signal\n"
                "for name in 'ABRT', 'SEGV', 'WINCH', 'URG', 'RTMIN':\n"
                "    signal.signal(getattr(signal, 'SIG' + name),"
                " lambda number, _: print(number))\n"
                "print('ready')\n"
                "while True: signal.pause()")
        process, first = self.start(code)
        self.assertEqual(first, "ready")
        for name in ("ABRT", "SEGV", "WINCH", "URG", "RTMIN"):
            number = getattr(signal, "SIG" + name)
            process.send_signal(number)
            self.assertEqual(process.stdout.readline(), f"{number:d}\n")

    def test_a_killed_command_takes_the_program_along(self):
        process, first = self.start(
            "import signal\nprint('ready')\nwhile True: signal.pause()")
        self.assertEqual(first, "ready")
        process.kill()
        # The program's end of the pipe closes only when it dies.
        self.assertEqual(process.stdout.read(), "")

    def test_stops_and_goes_on_with_the_program(self):
        for name in ("TSTP", "STOP"):
            code = (f"import os, signal\nprint('ready')\n"
                    f"os.kill(os.getpid(), signal.SIG{name})\n"
                    "print('on again')\nos._exit(6)")
            # As a shell with job control starts it: a group of its own.
            process, _ = self.start(code, process_group=0)
            self.assertTrue(os.WIFSTOPPED(self.wait_for_stop(process)), name)
            os.killpg(process.pid, signal.SIGCONT)
            self.assertEqual(process.stdout.readline(), "on again\n")
            self.assertEqual(process.wait(120), 6)

    def wait_for_stop(self, process):
        until = time.monotonic() + 120
        while time.monotonic() < until:
            pid, status = os.waitpid(process.pid, os.WUNTRACED | os.WNOHANG)
            if pid:
                return status
            time.sleep(0.01)
        return 0

    def test_a_stop_without_job_control_is_the_programs_own(self):
        process, pid = self.start(
            "import os, signal\nprint(os.getpid())\n"
            "os.kill(os.getpid(), signal.SIGSTOP)\nos._exit(6)")
        while self.state(pid) != "T":
            time.sleep(0.01)
        os.kill(int(pid), signal.SIGCONT)
        self.assertEqual(process.wait(120), 6)

    def state(self, pid):
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0]

    def kill_group(self, group):
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def test_a_script_without_a_first_line(self):
        path = self.write("script", "echo $0 $1\n")
        os.chmod(path, 0o755)
        self.assertEqual(self.run_it("-q", "--", path, "x").out,
                         f"{path} x\n")

    def test_closed_stderr(self):
        done = subprocess.run(
            ["sh", "-c", 'exec 2>&-; exec "$@"', "sh", sample.COMMAND, "run",
             "--build", sample.BUILD, "--", "echo", "x"],
            capture_output=True, check=True, env=self.env)
        self.assertEqual(done.stdout, b"x\n")


    def test_full_stderr(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [sample.COMMAND, "run", "--build", sample.BUILD, "--", "sh",
                 "-c", "exit 5"], stderr=full, env=self.env, check=False)
        self.assertEqual(done.returncode, 5)


class Reports(Case):
    """Reports of the program and of its children, however they end."""

    GETS = ("import os,sys,time\n"
            "def get(n):\n    return [bytearray(20000) for _ in range(n)]\n")

    def test_last_run_can_be_shown(self):
        self.run_it("--", PYTHON, "-c", self.GETS + "get(500)")
        out = self.midpool("show", status=0).out
        self.assertIn("python3", out)

    def test_killed_program_has_exact_counts(self):
        code = self.GETS + "keep = get(500)\nos.kill(os.getpid(), 9)"
        self.run_it("-o", "kept.json", "--", PYTHON, "-c", code, status=-9)
        report = self.kept()
        self.assertEqual(report["process"]["end_signal"], "SIGKILL")
        row = [row for pool in report["pools"] for row in pool["classes"]
               if row["max_bytes"] == 20480][0]
        self.assertGreaterEqual(row["live"], 500)

    def test_children_of_all_fates(self):
        code = self.GETS + """
pids = []
for fate in range(4):
    pid = os.fork()
    if pid == 0:
        keep = get(1000)
        if fate == 0: sys.exit(0)
        if fate == 1: os._exit(0)
        if fate == 2: os.kill(os.getpid(), 9)
        os.execv("/bin/true", ["true"])
    pids.append(pid)
for pid in pids: os.waitpid(pid, 0)
"""
        self.run_it("-o", "kept.json", "--", PYTHON, "-c", code)
        report = self.kept()
        children = [child for child in report["children"]
                    if child["totals"]["gets"] >= 1000]
        self.assertEqual(len(children), 4, [
            (child["process"], child["totals"]["gets"])
            for child in report["children"]])
        self.assertGreaterEqual(report["totals"]["gets"], 4000)
        self.assertEqual(self.leftovers(), [])

    def test_of_several_reports_of_a_process_the_last_state_counts(self):
        """Reports by signals, and what came after the last of them."""
        code = self.GETS + """
import signal
for fate in range(3):
    pid = os.fork()
    if pid == 0:
        for _ in range(4):
            get(1000)
            signal.raise_signal(signal.SIGUSR1)
        get(1000)
        if fate == 0: sys.exit(0)
        if fate == 1: os._exit(0)
        os.kill(os.getpid(), 9)
    os.waitpid(pid, 0)
"""
        self.run_it("--conf", "signal:USR1", "-o", "kept.json", "--", PYTHON,
                    "-c", code)
        gets = [sum(row["gets"] for pool in child["pools"]
                    for row in pool["classes"] if row["max_bytes"] == 20480)
                for child in self.kept()["children"]]
        self.assertEqual(gets, [5000, 5000, 5000])
        self.assertEqual(self.leftovers(), [])

    def test_a_run_is_of_all_its_processes_and_images(self):
        """The work is a child's, and the time that of the first image."""
        child = self.GETS + "[get(100) for _ in range(50)]; time.sleep(0.2)"
        first = f"import time; time.sleep(0.3)\n" + self.GETS + (
            "if os.fork() == 0:\n"
            f"    os.execv({PYTHON!r}, ['python3', '-c', {child!r}])\n"
            "os.wait()\nos.execv('/bin/true', ['true'])")
        done = self.run_it("-o", "kept.json", "--", PYTHON, "-c", first)
        report = self.kept()
        self.assertGreaterEqual(report["process"]["duration_ns"], 5 * 10**8)
        self.assertEqual(report["run"]["processes"], 2)
        self.assertEqual(report["run"]["images"], 4)
        self.assertEqual(sum(point["gets"] for point in report["intervals"]),
                         report["totals"]["gets"])
        self.assertGreaterEqual(report["totals"]["gets"], 5000)
        self.assertIn("true [", done.err)
        self.assertRegex(done.err, r"programs +gets of python3")

    def leftovers(self):
        """Pages of this test's runs; other tests set traps in /dev/shm."""
        return [page.path for page in pages.find()
                if "midpool-run." in page.config and self.dir in page.config
                and not os.path.exists(f"/proc/{page.pid}")]

    def test_nothing_is_left_behind(self):
        self.env["TMPDIR"] = self.dir
        self.run_it("--", "sh", "-c", "true; (true); kill -9 $$", status=-9)
        self.assertEqual(glob.glob(self.dir + "/midpool-run.*"), [])
        self.assertEqual(self.leftovers(), [])

    def test_several_runs(self):
        done = self.run_it("-n", "3", "-o", "deep/base.json", "--", "cat",
                           input=b"same for all")
        self.assertEqual(done.out, "same for all" * 3)
        self.assertEqual(sorted(os.listdir(self.path("deep"))),
                         ["base.1.json", "base.2.json", "base.3.json"])
        self.assertIn("cat, 3 runs", done.err)
        self.midpool("diff", "deep/base.1.json", "deep/base.2.json", status=0)

    def test_files_of_an_earlier_series_are_named(self):
        self.run_it("-n", "3", "-o", "base.json", "--", "true")
        done = self.run_it("-n", "2", "-o", "base.json", "--", "true")
        self.assertRegex(done.err, r"base\.3\.json is of an earlier series")
        done = self.run_it("-n", "3", "-o", "base.json", "--", "true")
        self.assertNotIn("earlier", done.err)

    def test_a_build_in_a_directory_with_spaces_and_colons(self):
        build = self.path("a b:c")
        os.symlink(sample.BUILD, build)
        done = self.midpool("run", "--build", build, "-o", "kept.json", "--",
                            "sh", "-c", "true; true", status=0)
        self.assertNotIn("ld.so", done.err)
        self.assertTrue(self.kept()["interception"]["active"])

    def test_a_file_per_process(self):
        self.run_it("-o", "%e-%p.json", "--", "sh", "-c", "ls / >&2; true")
        names = [name.split("-")[0] for name in os.listdir(self.dir)
                 if name.endswith(".json")]
        self.assertEqual(sorted(names), ["ls", "sh"])

    def test_a_report_that_cannot_be_kept_is_not_lost(self):
        """Its folder is gone when the program ends, as room may be."""
        self.env["TMPDIR"] = self.dir
        for more in ([], ["-n", "2"]):
            done = self.run_it("-q", "-o", "d/base.json", *more, "--", "sh",
                               "-c", "rm -rf d; touch d; exit 7", status=7)
            place, = set(re.findall(r"base\S*: .*; the report is in (\S+)",
                                    done.err)[:1])
            self.midpool("show", place, status=0)
            os.unlink(self.path("d"))

    def test_options_reach_the_program(self):
        self.env["MIDPOOL_CONF"] = "decay_ms:5,report:csv"
        done = self.run_it("--conf", "warn_below:1", "-o", "kept.json", "--",
                           "true")
        config = self.kept()["config"]
        self.assertEqual((config["decay_ms"], config["warn_below"]), (5, 1))
        self.assertIn("report in the options is not used", done.err)


class WithoutReport(Case):
    """The live page's numbers, and why there is no report, in one line."""

    GETS = "import ctypes, os\nkeep = [bytearray(20000) for _ in range(500)]\n"

    def check(self, code, words, status=0):
        done = self.run_it("-o", "kept.json", "--", PYTHON, "-c",
                           self.GETS + code, status=status)
        if done.out.startswith("skip"):
            self.skipTest(done.out)
        row = [row for pool in self.kept()["pools"] for row in pool["classes"]
               if row["max_bytes"] == 20480][0]
        self.assertGreaterEqual(row["gets"], 500)
        said = [line for line in done.err.splitlines()
                if line.startswith("no report")]
        self.assertEqual(len(said), 1, done.err)
        self.assertIn(words, said[0])
        return done

    def test_ends_without_exit(self):
        for end in ("os._exit(3)",
                    "ctypes.CDLL(None).syscall(231, 3)"):  # exit_group
            if "231" in end and os.uname().machine != "x86_64":
                continue
            self.check(end, "_exit or exit_group", 3)

    def test_a_c_program_ends_by_exit_group(self):
        """As Go's runtime does with cgo: no function of libc is called."""
        self.assertIn("_exit or exit_group", self.run_c(
            "syscall(SYS_exit_group, 7)", 7).err)

    def test_a_c_program_ends_by_quick_exit(self):
        """No destructor runs, but the report is written; it is exact."""
        self.assertNotIn("no report", self.run_c("quick_exit(7)", 7).err)

    def run_c(self, end, status):
        """A program of 300 gets, of which one is live when it ends."""
        self.compile("end", "#include <stdlib.h>\n#include <unistd.h>\n"
                     "#include <sys/syscall.h>\nint main(void) {\n"
                     "for (int i = 0; i < 300; i++) {\n"
                     "void *volatile p = malloc(20000);\n"
                     "if (i) free(p); }\n" + end + "; }\n",
                     "-D_GNU_SOURCE")
        done = self.run_it("-o", "kept.json", "--", "./end", status=status)
        row = [row for pool in self.kept()["pools"] for row in pool["classes"]
               if row["max_bytes"] == 20480][0]
        self.assertEqual((row["gets"], row["puts"], row["live"]),
                         (300, 299, 1))
        self.assertRegex(done.err, r"\b300\b")
        return done

    def test_killed(self):
        self.check("os.kill(os.getpid(), 9)", "SIGKILL", -9)

    def test_killed_by_a_filter(self):
        code = """
import struct
libc = ctypes.CDLL(None, use_errno=True)
rules = b"".join(struct.pack("<HBBI", *rule) for rule in (
    (0x20, 0, 0, 0), (0x15, 0, 1, %d), (0x06, 0, 0, 0x80000000),
    (0x06, 0, 0, 0x7fff0000)))
buffer = ctypes.create_string_buffer(rules)
program = struct.pack("HxxxxxxP", 4, ctypes.addressof(buffer))
libc.prctl(38, 1, 0, 0, 0)
if libc.prctl(22, 2, program, 0, 0): print("skip: no filters here")
else: os.getppid()
""" % {"x86_64": 110, "aarch64": 173}.get(os.uname().machine, 110)
        self.check(code, "SIGSYS", -31)

    def test_not_allowed_by_landlock(self):
        code = """
import struct
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
rules = struct.pack("<Q", 1 << 1 | 1 << 8)  # write, make files
fd = libc.syscall(444, rules, ctypes.c_size_t(8), 0)
if fd < 0 or libc.syscall(446, fd, 0): print("skip: no Landlock here")
"""
        self.check(code, "could not be written (Permission denied")

    def test_others_that_could_not_write(self):
        code = self.GETS + """
pid = os.fork()
if pid == 0:
    os.setuid(65534)  # the run's folder is its user's own
    raise SystemExit
os.waitpid(pid, 0)
"""
        if os.geteuid() != 0:
            self.skipTest("needs root")
        done = self.run_it("-o", "kept.json", "--", PYTHON, "-c", code)
        self.assertRegex(done.err, "no report  another process could not")
        self.assertEqual(len(self.kept()["children"]), 1)

    def test_another_users_page_is_not_of_the_run(self):
        """Who knows no more than the run's folder in /tmp is not believed."""
        if os.geteuid() != 0:
            self.skipTest("needs root")
        code = """
import glob, re
own, = glob.glob("/dev/shm/midpool.0.%d.*" % os.getpid())
data = open(own, "rb").read(65536)
secret = re.search(rb"midpool-run[.][0-9a-f]{12}/([0-9a-f]{32})/", data)[1]
name = "/dev/shm/midpool.65534.2147470777.1"
open(name, "wb").write(data[:24] + (2147470777).to_bytes(4, "little")
                       + data[28:].replace(secret, b"0" * 32))
os.chown(name, 65534, 65534)
"""
        name = "/dev/shm/midpool.65534.2147470777.1"
        self.addCleanup(lambda: os.path.exists(name) and os.unlink(name))
        self.run_it("-o", "kept.json", "--", PYTHON, "-c", self.GETS + code)
        self.assertTrue(os.path.exists(name))
        self.assertEqual(self.kept().get("children"), [])


class Refusals(Case):
    """Errors are reported before the program is started."""

    def test_not_found_and_not_executable(self):
        self.assertIn("command not found",
                      self.run_it("--", "no-such-program", status=127).err)
        self.assertIn("not executable",
                      self.run_it("--", "/etc/passwd", status=126).err)

    def test_a_missing_interpreter_is_named(self):
        path = self.write("x", "#!/no/such arg\n")
        os.chmod(path, 0o755)
        out = self.midpool("doctor", "./x", status=1).out
        self.assertIn("/no/such is not there", out)
        self.assertIn("./x: will not run", out)
        for command, status in (("run", 127), ("bench", 2)):
            done = self.midpool(command, "./x", status=status)
            self.assertIn("./x: its interpreter /no/such is not there",
                          done.err)

    def test_a_missing_loader_is_named(self):
        with open("/bin/true", "rb") as file:
            data = file.read()
        loader = elf.Elf("/bin/true").interpreter.encode()
        missing = loader.replace(b"linux", b"wrong")
        self.assertNotEqual(loader, missing)
        with open(self.path("y"), "wb") as file:
            file.write(data.replace(loader, missing, 1))
        os.chmod(self.path("y"), 0o755)
        self.assertIn(f"./y: its interpreter {missing.decode()} is not there",
                      self.run_it("--", "./y", status=127).err)

    def test_an_option_is_no_value_of_another(self):
        for words in (["-o", "--", "ls"], ["-o", "-q", "--", "ls"],
                      ["--conf", "--", "ls"], ["-o"]):
            self.assertIn("needs a value", self.run_it(*words, status=2).err)
        self.assertEqual(os.listdir(self.dir), [])

    def test_links_and_devices_are_not_replaced(self):
        os.symlink("target", self.path("link.json"))
        os.mkfifo(self.path("fifo.json"))
        for name, kind in (("link.json", "is a link"),
                           ("fifo.json", "not a regular file")):
            done = self.run_it("-o", name, "--", "touch", "ran", status=2)
            self.assertIn(kind, done.err)
        self.assertFalse(os.path.exists(self.path("ran")))

    def test_files_are_not_replaced_by_reports(self):
        self.write("precious.txt", "text")
        done = self.run_it("-o", "precious.txt", "--", "touch", "ran",
                           status=2)
        self.assertIn("not a midpool report", done.err)
        self.assertFalse(os.path.exists(self.path("ran")))

    def test_bad_patterns_and_numbers(self):
        self.assertIn("%q", self.run_it("-o", "%q.json", "--", "true",
                                        status=2).err)
        self.run_it("-n", "0", "--", "true", status=2)
        self.run_it("-n", "x", "--", "true", status=2)
        self.assertIn("--quiet", self.run_it("--quite", "--", "true",
                                             status=2).err)
        self.run_it(status=2)


class StartUp(Case):
    def test_nothing_slow_is_loaded(self):
        """The hot path stays small: no module that costs milliseconds."""
        heavy = {"subprocess", "argparse", "ctypes", "difflib", "tempfile",
                 "shutil", "glob", "random", "typing", "logging", "socket"}
        done = subprocess.run(
            [PYTHON, "-X", "importtime", "-ESs", sample.SOURCE
             + "/scripts/midpool_lib/__main__.py", "0", "run", "-q",
             "--build", sample.BUILD, "--", "true"], text=True,
            capture_output=True, check=True, env=self.env)
        loaded = {line.rpartition("|")[2].strip()
                  for line in done.stderr.splitlines()}
        self.assertIn("midpool_lib.run.run", loaded)
        self.assertEqual(loaded & heavy, set())


if __name__ == "__main__":
    unittest.main()
