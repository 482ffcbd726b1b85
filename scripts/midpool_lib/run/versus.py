"""midpool run --vs: runs two settings, or two programs, in turns.

A change on the machine meanwhile affects both sides alike, which is not so in
two series of runs, one after the other.
"""

import re
import shlex
import sys

from midpool_lib.base import conf, style
from midpool_lib.base.errors import CommandError
from midpool_lib.compare import diff, diff_text
from midpool_lib.read.profiles import Sample
from midpool_lib.run import repeat, runner

RUNS = 10  # without -n
_SETTING = re.compile(r"\s*[a-z_]+\s*:")


def is_setting(text):
    """True if --vs gives options of the library rather than a command."""
    return bool(_SETTING.match(text))


def other(options, argv):
    """(settings, command) of the new side."""
    text = options.vs
    if is_setting(text):
        if not all(item.value for item in conf.parse(text)):
            raise CommandError(f"run: --vs '{text}' lacks a value",
                               "as in --vs decay_ms:0,thp:never")
        return [text], argv
    try:
        command = shlex.split(text)
    except ValueError as error:
        raise CommandError(f"run: --vs '{text}': {error}") from None
    if not command:
        raise CommandError("run: --vs needs a setting or a command",
                           "--vs decay_ms:0, or --vs './new --fast'")
    return [], command


def _next_step(base, new):
    stems = [runner.pattern_of(side.session.keeper.names)
             for side in (base, new) if side.session.keeper]
    if len(stems) < 2 or not all(stems):
        return "-o FILE keeps the reports, of both sides"
    return f"next: midpool html {stems[0]} -- {stems[1]}"


def _show(base, new):
    options = base.session.options
    for side in (base, new):
        if not side.profiles:
            runner.say("", runner.no_report(side.session))
            return
    look = style.Style(sys.stderr)
    allow = ["config"] if is_setting(options.vs) else ["executable"]
    result = diff.Result(Sample(base.counted), Sample(new.counted),
                         diff.Terms(options.all, allow))
    runner.say("", f"{look.paint('midpool', 'bold')}  in turns, new is"
            f" {style.plain(options.vs)}", "", *diff_text.plain(result, look))
    for side in (base, new):
        runner.say_each(side.left_out())
        if side.session.keeper:
            runner.warn_of_older(side.session.keeper)
    repeat.warn_of_ends(base.ends + new.ends)
    runner.say("", _next_step(base, new))


def run_both(session, rival):
    """Runs both sessions in turns; returns how the command will end."""
    session.announce()
    if rival.path != session.path:
        rival.announce()
    sides = [repeat.Series(one, command) for one, command in zip(
        (session, rival), (session.prepare * 2)[:2])]
    last = repeat.run_all(sides)
    if not session.options.quiet and any(side.ends for side in sides):
        _show(*sides)
    return repeat.status_of(sides, last)
