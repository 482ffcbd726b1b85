"""midpool run -n: the same program several times, and the medians."""

import os
import stat
import sys
import tempfile

from midpool_lib import reports, run, sampling, style
from midpool_lib.profiles import TOTAL, Sample
from midpool_lib.profiles import middle as middle_of

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


def _progress(number, runs, quiet):
    if quiet:
        return
    tty = sys.stderr is not None and sys.stderr.isatty()
    if tty and os.isatty(1):  # where the program writes, too
        run.say(f"midpool: run {number} of {runs}")
    elif tty:
        sys.stderr.write(f"\rmidpool: run {number} of {runs} ")
        sys.stderr.flush()
    elif number == 1 or number == runs:
        run.say(f"midpool: run {number} of {runs}")


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


def medians(profiles):
    """A table of the totals over all runs."""
    lines = [f"{'':20}  {'median':>14}{'lowest':>14}{'highest':>14}"]
    everything = Sample(profiles)
    for name in ROWS:
        values = everything.values(TOTAL, name)
        if not values:
            continue
        lines.append(
            f"{name:>20}  {amount(name, sampling.median(values)):>14}"
            f"{amount(name, min(values)):>14}{amount(name, max(values)):>14}")
    return lines


def run_many(session):
    """N runs, one after another; the first failure's status is kept."""
    quiet = session.options.quiet
    session.announce()
    stdin = reusable_stdin()
    profiles, ends = [], []
    for number in range(1, session.runs + 1):
        _progress(number, session.runs, quiet)
        streams = {}
        if stdin is not None:
            file = stdin if isinstance(stdin, int) else stdin.fileno()
            os.lseek(file, 0, os.SEEK_SET)
            streams = {0: file}
        ended, found = session.once(streams)
        ends.append(ended)
        profile = run.profile_of(ended, found)
        if profile is not None:
            profiles.append(profile)
            if session.keeper:
                run.say_each(session.keeper.keep(profile, found, number))
        if ended.signal in (2, 3):
            break  # interrupted at the terminal
    finish(session, profiles, ends)
    return next((ended for ended in ends if ended.status), ends[-1])


def finish(session, profiles, ends):
    from midpool_lib import keep

    if session.options.quiet:
        return
    if not profiles:
        run.say("", run.no_report(session))
        return
    middle = middle_of(profiles)
    look = style.Style(sys.stderr)
    name = style.plain(reports.program(middle))
    count, wanted = len(profiles), session.runs
    runs = (f"{count} run{'s' * (count != 1)}" if count == wanted
            else f"{count} of {wanted} runs")
    run.say("", f"{look.paint('midpool', 'bold')}    "
            f"{look.paint(name, 'bold')}, {runs}", "", *medians(profiles))
    statuses = sorted({ended.shell_status for ended in ends})
    if len(statuses) > 1:
        run.say("WARNING    the runs ended differently: exit statuses "
                + ", ".join(map(str, statuses)))
    if session.keeper:
        run.warn_of_older(session.keeper)
    kept = keep.keep_last(middle)
    run.say("", run.next_step(session, kept))
