"""A real browser without a screen, and its view of a page."""

import html.parser
import shutil
import subprocess
import tempfile
import unittest

import sample

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync",
         "--enable-logging=stderr", "--virtual-time-budget=2000"]
needed = unittest.skipUnless(BROWSER, "no chromium")


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
        with tempfile.TemporaryDirectory() as profile:
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
