"""The allocators that a program can be run under: name -> library."""

import glob
import os

from midpool_lib.base.cli import nearest
from midpool_lib.base.errors import CommandError

# Debian's package and the library's file name.
KNOWN = {"jemalloc": ("libjemalloc2", "libjemalloc.so.2"),
         "mimalloc": ("libmimalloc2.0", "libmimalloc.so.2"),
         "tcmalloc": ("libtcmalloc-minimal4", "libtcmalloc_minimal.so.4"),
         "tbbmalloc": ("libtbbmalloc2", "libtbbmalloc_proxy.so.2")}
DEFAULT = ("glibc", "jemalloc", "mimalloc", "tcmalloc", "midpool")
FOLDERS = ("/usr/lib/*-linux-gnu", "/usr/local/lib", "/usr/lib64", "/usr/lib")


def find(name):
    """The library of a known allocator, None where it is not installed."""
    for folder in FOLDERS:
        found = sorted(glob.glob(os.path.join(folder, KNOWN[name][1])))
        if found:
            return found[0]
    return None


def _by_name(word, midpool):
    name, equals, path = word.partition("=")
    if equals:
        if not os.path.exists(path):
            raise CommandError(f"bench: {word}: no such library")
        return name, os.path.abspath(path)
    if name == "glibc":
        return name, ""
    if name == "midpool":
        return name, midpool
    if name not in KNOWN:
        like = nearest(name, list(KNOWN) + ["glibc", "midpool"])
        fix = f"did you mean {like}? " if like else ""
        raise CommandError(f"bench: no allocator '{name}'",
                           fix + "others by path: name=/path/lib.so")
    path = find(name)
    if path is None:
        raise CommandError(f"bench: {name} is not installed",
                           f"apt-get install {KNOWN[name][0]}")
    return name, path


def choose(text, midpool):
    """Name -> library, and the names that are not installed."""
    if text is not None:
        words = [word for word in text.split(",") if word]
        if "midpool" not in words:
            words.append("midpool")
        return dict(_by_name(word, midpool) for word in words), []
    found, missing = {}, []
    for name in DEFAULT:
        if name in KNOWN and find(name) is None:
            missing.append(name)
        else:
            found.update([_by_name(name, midpool)])
    return found, missing
