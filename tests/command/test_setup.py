"""scripts/setup and the build where nobody can install packages.

A user who is not root, on a machine that lacks some packages: installed ones
are used, missing ones are named, and jemalloc's archive may be any file.
"""

import os
import shutil
import subprocess
import unittest

import sample

NOBODY = 65534
STUB = """#!/bin/sh
/usr/bin/dpkg-query "$@" | grep -vE '[|](HIDDEN)[:|]'
exit 0
"""
NO_ARCHIVE = """#!/bin/sh
case $1 in
-print-file-name=*) echo "${1#*=}" ;;
*) exec /usr/bin/cc "$@" ;;
esac
"""
BUILD = ("gcc", "libc6-dev", "libjemalloc-dev", "meson", "ninja-build",
         "python3")


@unittest.skipUnless(os.geteuid() == 0, "only root can be somebody else")
class WithoutRoot(sample.Case):
    def setUp(self):
        super().setUp()
        shutil.copytree(os.path.join(sample.SOURCE, "scripts"),
                        self.path("tree/scripts"))
        # Apart, so that no stub is written through a link to the command.
        for name in ("stubs", "links", "tree/.cache"):
            os.mkdir(self.path(name))
        for name in ("", "stubs", "links", "tree"):
            os.chmod(self.path(name), 0o755)

    def stub(self, name, text):
        path = self.path("stubs/" + name)
        assert not os.path.islink(path)
        self.write("stubs/" + name, text)
        os.chmod(path, 0o755)

    def leave_out(self, name):
        """A PATH on which all but one of the system's commands are."""
        for folder in ("/bin", "/usr/bin"):
            for command in os.listdir(folder):
                if command != name and not os.path.lexists(
                        self.path("links/" + command)):
                    os.symlink(f"{folder}/{command}",
                               self.path("links/" + command))

    def set_up(self, hidden, *arguments, path="/usr/bin:/bin"):
        self.stub("dpkg-query", STUB.replace("HIDDEN", "|".join(hidden)))
        return subprocess.run(
            [self.path("tree/scripts/setup"), *arguments, "build"],
            env={"PATH": self.path("stubs") + ":" + path},
            user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True,
            text=True, check=False, cwd="/")

    def test_what_is_there_is_used_though_no_package_brought_it(self):
        done = self.set_up(BUILD)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_what_is_missing_is_said(self):
        self.leave_out("meson")
        done = self.set_up(("gcc", "meson"), path=self.path("links"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("missing: meson\n", done.stderr)
        self.assertIn("apt-get install meson", done.stderr)
        self.assertNotIn("-Djemalloc", done.stderr)

    def test_a_missing_archive_may_be_a_local_one(self):
        self.stub("cc", NO_ARCHIVE)
        done = self.set_up(BUILD)
        self.assertEqual(done.returncode, 1)
        self.assertIn("missing: libjemalloc-dev\n", done.stderr)
        for words in ("apt-get download libjemalloc-dev", "meson setup",
                      "-Djemalloc=", "/libjemalloc_pic.a"):
            self.assertIn(words, done.stderr)
        done = self.set_up(BUILD, "--without", "libjemalloc-dev")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_build_with_its_own_archive_does_not_ask_for_the_package(self):
        from midpool_lib.run import build

        self.assertFalse(build._has_own_jemalloc(self.dir))
        folder = self.path("meson-info")
        os.mkdir(folder)
        for value, own in (("embedded", False), ("/a/libjemalloc.a", True)):
            self.write("meson-info/intro-buildoptions.json",
                       [{"name": "jemalloc", "value": value}])
            self.assertEqual(build._has_own_jemalloc(self.dir), own)


APT = """#!/bin/sh
for word; do
    case $word in gone-*) exit 100 ;; esac
done
case " $* " in *' update '*) exit 0 ;; esac
for word; do
    case $word in new-*) echo "$word" >>"$HAVE" ;; esac
done
"""
DPKG = """#!/bin/sh
sed 's/.*/ii |&|/' "$HAVE"
"""


class Lacking(sample.Case):
    """A release without some packages. Nothing is installed: apt-get and
    dpkg-query are small scripts, of which none knows gone-*."""

    def setUp(self):
        super().setUp()
        os.makedirs(self.path("scripts/packages"))
        os.mkdir(self.path("bin"))
        shutil.copy(os.path.join(sample.SOURCE, "scripts/setup"),
                    self.path("scripts"))
        for name, text in (("apt-get", APT), ("dpkg-query", DPKG),
                           ("sudo", '#!/bin/sh\nexec "$@"\n')):
            self.write("bin/" + name, text)
            os.chmod(self.path("bin/" + name), 0o755)
        self.write("have", "")

    def set_up(self, build, test):
        self.write("scripts/packages/build.txt", build)
        self.write("scripts/packages/test.txt", test)
        env = dict(self.env, HAVE=self.path("have"),
                   PATH=self.path("bin") + ":" + os.environ["PATH"])
        return subprocess.run(
            [self.path("scripts/setup"), "test"], env=env, check=False,
            cwd=self.dir, capture_output=True, text=True,
            stdin=subprocess.DEVNULL)

    def installed(self):
        with open(self.path("have"), encoding="utf-8") as file:
            return file.read().split()

    def test_a_package_that_is_not_there_stops_no_other(self):
        done = self.set_up("new-cc\n", "gone-two\nnew-one\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("this release has no package: gone-two\n", done.stderr)
        self.assertEqual(self.installed(), ["new-cc", "new-one"])

    def test_the_next_call_tries_again(self):
        self.set_up("", "gone-two\n")
        self.write("have", "gone-two\n")
        self.assertEqual(self.set_up("", "gone-two\n").stderr, "")

    def test_without_a_package_of_the_build_it_fails(self):
        done = self.set_up("gone-cc\n", "new-one\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("missing: gone-cc\n", done.stderr)
        self.assertEqual(self.installed(), ["new-one"])


class Archive(sample.Case):
    """-Djemalloc=PATH."""

    def configure(self, value):
        return subprocess.run(
            ["meson", "setup", self.path("build"), sample.SOURCE,
             "-Dtests=disabled", "-Djemalloc=" + value],
            capture_output=True, text=True, check=False)

    def test_is_taken_from_where_it_is(self):
        found = subprocess.run(["cc", "-print-file-name=libjemalloc_pic.a"],
                               capture_output=True, text=True, check=True)
        if not os.path.isabs(found.stdout.strip()):
            self.skipTest("no libjemalloc_pic.a")
        os.mkdir(self.path("of mine"))
        path = shutil.copy(found.stdout.strip(), self.path("of mine"))
        done = self.configure(path)
        self.assertEqual(done.returncode, 0, done.stdout[-800:])
        made = "interpose/jemalloc_embedded.o"
        subprocess.run(["ninja", "-C", self.path("build"), made], check=True,
                       capture_output=True)
        names = subprocess.run(["nm", self.path("build/" + made)], check=True,
                               capture_output=True, text=True).stdout
        self.assertIn(" T backend_raw_malloc", names)
        with open(self.path("build/build.ninja"), encoding="utf-8") as file:
            self.assertIn("of$ mine", file.read())

    def test_what_is_none_is_named(self):
        for value, words in (
                ("embeded", "embeded: it is neither embedded, nor shared, nor"),
                ("/no/such.a", "/no/such.a: there is no such file")):
            done = self.configure(value)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(words, done.stdout)
        empty = self.path("empty.a")
        self.write("empty.a", "!<arch>\n")
        self.assertIn("is not jemalloc 5.2 or later",
                      self.configure(empty).stdout)


if __name__ == "__main__":
    unittest.main()
