"""midpool doctor: says whether midpool can serve a program; if not, why."""

import os
import resource
import sys

from midpool_lib.base import arguments, paths, style
from midpool_lib.base.errors import CommandError
from midpool_lib.run import elf, first_touch, launch, obstacles, runtimes

HELP = """\
usage: midpool doctor [options] PROGRAM

Tells whether midpool can serve PROGRAM: looks at its file, the libraries it
loads, the limits of this shell and the kernel's settings. Nothing is run.

  -q, --quiet       leave out the checks that found nothing (marked 'ok')
      --build DIR   the build whose library would be preloaded

exit status: 0 it works, 1 it does not (the findings marked 'no')

  midpool doctor /usr/bin/redis-server
"""

SPEC = {"-q": "quiet", "--quiet": "quiet", "--build": "build="}
MALLOC = ("malloc", "free", "calloc", "realloc")
ALLOCATORS = ("jemalloc", "tcmalloc", "mimalloc", "tbbmalloc", "snmalloc",
              "hardened_malloc", "scudo")
RESERVED = 4 * 2**30  # address space that leaves the pools room to work


class Finding:
    """One check's outcome: 'ok', 'note' or 'no', with reason and remedy.

    runs is False if the program cannot start, with or without midpool.
    """

    def __init__(self, mark, name, why, remedy="", runs=True):
        self.mark = mark
        self.name = name
        self.why = why
        self.remedy = remedy
        self.runs = runs


def check_file(path, build):
    found = obstacles.quick(path) or obstacles.old_libc(path,
                                                        paths.library(build))
    if found:
        return Finding("no", found.what, found.why, found.remedy, found.runs)
    try:
        file = elf.Elf(path)
    except elf.NotElf as error:
        return Finding("no", "program", f"not a program that Linux loads"
                       f" ({error})", "give the executable itself",
                       runs=False)
    return Finding("ok", "program", f"dynamically linked, {file.machine_name()}"
                   f", loaded by {file.interpreter}")


def check_secure(path):
    found = obstacles.secure(path)
    if found:
        return Finding("no", found.what, found.why, found.remedy)
    return Finding("ok", "rights", "gains none when it starts")


def check_malloc(path):
    """Looks for an allocator that the executable itself defines."""
    symbols = elf.Elf(path).dynamic_symbols()
    own = [name for name in MALLOC if symbols.get(name)]
    if own:
        return Finding(
            "no", "own malloc", f"the program itself defines {', '.join(own)};"
            " its definitions come before those of any preloaded library",
            "build it without its allocator (for instance"
            " --disable-jemalloc, MALLOC=libc)")
    return Finding("ok", "malloc", "not defined by the program itself")


def check_libraries(path, build):
    needed = elf.Elf(path).needed()
    theirs = [name for name in needed
              if any(word in name for word in ALLOCATORS)]
    if not theirs:
        return Finding("ok", "libraries",
                       ", ".join(needed[:6]) or "none beside the loader")
    if all("jemalloc" in name for name in theirs) and _serves_mallocx(build):
        return Finding(
            "note", "allocator", f"it is linked with {', '.join(theirs)};"
            " midpool comes first and serves it, jemalloc's own functions"
            " (mallocx, mallctl) included")
    return Finding(
        "note", "allocator", f"it is linked with {', '.join(theirs)}; midpool"
        " comes first and serves its calls of malloc, free and the like."
        " midpool does not see what the program and its libraries allocate by"
        " that allocator's own functions",
        "compare with 'midpool bench'")


def _serves_mallocx(build):
    """False if the library was built with -Djemalloc=shared."""
    try:
        return elf.Elf(paths.library(build)).names("mallocx")
    except (OSError, elf.NotElf):
        return True


def check_runtime(path):
    """Says which part of a program's memory midpool will not see."""
    try:
        runtime = runtimes.of_file(path, elf.Elf(path))
    except (OSError, elf.NotElf):
        return None
    if runtime is None:
        return None
    return Finding("note", runtime.name, runtime.seen, runtime.remedy)


def check_sanitizer(path):
    if any(name.startswith("liblsan") for name in elf.Elf(path).needed()):
        return Finding(
            "note", "sanitizer", "built with LeakSanitizer, which sees no"
            " allocation while midpool serves them",
            "look for leaks without midpool")
    return Finding("ok", "sanitizer", "none built in")


def _limit(number):
    return resource.getrlimit(number)[0]


def check_limits():
    low = []
    for name, number, flag in (("address space", resource.RLIMIT_AS, "-v"),
                               ("data", resource.RLIMIT_DATA, "-d")):
        value = _limit(number)
        if value != resource.RLIM_INFINITY and value < RESERVED:
            low.append(f"{name} {style.size(value)} (ulimit {flag})")
    if low:
        return Finding("note", "limits", "tight: " + ", ".join(low) + "; if"
                       " the pools get no more memory, jemalloc serves their"
                       " requests (bypasses)",
                       "raise the limit if the report shows bypasses")
    return Finding("ok", "limits", "enough address space")


def _read(path):
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def check_overcommit():
    if _read("/proc/sys/vm/overcommit_memory") == "2":
        return Finding(
            "note", "overcommit", "vm.overcommit_memory is 2: the system"
            " counts memory as used when it is mapped; the pools map 32 MB at a"
            " time",
            "nothing to do, unless the report shows bypasses")
    return Finding("ok", "overcommit", "the system counts memory when a"
                   " program touches it")


def check_thp():
    setting = _read("/sys/kernel/mm/transparent_hugepage/enabled")
    if "[always]" in setting:
        return Finding(
            "note", "huge pages", "transparent_hugepage is 'always': the first"
            " use of memory is faster, and each thread needs more memory",
            "use MIDPOOL_CONF=thp:never if memory matters more")
    return Finding("ok", "huge pages", "midpool asks for them where they are"
                   " cheaper (thp:auto); the system's setting is "
                   + (setting or "unknown"))


def check_first_touch():
    """Measures the cost of pages: it depends on the machine, and varies."""
    costs = first_touch.told()
    if not costs:
        return None
    return Finding("ok", "first touch", costs + "; the pools use the cheaper"
                   " kind, small or huge, where a program fills its buffers")


def check_library(build):
    path = paths.library(build)
    if os.path.exists(path):
        return Finding("ok", "library", path)
    return Finding("note", "library", "not built yet",
                   "the first 'midpool run' builds it")


def check_environment():
    others = os.environ.get("LD_PRELOAD", "")
    rivals = [entry for entry in others.replace(":", " ").split()
              if any(word in entry for word in ALLOCATORS)]
    if rivals:
        return Finding("note", "LD_PRELOAD", f"{rivals[0]} is preloaded, too;"
                       " midpool comes before it and serves the program",
                       "unset LD_PRELOAD to leave it out")
    return None


def examine(path, build):
    """All findings on a program's ELF file."""
    findings = [check_file(path, build)]
    if findings[0].mark == "ok":
        findings += [check_secure(path), check_malloc(path),
                     check_libraries(path, build), check_sanitizer(path)]
    findings.append(check_runtime(path))
    findings += [check_limits(), check_overcommit(), check_thp(),
                 check_first_touch(),
                 check_library(build), check_environment()]
    return [finding for finding in findings if finding]


def render(findings, look, quiet):
    import textwrap

    lines = []
    for finding in findings:
        if quiet and finding.mark == "ok":
            continue
        colour = {"ok": ("green",), "note": ("bold",),
                  "no": ("bold", "red")}[finding.mark]
        head = f"{finding.mark:>4}  {finding.name:<12}"
        body = textwrap.wrap(finding.why, 60, break_on_hyphens=False) or [""]
        if len(finding.name) >= 12:  # no room beside it
            lines.append(look.paint(head, *colour))
            head = " " * 18
            colour = ()
        lines.append(look.paint(head, *colour) + body[0])
        lines += [" " * 18 + line for line in body[1:]]
        if finding.remedy:
            lines += textwrap.wrap("-> " + finding.remedy, 78,
                                   initial_indent=" " * 18,
                                   subsequent_indent=" " * 21,
                                   break_on_hyphens=False)
    return lines


def verdict(name, findings):
    """The verdict, in a line."""
    bad = [finding for finding in findings if finding.mark == "no"]
    if not all(finding.runs for finding in bad):
        return f"{name}: will not run, with midpool or without"
    if bad:
        return f"{name}: will run, but not on midpool"
    return f"{name}: midpool can serve it (midpool run -- {name} ...)"


def check_interpreter(path):
    """The finding that an interpreter or loader is missing, or None."""
    missing = elf.missing_interpreter(path)
    if not missing:
        return None
    return Finding("no", "interpreter", f"{style.plain(missing)} is not there",
                   "install it, or correct the path in the program",
                   runs=False)


def main(argv):
    options = arguments.parse("doctor", argv, SPEC, HELP, stop_at_operand=True)
    program = options.rest + (options.after or [])
    if not program:
        raise CommandError("doctor: which program?", "midpool doctor PROGRAM")
    found = launch.find_only(program[0], launch.locate)
    path, scripts = elf.interpreter_of(found)
    path = os.path.realpath(path)
    missing = None if obstacles.quick(path) else check_interpreter(found)
    findings = [missing] if missing else examine(path, options.build)
    if scripts and not missing:
        findings.insert(0, Finding("note", "script", f"{scripts[0]} is run by"
                                   f" {path}, which is examined in its place"))
    look = style.Style(sys.stdout)
    lines = render(findings, look, options.quiet)
    bad = any(finding.mark == "no" for finding in findings)
    lines += ["", verdict(style.plain(program[0]), findings)]
    print("\n".join(lines))
    return 1 if bad else 0
