"""Where things are: in a source tree, or where meson installed them."""

import os

from midpool_lib.base.errors import CommandError

MODULES = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
DATA = os.path.dirname(MODULES)  # scripts/, or <datadir>/midpool when installed
SOURCE = os.path.dirname(DATA)

try:
    from midpool_lib.base import installed
except ImportError:
    installed = None


def is_installed():
    return installed is not None


def _moved(path):
    """An installed path, also when the whole tree was moved (DESTDIR)."""
    suffix = installed.DATA_DIR
    root = DATA[:-len(suffix)] if DATA.endswith(suffix) else ""
    return root + path


def counter_table():
    if is_installed():
        return os.path.join(DATA, "counters.def")
    return os.path.join(SOURCE, "stats", "counters.def")


def build_dir():
    return os.path.join(SOURCE, "build")


def library(build=None):
    """libmidpool.so: in build, where installed, or in the source's build.

    A distribution has the name without number in its package for development
    only, and LIBRARY_DIR is its multi-arch folder.
    """
    if build is None and is_installed():
        return _moved(os.path.join(installed.LIBRARY_DIR, "libmidpool.so.1"))
    return os.path.join(build or build_dir(), "libmidpool.so")


def preloadable(path, directory, name="libmidpool.so"):
    """A name of the library without ' ' and ':', which divide LD_PRELOAD: its
    own, or that of a link, which is made in directory."""
    if not any(c in path for c in " :"):
        return path
    link = os.path.join(directory, name)
    if not os.path.islink(link):
        os.symlink(path, link)
    return link


def snapshot_tool(build=None):
    if build is None and is_installed():
        return _moved(os.path.join(installed.SNAPSHOT_DIR, "midpool-snapshot"))
    return os.path.join(build or build_dir(), "midpool-snapshot")


def require(path, what):
    if not os.path.exists(path):
        fix = ("install midpool again" if is_installed() else
               "'scripts/midpool run -- true' builds it")
        raise CommandError(f"{what} is missing: {path}", fix)
    return path


def state_dir():
    """Where the last run's report is kept for `midpool show`."""
    base = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(base, "midpool")


def last_report():
    return os.path.join(state_dir(), "last.json")
