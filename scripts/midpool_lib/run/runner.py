"""Runs a program on the pools: the common part of run, repeat and versus."""

import os
import sys

from midpool_lib.base import arguments
from midpool_lib.run import build, launch, obstacles


def say(*lines):
    """Prints to stderr; an error there must not disturb the program."""
    try:
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass


def say_each(lines):
    for line in lines:
        say(line)


def environment(library, conf):
    """The program's environment, with the library first in LD_PRELOAD."""
    env = launch.environment()
    others = env.get(b"LD_PRELOAD", b"")
    preload = os.fsencode(library)
    env[b"LD_PRELOAD"] = preload + b":" + others if others else preload
    env[b"MIDPOOL_CONF"] = os.fsencode(conf)
    return env


def own_conf():
    """The user's MIDPOOL_CONF."""
    return os.fsdecode(launch.environment().get(b"MIDPOOL_CONF", b""))


def warn_of_conf(texts):
    from midpool_lib.base import conf
    from midpool_lib.run import collect

    used = sorted({item.key for text in texts for item in conf.parse(text)
                   if item.key in collect.OURS})
    if used:
        say(f"midpool: run collects the reports itself: {', '.join(used)} in"
            " the options is not used (-o FILE keeps the report)")


class Harvester(launch.Onlooker):
    """Gathers the reports of ended processes while others still run."""

    def __init__(self, collector):
        self.collector = collector

    def look(self, _pid):
        self.collector.harvest()


class Session:
    """A program, run once or several times; pattern names its reports."""

    def __init__(self, options, argv, more_conf=(), pattern=None):
        self.options = options
        self.argv = [os.fsencode(word) for word in argv]
        self.runs = arguments.count("run", "-n", options.runs or "1", 1,
                                    10000)
        self.warmups = arguments.count("run", "--warmup",
                                       options.warmup or "0", 0, 10000)
        self.prepare = options.prepare or [None]
        self.keeper = None
        self.missing = []  # why reports of the last run are missing
        if pattern is not None:
            from midpool_lib.read import keep

            keep.check(pattern)
            self.keeper = keep.Keeper(pattern, self.runs)
        self.path = os.fsencode(launch.find(argv[0]))
        self.library = build.ensure(options.build)
        self.obstacle = obstacles.of_program(os.fsdecode(self.path),
                                             self.library)
        self.conf = [own_conf()] + options.conf + list(more_conf)

    def announce(self):
        if self.obstacle and not self.options.quiet:
            name = os.fsdecode(self.argv[0])
            say(f"midpool: {name} will run, but not on midpool:"
                f" {self.obstacle.what} ({self.obstacle.why})",
                f"  {self.obstacle.remedy}; 'midpool doctor {name}' tells more")
        if not self.options.quiet:
            warn_of_conf(self.conf)

    def once(self, streams, watcher=None):
        """Runs the program; returns (how it ended, its reports)."""
        from midpool_lib.run import collect

        collector = collect.Collector(self.options.build)
        try:
            if self.obstacle and not self.obstacle.preload:
                env = launch.environment()
            else:
                env = environment(collector.preloadable(self.library),
                                  collector.conf(*self.conf))
            if watcher is not None:
                watcher.collector = collector
            ended = launch.run(self.path, self.argv, env, streams,
                               watcher or Harvester(collector))
            found = collector.gather()
            if collector.from_pages:
                from midpool_lib.run import missing

                self.missing = missing.lines(ended, found,
                                             collector.from_pages)
        finally:
            running = collector.close()
            if running and not self.options.quiet:
                say(f"midpool: still running: {', '.join(map(str, running))};"
                    f" 'midpool live {running[0]}' watches it; at its end the"
                    f" report will be in {collector.directory}")
        return ended, found


def profile_of(ended, found):
    """The run's processes as one report, or None without any."""
    from midpool_lib.read import merge

    images = [report for report in found
              if report["process"]["pid"] == ended.pid]
    if not found:
        return None
    if not images:
        return merge.of_run(found[0], found)
    process = images[-1]["process"]
    if process["end"] != "exit":  # its page does not know when it ended
        process["duration_ns"] = max(process["duration_ns"], _left(ended,
                                                                   images))
    if ended.signal is not None:
        process["end"] = "signal"
        process["end_signal"] = launch.signal_name(ended.signal)
    elif process["end"] != "exit":
        process["end"] = "exit"  # _exit: it left no time for a report
    process["exit_status"] = ended.exit_status
    return merge.of_run(images[-1], found)


def _left(ended, images):
    """The last image's share of the process's time."""
    first, last = images[0]["process"], images[-1]["process"]
    return ended.wall_ns - (last["start_unix_ns"] - first["start_unix_ns"])


def no_report(session):
    """Why there is nothing to show, in a sentence."""
    if session.obstacle:
        return "midpool: no report: " + session.obstacle.what
    return ("midpool: no report: the program removed the library from its"
            " environment, or could not start")


def warn_of_older(keeper):
    """Warns of files of an earlier, longer series, which a pattern of the names
    would take for runs of this one."""
    older = keeper.older()
    if older:
        say("", f"WARNING    {older[0]}"
            + (f" to {older[-1]}" if len(older) > 1 else "")
            + f" {'are' if len(older) > 1 else 'is'} of an earlier series:"
            f" rm {' '.join(older[:9])}" + (" ..." if older[9:] else ""))


def pattern_of(names):
    """A shell pattern of the names of a series; "" of none."""
    if len(names) < 2:
        return "".join(names)
    return os.path.commonprefix(names) + "*" + os.path.splitext(names[0])[1]


def next_step(session, kept_last):
    names = session.keeper.names if session.keeper else []
    if len(names) == 1:
        return f"next: midpool show -a {names[0]}, or midpool html {names[0]}"
    if names:
        return (f"kept {names[0]} to {names[-1]}; next:"
                f" midpool diff {pattern_of(names)} -- NEW...")
    if kept_last:
        return "next: midpool show -a, or midpool html; -o FILE keeps a report"
    return "-o FILE keeps the report"
