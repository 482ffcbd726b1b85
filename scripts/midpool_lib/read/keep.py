"""Where a run's reports are kept: -o patterns, and the last run's place."""

import json
import os
import stat

from midpool_lib.base import paths
from midpool_lib.base.errors import CommandError
from midpool_lib.read import reports

PER_PROCESS = ("%p", "%P", "%e", "%n")
PER_RUN = ("%t",)


def expand(pattern, report, run_number):
    """A pattern's file name for one report."""
    process = report["process"]
    values = {"p": process["pid"], "P": process["ppid"],
              "e": reports.program(report).replace("/", "_"),
              "h": process["host"].replace("/", "_"),
              "t": process["start_unix_ns"] // 10**9,
              "n": process.get("generation", 1), "r": run_number, "%": "%"}
    text, rest = "", pattern
    while rest:
        before, percent, rest = rest.partition("%")
        text += before
        if percent:
            text += str(values[rest[0]])
            rest = rest[1:]
    return text


def check(pattern):
    """Complains about a pattern before anything runs; makes its directory."""
    rest = pattern.replace("%%", "")
    while "%" in rest:
        rest = rest.partition("%")[2]
        if rest[:1] not in tuple("pPehtnr"):
            raise CommandError(
                f"run: -o {pattern}: %{rest[:1]} is not a pattern",
                "%p pid, %P parent's pid, %e executable, %h host, %t start,"
                " %n number of the image, %r number of the run, %%")
    check_directory("run", pattern)
    if "%" not in pattern:
        protect(pattern)


def check_directory(command, pattern):
    """Makes the directory of a name, and complains if that cannot be."""
    directory = os.path.dirname(pattern)
    if "%" in directory:
        return  # known when the pattern is filled in
    where = f"{command}: -o {pattern}"
    try:
        os.makedirs(directory or ".", exist_ok=True)
    except OSError as error:
        raise CommandError(f"{where}: {error.strerror} ({directory})"
                           ) from None
    if os.path.isdir(pattern):
        raise CommandError(f"{where} is a directory", "give a file name: -o"
                           f" {pattern.rstrip('/')}/base.json")
    if not os.access(directory or ".", os.W_OK):
        raise CommandError(f"{where}: cannot write in {directory or '.'}")


def regular(path):
    """True if there is a regular file; refuses links and devices, so that a
    report is never written into another file or a device.
    """
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(mode):
        kind = "a link" if stat.S_ISLNK(mode) else "not a regular file"
        raise CommandError(f"{path} is {kind}",
                           "give the name of a file with -o")
    return True


def protect(path):
    """Refuses to replace a file that is not a report."""
    try:
        if not regular(path):
            return
        with open(path, "rb") as file:
            head = file.read(4096)
    except FileNotFoundError:
        return
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
    if head.strip() and b'"midpool.report"' not in head:
        raise CommandError(f"{path} exists and is not a midpool report",
                           "choose another name for -o, or remove it")


def save_text(path, text):
    """Writes a file in one piece: a temporary one takes its name, which is
    as it was where there is no room. Raises OSError."""
    directory = os.path.dirname(path) or "."
    os.makedirs(directory, exist_ok=True)
    temporary = os.path.join(directory, ".midpool." + os.urandom(6).hex())
    try:
        with open(temporary, "x", encoding="utf-8") as out:
            out.write(text)
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def save(path, report):
    """Writes a report in one piece, as save_text does."""
    save_text(path, json.dumps(report, indent=1) + "\n")


def rescue(report):
    """Saves a report whose file could not be written; its path, or None."""
    for folder in (os.environ.get("TMPDIR", "/tmp"), "/tmp", "/var/tmp",
                   "/dev/shm", paths.state_dir()):
        path = os.path.join(folder, "midpool-kept." + os.urandom(6).hex()
                            + ".json")
        mask = os.umask(0o077)
        try:
            save(path, report)
            return path
        except OSError:
            continue
        finally:
            os.umask(mask)
    return None


def numbered(path, number):
    stem, dot, end = path.rpartition(".")
    if not dot or "/" in end:
        return f"{path}.{number}"
    return f"{stem}.{number}.{end}"


def older(pattern, runs):
    """Files that an earlier command with more runs left beside these."""
    found, number = [], runs + 1
    while os.path.exists(numbered(pattern, number)):
        found.append(numbered(pattern, number))
        number += 1
    return found


class Keeper:
    """Files the profiles of one command; knows what it wrote."""

    def __init__(self, pattern, runs):
        self.pattern = pattern
        self.runs = runs
        self.names = []

    @property
    def numbers(self):
        """True if the keeper must number the runs' names."""
        return self.runs > 1 and "%r" not in self.pattern and not any(
            part in self.pattern for part in PER_PROCESS + PER_RUN)

    def older(self):
        """Other files that the pattern 'base.*.json' would take for runs of
        this series."""
        if not self.numbers or "%" in self.pattern:
            return []
        return older(self.pattern, self.runs)

    def _free(self, name, run_number):
        if self.numbers:
            name = numbered(name, run_number)
        base, suffix = name, 2
        while name in self.names:
            name = numbered(base, suffix)
            suffix += 1
        return name

    def keep(self, profile, members, run_number):
        """Writes a file for each run, or for each process if the pattern names
        processes. Returns problems, as sentences.

        The program has run, so the command goes on if a file cannot be written:
        the report goes elsewhere, and one of the sentences says so.
        """
        per_process = any(part in self.pattern for part in PER_PROCESS)
        problems = []
        for report in members if per_process else [profile]:
            name = self._free(expand(self.pattern, report, run_number),
                              run_number)
            try:
                protect(name)
                save(name, report)
                self.names.append(name)
            except (CommandError, OSError) as error:
                why = getattr(error, "strerror", None)
                why = f"{name}: {why}" if why else str(error)
                place = rescue(report)
                problems.append(f"midpool: {why}; the report is "
                                + (f"in {place}" if place else "not kept"))
        return problems


def keep_last(profile):
    """Keeps the report for `midpool show` without a name; False: it cannot."""
    try:
        os.makedirs(paths.state_dir(), mode=0o700, exist_ok=True)
        save(paths.last_report(), profile)
        return True
    except OSError:
        return False
