"""midpool run -n and --vs: runs a program several times, or two in turns."""

import os
import stat
import sys
import tempfile

from midpool_lib.base import style
from midpool_lib.base.errors import CommandError
from midpool_lib.compare import sampling
from midpool_lib.read import profiles, reports
from midpool_lib.read.profiles import TOTAL, Sample
from midpool_lib.run import launch, runner

ROWS = ("gets", "hit_rate", "misses", "peak_live_bytes", "waste_bytes",
        "live_bytes", "discards", "duration_ns")


def reusable_stdin():
    """Standard input that every run can read from its start, or None.

    A file is wound back; what comes through a pipe is kept for all runs.
    """
    try:
        kind = os.fstat(0).st_mode
    except OSError:
        return None
    if stat.S_ISREG(kind):
        return 0
    if not stat.S_ISFIFO(kind) and not stat.S_ISSOCK(kind):
        return None
    kept = tempfile.TemporaryFile()
    while True:
        piece = os.read(0, 1 << 20)
        if not piece:
            break
        kept.write(piece)
    kept.flush()
    return kept


def _progress(text, quiet, is_line):
    """Shows text: on the terminal in one line, which each text replaces. If the
    program writes there too, each text is a line; in a log, those with is_line.
    """
    if quiet:
        return
    tty = sys.stderr is not None and sys.stderr.isatty()
    if (tty and os.isatty(1)) or (not tty and is_line):
        runner.say(f"midpool: {text}")
    elif tty:
        sys.stderr.write(f"\r\033[Kmidpool: {text} ")
        sys.stderr.flush()


def amount(name, value):
    """A counter's value for people, in its unit."""
    if value is None:
        return "-"
    if name == "hit_rate" or name == "waste":
        return style.ratio_percent(value)
    if name.endswith("_bytes"):
        return style.size(value)
    if name.endswith("_ns"):
        return style.duration(value)
    return style.count(value) if isinstance(value, int) else f"{value:,.1f}"


def medians(several):
    """A table of the totals over all runs."""
    lines = [f"{'':20}  {'median':>14}{'lowest':>14}{'highest':>14}"]
    everything = Sample(several)
    for name in ROWS:
        values = everything.values(TOTAL, name)
        if not values:
            continue
        lines.append(
            f"{name:>20}  {amount(name, sampling.median(values)):>14}"
            f"{amount(name, min(values)):>14}{amount(name, max(values)):>14}")
    return lines


def prepare(command):
    """Runs --prepare's command; returns how it ended. Raises if it failed."""
    null = os.open(os.devnull, os.O_RDWR)
    try:
        ended = launch.run(b"/bin/sh", [b"sh", b"-c", os.fsencode(command)],
                           launch.environment(), {0: null, 1: null})
    finally:
        os.close(null)
    if ended.status and not ended.interrupted:
        raise CommandError(
            f"run: --prepare '{command}' ended with exit status"
            f" {ended.shell_status}",
            "append '|| true' to the command if that does not matter")
    return ended


def _streams(stdin, is_counted):
    """The program's streams. Its stdout is dropped when it only warms up, so
    that a reader gets the output of the runs that count."""
    streams = {}
    if stdin is not None:
        file = stdin if isinstance(stdin, int) else stdin.fileno()
        os.lseek(file, 0, os.SEEK_SET)
        streams[0] = file
    if not is_counted:
        streams[1] = os.open(os.devnull, os.O_WRONLY)
    return streams


class Series:
    """The runs of one session, and the profiles of those that count."""

    def __init__(self, session, command):
        self.session = session
        self.command = command  # of --prepare, or None
        self.profiles, self.ends = [], []

    def run(self, stdin, number):
        """One run; number 0 only warms up. Returns how it ended."""
        if self.command is not None:
            ended = prepare(self.command)
            if ended.interrupted:
                return ended
        streams = _streams(stdin, number > 0)
        try:
            ended, found = self.session.once(streams)
        finally:
            if not number:
                os.close(streams[1])
        if number:
            self._take(number, ended, found)
        return ended

    def _take(self, number, ended, found):
        self.ends.append(ended)
        profile = None if ended.interrupted else runner.profile_of(ended, found)
        if profile is None:
            return
        self.profiles.append(profile)
        if self.session.keeper:
            runner.say_each(self.session.keeper.keep(profile, found, number))

    @property
    def counted(self):
        """Without runs that a signal cut off, unless all of them were."""
        whole = [profile for profile in self.profiles
                 if profile["process"]["end"] != "signal"]
        return whole or self.profiles

    @property
    def name(self):
        middle = profiles.middle(self.profiles)
        return style.plain(reports.program(middle))

    def left_out(self):
        """Why runs are not among the medians, as lines."""
        count = len(self.profiles) - len(self.counted)
        if not count:
            return []
        return [f"WARNING    {count} run{'s' * (count > 1)} of {self.name}"
                f" ended by a signal: {'they are' if count > 1 else 'it is'}"
                " not among the medians"]


def _plan(sides, warmups, runs):
    """(series, number of the run), two sides in turns: A B, B A, A B."""
    for _ in range(warmups):
        for side in sides:
            yield side, 0
    for number in range(1, runs + 1):
        for side in sides if number % 2 else sides[::-1]:
            yield side, number


def run_all(sides):
    """Runs everything; returns how the last run ended."""
    session = sides[0].session
    warmups = session.warmups
    stdin, ended, word = reusable_stdin(), None, ""
    for side, number in _plan(sides, warmups, session.runs):
        word = f"run {number} of {session.runs}" if number else "warming up"
        is_end = side is sides[0] and number in (1, session.runs)
        _progress(word, session.options.quiet, is_end)
        ended = side.run(stdin, number)
        if ended.interrupted:
            break
    if ended.interrupted and not session.options.quiet:
        runner.say("", f"midpool: interrupted ({word}): that run is neither"
                " among the medians nor kept")
    return ended


def status_of(sides, last):
    """How the command will end: as the first run that failed, or the last."""
    ends = [ended for side in sides for ended in side.ends] + [last]
    return next((ended for ended in ends if ended.status), last)


def run_many(session):
    """N runs, one after another."""
    session.announce()
    series = Series(session, session.prepare[0])
    last = run_all([series])
    finish(series)
    return status_of([series], last)


def warn_of_ends(ends):
    statuses = sorted({ended.shell_status for ended in ends})
    if len(statuses) > 1:
        runner.say("WARNING    the runs ended differently: exit statuses "
                + ", ".join(map(str, statuses)))


def finish(series):
    from midpool_lib.read import keep

    session = series.session
    if not series.profiles:
        if not session.options.quiet and not (
                series.ends and series.ends[-1].interrupted):
            runner.say("", runner.no_report(session))
        return
    kept = keep.keep_last(profiles.middle(series.counted))
    if session.options.quiet:
        return
    look = style.Style(sys.stderr)
    count, wanted = len(series.counted), session.runs
    runs = (f"{count} run{'s' * (count != 1)}" if count == wanted
            else f"{count} of {wanted} runs")
    runner.say("", f"{look.paint('midpool', 'bold')}    "
            f"{look.paint(series.name, 'bold')}, {runs}", "",
            *medians(series.counted))
    runner.say_each(series.left_out())
    warn_of_ends(series.ends)
    if session.keeper:
        runner.warn_of_older(session.keeper)
    runner.say("", runner.next_step(session, kept))
