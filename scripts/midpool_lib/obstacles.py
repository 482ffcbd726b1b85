"""What keeps a preloaded library out of a program: the cheap checks.

Each finding is (what, why, remedy, preload): preload tells whether setting
LD_PRELOAD still does no harm (and may serve the program's children).
"""

import os

from midpool_lib import elf


class Obstacle:
    def __init__(self, what, why, remedy, preload=True):
        self.what = what
        self.why = why
        self.remedy = remedy
        self.preload = preload


def secure(path):
    """setuid, setgid or capabilities that would make ld.so distrustful."""
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
        "run it as the user whose rights it gains, or a copy without them")


def foreign(file):
    """An executable that this library was not built for."""
    with open("/proc/self/exe", "rb") as own:
        mine = own.read(20)
    if file.bits == 32:
        return Obstacle(
            "32-bit", f"the program is for {file.machine_name()}, the library"
            " has 64 bits: a process holds one kind only",
            "use the program's 64-bit build", preload=False)
    if file.machine != int.from_bytes(mine[18:20], "little"):
        return Obstacle(
            "other machine", f"the program is for {file.machine_name()}"
            " and runs in an emulator, if at all",
            "build midpool for that machine", preload=False)
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
            "static", "the program is linked statically: no loader runs that"
            " would preload a library",
            "link it dynamically (without -static), or look at the programs"
            " that it starts")
    if "ld-musl" in loader:
        return Obstacle(
            "musl", "the program's libc is musl; midpool is built for glibc",
            "use the program's glibc build", preload=False)
    return secure(path)


def of_program(path):
    """The first obstacle of a program's file, scripts looked through."""
    try:
        target, _scripts = elf.interpreter_of(path)
    except OSError:
        return None
    return quick(target)
