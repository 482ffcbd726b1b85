#!/usr/bin/python3
"""Sampled call stacks of known.c, whose sites and counts are known.

    sites.py --lib LIB --bin DIRECTORY [TEST]...

With sites:1 every get is a sample that stands for itself: then every number
is exact.
"""

import bisect
import math
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402
import rivals  # noqa: E402  (beside this file)

PLAIN = {"site_short": (1000, 4096), "site_large": (200, 65536),
         "site_kept": (500, 5001), "site_late": (300, 2048)}


class Program:
    """The functions of a program by offset."""

    def __init__(self, path):
        self.path = path
        out = subprocess.run(["nm", path], check=True, text=True,
                             capture_output=True).stdout
        rows = sorted((int(row.split()[0], 16), row.split()[2])
                      for row in out.splitlines()
                      if len(row.split()) == 3 and row.split()[1] in "tT")
        self.starts = [start for start, _name in rows]
        self.names = [name for _start, name in rows]

    def functions(self, stack, modules, path=None):
        """Names of the frames that lie in the program, innermost first."""
        found = []
        for module, offset in stack["frames"]:
            if module is None or modules[module]["path"] != (path or
                                                             self.path):
                continue
            at = bisect.bisect_right(self.starts, offset) - 1
            found.append(self.names[at])
        return found

    def sites(self, report, path=None):
        """Sums of all stacks that pass through a function site_..."""
        sums = {}
        modules = report["sites"]["modules"]
        for stack in report["sites"]["stacks"]:
            names = [name for name in self.functions(stack, modules, path)
                     if name.startswith(("site_", "thread_gives"))]
            if not names:
                continue
            site = sums.setdefault(names[0], dict.fromkeys(
                (key for key, value in stack.items()
                 if isinstance(value, int)), 0))
            for key in site:
                site[key] += stack[key]
        return sums


def run(arguments, what, conf, path=None, count=1, seconds=100):
    program = Program(arguments.program("sites_known"))
    result = preload.run(arguments.lib, [path or program.path, what],
                         conf=conf, seconds=seconds).expect(0)
    reports = result.reports()
    assert len(reports) == count, (len(reports), str(result))
    return program, reports


def expect_plain(found):
    assert set(found) == set(PLAIN), sorted(found)
    for name, (gets, size) in PLAIN.items():
        site = found[name]
        assert site["samples"] == site["gets"] == gets, (name, site)
        assert site["requested_bytes"] == gets * size, (name, site)
        assert site["gets_error"] == site["misses_error"] == 0, (name, site)
        assert site["sampled_puts"] == gets, (name, site)
        assert site["live"] == site["live_bytes"] == 0, (name, site)


def test_every_get_is_found_at_its_site(arguments):
    program, [report] = run(arguments, "plain", "sites:1")
    expect_plain(program.sites(report))
    sites = report["sites"]
    assert sites["lost_records"] == 0 and not sites["other_stacks"], sites
    for key, total in (("gets", "gets"), ("misses", "misses")):
        assert sum(stack[key] for stack in sites["stacks"]) == \
            report["totals"][total], (key, report["totals"])
    for stack in sites["stacks"]:
        assert sum(stack["lifetimes"]) == stack["sampled_puts"], stack
        assert stack["sampled_remote_puts"] == 0, stack
    for module in sites["modules"]:
        assert module["build_id"] and os.path.exists(module["path"]), module


def test_estimates_are_near_the_truth(arguments):
    program, [report] = run(arguments, "plain", "sites:32K")
    found = program.sites(report)
    for name, (gets, size) in PLAIN.items():
        chance = -math.expm1(-size / 32768)
        error = math.sqrt(gets * (1 - chance) / chance)
        site = found[name]
        # Seven standard deviations: no chance of a false alarm.
        assert abs(site["gets"] - gets) <= 7 * error + 1, (name, site)
        assert abs(site["requested_bytes"] - gets * size) <= \
            7 * error * size + gets, (name, site)
        assert 0.4 * error <= site["gets_error"] <= 2.5 * error, (name, site)
        assert site["samples"] < gets, (name, site)


def test_the_rate_grows_by_itself(arguments):
    """sites:auto: 64K at first, twice as much after 256 samples, and so on;
    every sample is weighted by its own."""
    program, [report] = run(arguments, "long", "sites:auto")
    sites = report["sites"]
    assert sites["rate_bytes"] == 64 << 10, sites
    assert 256 << 10 <= sites["rate_bytes_max"] <= 4 << 20, sites
    assert 600 < sites["samples"] < 3000, sites["samples"]
    assert report["config"]["sites"] == "auto", report["config"]
    site = program.sites(report)["site_short"]
    gets = report["totals"]["gets"]
    assert gets >= 60000, report["totals"]
    # Seven standard errors; and what they are if the rate is as told.
    assert abs(site["gets"] - gets) <= 7 * site["gets_error"], (gets, site)
    assert gets * 0.01 < site["gets_error"] < gets * 0.15, site


SIZES = {"site_small": (5000, 100), "site_huge": (100, 200000),
         "site_leaked": (200, 30), "site_short": (100, 4096)}


def test_of_every_size(arguments):
    program, [report] = run(arguments, "sizes", "sites:1,sites_all:yes")
    found = program.sites(report)
    assert report["sites"]["sizes"] == "all", report["sites"]
    for name, (gets, size) in SIZES.items():
        site = found[name]
        leaked = gets if name == "site_leaked" else 0
        assert site["gets"] == gets, (name, site)
        assert site["requested_bytes"] == gets * size, (name, site)
        assert site["live"] == leaked, (name, site)
        assert site["sampled_puts"] == gets - leaked, (name, site)
    # A block that is resized ends, and another one begins.
    site = found["site_resized"]
    assert site["gets"] == site["sampled_puts"] == 600, site
    assert site["requested_bytes"] == 100 * (
        50 + 500 + 5000 + 100000 + 300000 + 1000), site
    site = found["site_zeroed"]
    assert site["gets"] == site["sampled_puts"] == 300, site
    _program, [report] = run(arguments, "sizes", "sites:1")
    assert report["sites"]["sizes"] == "band", report["sites"]
    assert "site_small" not in program.sites(report), report["sites"]


def test_estimates_of_every_size(arguments):
    program, [report] = run(arguments, "sizes", "sites:10K,sites_all:yes")
    found = program.sites(report)
    for name, (gets, size) in SIZES.items():
        chance = -math.expm1(-size / 10240)
        error = math.sqrt(gets * (1 - chance) / chance)
        found_gets = found[name]["gets"] if name in found else 0
        assert abs(found_gets - gets) <= 7 * error + 1, (name, found_gets)
    assert found["site_small"]["samples"] < 500, found["site_small"]


def test_the_peak_is_told_by_site(arguments):
    program, [report] = run(arguments, "plain", "sites:1")
    found = program.sites(report)
    assert found["site_kept"]["peak_live"] == 500, found
    assert found["site_kept"]["peak_live_bytes"] == 500 * 5001, found
    assert found["site_late"]["peak_live"] == 0, found
    assert sum(stack["peak_live_bytes"] for stack in
               report["sites"]["stacks"]) == \
        report["sites"]["peak_live_bytes"], report["sites"]


def test_threads(arguments):
    program, [report] = run(arguments, "threads", "sites:1")
    found = program.sites(report)
    assert found["site_short"]["gets"] == 10 * 1000, found
    assert found["site_short"]["sampled_remote_puts"] == 0, found
    assert found["thread_gives"]["gets"] == 8, found
    assert found["thread_gives"]["sampled_remote_puts"] == 8, found


def test_forked_child_counts_its_own(arguments):
    program, reports = run(arguments, "fork", "sites:1", count=2)
    child, parent = sorted(reports, key=lambda report: -len(
        [1 for stack in report["sites"]["stacks"]
         if "site_short" in program.functions(
             stack, report["sites"]["modules"])]))
    assert child["process"]["ppid"] == parent["process"]["pid"]
    own, its = program.sites(parent), program.sites(child)
    assert own["site_kept"]["gets"] == own["site_kept"]["sampled_puts"] == 100
    assert own["site_late"]["gets"] == 10, own
    assert "site_short" not in own, own
    assert its["site_short"]["gets"] == 50, its
    assert "site_kept" not in its and "site_late" not in its, its
    assert all(stack["live"] == 0 for stack in child["sites"]["stacks"]
               if "site_short" in program.functions(
                   stack, child["sites"]["modules"]))


def test_forked_child_with_a_live_page(arguments):
    program, reports = run(arguments, "fork", "sites:1,live:yes", count=2)
    sums = [program.sites(report) for report in reports]
    assert sorted(sorted(row) for row in sums) == [
        ["site_kept", "site_late"], ["site_short"]], sums
    for row in sums:
        for name, gets in (("site_kept", 100), ("site_late", 10),
                           ("site_short", 50)):
            assert name not in row or row[name]["gets"] == gets, sums


def test_sites_of_a_killed_process(arguments):
    program = Program(arguments.program("sites_known"))
    with subprocess.Popen(
            [program.path, "kill"], env=preload.environment(
                arguments.lib, "sites:1,live:yes,report:none")) as child:
        assert child.wait(100) == -signal.SIGKILL
    page = "/dev/shm/midpool.%d.%d.1" % (os.geteuid(), child.pid)
    try:
        tool = os.path.join(os.path.dirname(arguments.lib),
                            "midpool-snapshot")
        text = subprocess.run([tool, page], check=True, text=True,
                              capture_output=True).stdout
        report = preload.check_report.loads(text)
    finally:
        os.unlink(page)
    found = program.sites(report)
    assert found["site_short"]["gets"] == 1000, found
    assert found["site_kept"]["gets"] == 550, found
    assert found["site_kept"]["live"] == 50, found
    assert found["site_kept"]["live_bytes"] == 50 * 5001, found


def test_seccomp(arguments):
    program = Program(arguments.program("sites_known"))
    result = preload.run(arguments.lib, [program.path, "seccomp"],
                         conf="sites:1", seconds=100).expect(0)
    report = preload.check_report.loads(result.out.decode())
    assert program.sites(report)["site_short"]["gets"] == 1000, report


def test_coroutine(arguments):
    program, [report] = run(arguments, "coroutine", "sites:1")
    found = program.sites(report)
    assert found["site_short"]["gets"] == 20, found
    assert found["site_large"]["gets"] == 5, found


def test_through_a_signal_handler(arguments):
    program, [report] = run(arguments, "signal", "sites:1")
    modules = report["sites"]["modules"]
    through = [stack for stack in report["sites"]["stacks"]
               if {"site_short", "on_signal", "site_raises", "main"} <=
               set(program.functions(stack, modules))]
    assert sum(stack["gets"] for stack in through) == 20, report["sites"]


def test_a_file_is_replaced_by_a_like_one(arguments):
    """Rules of unwinding that were learned of a closed file are not used for
    another one at the same place."""
    program = Program(arguments.program("sites_known"))
    plugins = [arguments.program(f"sites_plugin_{size}.so")
               for size in ("small", "large", "small")]
    for pair in (plugins[:2], plugins[1:]):
        result = preload.run(arguments.lib, [program.path, "reload", *pair],
                             conf="sites:1", seconds=100)
        if result.status == 77:
            raise preload.Skip("the second file is at another place")
        [report] = result.expect(0).reports()
        modules = report["sites"]["modules"]
        assert sum(stack["gets"] for stack in report["sites"]["stacks"]
                   if {"site_short", "call_from", "main"} <=
                   set(program.functions(stack, modules))) == 40, \
            report["sites"]


def test_a_bounded_table_and_the_rest(arguments):
    _program, [report] = run(arguments, "many", "sites:1,sites_max:10")
    sites = report["sites"]
    assert len(sites["stacks"]) == sites["stacks_max"] == 10, sites
    [rest] = sites["other_stacks"]
    assert rest["samples"] >= 90 and not rest["frames"], rest
    assert sum(stack["gets"] for stack in sites["stacks"]) + rest["gets"] \
        == report["totals"]["gets"], sites
    _program, [report] = run(arguments, "many", "sites:1")
    assert max(len(stack["frames"])
               for stack in report["sites"]["stacks"]) == 64
    assert len(report["sites"]["stacks"]) >= 60


def test_frame_pointers(arguments):
    program, [report] = run(arguments, "plain", "sites:1,unwind:fp")
    assert report["sites"]["unwind"] == "fp"
    expect_plain(program.sites(report))
    modules = report["sites"]["modules"]
    assert any(program.functions(stack, modules)[-1:] == ["main"]
               for stack in report["sites"]["stacks"]), report["sites"]


def test_with_checks(arguments):
    program, [report] = run(arguments, "plain", "sites:1,check_fill:yes")
    expect_plain(program.sites(report))


def test_with_guard(arguments):
    """A guarded buffer is one get and one sample, at its own site."""
    program, [report] = run(arguments, "plain", "sites:1,guard:1")
    expect_plain(program.sites(report))
    stacks, totals = report["sites"]["stacks"], report["totals"]
    assert sum(stack["gets"] for stack in stacks) == totals["gets"], totals
    assert report["guard"]["sampled"] > 0, report["guard"]
    assert report["guard"]["caught"] == 0, report["guard"]


def test_under_misuse(arguments):
    """Bad frees of sampled buffers are found, and are no ends of theirs."""
    program, [report] = run(arguments, "misuse", "sites:1,misuse:warn")
    assert report["misuse"]["double_free"] == 1, report["misuse"]
    assert report["misuse"]["interior_free"] == 1, report["misuse"]
    site = program.sites(report)["site_misused"]
    assert site["gets"] == 2 and site["sampled_puts"] == 2, site
    assert site["live"] == site["live_bytes"] == 0, site


def test_a_thousand_threads(arguments):
    """All at one time, each with its own state of the sampler."""
    program, [report] = run(arguments, "crowd", "sites:1")
    site = program.sites(report)["site_short"]
    assert site["gets"] == site["sampled_puts"] == 1000 * 20, site
    assert report["threads"]["peak"] >= 1000, report["threads"]
    assert report["sites"]["lost_records"] == 0, report["sites"]


def test_under_a_tool_of_valgrind_that_leaves_malloc(arguments):
    """Callgrind and its like replace nothing: the pools serve, from the start
    on, and sites counts all that they serve."""
    if not shutil.which("valgrind"):
        raise preload.Skip("no valgrind")
    program = Program(arguments.program("sites_known"))
    result = preload.run(
        arguments.lib, ["valgrind", "-q", "--tool=none", program.path,
                        "many"], conf="sites:1", seconds=100).expect(0)
    [report] = [report for report in result.reports()
                if report["process"]["executable"] == program.path]
    assert report["interception"]["active"], report["interception"]
    assert sum(stack["gets"] for stack in report["sites"]["stacks"]) == \
        report["totals"]["gets"] >= 100, report["totals"]


def test_jemallocs_profiler_finds_the_same_stacks(arguments):
    """rivals.py does so with real programs."""
    if not os.path.exists(rivals.JEMALLOC):
        raise preload.Skip("no libjemalloc2")
    path = arguments.program("sites_known")

    def plain(env, folder):
        rivals.run([path, "plain"], env, folder)

    ours = rivals.sampled(plain, arguments.lib, 1)
    theirs = rivals.profiled(plain)
    assert len(rivals.top(theirs)) >= len(PLAIN), theirs
    for stack in rivals.top(theirs)[:len(PLAIN)]:
        assert stack in ours, (stack, ours)
        assert ours[stack][1] == theirs[stack][1], (stack, ours, theirs)
    assert sorted(ours[stack][1] for stack in rivals.top(ours)[:4]) == \
        sorted(gets for gets, _size in PLAIN.values()), ours


def test_a_stripped_program(arguments):
    program = Program(arguments.program("sites_known"))
    path = program.path + ".stripped"
    subprocess.run(["strip", "-o", path, program.path], check=True)
    program, [report] = run(arguments, "plain", "sites:1", path=path)
    expect_plain(program.sites(report, path))


def test_off_there_is_no_section(arguments):
    _program, [report] = run(arguments, "plain", "")
    assert "sites" not in report
    assert report["config"]["sites"] == "off", report["config"]


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
