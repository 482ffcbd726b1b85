#!/usr/bin/python3
"""stress-ng: its memory, process and thread stressors, verified."""

import re

import _paths  # noqa: F401
from harness import main, scenario

STRESSORS = [
    ["--malloc", "2", "--malloc-bytes", "64K", "--malloc-max", "2000",
     "--malloc-touch"],
    ["--malloc", "2", "--malloc-bytes", "1M", "--malloc-pthreads", "4"],
    ["--malloc", "4", "--malloc-bytes", "16K", "--malloc-max", "20000"],
    ["--vm", "2", "--vm-bytes", "64M"],
    ["--fork", "4", "--fork-max", "8"],
    ["--vfork", "2", "--vfork-max", "4"],
    ["--spawn", "2"],
    ["--exec", "2"],
    ["--pthread", "2", "--pthread-max", "64"],
    ["--bigheap", "2", "--bigheap-growth", "48K"],
    ["--qsort", "2", "--qsort-size", "16384"],
    ["--memcpy", "2"],
    ["--str", "2"],
    ["--zlib", "2"],
    ["--tree", "2"],
    ["--hsearch", "2"],
    ["--tsearch", "2"],
    ["--mergesort", "2"],
    ["--sigsegv", "2"],
    ["--clone", "2", "--clone-max", "16"],
    ["--daemon", "2"],
    ["--zombie", "2"],
    ["--sem", "2"],
    ["--env", "1"],
    ["--aio", "2"],
    ["--mmapfork", "1"],
]
SECONDS = "4"


def _register(argv):
    def stress(run):
        out = run.run("stress-ng", *argv, "--verify", "--timeout", SECONDS,
                      "--metrics-brief", "--temp-path", run.dir, compare="")
        run.require(not re.search(rb"fail:|corrupt", out),
                    out.decode(errors="replace"))
    stress.__name__ = argv[0].lstrip("-") + "_" + argv[-1].lstrip("-")
    scenario(timeout=180)(stress)


for stressor in STRESSORS:
    _register(stressor)

if __name__ == "__main__":
    main("stress-ng")
