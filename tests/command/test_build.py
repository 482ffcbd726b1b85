"""Many programs at once: a build under midpool run, and as a fleet.

Every compiler is counted, the summary says which tool asked for most, and the
reports of a build are one family. MIDPOOL_SOAK=1 compiles 500 files.
"""

import json
import os
import re
import shutil
import subprocess
import unittest

import sample

FILES = 500 if os.environ.get("MIDPOOL_SOAK") == "1" else 12
MAKEFILE = ("OBJECTS := $(patsubst %.c,%.o,$(wildcard *.c))\n"
            "all: $(OBJECTS)\n"
            "%.o: %.c\n\t$(CC) -c -o $@ $<\n")


@unittest.skipUnless(shutil.which("make") and shutil.which("gcc"),
                     "no make, no gcc")
class Build(sample.Case):
    def setUp(self):
        super().setUp()
        sample.need_build()
        os.mkdir(self.path("src"))
        for number in range(FILES):
            self.write(f"src/f{number}.c",
                       f"int f{number}(int a) {{ return a * {number}; }}\n")
        self.write("src/Makefile", MAKEFILE)

    def objects(self):
        return len([name for name in os.listdir(self.path("src"))
                    if name.endswith(".o")])

    def counts(self, images):
        found = {}
        for report in images:
            name = os.path.basename(report["process"]["executable"])
            found[name] = found.get(name, 0) + 1
        return found

    def test_under_run(self):
        done = self.midpool("run", "--build", sample.BUILD, "-o",
                            self.path("all.json"), "--", "make", "-s", "-j2",
                            "CC=gcc", cwd=self.path("src"), status=0)
        self.assertEqual(self.objects(), FILES)
        with open(self.path("all.json"), encoding="utf-8") as file:
            whole = json.load(file)
        images = [dict(whole, **whole["own"])] + whole["children"]
        counted = self.counts(images)
        self.assertEqual([counted.get(tool) for tool in ("make", "cc1", "as")],
                         [1, FILES, FILES])
        self.assertEqual(sum(report["totals"]["gets"] for report in images),
                         whole["totals"]["gets"])
        programs = re.search(r"programs +gets of (\w+) \((\d+)×\)", done.err)
        self.assertEqual(programs.groups(), ("cc1", str(FILES)))
        self.assertTrue(whole["run"]["is_one_program"])
        # Of hundreds of gets each, half are first uses of a buffer.
        self.assertNotIn("WARNING", done.err)
        self.assertRegex(" ".join(done.err.split()),
                         r"memory peak live at most .* at the ends of all"
                         r" processes together .* live")

    def test_as_a_fleet_is_one_family(self):
        folder = self.path("reports")
        os.mkdir(folder)
        env = dict(self.env, LD_PRELOAD=sample.BUILD + "/libmidpool.so",
                   MIDPOOL_CONF="report:json,"
                   f"report_file:{folder}/%e.%p.%n.json")
        subprocess.run(["make", "-s", "-j2", "CC=gcc"], env=env, check=True,
                       cwd=self.path("src"))
        found = json.loads(self.midpool("fleet", "--json", "--by", "family",
                                        folder, status=0).out)
        self.assertEqual({group["family"] for group in found["groups"]},
                         {"make"})
        self.assertEqual(found["groups"][0]["executable"], "cc1")
        counted = {group["executable"]: group["processes"]
                   for group in found["groups"]}
        self.assertEqual([counted.get(tool) for tool in ("make", "cc1", "as")],
                         [1, FILES, FILES])
        shown = self.midpool("show", folder, status=0).out
        first = shown.splitlines()[0]
        self.assertRegex(first, r"make \[\d+\] and \d+ more processes")
        self.assertIn(f"cc1 ({FILES}×)", shown)


if __name__ == "__main__":
    unittest.main()
