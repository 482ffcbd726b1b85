"""Builds libmidpool.so in a source tree, if a source is newer than it.

The first call installs the packages that the build needs, and builds. Later
ones compare the sources' times with a stamp, which takes a millisecond. All
output goes to stderr.
"""

import fcntl
import os
import sys

from midpool_lib.base import paths
from midpool_lib.base.errors import CommandError

STAMP = ".midpool-run"
FOLDERS = ("pool", "stats", "interpose")
FILES = ("meson.build", "meson_options.txt", "meson.options")


def _changed(path):
    """The time of a file's last change, in ns; 0: there is no such file."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def newest_source(source):
    """The time of the last change of any source file of the library."""
    newest = 0
    for folder in FOLDERS:
        for place, folders, files in os.walk(os.path.join(source, folder)):
            for name in folders + files:
                newest = max(newest, _changed(os.path.join(place, name)))
    for name in FILES:
        newest = max(newest, _changed(os.path.join(source, name)))
    return newest


def _is_current(build):
    try:
        stamp = os.stat(os.path.join(build, STAMP)).st_mtime_ns
        os.stat(paths.library(build))
        os.stat(paths.snapshot_tool(build))
    except OSError:
        return False
    return stamp >= newest_source(paths.SOURCE)


def _step(words, command, log):
    """Runs a step of the build; its output is shown only if it fails."""
    import subprocess  # here, because most calls build nothing

    print(f"midpool: {words} ...", file=sys.stderr, flush=True)
    log.truncate(0)
    log.seek(0)
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log,
                              stderr=log, cwd=paths.SOURCE, check=False)
        status = done.returncode
    except OSError as error:
        raise CommandError(f"{command[0]}: {error.strerror}",
                           "'scripts/setup build' installs what the build"
                           " needs") from None
    if status:
        log.flush()
        with open(log.name, encoding="utf-8", errors="replace") as shown:
            sys.stderr.write("".join(shown.readlines()[-40:]))
        raise CommandError(f"{words} failed, with the output above",
                           f"all of it is in {log.name}")


def _has_own_jemalloc(build):
    """True if a build was configured with another jemalloc than the system's,
    as users do who cannot install packages."""
    import json

    path = os.path.join(build, "meson-info", "intro-buildoptions.json")
    try:
        with open(path, encoding="utf-8") as file:
            options = {option["name"]: option["value"]
                       for option in json.load(file)}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return str(options.get("jemalloc", "")).endswith(".a")


def _setup(build):
    """Installs missing packages; scripts/setup shows its own progress."""
    import subprocess

    tool = [os.path.join(paths.DATA, "setup")]
    if _has_own_jemalloc(build):
        tool += ["--without", "libjemalloc-dev"]
    done = subprocess.run(tool + ["build"], stdin=subprocess.DEVNULL,
                          stdout=sys.stderr, check=False)
    if done.returncode:
        raise CommandError("packages that the build needs are missing",
                           "install those listed above and try again")


def _build(build):
    with open(os.path.join(build, "midpool-run.log"), "w+",
              encoding="utf-8") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        if _is_current(build):
            return  # another call built it while this one waited
        started = newest_source(paths.SOURCE)
        _setup(build)
        if not os.path.exists(os.path.join(build, "build.ninja")):
            # Without the tests, which need more packages than the library;
            # scripts/test turns them on.
            _step("configuring the build, once",
                  ["meson", "setup", build, "-Dtests=disabled"], log)
        _step("building libmidpool.so",
              ["ninja", "-C", build, "libmidpool.so", "midpool-snapshot"],
              log)
        stamp = os.path.join(build, STAMP)
        with open(stamp, "w", encoding="utf-8"):
            pass
        # A source that changed meanwhile is newer than this.
        os.utime(stamp, ns=(started, started))


def ensure(build=None):
    """The library's path. Builds it if that is needed and possible."""
    if build is not None or paths.is_installed():
        return paths.require(os.path.abspath(paths.library(build)),
                             "libmidpool.so")
    build = paths.build_dir()
    if _is_current(build):
        return paths.library(build)
    try:
        os.makedirs(build, exist_ok=True)
        _build(build)
    except PermissionError:
        if os.path.exists(paths.library(build)):
            return paths.library(build)  # someone else's tree, already built
        raise CommandError(
            f"cannot build in {build}: permission denied",
            "run it once as the tree's owner, or give --build DIR of a"
            " build of your own") from None
    return paths.library(build)
