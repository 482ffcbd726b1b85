"""midpool doctor: each obstacle found, with its reason and remedy."""

import mmap
import os
import resource
import shutil
import subprocess
import unittest
import unittest.mock

import sample
from midpool_lib.base import style
from midpool_lib.run import doctor, elf, first_touch, obstacles

SOURCE = "#include <stdlib.h>\nint main(void) { return !malloc(3000); }\n"
FREED = ("#include <stdlib.h>\nint main(void) { free(malloc(3000)); return 0;"
         " }\n")
OWN = ("#include <stddef.h>\nvoid *malloc(size_t n) { (void)n; return 0; }\n"
       "void free(void *p) { (void)p; }\nint main(void) { return 0; }\n")


class Case(sample.Case):
    def compile(self, name, source, *flags):
        try:
            return super().compile(name, source, *flags, capture_output=True)
        except subprocess.CalledProcessError:
            self.skipTest(f"gcc cannot {' '.join(flags)}")

    def doctor(self, program, status, *options):
        return self.midpool("doctor", *options, program, status=status).out


class Findings(Case):
    def test_a_plain_program_is_fine(self):
        out = self.doctor(self.compile("plain", SOURCE), 0)
        self.assertIn("midpool can serve it", out)
        self.assertNotIn("\n  no ", out)

    def test_static(self):
        for flag in ("-static", "-static-pie"):
            out = self.doctor(self.compile("still", SOURCE, flag), 1)
            self.assertRegex(out, r"no  static .*linked statically")
            self.assertIn("-> link it dynamically", out)

    def test_own_malloc(self):
        out = self.doctor(self.compile("own", OWN, "-rdynamic"), 1)
        self.assertRegex(out, r"no  own malloc .*malloc, free")

    def test_sanitizer(self):
        out = self.doctor(self.compile("asan", SOURCE, "-fsanitize=address"),
                          1)
        self.assertIn("AddressSanitizer", out)

    def test_static_sanitizer(self):
        for flags in (("-fsanitize=address", "-static-libasan"),
                      ("-fsanitize=thread", "-static-libtsan")):
            out = self.doctor(self.compile("inside", SOURCE, *flags), 1)
            self.assertIn("will run, but not on midpool", out)

    def test_leak_sanitizer_is_served(self):
        out = self.doctor(self.compile("leaks", SOURCE, "-fsanitize=leak"), 0)
        self.assertRegex(out, "note  sanitizer .*LeakSanitizer")

    def test_undefined_behaviour_sanitizer_is_served(self):
        out = self.doctor(self.compile("ubsan", SOURCE,
                                       "-fsanitize=undefined"), 0)
        self.assertIn("midpool can serve it", out)

    def test_missing_loader(self):
        path = self.compile("alone", SOURCE,
                            "-Wl,--dynamic-linker=/no/such/loader.so")
        out = self.doctor(path, 1)
        self.assertIn("/no/such/loader.so", out)
        self.assertIn("will not run, with midpool or without", out)

    def test_missing_interpreter_of_a_script(self):
        script = self.write("script", "#!/no/such/interpreter -x\n")
        os.chmod(script, 0o755)
        out = self.doctor(script, 1)
        self.assertIn("/no/such/interpreter is not there", out)
        self.assertIn("will not run, with midpool or without", out)

    def test_go_with_c_code(self):
        path = self.compile("gopher", SOURCE)
        with open(path, "ab") as file:
            file.write(b"\xff Go buildinf:\x08\x02")
        out = self.doctor(path, 0)
        self.assertRegex(out, "note  Go .*Go maps")
        self.assertIn("live page", out)

    def test_go_without(self):
        path = self.compile("gopher", SOURCE, "-static")
        with open(path, "ab") as file:
            file.write(b"\xff Go buildinf:\x08\x02")
        self.assertRegex(self.doctor(path, 1), "note  Go .*own allocator")

    def test_parts_of_interpreters(self):
        for name, part in (("java", "JVM maps itself"),
                           ("node", "V8 maps"), ("php", "RTLD_DEEPBIND"),
                           ("freeradius", "deepbind:strip")):
            if not shutil.which(name):
                continue
            words = " ".join(self.doctor(shutil.which(name), 0).split())
            self.assertIn(part, words)

    def test_linked_allocator(self):
        path = self.compile("linked", "void *mallocx(unsigned long, int);\n"
                            "int main(void) { return !mallocx(9, 0); }\n",
                            "-Wl,--no-as-needed", "-ljemalloc")
        words = " ".join(self.doctor(path, 0).split())
        self.assertIn("note allocator it is linked with libjemalloc", words)
        self.assertIn("mallocx, mallctl) included", words)

    def test_32_bit(self):
        path = self.compile("wide", SOURCE)
        with open(path, "r+b") as file:
            head = bytearray(file.read(64))
            head[4] = 1
            head[18:20] = (3).to_bytes(2, "little")
            file.seek(0)
            file.write(head)
        self.assertRegex(self.doctor(path, 1), "no  32-bit .*i386")

    def test_musl(self):
        out = self.doctor(self.compile(
            "musl", SOURCE, "-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1"),
            1)
        self.assertIn("no  musl", out)

    def test_setuid(self):
        path = self.compile("rights", SOURCE)
        os.chmod(path, 0o4755)
        if os.getuid() == 0:
            os.chown(path, 65534, 65534)
            os.chmod(path, 0o4755)
        else:
            self.skipTest("only root can make a file of another's")
        self.assertIn("no  setuid", self.doctor(path, 1))

    def test_scripts_are_looked_through(self):
        script = self.write("script", "#!/usr/bin/env perl\n")
        os.chmod(script, 0o755)
        self.assertIn("is run by /usr/bin/perl", self.doctor(script, 0))

    def test_limits(self):
        def tight():
            limit = resource.getrlimit(resource.RLIMIT_AS)[1]
            resource.setrlimit(resource.RLIMIT_AS, (10**9, limit))

        done = self.midpool("doctor", "/bin/true", preexec_fn=tight)
        self.assertIn("ulimit -v", done.out)

    def test_rival_preloads(self):
        self.env["LD_PRELOAD"] = ""
        env = dict(self.env)
        library = f"/usr/lib/{sample.MULTIARCH}/libjemalloc.so.2"
        if not os.path.exists(library):
            self.skipTest("no other allocator here")
        env["LD_PRELOAD"] = library
        out = self.midpool("doctor", "/bin/true", env=env).out
        self.assertRegex(out, r"libjemalloc\.so\.2 is preloaded,\s+too")


class System(unittest.TestCase):
    """Settings of the kernel, made up."""

    def with_setting(self, check, text):
        with unittest.mock.patch.object(doctor, "_read", lambda path: text):
            return check()

    def test_overcommit(self):
        self.assertEqual(
            self.with_setting(doctor.check_overcommit, "2").mark, "note")
        self.assertEqual(
            self.with_setting(doctor.check_overcommit, "0").mark, "ok")

    def test_huge_pages(self):
        found = self.with_setting(doctor.check_thp, "[always] madvise never")
        self.assertEqual(found.mark, "note")
        self.assertIn("thp:never", found.remedy)
        found = self.with_setting(doctor.check_thp, "always [madvise] never")
        self.assertEqual(found.mark, "ok")

    def test_first_touches_are_told_by_kind_of_page(self):
        costs = {(mmap.MADV_NOHUGEPAGE, False): 1500,
                 (mmap.MADV_HUGEPAGE, False): 340,
                 (mmap.MADV_HUGEPAGE, True): 450}

        def measure(advice, gaps):
            return costs[advice, gaps]

        self.assertEqual(
            first_touch.told(measure, lambda: [16, 64]),
            "a first touch of 4 KB took 1.50 µs with small pages, 0.34 µs with"
            " huge pages, 0.45 µs with folios of 16, 64 KB just now")
        self.assertNotIn("folios", first_touch.told(measure, lambda: []))
        self.assertEqual(
            first_touch.told(lambda advice, gaps: None, lambda: [64]), "")

    def test_folios_are_those_that_the_administrator_enabled(self):
        settings = {"enabled": "always [madvise] never",
                    "hugepages-16kB/enabled": "always [inherit] madvise never",
                    "hugepages-32kB/enabled": "always inherit madvise [never]",
                    "hugepages-64kB/enabled": "[always] inherit madvise never"}
        with unittest.mock.patch.object(first_touch, "_kernel",
                                        lambda name: settings.get(name, "")):
            self.assertEqual(first_touch.folios(), [16, 64])

    def test_a_trial_of_this_machine_is_a_figure(self):
        self.assertGreaterEqual(
            first_touch.page_ns(mmap.MADV_NOHUGEPAGE, False), 0)

    def test_long_names_do_not_touch_the_reason(self):
        look = style.Style(colour=False, utf8=True)
        for name in ("static", "huge pages", "other machine",
                     "setuid and file capabilities"):
            lines = doctor.render([doctor.Finding("no", name, "the reason")],
                                  look, False)
            self.assertRegex("\n".join(lines), rf"  no  {name}\s+the reason$")
            self.assertIn("the reason", lines[-1][18:])


class Usage(sample.Case):
    def test_a_program_that_is_not_there_is_no_verdict(self):
        self.midpool("doctor", "/no/such/program", status=2)

    def test_a_program_of_this_directory_is_offered(self):
        shutil.copy("/bin/true", self.path("mine"))
        self.assertIn("./mine", self.midpool("doctor", "mine", status=2).err)


class RunSaysSo(Case):
    """The cheap checks also come before `midpool run` starts anything."""

    def test_static_program_runs_unserved(self):
        sample.need_build()
        path = self.compile("still", SOURCE, "-static")
        done = self.midpool("run", "--build", sample.BUILD, "--", path,
                            status=0)
        self.assertIn("will run, but not on midpool: static", done.err)
        self.assertIn("midpool doctor", done.err)


    def test_a_shared_sanitizer_is_not_preloaded(self):
        """The verdict is what happens: the program runs as without."""
        sample.need_build()
        for kind in ("address", "thread"):
            path = self.compile("first", FREED, "-fsanitize=" + kind)
            if subprocess.run([path], check=False).returncode:
                self.skipTest("does not run bare: " + kind)
            done = self.midpool("run", "--build", sample.BUILD, "--", path,
                                status=0)
            self.assertIn("will run, but not on midpool: sanitizer", done.err)


class BrokenElf(Case):
    def test_damaged_headers_are_survived(self):
        with open(shutil.which("true"), "rb") as file:
            good = file.read()
        import random

        chance = random.Random(4)
        path = self.path("broken")
        for _ in range(300):
            data = bytearray(good)
            for _ in range(chance.randint(1, 8)):
                data[chance.randrange(4, 1200)] = chance.randrange(256)
            if chance.random() < 0.3:
                data = data[:chance.randrange(len(data))]
            with open(path, "wb") as file:
                file.write(data)
            obstacles.of_program(path)
            try:
                file = elf.Elf(path)
            except elf.NotElf:
                continue
            file.needed()
            file.dynamic_symbols()


if __name__ == "__main__":
    unittest.main()
