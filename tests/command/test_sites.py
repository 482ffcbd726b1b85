"""Call stacks in the command: names, sums, and other tools' reading of them.
"""

import gzip
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import sample
from site_sample import module, section, stack
from midpool_lib.read import sites as read_sites
from midpool_lib.show import profile_formats

PROGRAM = r"""
#include <cstdlib>
namespace known {
static inline __attribute__((always_inline)) void *
inlined(std::size_t bytes)
{
    void *volatile ptr = std::malloc(bytes);
    return ptr;
}
struct Buffers {
    __attribute__((noinline)) void brief(int count)
    {
        while (count-- > 0)
            std::free(inlined(4096));
        __asm__ volatile("");
    }
    __attribute__((noinline)) void lasting(int count)
    {
        while (count-- > 0)
            kept = inlined(20000);
        __asm__ volatile("");
    }
    void *volatile kept;
};
}
int main()
{
    known::Buffers buffers;
    buffers.brief(1000);
    buffers.lasting(50);
    return 0;
}
"""
BYTES = 1000 * 4096 + 50 * 20000


class Program(sample.Case):
    """Every get of a real program: sites:1 makes all numbers exact."""

    @classmethod
    def setUpClass(cls):
        sample.need_build()
        if not shutil.which("c++") or not shutil.which("eu-addr2line"):
            raise unittest.SkipTest("needs g++ and elfutils")
        folder = tempfile.TemporaryDirectory(prefix="midpool-test.")
        cls.addClassCleanup(folder.cleanup)
        cls.program = os.path.join(folder.name, "known")
        cls.file = os.path.join(folder.name, "report.json")
        cls.compile(PROGRAM)
        cls.ran = subprocess.run(
            [sample.COMMAND, "run", "--build", sample.BUILD, "--sites",
             "--conf", "sites:1", "-o", cls.file, "--", cls.program],
            capture_output=True, text=True, check=True,
            env=dict(os.environ, XDG_STATE_HOME=folder.name))

    @classmethod
    def compile(cls, text):
        subprocess.run(["c++", "-x", "c++", "-O2", "-g", "-o", cls.program,
                        "-"], input=text, text=True, check=True)

    def export(self, *options):
        return self.midpool("export", *options, self.file, status=0).stdout

    def save(self, name, *options):
        with open(self.path(name), "wb") as file:
            file.write(self.export(*options))
        return self.path(name)

    def test_run_shows_who_asked(self):
        self.assertRegex(self.ran.stderr,
                         r"known::Buffers::brief\(int\)  <stdin>:\d+")
        self.assertRegex(self.ran.stderr, r"  inlined  <stdin>:\d+")

    def test_show_by_stack_function_and_module(self):
        out = self.midpool("show", "--sites", self.file, status=0).out
        lines = out.splitlines()
        first = next(line for line in lines if "  inlined" in line)
        self.assertIn("3.91 MB", first)
        self.assertIn("1,000", first)
        out = self.midpool("show", "--by", "function", self.file,
                           status=0).out
        self.assertRegex(out, r"1,050 .* 4\.86 MB  inlined\n")
        self.assertRegex(out, r"3\.91 MB  known::Buffers::brief\(int\)")
        out = self.midpool("show", "--by", "module", self.file, status=0).out
        self.assertRegex(out, r"1,050 .* 4\.86 MB  known\n")

    def test_sorted_by_what_is_live(self):
        out = self.midpool("show", "--sites", "--sort", "live", self.file,
                           status=0).out
        self.assertLess(out.index("lasting"), out.index("brief"))
        self.assertIn("977 KB", out[:out.index("brief")])

    def test_without_its_file_a_frame_is_module_and_offset(self):
        os.rename(self.program, self.program + ".away")
        self.addCleanup(os.rename, self.program + ".away", self.program)
        out = self.midpool("show", "--sites", self.file, status=0).out
        self.assertRegex(out, r"known\+0x[0-9a-f]+")
        self.assertNotIn("brief", out)

    def test_another_build_of_the_file_gives_no_names(self):
        os.rename(self.program, self.program + ".away")
        self.addCleanup(os.rename, self.program + ".away", self.program)
        self.compile(PROGRAM.replace("4096", "4097"))
        out = self.midpool("show", "--sites", self.file, status=0).out
        self.assertNotIn("brief", out)

    def test_folded_stacks_are_whole_numbers(self):
        text = self.export("--folded").decode()
        rows = [line.rpartition(" ") for line in text.splitlines()]
        self.assertEqual(sum(int(row[2]) for row in rows), BYTES)
        self.assertTrue(any(re.search(
            r";main;known::Buffers::brief\(int\);inlined$",
            row[0]) for row in rows), text)
        text = self.export("--folded", "--value", "gets").decode()
        self.assertEqual(sum(int(line.rpartition(" ")[2])
                             for line in text.splitlines()), 1050)

    def check_heap_reader(self, tool):
        if not shutil.which(tool):
            self.skipTest(f"{tool} is not there")
        heap = self.save("known.heap", "--heap")
        for option, total in (("--alloc_space", BYTES),
                              ("--inuse_space", 50 * 20000)):
            done = subprocess.run(
                [tool, "--text", option, "--show_bytes", self.program, heap],
                capture_output=True, text=True, check=True)
            self.assertIn(f"Total: {total} B", done.stdout + done.stderr)
            self.assertIn("known::Buffers::lasting", done.stdout)

    def test_google_pprof_reads_the_heap_text(self):
        self.check_heap_reader("google-pprof")

    def test_jeprof_reads_the_heap_text(self):
        self.check_heap_reader("jeprof")

    def test_go_reads_the_profile(self):
        if not shutil.which("go"):
            self.skipTest("go is not there")
        file = self.save("known.pb.gz", "--pprof")
        env = dict(self.env, HOME=self.dir, GOFLAGS="-mod=mod")
        for kind, total in (("alloc_objects", 1050), ("alloc_space", BYTES),
                            ("inuse_objects", 50),
                            ("inuse_space", 50 * 20000)):
            done = subprocess.run(
                ["go", "tool", "pprof", "-top", "-unit=B",
                 "-sample_index=" + kind, file], capture_output=True,
                text=True, check=True, env=env)
            self.assertRegex(done.stdout, rf"100% of {total}B? total")
            self.assertIn("known::Buffers::lasting", done.stdout)


class Files(sample.Case):
    """Made-up reports: without call stacks, with several, and damaged ones."""

    def test_a_report_without_stacks_says_how_to_get_them(self):
        file = self.write("a.json", sample.report())
        done = self.midpool("show", "--sites", file, status=2)
        self.assertIn("sites:auto", done.err)

    def test_unknown_words_are_named(self):
        file = self.write("a.json", dict(sample.report(),
                                         sites=section([stack([])])))
        for words in (["show", "--by", "week"], ["show", "--sort", "age"],
                      ["export", "--folded", "--value", "age"]):
            done = self.midpool(*words, file, status=2)
            self.assertIn(words[-1], done.err)

    def test_a_damaged_section_is_told(self):
        file = self.write("a.json", dict(
            sample.report(), sites=section([stack([[7, 1]])])))
        done = self.midpool("show", "--sites", file, status=2)
        self.assertIn("damaged", done.err)

    def test_processes_are_added_up_and_errors_as_of_independent_sums(self):
        rows = [dict(gets=10, requested_bytes=30000, gets_error=3),
                dict(gets=20, requested_bytes=50000, gets_error=4)]
        files = [self.write(f"{pid}.json", dict(
            sample.report(pid=pid), sites=section(
                [stack([[0, 0x10]], **row)],
                [module("/nowhere/prog", 0x1000 * pid)])))
            for pid, row in zip((71, 72), rows)]
        found = read_sites.of([self.read(name) for name in files])
        self.assertEqual(len(found.list), 1)
        self.assertEqual(found.list[0]["gets"], 30)
        self.assertEqual(found.list[0]["gets_error"], 5)
        out = self.midpool("show", "--sites", *files, status=0).out
        self.assertIn("prog+0x10", out)
        self.assertIn("78.1 KB", out)

    def read(self, name):
        from midpool_lib.read import reports

        return reports.read(name)

    def test_modules_of_two_processes_do_not_overlap(self):
        found = read_sites.Sites([
            section([stack([[0, 0x10]])], [module("/a")]),
            section([stack([[0, 0x10]])], [module("/b")])])
        places = profile_formats.Places(found)
        addresses = {places.address(site.frames[0]) for site in found.list}
        self.assertEqual(len(addresses), 2)
        (a, b), (c, d) = [row[:2] for row in places.modules]
        self.assertTrue(b <= c or d <= a)

    def test_what_did_not_fit_is_in_the_totals(self):
        found = read_sites.Sites([section(
            [stack([], gets=1, requested_bytes=5000)],
            other=[stack([], gets=7, requested_bytes=35000)])])
        text = profile_formats.heap(found).decode()
        self.assertIn("[8: 40000] @ heap_v2/1", text)
        self.assertIn("(other stacks) 35000",
                      profile_formats.folded(found).decode())
        gzip.decompress(profile_formats.pprof(found))


if __name__ == "__main__":
    unittest.main()
