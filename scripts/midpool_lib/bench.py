"""midpool bench: the user's own program under each allocator."""

import json
import os
import shutil
import sys
import tempfile

from midpool_lib import (allocators, arguments, build, collect, conf, launch,
                         measure, obstacles, paths, run, sampling, style,
                         verdict)
from midpool_lib.errors import CommandError
from midpool_lib.repeat import reusable_stdin

HELP = """\
usage: midpool bench [options] [--] PROGRAM [ARGUMENT...]

Runs PROGRAM under glibc, jemalloc, mimalloc, tcmalloc (those installed) and
midpool, in turns, and compares wall time, CPU time, peak memory and page
faults: medians with 95 % intervals (below 6 runs their range), and a verdict.
What PROGRAM writes to stdout is dropped. Each run gets a file or pipe on stdin.

  -n, --runs N         runs of each allocator (10), after one to warm up
      --allocators A,B those to compare with; also name=/path/lib.so
      --conf K:V,...   midpool's options
      --json           all figures, for programs
  -q, --quiet          no progress
      --build DIR      the build whose library is used

  midpool bench -- sqlite3 my.db .dump
"""

SPEC = {"-n": "runs=", "--runs": "runs=", "--allocators": "allocators=",
        "--conf": "conf=*", "--json": "json", "-q": "quiet",
        "--quiet": "quiet", "--build": "build="}
HEADS = {"wall_ns": "wall", "cpu_ns": "CPU", "peak_rss_bytes": "peak RSS",
         "faults": "faults"}


class Bench:
    """One program under several allocators."""

    def __init__(self, options, argv):
        self.options = options
        self.argv = argv
        self.path = launch.find_only(argv[0])
        obstacle = obstacles.of_program(self.path)
        if obstacle:
            raise CommandError(f"bench: {argv[0]} cannot be given another"
                               f" allocator: {obstacle.what}"
                               f" ({obstacle.why})", obstacle.remedy)
        self.runs = arguments.count("bench", "-n", options.runs or "10", 1,
                                    1000)
        allocators.choose(options.allocators, "")  # complain before a build
        self.library = build.ensure(options.build)
        self.chosen, self.missing = allocators.choose(options.allocators,
                                                      self.library)
        self.results = {name: {metric: [] for metric in measure.METRICS}
                        for name in self.chosen}
        self.statuses = {name: set() for name in self.chosen}
        self.profile = None
        self.links = None  # directory for names that can be preloaded
        self.kept = launch.environment().get(b"LD_PRELOAD", b"")

    def _env(self, conf):
        env = launch.environment()
        env.pop(b"LD_PRELOAD", None)
        env[b"MIDPOOL_CONF"] = os.fsencode(conf)
        return env

    def _conf(self):
        kept = conf.without(collect.OURS, run.own_conf(), *self.options.conf)
        return ",".join(kept + ["report:none"])

    def _measure(self, name, streams):
        library = paths.preloadable(self.chosen[name], self.links,
                                    name + ".so")
        preload = ":".join(entry for entry in (
            library, os.fsdecode(self.kept)) if entry)
        return measure.run([self.path] + self.argv[1:],
                           self._env(self._conf()), preload, *streams)

    def warm_up(self, streams):
        """One run each that is not counted; midpool's gives the profile."""
        for name in self.chosen:
            _rewind(streams[0])
            if name != "midpool":
                self._measure(name, streams)
        _rewind(streams[0])
        collector = collect.Collector(self.options.build)
        try:
            conf = collector.conf(run.own_conf(), *self.options.conf)
            env = run.environment(collector.preloadable(self.library), conf)
            ended = launch.run(os.fsencode(self.path),
                               [os.fsencode(word) for word in self.argv], env,
                               dict(enumerate(streams)))
            self.profile = run.profile_of(ended, collector.gather())
        finally:
            collector.close()

    def round(self, number, streams):
        """Each allocator once, every round beginning with another."""
        names = list(self.chosen)
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            _rewind(streams[0])
            measured = self._measure(name, streams)
            self.statuses[name].add(measured.status)
            for metric in measure.METRICS:
                self.results[name][metric].append(getattr(measured, metric))

    @property
    def served_bytes(self):
        """Share of the bytes asked for that the pools served."""
        fallback, totals = self.profile["fallback"], self.profile["totals"]
        asked = (totals["requested_bytes"] + fallback["below"]["bytes"]
                 + fallback["above"]["bytes"])
        return totals["requested_bytes"] / asked if asked else 0.0

    @property
    def served(self):
        """Share of the program's allocations that the pools served."""
        if self.profile is None:
            return None
        fallback, totals = self.profile["fallback"], self.profile["totals"]
        calls = (totals["gets"] + totals["bypasses"]
                 + fallback["below"]["calls"] + fallback["above"]["calls"])
        return totals["gets"] / calls if calls else 0.0


def _rewind(file):
    try:
        os.lseek(file, 0, os.SEEK_SET)
    except OSError:
        pass


def _progress(text, quiet):
    if not quiet and sys.stderr is not None and sys.stderr.isatty():
        sys.stderr.write(f"\r\033[Kmidpool: {text}" if text else "\r\033[K")
        sys.stderr.flush()


def amount(metric, value):
    if metric.endswith("_ns"):
        return style.duration(value)
    if metric.endswith("_bytes"):
        return style.size(value)
    return style.short_count(round(value))


def spread(values):
    low, high = sampling.median_interval(values) or (min(values), max(values))
    median = sampling.median(values)
    half = max(high - median, median - low) / median if median else 0
    return f"±{half * 100:.0f}%"


def table(results, look):
    lines = [look.paint(f"{'allocator':<10}" + "".join(
        f"{head:>10}{'':7}" for head in HEADS.values()), "bold").rstrip()]
    best = {metric: min(sampling.median(rows[metric])
                        for rows in results.values())
            for metric in measure.METRICS}
    for name, rows in results.items():
        line = f"{name:<10}"
        for metric in measure.METRICS:
            median = sampling.median(rows[metric])
            text = f"{amount(metric, median):>10} {spread(rows[metric]):<6}"
            first = median == best[metric]
            line += look.paint(text, "bold", "green") if first else text
        lines.append(line.rstrip())
    return lines


def _status_notes(bench):
    usual = bench.statuses.get("glibc") or bench.statuses["midpool"]
    lines = []
    if usual != {0}:
        codes = sorted(os.waitstatus_to_exitcode(one) for one in usual)
        lines.append("note: the program ends with status "
                     + ", ".join(map(str, codes)))
    for name, seen in bench.statuses.items():
        if seen != usual:
            lines.append(f"warning: under {name} the program ends"
                         " differently: do not trust that row")
    return lines


def report(bench, look):
    import textwrap

    lines = table(bench.results, look) + [""]
    if bench.profile is not None:
        totals = bench.profile["totals"]
        lines += textwrap.wrap(
            f"midpool's pools served {style.ratio_percent(bench.served)} of"
            f" the allocations, {style.ratio_percent(bench.served_bytes)} of"
            " the bytes, at a hit rate of "
            + style.percent(totals["hits"], totals["gets"]), 79)
    lines += _status_notes(bench)
    if bench.missing:
        packages = " ".join(allocators.KNOWN[name][0]
                            for name in bench.missing)
        lines.append(f"not installed: {', '.join(bench.missing)}"
                     f" (apt-get install {packages})")
    text = verdict.sentence(bench.results, bench.served)
    return lines + textwrap.wrap("verdict: " + text + ".", 79)


def to_json(bench):
    return json.dumps({
        "schema": "midpool.bench", "schema_version": 1,
        "program": bench.argv, "runs": bench.runs,
        "allocators": {name: {"library": bench.chosen[name], **rows}
                       for name, rows in bench.results.items()},
        "served": bench.served,
        "served_bytes": bench.served_bytes if bench.profile else None,
        "verdict": verdict.sentence(bench.results, bench.served)}, indent=1)


def _run_all(bench, streams, quiet):
    _progress("warming up ", quiet)
    bench.warm_up(streams)
    for number in range(bench.runs):
        _progress(f"round {number + 1} of {bench.runs} ", quiet)
        bench.round(number, streams)
    _progress("", quiet)


def main(argv):
    options = arguments.parse("bench", argv, SPEC, HELP, stop_at_operand=True)
    program = options.rest + (options.after or [])
    if not program:
        raise CommandError("bench: which program?",
                           "midpool bench [options] -- PROGRAM [ARGUMENT...]")
    bench = Bench(options, program)
    measure.adopt_orphans()
    stdin = reusable_stdin()
    null = os.open(os.devnull, os.O_RDWR)
    first = null if stdin is None else (
        stdin if isinstance(stdin, int) else stdin.fileno())
    with tempfile.TemporaryDirectory(prefix="midpool-bench.") as links, \
            tempfile.TemporaryFile() as errors:
        bench.links = links
        _run_all(bench, (first, null, errors.fileno()), options.quiet)
        if any(seen != {0} for seen in bench.statuses.values()):
            errors.seek(0)
            with tempfile.SpooledTemporaryFile() as head:
                shutil.copyfileobj(errors, head)
                head.seek(0)
                text = head.read(2000).decode("utf-8", "replace")
                run.say(*["program: " + line
                          for line in text.splitlines()[:8]])
    if options.json:
        print(to_json(bench))
    else:
        print("\n".join(report(bench, style.Style(sys.stdout))))
    return 0
