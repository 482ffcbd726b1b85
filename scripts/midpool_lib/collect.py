"""Gathers the reports of a program and of everything that it starts.

Each process writes its report into a directory of this run when it exits,
and keeps its counters in a page under /dev/shm besides (live:yes), from which
the report of one that was killed is made. Pages are told from others by the
run's directory in the configuration that they hold.
"""

import os

from midpool_lib import paths, reports
from midpool_lib.errors import CommandError

PAGES = "/dev/shm"
HEAD_BYTES = 16384
OURS = ("report", "report_file", "live")
FEW_PAGES = 64


def parse_conf(text):
    """MIDPOOL_CONF's text as a list of (key, whole entry)."""
    entries = [entry for entry in text.split(",") if entry.strip()]
    return [(entry.partition(":")[0].strip(), entry) for entry in entries]


class Collector:
    """One run's directory of reports."""

    def __init__(self, build=None):
        self.build = build
        base = os.environ.get("TMPDIR", "/tmp")
        if not os.path.isabs(base) or any(c in base for c in ",%:"):
            base = "/tmp"
        self.directory = os.path.join(base,
                                      "midpool-run." + os.urandom(6).hex())
        try:
            os.mkdir(self.directory, 0o700)
        except OSError as error:
            raise CommandError(f"no room for reports in {base}:"
                               f" {error.strerror}") from None

    def conf(self, *texts):
        """The program's MIDPOOL_CONF: texts' options, and what run needs."""
        kept = [entry for text in texts for key, entry in parse_conf(text)
                if key not in OURS]
        pattern = os.path.join(self.directory, "%e.%p.%n.json")
        return ",".join(kept + ["report:json", "report_file:" + pattern,
                                "live:yes"])

    def preloadable(self, library):
        """The library's name in LD_PRELOAD of this run's processes."""
        return paths.preloadable(library, self.directory)

    def _pages(self):
        """Page files of this run's processes: (path, pid)."""
        mark = self.directory.encode()
        for name in _names(PAGES):
            if not name.startswith("midpool."):
                continue
            path = os.path.join(PAGES, name)
            try:
                with open(path, "rb") as file:
                    head = file.read(HEAD_BYTES)
                pid = int(path.split(".")[-2])
            except (OSError, ValueError, IndexError):
                continue
            if mark in head:
                yield path, pid

    def _written(self):
        """Reports that are files of this run by now."""
        found = {}
        for name in _names(self.directory):
            if not name.endswith(".json") or name.startswith("."):
                continue
            try:
                report = reports.read(os.path.join(self.directory, name))
            except CommandError:
                continue  # cut off: its process was killed meanwhile
            process = report["process"]
            found[process["pid"], process["start_unix_ns"]] = report
        return found

    def gather(self):
        """All reports, ordered by start; running processes included."""
        self.harvest(everything=True)
        found = self._written()
        for path, _pid in list(self._pages()):
            try:
                report = reports.read(path, self.build)
            except CommandError:
                continue
            process = report["process"]
            found.setdefault((process["pid"], process["start_unix_ns"]),
                             report)
        return sorted(found.values(), key=lambda report: (
            report["process"]["start_unix_ns"], report["process"]["pid"]))

    def harvest(self, everything=False):
        """Pages of processes that ended without a report become files, so
        that they neither pile up nor are swept away while the run goes on."""
        pages = list(self._pages())
        if len(pages) < FEW_PAGES and not everything:
            return
        for path, pid in pages:
            if _runs(pid):
                continue
            generation = path.rsplit(".", 1)[-1]
            end = f".{pid}.{generation}.json"
            if not any(name.endswith(end)
                       for name in _names(self.directory)):
                self._save(path, pid, generation)
            _remove(path)

    def _save(self, path, pid, generation):
        import json

        try:
            report = reports.read(path, self.build)
        except CommandError:
            return
        name = os.path.join(self.directory, f"page.{pid}.{generation}.json")
        with open(name, "w", encoding="utf-8") as file:
            json.dump(report, file)

    def close(self):
        """Removes the directory, unless processes will still write there;
        their pids are returned."""
        running = sorted({pid for _path, pid in self._pages() if _runs(pid)})
        if not running:
            for name in _names(self.directory):
                _remove(os.path.join(self.directory, name))
            try:
                os.rmdir(self.directory)
            except OSError:
                pass  # whatever came in meanwhile
        return running


def _names(directory):
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in b"ZX"
    except (OSError, IndexError):
        return False


def _remove(path):
    try:
        os.unlink(path)
    except OSError:
        pass
