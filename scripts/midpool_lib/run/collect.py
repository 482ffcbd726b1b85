"""Gathers the reports of a program and of everything that it starts.

Each process writes its report into a directory of this run when it exits. It
also keeps its counters in a live page (live:yes). If a process was killed,
ended by _exit or could not write its report, the report is made from its page.
With the option signal a process has several reports; its last state counts,
even if that is its page. The pages of a run are recognised by a secret in the
configuration that they contain: the name of a folder inside the run's
directory, which only its user can list. The program's processes get it through
their environment.
"""

import os

from midpool_lib.base import conf, paths
from midpool_lib.base.errors import CommandError
from midpool_lib.read import family, pages, reports, sources

OURS = ("report", "report_file", "live")
FEW_PAGES = 64
SAVED = "page."  # begins the names of reports made from pages


class Collector:
    """One run's directory of reports."""

    def __init__(self, build=None):
        self.build = build
        base = os.environ.get("TMPDIR", "/tmp")
        if not os.path.isabs(base) or any(c in base for c in ",%:"):
            base = "/tmp"
        self.directory = os.path.join(base,
                                      "midpool-run." + os.urandom(6).hex())
        self.secret = os.urandom(16).hex()
        self.place = os.path.join(self.directory, self.secret)
        self.from_pages = set()  # keys of the reports made from pages
        try:
            os.mkdir(self.directory, 0o700)
            os.mkdir(self.place, 0o700)
        except OSError as error:
            raise CommandError(f"cannot make a directory for reports in"
                               f" {base}: {error.strerror}") from None

    def conf(self, *texts):
        """The program's MIDPOOL_CONF: the options in texts and those of run."""
        kept = conf.without(OURS, *texts)
        pattern = os.path.join(self.place, "%e.%p.%n.json")
        return ",".join(kept + ["report:json", "report_file:" + pattern,
                                "live:yes"])

    def preloadable(self, library):
        """The library's name in LD_PRELOAD of this run's processes."""
        return paths.preloadable(library, self.directory)

    def pages(self):
        """This run's pages."""
        return [page for page in pages.find() if self.secret in page.config]

    def _written(self):
        """The reports that are files of this run so far."""
        found = {}
        names = [name for name in _names(self.place)
                 if name.endswith(".json") and not name.startswith(".")]
        for name in sorted(names, key=lambda name: name.startswith(SAVED)):
            try:
                report, = reports.read_source(sources.Source(
                    os.path.join(self.place, name), sources.open_shared))
            except (CommandError, ValueError):
                continue  # cut off: its process was killed while it wrote
            if name.startswith(SAVED):
                self._add_page(found, report)
            elif _is_later(report, found):
                found[_key(report)] = report
        return found

    def _add_page(self, found, report):
        """Adds what a page says, unless a report at the end is there."""
        known = found.get(_key(report))
        if known is not None and known["process"]["end"] in family.ENDED:
            return
        if _is_later(report, found):
            found[_key(report)] = report
            self.from_pages.add(_key(report))

    def _read(self, several):
        """The reports of pages, in their order; None if a page is gone."""
        names = [page.path for page in several]
        for document in pages.read_many(names, self.build):
            try:
                yield reports.whole(document)
            except CommandError:
                yield None

    def gather(self):
        """All reports, ordered by start; running processes included."""
        self.harvest(everything=True)
        found = self._written()
        for report in self._read(self.pages()):
            if report is not None:
                self._add_page(found, report)
        return sorted(found.values(), key=lambda report: (
            report["process"]["start_unix_ns"], report["process"]["pid"]))

    def harvest(self, everything=False):
        """Makes files of the pages of processes that ended without a report,
        so that pages neither pile up nor are swept away during the run."""
        ended = [page for page in self.pages() if not page.in_use]
        if len(ended) < FEW_PAGES and not everything:
            return
        for page, report in zip(ended, self._read(ended)):
            self._save(page, report)
        for page in ended:
            pages.remove(page)

    def _save(self, page, report):
        from midpool_lib.read import keep

        if report is not None:
            keep.save(os.path.join(self.place, f"{SAVED}{page.pid}."
                                   f"{page.generation}.json"), report)

    def close(self):
        """Removes the directory, unless running processes will still write
        there. Returns the pids of these. Pages of processes that ended since
        gather, which read them, are removed."""
        left = self.pages()
        running = sorted({page.pid for page in left if page.in_use})
        for page in left:
            if not page.in_use:
                pages.remove(page)
        if not running:
            for folder in (self.place, self.directory):
                for name in _names(folder):
                    _remove(os.path.join(folder, name))
                try:
                    os.rmdir(folder)
                except OSError:
                    pass  # a report came in meanwhile: the folder stays
        return running


def _key(report):
    process = report["process"]
    return process["pid"], process["start_unix_ns"]


def _is_later(report, found):
    """True if no later state of the image is known."""
    known = found.get(_key(report))
    return known is None or family.Image(report).is_newer_than(
        family.Image(known))


def _names(directory):
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _remove(path):
    try:
        os.unlink(path)
    except OSError:
        pass
