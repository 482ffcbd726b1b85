"""The scenes and the checks that the scripts of this folder share.

Every script is called as SCRIPT write_pages [more programs]; write_pages
fills a directory with pages and renderings (see write_pages.c).
"""

import os
import subprocess
import sys
import tempfile

NAMES = ["busy", "idle", "inactive", "troubled", "odd", "long", "extreme",
         "again"]
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SOAK = os.environ.get("MIDPOOL_SOAK") == "1"
SKIPPED = 77  # meson's exit status for a test that could not run


class Checks:
    """Counts checks and prints those that fail."""

    def __init__(self):
        self.failed = 0
        self.done = 0

    def that(self, holds, text):
        self.done += 1
        if not holds:
            self.failed += 1
            print("FAILED: %s" % text)
        return bool(holds)

    def finish(self):
        print("%d checks, %d failed" % (self.done, self.failed))
        sys.exit(1 if self.failed or not self.done else 0)


class Scenes:
    """The directory of scenes, for as long as a with block lasts."""

    def __init__(self, program):
        self.program = program

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="midpool-scenes-")
        subprocess.run([self.program, self.directory.name], check=True)
        return self

    def __exit__(self, *_error):
        self.directory.cleanup()

    def path(self, name, extension):
        return os.path.join(self.directory.name, "%s.%s" % (name, extension))

    def read(self, name, extension):
        with open(self.path(name, extension), "rb") as file:
            return file.read()


def skip(reason):
    print("skipped: %s" % reason)
    sys.exit(SKIPPED)
