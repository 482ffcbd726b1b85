"""The installed command: finds the library and all its parts by itself."""

import os
import re
import shutil
import subprocess
import unittest

import sample

sample.need_build()


class Installed(sample.Case):
    @classmethod
    def setUpClass(cls):
        import tempfile

        cls.holder = tempfile.TemporaryDirectory(prefix="midpool-installed.")
        cls.addClassCleanup(cls.holder.cleanup)
        done = subprocess.run(
            ["meson", "install", "-C", sample.BUILD, "--no-rebuild",
             "--quiet", "--destdir", cls.holder.name],
            capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
        cls.files = {}
        for folder, _, names in os.walk(cls.holder.name):
            for name in names:
                cls.files.setdefault(name, os.path.join(folder, name))

    def command(self, *arguments, status=0):
        done = subprocess.run(
            [self.files_of("bin/midpool"), *arguments], capture_output=True,
            text=True, env=self.env, cwd=self.dir, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def files_of(self, end):
        for folder, _, names in os.walk(self.holder.name):
            for name in names:
                path = os.path.join(folder, name)
                if path.endswith(end):
                    return path
        self.fail(f"{end} is not installed")

    def test_runs_a_program_on_the_installed_library(self):
        done = self.command("run", "-o", "kept.json", "--", "sh", "-c",
                            'echo "$LD_PRELOAD"; kill -9 $$', status=-9)
        self.assertEqual(done.stdout.strip(), self.files["libmidpool.so.1"])
        self.assertIn("SIGKILL", done.stderr)

    def test_reads_and_explains(self):
        path = self.write("a.json", sample.report())
        self.assertIn("requested_bytes",
                      self.command("show", "-e", path).stdout)
        self.command("html", path)
        self.assertTrue(os.path.exists(self.path("a.html")))

    def test_the_exporters_unit_is_a_good_one(self):
        """systemd reads it, and finds it well shut off."""
        if not shutil.which("systemd-analyze"):
            self.skipTest("no systemd-analyze")
        with open(self.files["midpool-exporter.service"],
                  encoding="utf-8") as file:
            text = file.read()
        start = re.search(r"(?m)^ExecStart=(\S+) exporter$", text)[1]
        path = self.files_of("bin/midpool")
        self.assertTrue(path.endswith(start), (path, start))
        unit = self.write("midpool-exporter.service",
                          text.replace(start, path))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", unit],
            capture_output=True, text=True, check=False)
        said = [line for line in done.stderr.splitlines()
                if "midpool-exporter" in line]
        self.assertEqual(said, [])
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=yes", "--threshold=40",
             unit], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-300:] + done.stderr)

    def test_through_a_symbolic_link(self):
        os.symlink(self.files_of("bin/midpool"), self.path("pool"))
        done = subprocess.run([self.path("pool"), "--version"],
                              capture_output=True, text=True, check=True)
        self.assertIn("midpool", done.stdout)

    def test_documentation_and_completion_are_there(self):
        for end in ("man1/midpool.1", "man1/midpool-snapshot.1",
                    "man7/midpool.7", "systemd/midpool.conf",
                    "man7/midpool-fleet.7", "completions/midpool",
                    "site-functions/_midpool"):
            self.files_of(end)

    def test_sources_of_the_source_tree_only_stay_out(self):
        self.assertNotIn("installed.py.in", self.files)


if __name__ == "__main__":
    unittest.main()
