"""Cheap checks for obstacles to a preloaded library.

An obstacle has what, why, remedy, preload and runs. preload: setting
LD_PRELOAD does no harm nevertheless, and may serve the program's children.
runs: the program can start at all.
"""

import os
import re

from midpool_lib.run import elf


class Obstacle:
    def __init__(self, what, why, remedy, preload=True, runs=True):
        self.what = what
        self.why = why
        self.remedy = remedy
        self.preload = preload
        self.runs = runs


def secure(path):
    """setuid, setgid or capabilities, for which ld.so drops LD_PRELOAD."""
    info = os.stat(path)
    gains = []
    if info.st_mode & 0o4000 and info.st_uid != os.getuid():
        gains.append("setuid")
    if info.st_mode & 0o2000 and info.st_mode & 0o010 \
            and info.st_gid != os.getgid():
        gains.append("setgid")
    try:
        if os.getxattr(path, "security.capability") and os.getuid() != 0:
            gains.append("file capabilities")
    except OSError:
        pass
    if not gains:
        return None
    return Obstacle(
        " and ".join(gains), "the loader drops LD_PRELOAD for programs that"
        " gain rights, so that users cannot change them",
        "run it as the user whose rights it gains, or run a copy without those"
        " rights")


def foreign(file):
    """An executable that this library was not built for."""
    with open("/proc/self/exe", "rb") as own:
        mine = own.read(20)
    if file.bits == 32:
        return Obstacle(
            "32-bit", f"the program is for {file.machine_name()} and has 32"
            " bits; a library of 64 bits cannot be loaded into it",
            "use the program's 64-bit build", preload=False)
    if file.machine != int.from_bytes(mine[18:20], "little"):
        return Obstacle(
            "other machine", f"the program is for {file.machine_name()}"
            " and runs in an emulator, if at all",
            "build midpool for that machine", preload=False)
    return None


# Each runtime: its shared library, the symbol of a static one, its name.
SANITIZERS = (("asan", "__asan_init", "AddressSanitizer"),
              ("hwasan", "__hwasan_init", "HWAddressSanitizer"),
              ("tsan", "__tsan_init", "ThreadSanitizer"),
              ("msan", "__msan_init", "MemorySanitizer"),
              ("lsan", "__lsan_init", "LeakSanitizer"))


def sanitizer(file):
    """A runtime that brings its own malloc, or must be the first library.

    gcc's LeakSanitizer is not among them: the pools serve such a program.
    """
    for word, symbol, name in SANITIZERS:
        shared = any(re.match(rf"lib(clang_rt\.)?{word}\b", lib)
                     for lib in file.needed())
        if shared and word != "lsan":
            return Obstacle(
                "sanitizer", f"built with {name}, whose library must come"
                " before any preloaded one; otherwise the program ends at its"
                " start",
                "use a build without -fsanitize", preload=False)
        if not shared and file.names(symbol):
            return Obstacle(
                "sanitizer", f"built with {name}, which needs its own malloc",
                "use a build without -fsanitize", preload=False)
    return None


def quick(path):
    """The first obstacle that headers and file modes show, or None."""
    try:
        file = elf.Elf(path)
    except (elf.NotElf, OSError):
        return None
    found = foreign(file)
    if found:
        return found
    loader = file.interpreter
    if loader is None:
        return Obstacle(
            "static", "the program is linked statically, so that no loader can"
            " preload a library into it",
            "link it dynamically (without -static), or look at the programs"
            " that it starts")
    if "ld-musl" in loader:
        return Obstacle(
            "musl", "the program's libc is musl; midpool is built for glibc",
            "use the program's glibc build", preload=False)
    if not os.path.exists(loader):
        return Obstacle(
            "no loader", f"its dynamic loader {loader} is not there, so the"
            " kernel cannot start the program",
            "install the C library that it was built for", runs=False)
    return secure(path) or sanitizer(file)


def _highest(path):
    """The newest version of glibc that a file names, or None."""
    try:
        return max(elf.Elf(path).libc_versions(), default=None)
    except (elf.NotElf, OSError):
        return None


def old_libc(path, library):
    """The obstacle that the library needs a newer glibc than the one beside
    the program's loader, which would refuse to load it."""
    try:
        loader = os.path.realpath(elf.Elf(path).interpreter or "/")
    except (elf.NotElf, OSError):
        return None
    found = _highest(os.path.join(os.path.dirname(loader), "libc.so.6"))
    needed = _highest(library)
    if not found or not needed or found >= needed:
        return None
    wanted, there = (".".join(map(str, part)) for part in (needed, found))
    return Obstacle(
        "old glibc", f"the library needs glibc {wanted}, and the program's is"
        f" {there}", f"build midpool where glibc is {there}", preload=False)


def of_program(path, library=None):
    """The first obstacle of a program; for a script, of its interpreter. If
    library is None, the library's need of a newer glibc is not checked."""
    try:
        target, _scripts = elf.interpreter_of(path)
    except OSError:
        return None
    return quick(target) or (library and old_libc(target, library)) or None
