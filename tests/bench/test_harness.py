"""The benchmark's own tests: what it computes, prints and refuses.

No timings are judged. Runs of the workload program are a millisecond long.
"""

import contextlib
import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent))

from bench.harness import allocators, build, catalogue, chart  # noqa: E402
from bench.harness import execute, founding, history, load, locks  # noqa: E402
from bench.harness import mood  # noqa: E402
from bench.harness import readme, results, rows, runner, table, thp  # noqa: E402
from bench.harness.execute import Failed  # noqa: E402
from bench.harness.runner import Sample  # noqa: E402

SCRATCH = tempfile.TemporaryDirectory(prefix="bench-test-")
GLIBC = allocators.Allocator("glibc")


def scratch(name):
    return Path(SCRATCH.name) / name


def tearDownModule():
    SCRATCH.cleanup()


def start_bench(*args):
    """scripts/bench as a user starts it, without set-up."""
    env = dict(os.environ, MIDPOOL_BENCH_SETUP="no")
    return subprocess.Popen([str(ROOT / "scripts" / "bench"), *args], env=env,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


def bench(*args):
    with start_bench(*args) as child:
        out, err = child.communicate()
    return subprocess.CompletedProcess(args, child.returncode, out, err)


def samples(row, values, group="band", unit="ns"):
    """Samples of one row: allocator -> values, one a round."""
    return [
        Sample(number, name, group, "pair", row, "value", unit, value)
        for name, each in values.items()
        for number, value in enumerate(each, 1)
    ]


class Tables(unittest.TestCase):
    """Medians, ratios and marks."""

    def line(self, **values):
        return table.lines(samples("pair", values))[0]

    def test_a_cell_is_the_median_with_half_the_range(self):
        cell = self.line(glibc=[10, 30, 20]).cells["glibc"]
        self.assertEqual((cell.value, cell.spread, cell.count), (20, 0.5, 3))

    def test_ratio_is_to_the_best_peer(self):
        line = self.line(midpool=[6], glibc=[12], jemalloc=[4])
        peers = ["glibc", "jemalloc"]
        self.assertEqual(line.best_peer(peers), ("jemalloc", 4))
        self.assertEqual(line.ratio("midpool", peers), 1.5)

    def test_no_ratio_without_midpool_or_peers(self):
        line = self.line(glibc=[12])
        self.assertIsNone(line.ratio("midpool", ["glibc"]))
        self.assertIsNone(self.line(midpool=[1]).ratio("midpool", ["glibc"]))

    def rendered(self, midpool):
        lines = table.lines(samples("pair", {"midpool": [midpool],
                                             "glibc": [100]}))
        return table.render(lines, ["glibc", "midpool"], "midpool", 1)

    def test_only_rows_more_than_three_percent_behind_are_marked(self):
        self.assertNotIn("*", self.rendered(102.9))
        self.assertIn("1.04*", self.rendered(104))

    def test_rows_of_a_group_and_unit_stand_together(self):
        mixed = (samples("a", {"glibc": [1]}, "memory", "MB")
                 + samples("b", {"glibc": [1]}, "memory", "ns")
                 + samples("c", {"glibc": [1]}, "memory", "MB"))
        order = [line.row for line in table.lines(mixed)]
        self.assertEqual(order, ["b", "a", "c"])

    def test_summary_names_rows_behind_and_the_geometric_mean(self):
        found = table.lines(
            samples("x", {"midpool": [1], "glibc": [2]})
            + samples("y", {"midpool": [10], "glibc": [5]}))
        first, mean = table.summary(found, ["glibc", "midpool"], "midpool")
        self.assertIn("first (within 3 %) in 1 of 2 rows", first)
        self.assertTrue(mean.endswith("glibc 1.00"), mean)

    def test_geomean_of_nothing_is_nothing(self):
        self.assertIsNone(table.geomean([]))


    def test_the_least_of_the_rounds_makes_a_table_of_its_own(self):
        line = table.least(self.line(glibc=[10, 30, 20], midpool=[6, 5]))
        self.assertEqual(line.group, "band, least")
        self.assertEqual(line.ratio("midpool", ["glibc"]), 0.5)

    def test_summary_of_another_unit_says_which(self):
        found = table.lines(samples("x", {"midpool": [2], "glibc": [1]},
                                    "real", "MB"))
        said = table.summary(found, ["glibc", "midpool"], "midpool", "real",
                             "MB")
        self.assertIn("real, MB: midpool is first (within 3 %) in 0 of 1",
                      said[0])


class Mood(unittest.TestCase):
    """--memory: the work before a run, and the words about it."""

    needing = rows.Run("real", "x", (), (rows.Figure("x"),), touches=100)

    def mood(self, mode, huge, run=needing, available=1000):
        """A mood after one run, where a huge page's first touch takes so
        long, and what the program that touches was given."""
        tools = build.Tools(*map(Path, ("bench", "launch", "touch")))
        found = mood.Mood(tools, mode, rest=0)
        said = f"huge_us {huge}\nsmall_us 2.5\n"
        with mock.patch.object(mood, "call", return_value=said) as called, \
                mock.patch.object(mood, "available_mb",
                                  return_value=available):
            figures = found.before(run)
        return found, figures, [one.args[0] for one in called.call_args_list]

    def test_warm_touches_what_the_run_needs_but_not_all_there_is(self):
        _, figures, calls = self.mood(mood.WARM, 0.3)
        self.assertEqual(calls, [["touch", "100"]])
        self.assertEqual(figures, {"first_touch_huge_us": 0.3,
                                   "first_touch_small_us": 2.5})
        _, _, calls = self.mood(mood.WARM, 0.3, available=80)
        self.assertEqual(calls, [["touch", "60"]])

    def test_cold_only_looks(self):
        _, _, calls = self.mood(mood.COLD, 7)
        self.assertEqual(calls, [["touch", "0"]])

    def test_a_run_that_needs_little_is_left_alone(self):
        little = rows.Run("band", "x", (), (rows.Figure("x"),))
        found, figures, calls = self.mood(mood.WARM, 1, run=little)
        self.assertEqual((figures, calls), ({}, []))
        self.assertIn("no row that needs much", found.line())
        self.assertEqual(found.header()["probes"], 0)

    def test_the_header_says_what_was_measured_and_doubts(self):
        for mode, huge, said in (
                (mood.WARM, 0.34, "the memory was warm"),
                (mood.WARM, 7, "not warm all the same"),
                (mood.COLD, 7, "the memory was cold"),
                (mood.COLD, 0.34, "the memory stayed warm")):
            found = self.mood(mode, huge)[0]
            self.assertIn(said, found.line())
            self.assertIn(f"{huge:.2f} us in huge", found.line())
            header = found.header()
            self.assertEqual(header["mode"], mode)
            self.assertIn(said, header["verdict"])
            self.assertEqual(header["first_touch_us_per_4_kb"],
                             {"huge_us": huge, "small_us": 2.5})

    def test_every_program_and_the_tail_get_their_memory(self):
        for run in catalogue.all_runs(Path("/nowhere")):
            if run.group in ("real", "tail"):
                self.assertGreater(run.touches, 0, run.name)


class Results(unittest.TestCase):
    """The CSV."""

    def test_what_is_written_is_read_again(self):
        path = scratch("round.csv")
        wanted = samples('pair, "4 KB"', {"glibc": [1.25, 2.0]})
        results.write(path, wanted)
        self.assertEqual(results.read(path), wanted)

    def test_another_file_is_refused_by_name(self):
        path = scratch("other.csv")
        path.write_text("a,b\n1,2\n", encoding="utf-8")
        with self.assertRaisesRegex(ValueError, "other.csv is not a result"):
            results.read(path)

    def test_a_bad_number_is_refused_with_its_line(self):
        path = scratch("bad.csv")
        results.write(path, samples("pair", {"glibc": [1]}))
        text = path.read_text(encoding="utf-8").replace("1\n", "one\n")
        path.write_text(text, encoding="utf-8")
        with self.assertRaisesRegex(ValueError, "line 2"):
            results.read(path)


ABOUT = {"date": "2026-01-02", "machine": "Some CPU", "cpus": 2, "rounds": 3,
         "versions": {"glibc": "2.36"}}


class Readme(unittest.TestCase):
    """The README's section on performance."""

    def lines(self):
        return table.lines(
            samples("pair 4 KB", {"glibc": [22, 20, 24], "midpool": [5.4]})
            + samples("pair 16 B", {"glibc": [8], "midpool": [9]}))

    def test_figures_are_medians_of_the_results_and_the_best_is_bold(self):
        text = readme.section(self.lines(), ABOUT)
        self.assertIn("| workload | glibc 2.36 | midpool |", text)
        self.assertIn("| pair 4 KB, ns | 22.0 | **5.4** |", text)
        self.assertIn("| pair 16 B, ns | **8.0** | 9.0 |", text)
        self.assertIn("first (within 3 %) in 1 of 2 rows", text)
        self.assertIn("2026-01-02, 2 CPUs of Some CPU", text)

    def test_only_what_is_between_the_markers_changes(self):
        old = f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n"
        self.assertEqual(readme.renewed(old, "new"), old.replace("old", "new"))
        with self.assertRaises(readme.Usage):
            readme.renewed("no markers", "new")

    def test_the_readme_has_the_markers(self):
        text = (ROOT / "README.md").read_text(encoding="utf-8")
        self.assertIn("| x |", readme.renewed(text, "| x |"))

    def test_its_rows_are_rows_of_the_catalogue(self):
        known = {(figure.row, figure.unit)
                 for run in catalogue.all_runs(Path("/cache"))
                 for figure in run.figures}
        self.assertEqual([key for key in readme.SHOWN if key not in known], [])

    def test_results_without_midpool_are_refused(self):
        lines = table.lines(samples("pair 4 KB", {"glibc": [22]}))
        with self.assertRaises(readme.Usage):
            readme.section(lines, ABOUT)

    def test_a_run_is_described_and_read_again(self):
        path = scratch("run.json")
        found = results.about([GLIBC], 3)
        results.write_about(path, found)
        self.assertEqual(results.read_about(path), found)
        path.write_text("{}", encoding="utf-8")
        with self.assertRaisesRegex(ValueError, "run.json does not describe"):
            results.read_about(path)


class Selection(unittest.TestCase):
    """--only."""

    runs = catalogue.all_runs(Path("/nowhere"))

    def test_groups_families_rows_and_patterns(self):
        for pattern, row in (("outside", "pair 16 B"),
                             ("walk", "walk 32 x 4 KB"),
                             ("pair 4 KB", "pair 4 KB"),
                             ("idle*", "phases, 200 MB live: peak")):
            chosen = [run.name for run in rows.select(self.runs, [pattern])]
            self.assertIn(row, chosen, pattern)

    def test_an_unknown_name_is_an_error_that_lists_names(self):
        with self.assertRaisesRegex(ValueError, "'nosuch'.*handover"):
            rows.select(self.runs, ["nosuch"])

    def test_quick_covers_every_row_of_the_band(self):
        quick = rows.select(self.runs, rows.QUICK)
        band = [run for run in self.runs if run.group == "band"]
        self.assertEqual([run for run in quick if run.group == "band"], band)

    def test_every_row_of_a_group_and_unit_has_its_own_name(self):
        names = [(run.group, figure.unit, figure.row)
                 for run in self.runs for figure in run.figures]
        self.assertEqual(len(names), len(set(names)))

    def test_every_unit_has_a_place_in_the_table(self):
        units = {figure.unit for run in self.runs for figure in run.figures}
        self.assertLessEqual(units, set(table.UNITS))

    def test_huge_pages_are_about_memory(self):
        runs = thp.selected(Path("/nowhere"), "always")
        figures = [figure for run in runs for figure in run.figures]
        self.assertEqual({figure.unit for figure in figures}, {"MB"})
        self.assertIn("sqlite", {run.family for run in runs})
        for run in runs:
            self.assertTrue(run.name.endswith(", always"), run.name)


class Peers(unittest.TestCase):
    """Which allocators there are."""

    def test_missing_peers_are_reported_and_skipped(self):
        with mock.patch.object(allocators, "find_library", return_value=""):
            found, remarks = allocators.peers()
        names = {one.name for one in found}
        self.assertLessEqual(names, {"glibc", "glibc+tc"})
        said = "\n".join(remarks)
        self.assertIn("mimalloc: not here (Debian: libmimalloc2.0)", said)

    def test_the_tunable_is_used_from_glibc_2_42_on(self):
        self.assertFalse(allocators.knows_tcache_max("2.36"))
        self.assertTrue(allocators.knows_tcache_max("2.42"))
        self.assertTrue(allocators.knows_tcache_max("3.1"))
        self.assertFalse(allocators.knows_tcache_max(""))

    def test_added_allocators_need_a_name_and_a_file(self):
        for text in ("nothing", "=x", "name=", "name=/nosuch/file"):
            with self.assertRaises(ValueError):
                allocators.added(text)
        path = scratch("lib.so")
        path.touch()
        self.assertEqual(allocators.added(f"own={path}").library,
                         str(path.resolve()))

    def test_added_allocators_bring_their_environment(self):
        path = scratch("lib.so")
        path.touch()
        found = allocators.added(f"own={path} GLIBC_TUNABLES=a.b=0 X=")
        self.assertEqual(found.env, {"GLIBC_TUNABLES": "a.b=0", "X": ""})
        found = allocators.added(f"midpool-x={path} MIDPOOL_CONF=thp:dense")
        self.assertEqual(found.env, {"MIDPOOL_CONF": "report:none,thp:dense"})
        with self.assertRaisesRegex(ValueError, "'X' is not KEY=VALUE"):
            allocators.added(f"own={path} X")


class Chart(unittest.TestCase):
    """The SVG."""

    def test_it_is_well_formed_and_shows_each_value(self):
        lines = table.lines(samples(
            "a < b & c", {"midpool": [1], "glibc": [2], "own": [900]}))
        tree = xml.fromstring(chart.render(lines, ["glibc", "own", "midpool"]))
        titles = [element.text for element in tree.iter()
                  if element.tag.endswith("title")]
        self.assertIn("glibc: 2 ns (2.00 x)", titles)
        width = float(tree.get("width"))
        for circle in tree.iter("{http://www.w3.org/2000/svg}circle"):
            self.assertLess(float(circle.get("cx")), width)

    def test_without_midpool_the_best_is_the_measure(self):
        lines = table.lines(samples("a", {"glibc": [2], "own": [4]}))
        self.assertIn("own: 4 ns (2.00 x)",
                      chart.render(lines, ["glibc", "own"]))


class Progress(unittest.TestCase):
    """The progress that is shown during a run."""

    def test_a_log_gets_few_lines_and_no_control_codes(self):
        out = io.StringIO()
        progress = runner.Progress(100, out)
        for _ in range(100):
            progress.step("pair")
        progress.close()
        self.assertEqual(out.getvalue().count("\n"), 1)
        self.assertNotIn("\033", out.getvalue())


class Programs(unittest.TestCase):
    """The compiled programs, really run."""

    @classmethod
    def setUpClass(cls):
        cls.tools = build.workloads(scratch("bin"))

    def call(self, *args):
        return subprocess.run([str(self.tools.bench), *args], check=False,
                              capture_output=True, text=True)

    def test_every_workload_of_the_catalogue_prints_its_figures(self):
        short = runner.Runner(self.tools, 1, 1, waits=False)
        small = {"200": "4", "600": "4", "1000": "20", "1000000": "9000"}
        for run in catalogue.all_runs(scratch("none")):
            if run.kind != "workload":
                continue
            argv = [run.argv[0]] + [
                small.get(arg, arg) if run.group in ("memory", "tail")
                else arg
                for arg in run.argv[1:]]
            cut = rows.Run(run.group, run.family, tuple(argv), run.figures,
                           pinned=run.pinned)
            metrics = execute.workload(short, cut, GLIBC)
            wanted = {figure.metric for figure in run.figures}
            self.assertLessEqual(wanted - {"rss_later_kb"}, set(metrics),
                                 run.name)

    def test_quantiles_rise_and_cover_every_call(self):
        done = self.call("tail", "50", "20000")
        metrics = execute.parse(done.stdout)
        for name in ("call", "malloc", "free"):
            rising = [metrics[f"{name}_{quantile}"] for quantile in (
                "p50", "p99", "p99.9", "p99.99", "longest")]
            self.assertEqual(rising, sorted(rising))
            self.assertGreater(rising[0], 0)
        self.assertEqual(metrics["call_longest"], max(
            metrics["malloc_longest"], metrics["free_longest"]))

    def test_every_call_of_the_mix_is_timed(self):
        metrics = execute.parse(self.call("tail", "20", "3000").stdout)
        self.assertEqual(metrics["calls"], 20 + 2 * 3000)

    def test_waiting_rows_print_what_is_left_later(self):
        done = self.call("--wait", "1", "phases", "2")
        self.assertIn("rss_later_kb", execute.parse(done.stdout))

    def test_nonsense_is_refused_with_status_2(self):
        for args in ([], ["nosuch"], ["pair"], ["pair", "x"], ["pair", "-1"],
                     ["--bad", "1", "pair", "1"], ["batch", "0", "4096"],
                     ["ring", "0", "1", "2"], ["replaces", "0", "1", "1", "2",
                                               "uniform"],
                     ["replace", "5", "9", "2", "uniform"],
                     ["replace", "5", "1", "2", "normal"],
                     ["tail", "0", "1"], ["tail", "1", "0"],
                     ["fragment", "1", "sideways"]):
            done = self.call(*args)
            self.assertEqual(done.returncode, 2, args)
            self.assertTrue(done.stderr, args)

    def test_touch_tells_what_a_page_costs(self):
        done = subprocess.run([str(self.tools.touch), "4"], check=True,
                              capture_output=True, text=True)
        self.assertEqual(set(execute.parse(done.stdout)),
                         {"huge_us", "small_us"})
        for args in ([], ["x"], ["-1"], ["1", "2"]):
            done = subprocess.run([str(self.tools.touch), *args], check=False,
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, args)

    def launch(self, *args):
        return subprocess.run([str(self.tools.launch), *args], check=False,
                              capture_output=True, text=True)

    def test_launch_measures_and_passes_the_environment_on(self):
        done = self.launch("MARK=yes", "--", "sh", "-c", 'test "$MARK" = yes')
        self.assertEqual(done.returncode, 0, done.stderr)
        metrics = execute.parse(done.stdout)
        self.assertGreater(metrics["peak_rss_kb"], 0)
        self.assertGreater(metrics["wall_ms"], 0)

    def test_launch_fails_with_the_program(self):
        for command, said in (("exit 3", "exit status 3"),
                              ("kill -9 $$", "Killed")):
            done = self.launch("--", "sh", "-c", command)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(said, done.stderr)
        self.assertIn("No such file",
                      self.launch("--", "/nosuch/program").stderr)

    def test_a_failing_run_is_reported_and_the_rest_goes_on(self):
        runs = [
            rows.Run("start", "x", ("/nosuch",), (rows.Figure("gone"),),
                     kind="program"),
            rows.Run("band", "pair", ("pair", "4096"),
                     (rows.Figure("pair 4 KB"),)),
        ]
        one = runner.Runner(self.tools, 1, 1)
        with contextlib.redirect_stderr(io.StringIO()):
            one.all(runs, [GLIBC], 2)
        self.assertEqual(len(one.failures), 1)
        self.assertIn("gone, glibc: there is no /nosuch", one.failures[0])
        values = [s for s in one.samples if s.metric == "value"]
        self.assertEqual([s.round for s in values], [1, 2])

    @unittest.skipUnless(shutil.which("git"), "needs git")
    def test_the_generated_history_is_always_the_same(self):
        with mock.patch.object(history, "COMMITS", 3):
            heads = set()
            for name in ("one", "two"):
                path = scratch(name)
                history.make(None, path)
                heads.add(subprocess.run(
                    ["git", "-C", str(path), "rev-parse", "main"], check=True,
                    capture_output=True, text=True).stdout)
        self.assertEqual(len(heads), 1)


class Build(unittest.TestCase):
    """The options that midpool's build is called with."""

    def test_options_are_turned_off_in_the_words_of_their_type(self):
        self.assertEqual(build.option_off("tests"), "-Dtests=disabled")
        self.assertEqual(build.option_off("counters"), "-Dcounters=false")
        self.assertEqual(build.option_off("nosuch"), "")


class Locks(unittest.TestCase):
    """--locks, on given figures."""

    def folder(self, name, text, reports):
        path = scratch(name)
        path.mkdir()
        (path / "locks").write_text(text, encoding="ascii")
        for pid, gets in reports.items():
            found = {"process": {"pid": pid},
                     "totals": {"gets": gets, "puts": gets}}
            (path / f"{pid}.json").write_text(json.dumps(found), "utf-8")
        return path

    def test_processes_are_added_and_those_without_locks_left_out(self):
        use = locks.read(self.folder(
            "locks", "lock 7 slab 10 200\nprocess 7 1000\n"
            "lock 8 slab 30 100\nlock 8 bin.3 5 1\nprocess 8 2000\n",
            {7: 500, 8: 1500, 9: 99999}))
        self.assertEqual(use.operations, 4000)
        self.assertEqual(use.per_thousand("slab"), 10)
        self.assertEqual(use.share("slab"), 0.1)
        text = locks.render([("pair", use)])
        self.assertRegex(text, r"pair +4,000 .* 10\.000 +10\.000%")
        self.assertIn("bin.3", text)

    def test_a_library_that_does_not_measure_is_named(self):
        scratch("empty").mkdir()
        with self.assertRaisesRegex(Failed, "-Dlock_stats=true"):
            locks.read(scratch("empty"))

    def test_a_row_without_pooled_buffers_has_no_figures(self):
        path = self.folder("idle", "process 7 1000\n", {7: 0})
        with self.assertRaisesRegex(Failed, "no buffer"):
            locks.read(path)


class Founding(unittest.TestCase):
    """The founding tables and the load test, on given numbers."""

    def test_speed_up_is_over_calloc(self):
        text = founding.render({
            ("one thread", "2 KB", "calloc"): {"ns_per_op": 50.0},
            ("one thread", "2 KB", "get/put"): {"ns_per_op": 5.0,
                                                "growth_bytes_per_op": 0.0},
        })
        self.assertIn("200.00", text)
        self.assertIn("10.00 x", text)

    def test_load_shows_rates_and_the_reports_counters(self):
        args = load.parser().parse_args(["--threads", "2"])
        metrics = {"operations": 3e6, "seconds": 2.0, "ns_per_op": 9.5,
                   "faults": 10.0, "faults_per_kop": 0.0, "peak_rss_kb": 2048}
        report = {"totals": {"gets": 2000, "hits": 1998, "misses": 2}}
        text = load.render(args, metrics, report)
        self.assertIn("1.50 M", text)
        self.assertIn("99.9000 %", text)


class Command(unittest.TestCase):
    """scripts/bench from outside."""

    def refused(self, message, *args):
        done = bench("--out", str(scratch("out")), *args)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(message, done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def test_mistakes_are_named(self):
        self.refused("no row is called 'nosuch'", "--only", "nosuch")
        self.refused("--rounds wants at least 1", "--rounds", "0")
        self.refused("NAME=PATH", "--add", "x", "--allocators", "glibc")
        self.refused("no allocator 'nosuch'", "--allocators", "nosuch")
        self.refused("there is no library", "--lib", "/nosuch.so")
        self.refused("unrecognized arguments", "--nosuch")
        self.refused("invalid choice: 'tepid'", "--memory", "tepid")

    def test_mistakes_of_the_other_commands_are_named(self):
        done = bench("load", "--seconds", "0")
        self.assertEqual(done.returncode, 2)
        self.assertIn("at least 1 second", done.stderr)
        done = bench("founding", "--lib", "/nosuch.so")
        self.assertEqual(done.returncode, 2)
        self.assertIn("there is no library", done.stderr)

    def test_help_names_the_commands(self):
        done = bench("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("founding", done.stdout)
        self.assertIn("load", done.stdout)

    def test_a_small_comparison_leaves_table_csv_and_chart(self):
        out = scratch("small")
        done = bench("--quick", "--rounds", "2", "--allocators", "glibc",
                     "--only", "pair 4 KB", "--out", str(out))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("pair 4 KB", done.stdout)
        self.assertIn("floor: pair", done.stdout)
        with open(out / "results.csv", encoding="utf-8") as file:
            found = [row for row in csv.DictReader(file)
                     if row["row"] == "pair 4 KB" and row["metric"] == "value"]
        self.assertEqual(sorted({row["round"] for row in found}), ["1", "2"])
        xml.parse(out / "chart.svg")
        refused = bench("readme", str(out))
        self.assertEqual(refused.returncode, 2, refused.stdout)
        self.assertIn("for midpool", refused.stderr)
        result = json.loads((out / "run.json").read_text("utf-8"))
        self.assertEqual(result["memory"]["mode"], "warm")
        self.assertEqual(result["rounds"], 2)
        cells = [row["cells"]["glibc"] for row in result["rows"]
                 if row["row"] == "pair 4 KB"]
        self.assertEqual([cell["count"] for cell in cells], [2])
        self.assertLessEqual(cells[0]["least"], cells[0]["value"])
        self.assertIn("memory warm", done.stdout)

    def test_what_was_measured_before_an_interruption_is_reported(self):
        out = scratch("interrupted")
        with start_bench("--rounds", "100000", "--allocators", "glibc",
                         "--only", "pair 16 B", "--out", str(out)) as child:
            child.stderr.readline()  # progress: the programs are built
            time.sleep(2)
            child.send_signal(signal.SIGTERM)
            said, problems = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 130, problems)
        self.assertIn("pair 16 B", said)
        self.assertIn("interrupted", said)
        with open(out / "results.csv", encoding="utf-8") as file:
            self.assertGreater(len(list(csv.DictReader(file))), 0)


if __name__ == "__main__":
    unittest.main()
