"""A real browser without a screen, and its view of a page."""

import contextlib
import html.parser
import shutil
import subprocess
import tempfile
import time
import unittest

import sample

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync",
         "--enable-logging=stderr", "--virtual-time-budget=2000"]
PATIENCE = 120  # seconds, for a machine that is busy
needed = unittest.skipUnless(BROWSER, "no chromium")


def remove_profile(path):
    """Removes a browser's folder. The browser's helpers end a moment after
    it, and until then they may add files to what is being removed."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            shutil.rmtree(path)
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


@contextlib.contextmanager
def new_profile():
    """A folder for a browser that has ended when the block is left."""
    path = tempfile.mkdtemp()
    try:
        yield path
    finally:
        remove_profile(path)


class Numbers(html.parser.HTMLParser):
    """Collects the elements that say which number they show."""

    def __init__(self):
        super().__init__()
        self.found = {}
        self.texts = {}
        self.key = None
        self.inside = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.inside.append(tag)
        self.key = attributes.get("data-key")
        if self.key:
            self.found.setdefault(self.key, []).append(
                attributes["data-value"])

    def handle_data(self, data):
        if self.key:
            self.texts[self.key] = data
            self.key = None


class Case(sample.Case):
    def browse(self, path, *more):
        with new_profile() as profile:
            done = subprocess.run(
                [BROWSER, *FLAGS, "--user-data-dir=" + profile, *more,
                 "file://" + path], capture_output=True, timeout=300,
                check=False)
        errors = [line for line in done.stderr.decode(
            "utf-8", "replace").splitlines() if "CONSOLE" in line]
        self.assertEqual(errors, [])
        return done.stdout.decode("utf-8")

    def numbers(self, path):
        page = Numbers()
        page.feed(self.browse(path, "--dump-dom"))
        return page
