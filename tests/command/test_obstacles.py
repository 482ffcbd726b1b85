"""Programs that midpool cannot serve: a line of midpool run, and doctor's no.

Each runs on as without midpool, where it runs at all.
"""

import os
import re
import shutil
import subprocess
import unittest

import sample
from midpool_lib.run import elf, obstacles

sample.need_build()

SOURCE = ("#include <stdio.h>\n#include <stdlib.h>\n"
          "int main(void) { return !malloc(3000) || puts(\"served\") < 0; }\n")
LIBC_32 = "/lib32/libc.so.6"  # which prints its version when it is run


class Case(sample.Case):
    def compile_any(self, compiler="gcc"):
        return self.compile("program", SOURCE, compiler=compiler)

    def run_it(self, *words, build=sample.BUILD, status=0):
        return self.midpool("run", "--build", build, "--", *words,
                            status=status)

    def doctor(self, program, build=sample.BUILD):
        out = self.midpool("doctor", "--build", build, program, status=1).out
        return " ".join(out.split())

    def expect_named(self, done, what, why):
        """One line names the obstacle, and no loader complains."""
        lines = [line for line in done.err.splitlines()
                 if "will run, but not on midpool" in line]
        self.assertEqual(len(lines), 1, done.err)
        self.assertRegex(lines[0], f"{what} .*{why}")
        self.assertNotIn("ld.so", done.err)


def runs_32_bit():
    """Kernels are built without, too."""
    try:
        return subprocess.run([LIBC_32], stdout=subprocess.DEVNULL,
                              check=False).returncode == 0
    except OSError:
        return False


@unittest.skipUnless(runs_32_bit(), "no 32-bit programs run here")
class Bits32(Case):
    def test_the_program_itself(self):
        done = self.run_it(LIBC_32)
        self.assertIn("GNU C Library", done.out)
        self.expect_named(done, "32-bit", "i386")
        self.assertIn("no 32-bit", self.doctor(LIBC_32))

    def test_a_child(self):
        """The loader leaves the library out, with a line of its own, and the
        program above is served."""
        done = self.run_it("sh", "-c", LIBC_32 + "; exit 3", status=3)
        self.assertIn("GNU C Library", done.out)
        lines = [line for line in done.err.splitlines() if "ld.so" in line]
        self.assertEqual(len(lines), 1, done.err)
        self.assertIn("wrong ELF class", lines[0])
        self.assertRegex(done.err, r"midpool +(ba|da)?sh")


class OtherMachine(Case):
    def test_it_is_no_script_of_the_shell(self):
        path = self.compile_any()
        with open(path, "r+b") as file:
            file.seek(18)
            file.write((22).to_bytes(2, "little"))
        done = self.run_it(path, status=126)
        self.expect_named(done, "other machine", "S/390")
        self.assertIn("Exec format error", done.err)
        self.assertNotIn("yntax", done.err)
        self.assertIn("no other machine", self.doctor(path))


class OldLibc(Case):
    """A library of a newer release: one that asks for a glibc to come."""

    def setUp(self):
        super().setUp()
        newer = self.path("build")
        os.mkdir(newer)
        library = os.path.join(sample.BUILD, "libmidpool.so")
        with open(library, "rb") as file:
            data = file.read()
        highest = ".".join(map(str, max(elf.Elf(library).libc_versions())))
        text = b"\0GLIBC_" + highest.encode() + b"\0"
        self.assertIn(text, data)
        self.library = os.path.join(newer, "libmidpool.so")
        with open(self.library, "wb") as file:
            file.write(data.replace(text, re.sub(b"_[0-9]", b"_9", text)))
        self.newer = newer

    def test_doctor_names_both_versions(self):
        self.assertRegex(self.doctor(self.compile_any(), self.newer),
                         r"no old glibc the library needs glibc 9\.\d+, and"
                         r" the program's is 2\.\d+ -> build midpool where")

    def test_run_does_not_preload_it(self):
        found = obstacles.of_program(self.compile_any(), self.library)
        self.assertEqual((found.what, found.preload, found.runs),
                         ("old glibc", False, True))
        own = os.path.join(sample.BUILD, "libmidpool.so")
        self.assertIsNone(obstacles.of_program(self.path("program"), own))


@unittest.skipUnless(shutil.which("musl-gcc"), "no musl here")
class Musl(Case):
    def test_a_program_of_musl(self):
        path = self.compile_any("musl-gcc")
        done = self.run_it(path)
        self.assertEqual(done.out, "served\n")
        self.expect_named(done, "musl", "glibc")
        self.assertIn("no musl", self.doctor(path))


if __name__ == "__main__":
    unittest.main()
