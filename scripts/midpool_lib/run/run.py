"""midpool run: runs a program on the pools and shows its report at the end."""

import sys

from midpool_lib.base import arguments, style
from midpool_lib.base.errors import CommandError
from midpool_lib.run import launch, runner

HELP = """\
usage: midpool run [options] [--] PROGRAM [ARGUMENT...]

Runs PROGRAM with libmidpool.so preloaded and shows how the pools did; its
input, output and exit status are its own. The first call in a source tree
installs what the build needs and builds.

  -o, --output FILE  keep the report; a run's processes are added up in it.
                     %p %P %e %h %t %n as in report_file, %r: number of the
                     run; with %p, %P, %e or %n every process has its file
  -n, --runs N       run it N times: N reports, and their medians
      --vs OTHER     compare with another setting (K:V,...) or command, both
                     in turns, N times each (10); OTHER is the new side
      --warmup N     N runs before the others, which do not count
      --prepare CMD  a shell command before each run; with --vs one for each
                     side may be given
      --conf K:V,... options as in MIDPOOL_CONF, on top of it
      --live         watch the pools, full screen, while it runs
      --sites        sample the call stacks of requests (sites:auto)
  -a, --all          classes as well as pools in what is shown
  -q, --quiet        show nothing
      --build DIR    use the build in DIR

  midpool run --sites -- git log --stat
  midpool run -n 10 -o base.json -- sqlite3 my.db .dump > /dev/null
"""

SPEC = {"-o": "output=", "--output": "output=", "-n": "runs=",
        "--runs": "runs=", "--vs": "vs=", "--warmup": "warmup=",
        "--prepare": "prepare=*", "--conf": "conf=*", "--live": "live",
        "--sites": "sites",
        "-a": "all", "--all": "all", "-q": "quiet", "--quiet": "quiet",
        "--build": "build="}

SITES = "sites:auto"


def show(session, ended, profile):
    """The output after one run."""
    from midpool_lib.show import text_report

    look = style.Style(sys.stderr)
    if profile["process"]["pid"] != ended.pid:
        runner.say("", "midpool: the program itself left no report; this is the"
            " report of those that it started")
    lines = text_report.render(profile, look, session.options.all)
    if session.options.sites:
        from midpool_lib.read import sites
        from midpool_lib.show import sites_text

        try:
            lines += [""] + sites_text.lines(sites.of([profile]), look)[:30]
        except CommandError as error:
            lines += ["", f"{error.problem}; {error.fix}"]
    runner.say("", *lines, *session.missing)


def run_once(session):
    from midpool_lib.read import keep

    session.announce()
    if session.options.live:
        from midpool_lib.run import watch

        ended, found = watch.run_watched(session)
    else:
        ended, found = session.once(None)
    profile = runner.profile_of(ended, found)
    if profile is None:
        if not session.options.quiet:
            runner.say(runner.no_report(session))
        return ended
    if session.keeper:
        runner.say_each(session.keeper.keep(profile, found, 1))
    kept = keep.keep_last(profile)
    if not session.options.quiet:
        show(session, ended, profile)
        runner.say(runner.next_step(session, kept))
    return ended


def _check(options):
    """Complains about options that do not go together."""
    commands = 2 if options.vs is not None else 1
    if len(options.prepare) > commands:
        raise CommandError(f"run: {len(options.prepare)} times --prepare",
                           "give it once, or once for each side of --vs")
    if options.live and (options.vs is not None or options.warmup
                         or options.prepare
                         or options.runs not in (None, "1")):
        raise CommandError("run: --live watches a single run",
                           "leave out --runs, --vs, --warmup and --prepare")


def run_versus(options, program):
    from midpool_lib.read import keep
    from midpool_lib.run import versus

    options.runs = options.runs or str(versus.RUNS)
    more_conf, command = versus.other(options, program)
    names = [options.output and keep.numbered(options.output, word)
             for word in ("base", "new")]
    return versus.run_both(
        runner.Session(options, program, pattern=names[0]),
        runner.Session(options, command, more_conf, names[1]))


def main(argv):
    options = arguments.parse("run", argv, SPEC, HELP, stop_at_operand=True)
    program = options.rest + (options.after or [])
    if not program:
        raise CommandError("run: which program?",
                           "midpool run [options] -- PROGRAM [ARGUMENT...]")
    _check(options)
    if options.sites:
        # Before the user's own options, which may set another rate.
        options.conf.insert(0, SITES)
    if options.vs is not None:
        return launch.end_like(run_versus(options, program))
    session = runner.Session(options, program, pattern=options.output)
    if session.runs > 1 or session.warmups or options.prepare:
        from midpool_lib.run import repeat

        ended = repeat.run_many(session)
    else:
        ended = run_once(session)
    return launch.end_like(ended)
