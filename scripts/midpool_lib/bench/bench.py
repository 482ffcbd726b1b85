"""midpool bench: the user's own program under each allocator."""

import json
import os
import shutil
import sys
import tempfile

from midpool_lib.base import arguments, conf, paths, style
from midpool_lib.base.errors import CommandError
from midpool_lib.bench import allocators, measure, trials, verdict
from midpool_lib.compare import sampling
from midpool_lib.run import build, collect, launch, obstacles, runner
from midpool_lib.run.repeat import reusable_stdin

HELP = """\
usage: midpool bench [options] [--] PROGRAM [ARGUMENT...]

Runs PROGRAM under glibc, jemalloc, mimalloc, tcmalloc (those installed) and
midpool, in turns, and compares wall time, CPU time, peak memory and page
faults: medians with 95 % intervals (below 6 runs their range), and a verdict.
PROGRAM's standard output is dropped. Each run gets a file or pipe on stdin.

  -n, --runs N         runs of each allocator (10), after one to warm up
      --allocators A,B those to compare with; also name=/path/lib.so
      --conf K:V,...   midpool's options
      --advice         midpool with and without what its profile suggests,
                       instead of the others: which setting helps?
      --json           all figures, for programs
  -q, --quiet          no progress
      --build DIR      the build whose library is used

  midpool bench -- sqlite3 my.db .dump
"""

SPEC = {"-n": "runs=", "--runs": "runs=", "--allocators": "allocators=",
        "--conf": "conf=*", "--advice": "advice", "--json": "json",
        "-q": "quiet", "--quiet": "quiet", "--build": "build="}
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
        wanted = options.allocators
        if options.advice:
            if wanted:
                raise CommandError("bench: --advice compares settings of"
                                   " midpool, --allocators other libraries",
                                   "give one of them")
            wanted = "midpool"
        allocators.choose(wanted, "")  # complain before a build
        self.library = build.ensure(options.build)
        self.chosen, self.missing = allocators.choose(wanted, self.library)
        self.settings = {}  # row's name -> trials.Trial, with --advice
        self.results, self.statuses = {}, {}
        for name in self.chosen:
            self._add_row(name)
        self.profile = None
        self.links = None  # directory for names that can be preloaded
        self.kept = launch.environment().get(b"LD_PRELOAD", b"")

    def _add_row(self, name):
        self.results[name] = {metric: [] for metric in measure.METRICS}
        self.statuses[name] = set()

    def add_trials(self):
        """A row for each setting that the profile suggests."""
        for trial in trials.of_profile(self.profile) if self.profile else []:
            name = trial.conf.partition(":")[0]
            self.settings[name] = trial
            self.chosen[name] = self.library
            self._add_row(name)

    def _env(self, conf):
        env = launch.environment()
        env.pop(b"LD_PRELOAD", None)
        env[b"MIDPOOL_CONF"] = os.fsencode(conf)
        return env

    def _conf(self, name):
        kept = conf.without(collect.OURS, runner.own_conf(), *self.options.conf)
        if name in self.settings:
            kept.append(self.settings[name].conf)
        return ",".join(kept + ["report:none"])

    def _measure(self, name, streams):
        library = paths.preloadable(self.chosen[name], self.links,
                                    name + ".so")
        preload = ":".join(entry for entry in (
            library, os.fsdecode(self.kept)) if entry)
        return measure.run([self.path] + self.argv[1:],
                           self._env(self._conf(name)), preload, *streams)

    def warm_up(self, streams):
        """One run each that is not counted; midpool's gives the profile."""
        for name in self.chosen:
            _rewind(streams[0])
            if name != "midpool":
                self._measure(name, streams)
        _rewind(streams[0])
        collector = collect.Collector(self.options.build)
        try:
            conf = collector.conf(runner.own_conf(), *self.options.conf)
            env = runner.environment(collector.preloadable(self.library), conf)
            ended = launch.run(os.fsencode(self.path),
                               [os.fsencode(word) for word in self.argv], env,
                               dict(enumerate(streams)))
            self.profile = runner.profile_of(ended, collector.gather())
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


def ended(status):
    """How a run ended, as wait(2) tells it, in words."""
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def _ends(seen):
    return ", ".join(sorted(map(ended, seen)))


def usual(bench):
    return bench.statuses.get("glibc") or bench.statuses["midpool"]


def _status_notes(bench):
    lines = []
    if usual(bench) != {0}:
        lines.append(f"note: the program ended by {_ends(usual(bench))}")
    for name, seen in bench.statuses.items():
        if seen != usual(bench):
            lines.append(f"warning: under {name} the program ended"
                         f" otherwise, by {_ends(seen)}")
    return lines


def no_verdict(bench):
    """The reason why the figures allow no verdict, or None if they allow one."""
    seen = usual(bench)
    if len(seen) > 1 or any(os.WIFSIGNALED(one) for one in seen):
        return f"none, as the program ended by {_ends(seen)}"
    if bench.statuses["midpool"] != seen:
        return ("none, as the program ended by"
                f" {_ends(bench.statuses['midpool'])} under midpool, and by"
                f" {_ends(seen)} without")
    return None


def _trusted(bench):
    """The rows of runs that ended as they should."""
    return {name: rows for name, rows in bench.results.items()
            if bench.statuses[name] == usual(bench)}


def verdict_of(bench):
    """The verdict, or with --advice None."""
    reason = no_verdict(bench)
    if reason or bench.options.advice:
        return reason
    return verdict.sentence(_trusted(bench), bench.served)


def advice_of(bench):
    """Setting -> its gain; empty where no verdict can be given."""
    if no_verdict(bench):
        return {}
    trusted = _trusted(bench)
    return {trial.conf: verdict.of_setting(trusted, name)
            for name, trial in bench.settings.items() if name in trusted}


def _advice_lines(bench):
    if not bench.settings:
        return ["advice: none: nothing in the profile suggests a setting"]
    found = advice_of(bench)
    return [f"advice: {trial.conf} ({trial.why}): "
            + found.get(trial.conf, "the program ended differently")
            for trial in bench.settings.values()]


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
    text = verdict_of(bench)
    said = ["verdict: " + text] if text else []
    if bench.options.advice and not text:
        said = _advice_lines(bench)
    for sentence in said:
        lines += textwrap.wrap(sentence + ".", 79, break_on_hyphens=False)
    return lines


def to_json(bench):
    return json.dumps({
        "schema": "midpool.bench", "schema_version": 1,
        "program": bench.argv, "runs": bench.runs,
        "allocators": {name: {"library": bench.chosen[name], **rows}
                       for name, rows in bench.results.items()},
        "served": bench.served,
        "served_bytes": bench.served_bytes if bench.profile else None,
        "statuses": {name: sorted(map(ended, seen))
                     for name, seen in bench.statuses.items()},
        "settings": {name: trial.conf
                     for name, trial in bench.settings.items()},
        "advice": advice_of(bench), "verdict": verdict_of(bench)}, indent=1)


def _run_all(bench, streams, quiet):
    _progress("warming up ", quiet)
    bench.warm_up(streams)
    if bench.options.advice:
        bench.add_trials()
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
                runner.say(*["program: " + line
                          for line in text.splitlines()[:8]])
    if options.json:
        print(to_json(bench))
    else:
        print("\n".join(report(bench, style.Style(sys.stdout))))
    return 0
