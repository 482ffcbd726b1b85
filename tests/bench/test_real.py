"""The benchmark's programs and servers: they start, work and end.

Each is run once, as small as it can be, where it is installed. No figure is
judged but that it is there.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from bench.harness import allocators, build, catalogue, databases  # noqa: E402
from bench.harness import kinds, rows, runner, servers, source, web  # noqa: E402
from bench.harness.execute import Failed, base_environment  # noqa: E402

SCRATCH = tempfile.TemporaryDirectory(prefix="bench-real-")
GLIBC = allocators.Allocator("glibc")
WANTED = {"cpu_ms", "wall_ms", "peak_rss_kb", "faults"}

# The least that a server's row can be asked for, after its files.
SMALL = {"redis": ("4096", "500"), "nginx": ("4",), "postgres": ("20", "5"),
         "mariadb": ("2",), "varnish": ("3",)}


def scratch(name):
    return Path(SCRATCH.name) / name


def setUpModule():
    # PostgreSQL's user looks into it.
    os.chmod(SCRATCH.name, 0o755)


def tearDownModule():
    SCRATCH.cleanup()


def there(name):
    try:
        return bool(servers.needed(name, ""))
    except Failed:
        return False


def serves(name):
    """glibc, or jemalloc for a server that calls jemalloc's own functions."""
    try:
        servers.check_api(servers.needed(name, ""), GLIBC)
    except Failed:
        places = (folder / "libjemalloc.so.2"
                  for folder in allocators.library_dirs())
        return allocators.Allocator(
            "jemalloc", str(next(filter(Path.exists, places))))
    return GLIBC


def run_of(family):
    """A server's row, made small."""
    found = next(run for run in catalogue.all_runs(scratch("cache"))
                 if run.family == family and run.group == "real")
    files = [arg for arg in found.argv if arg.startswith(SCRATCH.name)]
    return rows.Run("real", family, (*files, *SMALL[family]), found.figures,
                    kind=found.kind)


class Rows(unittest.TestCase):
    """The group real."""

    real = [run for run in catalogue.all_runs(scratch("cache"))
            if run.group == "real"]

    def test_twelve_programs_at_least(self):
        self.assertGreaterEqual(len({run.family for run in self.real}), 12)

    def test_each_shows_cpu_memory_and_faults(self):
        for run in self.real:
            shown = {figure.metric for figure in run.figures}
            self.assertLessEqual(WANTED, shown, run.name)
            self.assertIn(run.kind, kinds.EXECUTE)

    def test_every_server_has_a_test(self):
        self.assertEqual({run.kind for run in self.real} - {"program"},
                         set(SMALL))

    def test_php_uses_the_allocator_that_is_measured(self):
        php = next(run for run in self.real if run.family == "php")
        with mock.patch("bench.harness.execute.call", return_value="x 1") as (
                called), mock.patch("shutil.which", return_value="php"):
            tools = build.Tools(*map(Path, ("bench", "launch", "touch")))
            kinds.EXECUTE["program"](runner.Runner(tools, 1, 1), php, GLIBC)
        self.assertIn("USE_ZEND_ALLOC=0", called.call_args[0][0])


class Inputs(unittest.TestCase):
    """The input files that are made before a run."""

    @unittest.skipUnless(shutil.which("gcc"), "needs gcc")
    def test_the_program_to_compile_is_the_same_each_time_and_c(self):
        texts = set()
        for name in ("one.c", "two.c"):
            source.make(None, scratch(name))
            texts.add(scratch(name).read_text(encoding="ascii"))
        self.assertEqual(len(texts), 1)
        subprocess.run(["gcc", "-w", "-fsyntax-only", str(scratch("one.c"))],
                       check=True)

    def test_an_input_is_made_once_and_whole(self):
        made = []

        def make(_tools, path):
            made.append(path)
            path.mkdir()
            if len(made) == 1:
                raise OSError("disk full")

        with mock.patch.dict(kinds.INPUTS, {"x": (make, "x")}):
            with self.assertRaisesRegex(Failed, "disk full"):
                kinds.make_input(None, scratch("inputs"), "x")
            self.assertFalse(scratch("inputs/x").exists())
            kinds.make_input(None, scratch("inputs"), "x")
            kinds.make_input(None, scratch("inputs"), "x")
        self.assertEqual(len(made), 2)
        self.assertTrue(scratch("inputs/x").exists())


class Servers(unittest.TestCase):
    """Starting, using, ending."""

    @classmethod
    def setUpClass(cls):
        cls.runner = runner.Runner(build.workloads(scratch("bin")), 1, 1)

    def measured(self, family, allocator=GLIBC):
        run = run_of(family)
        kinds.make_input(self.runner.tools, scratch("cache"), family)
        metrics = kinds.EXECUTE[run.kind](self.runner, run, allocator)
        self.assertLessEqual(WANTED, set(metrics))

    @unittest.skipUnless(there("redis-check-rdb"), "needs redis-tools")
    def test_redis(self):
        self.measured("redis", serves("redis-check-rdb"))

    def test_one_that_calls_jemalloc_needs_its_functions(self):
        scratch("calls").write_bytes(b"\0malloc\0dallocx\0")
        scratch("has").write_bytes(b"\0free\0dallocx\0")
        scratch("lacks").write_bytes(b"\0free\0malloc\0")

        def check(binary, *library):
            servers.check_api(scratch(binary), allocators.Allocator(
                "other", *map(str, map(scratch, library))))

        for wrong in ((), ("lacks",)):
            with self.assertRaisesRegex(Failed, "dallocx, which other does"):
                check("calls", *wrong)
            check("lacks", *wrong)
        check("calls", "has")

    @unittest.skipUnless(there("nginx") and there("openssl"), "needs nginx")
    def test_nginx(self):
        self.measured("nginx")

    @unittest.skipUnless(there("varnishd") and there("gcc"), "needs varnish")
    def test_varnish(self):
        self.measured("varnish")

    @unittest.skipUnless(databases.postgres_folder(), "needs postgresql")
    def test_postgres(self):
        self.measured("postgres")

    @unittest.skipUnless(there("mariadbd") and there("mariadb-install-db"),
                         "needs mariadb-server-core")
    def test_mariadb(self):
        self.measured("mariadb")

    def serving(self, name, script, first=""):
        """A shell as a server that is there once it has written its id."""
        path = scratch(name)
        return servers.serving(self.runner.tools, {},
                               ["sh", "-c", f"{first} echo $$ >{path}; {script}"],
                               lambda: path.exists() and path.read_text())

    def test_one_that_does_not_start_says_why(self):
        with self.assertRaisesRegex(Failed, "sh did not start: .*status 3"):
            with servers.serving(self.runner.tools, {}, ["sh", "-c", "exit 3"],
                                 lambda: False):
                self.fail("it was used")

    def test_one_that_fails_at_its_end_has_failed(self):
        with self.assertRaisesRegex(Failed, "exit status 4"):
            with self.serving("failing", "while :; do sleep 0.01; done",
                              "trap 'exit 4' TERM;"):
                pass

    def test_processes_of_a_server_end_with_a_failed_client(self):
        with self.assertRaisesRegex(Failed, "client"):
            with self.serving("failed-client", "exec sleep 100"):
                raise OSError("client")
        pid = scratch("failed-client").read_text(encoding="ascii").strip()
        end = time.monotonic() + 20
        while self.runs(pid) and time.monotonic() < end:
            time.sleep(0.01)
        self.assertFalse(self.runs(pid))

    @staticmethod
    def runs(pid):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] != "Z"

    def launch(self, *argv):
        return subprocess.run([str(self.runner.tools.launch), "--", *argv],
                              capture_output=True, text=True, check=False)

    def test_launch_waits_for_those_who_lost_their_parent(self):
        path = scratch("orphan")
        done = self.launch("sh", "-c", f"(sleep 0.2; echo >{path}) & exit 0")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(path.exists())

    def test_a_server_that_the_signal_ends_is_measured(self):
        with self.serving("ended", "exec sleep 100") as server:
            pass
        self.assertLessEqual(WANTED, set(server.metrics))


class Clients(unittest.TestCase):
    """The requests to the servers are always the same."""

    def test_requests_and_statements_do_not_change(self):
        self.assertEqual(list(web.requests(3, 50)), list(web.requests(3, 50)))
        self.assertEqual(list(databases.statements(3, 5)),
                         list(databases.statements(3, 5)))

    def test_objects_are_of_the_band(self):
        sizes = [size for size, _ in web.requests(1, 2000)]
        self.assertGreaterEqual(min(sizes), 2048)
        self.assertLessEqual(max(sizes), 65536)

    @unittest.skipUnless(shutil.which("node"), "needs node")
    def test_nodes_buffers_are_written(self):
        path = scratch("buffers.js")
        text = (catalogue.PROGRAMS / "buffers.js").read_text(encoding="utf-8")
        self.assertIn("60000", text)
        text = text.replace("60000", "501")
        path.write_text(text + "if (!ring.every(b => b.every(c => c === b[0]))"
                        " || ring[499][8192] !== 243) process.exit(7);\n",
                        encoding="utf-8")
        subprocess.run(["node", str(path)], check=True, capture_output=True,
                       env=base_environment())


if __name__ == "__main__":
    unittest.main()
