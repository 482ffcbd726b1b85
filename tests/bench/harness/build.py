"""Builds the workload program and, where asked, midpool."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent
ROOT = SOURCES.parent.parent

WARNINGS = "-Wall -Wextra -Wshadow -Wconversion".split()
# -fno-builtin: a compiler that knows malloc would leave the pairs out.
FLAGS = "-D_GNU_SOURCE -std=gnu11 -O2 -fno-builtin -pthread".split()


class BuildError(Exception):
    """A build failed; the text names the part and the reason."""


def _call(argv, what, **more):
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, check=False, **more
        )
    except OSError as problem:
        raise BuildError(f"{what}: {problem}") from None
    if done.returncode != 0:
        raise BuildError(f"{what}:\n{done.stdout}{done.stderr}".rstrip())


def compiler():
    found = os.environ.get("CC") or shutil.which("gcc") or shutil.which("cc")
    if not found:
        raise BuildError("no C compiler (Debian: gcc)")
    return found


def _stale(target, sources):
    if not target.exists():
        return True
    made = target.stat().st_mtime
    return any(source.stat().st_mtime > made for source in sources)


@dataclass(frozen=True)
class Tools:
    """The compiled programs."""

    bench: Path
    launch: Path
    touch: Path


def workloads(folder):
    """Compiles the programs into folder and returns them."""
    folder.mkdir(parents=True, exist_ok=True)
    headers = sorted(SOURCES.glob("*.h"))
    floor = folder / "libbench-floor.so"
    if _stale(floor, [SOURCES / "floor.c", *headers]):
        _call(
            [compiler(), *FLAGS, *WARNINGS, "-fPIC", "-shared", "-o", floor,
             SOURCES / "floor.c"],
            "building the floor",
        )
    bench = folder / "bench"
    parts = [SOURCES / name for name in ("main.c", "support.c", "threads.c")]
    parts += sorted(SOURCES.glob("work_*.c"))
    if _stale(bench, [*parts, *headers, floor]):
        _call(
            [compiler(), *FLAGS, *WARNINGS, "-o", bench, *parts,
             f"-L{folder}", "-lbench-floor", "-Wl,-rpath,$ORIGIN", "-lm"],
            "building the workloads",
        )
    helpers = [folder / name for name in ("launch", "touch")]
    for helper in helpers:
        source = SOURCES / f"{helper.name}.c"
        if _stale(helper, [source]):
            _call(
                [compiler(), *FLAGS, *WARNINGS, "-static", "-o", helper,
                 source],
                f"building {helper.name}",
            )
    return Tools(bench.resolve(), *(helper.resolve() for helper in helpers))


OFF = {"boolean": "false", "feature": "disabled", "combo": "off"}


def option_off(name):
    """The argument that turns an option of midpool's build off; empty if the
    build has no such option."""
    try:
        text = (ROOT / "meson_options.txt").read_text(encoding="utf-8")
    except OSError:
        return ""
    found = re.search(rf"option\('{name}',\s*type:\s*'(\w+)'", text)
    return f"-D{name}={OFF[found.group(1)]}" if found else ""


def midpool(build=ROOT / "build", options=()):
    """Builds midpool and returns the library's path."""
    if not (build / "build.ninja").exists():
        print("setting up the build", file=sys.stderr)
        _call(["meson", "setup", build, ROOT, *options], "meson setup")
    print("building midpool", file=sys.stderr)
    _call(["meson", "compile", "-C", build], "building midpool")
    library = build / "libmidpool.so"
    if not library.exists():
        raise BuildError(f"the build made no {library}")
    return library
