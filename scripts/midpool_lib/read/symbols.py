"""Names for code addresses, found after the program ran, perhaps elsewhere.

elfutils' eu-addr2line does the work: it finds separate debug files, asks a
debuginfod server where DEBUGINFOD_URLS is set, knows inlined functions and
demangles C++ and Rust. A file counts only if its build id is the one that the
program ran with. Addresses without a name are shown as module+offset.
"""

import os
import shutil
import subprocess

DEBUG_FILES = "/usr/lib/debug/.build-id"
BATCH = 2000  # addresses for one call


class Function:
    """One frame as a person reads it; inlined ones have frames of their own.
    """

    def __init__(self, name, file="", line=0):
        self.name = name
        self.file = file
        self.line = line


def _run(words, text=""):
    try:
        done = subprocess.run(words, input=text, capture_output=True,
                              text=True, check=False, errors="replace")
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def build_id(path):
    """A file's build id in hex, or ''."""
    for line in _run(["eu-readelf", "-n", path]).splitlines():
        word, _colon, value = line.strip().partition(":")
        if word == "Build ID":
            return value.strip()
    return ""


def _file_for(path, wanted):
    """The file that has the symbols of a module, or None."""
    if os.path.exists(path) and (not wanted or build_id(path) == wanted):
        return path
    debug = f"{DEBUG_FILES}/{wanted[:2]}/{wanted[2:]}.debug"
    if wanted and os.path.exists(debug):
        return debug
    if wanted and os.environ.get("DEBUGINFOD_URLS"):
        found = _run(["debuginfod-find", "debuginfo", wanted]).strip()
        return found or None
    return None


def _location(text):
    """file and line of 'FILE:LINE:COLUMN'; unknown ones are '??:0'."""
    file, _colon, line = text.partition(":")
    parts = text.rsplit(":", 2)
    if len(parts) == 3 and parts[1].isdigit():
        file, line = parts[0], parts[1]
    number = line.split(":")[0]
    return ("", 0) if file == "??" else (file, int(number)
                                         if number.isdigit() else 0)


def _parse(text):
    """Offset -> functions, innermost first, of eu-addr2line -a -f -i -C."""
    found, names = {}, None
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("0x"):
            names = found.setdefault(int(line, 16), [])
            continue
        # "name" or "name inlined at FILE:LINE in outer"
        name = line.split(" inlined at ")[0]
        file, number = _location(next(lines, "??:0"))
        if name != "??" and names is not None:
            names.append(Function(name, file, number))
    return found


def is_available():
    return shutil.which("eu-addr2line") is not None


class Symbols:
    """The functions of the frames of some Sites."""

    def __init__(self, sites=None):
        self.found = {}
        self.asked = set()
        if sites is not None:
            self.learn(sites.list)

    def learn(self, several):
        """Looks up the frames of more sites that were not looked up yet."""
        wanted = {}
        for frame in {frame for site in several for frame in site.frames}:
            path, build, offset = frame
            if path is not None and frame not in self.asked:
                wanted.setdefault((path, build), set()).add(offset)
                self.asked.add(frame)
        if is_available():
            for (path, build), offsets in wanted.items():
                self._look_up(path, build, sorted(offsets))

    def _look_up(self, path, build, offsets):
        file = _file_for(path, build)
        for at in range(0, len(offsets) if file else 0, BATCH):
            text = "".join(f"{offset:#x}\n"
                           for offset in offsets[at:at + BATCH])
            out = _run(["eu-addr2line", "-a", "-f", "-i", "-C", "-e", file],
                       text)
            for offset, functions in _parse(out).items():
                self.found[path, build, offset] = functions

    def functions(self, frame):
        """A frame's functions, innermost first; at least one."""
        path, _build, offset = frame
        if path is None:
            return [Function("(other stacks)" if offset == 0
                             else f"{offset:#x}")]
        known = self.found.get(frame)
        return known or [Function(f"{os.path.basename(path)}+{offset:#x}")]

    def names(self, site):
        """All names of a stack, innermost first."""
        return [function.name for frame in site.frames
                for function in self.functions(frame)] or ["(no stack)"]
