#!/usr/bin/python3
"""What 'midpool run' costs a real build in CPU time; not among the tests.

    trial_build.py [--files N] [--rounds N] [--build DIR]

Compiles N of midpool's own C files with the commands of its build, by
'make -j2': as it is, with the library preloaded and no report, and under
'midpool run', in turns. user+sys is that of all processes, of 'midpool run'
as well. Every compiler must be counted, and the summary must say which
program asked for most.

CPU time depends on what other programs do at that moment; only the ratio of
turns side by side says something, and the spread says how much.
"""

import argparse
import json
import os
import re
import resource
import shlex
import statistics
import subprocess
import tempfile

import sample

WAYS = ("plain", "preloaded", "run")


def commands(build):
    """(directory, words) of midpool's C files, without output and
    ccache."""
    with open(os.path.join(build, "compile_commands.json"),
              encoding="utf-8") as file:
        entries = json.load(file)
    for entry in entries:
        if not entry["file"].endswith(".c"):
            continue
        words = shlex.split(entry["command"])
        while not re.search(r"(^|/)(cc|gcc)[-\d]*$", words[0]):
            words.pop(0)
        at = words.index("-o")
        del words[at:at + 2]
        for name in ("-MD", "-MQ", "-MF"):
            if name in words:
                at = words.index(name)
                del words[at:at + (1 if name == "-MD" else 2)]
        yield entry["directory"], words


def write_makefile(folder, build, count):
    """A target for each file, the same again under another name if there are
    not as many."""
    found = list(commands(build))
    lines = ["all: " + " ".join(f"{number}.o" for number in range(count))]
    for number in range(count):
        directory, words = found[number % len(found)]
        output = os.path.join(folder, f"{number}.o")
        lines += [f"{number}.o:", "\tcd " + shlex.quote(directory) + " && "
                  + shlex.join(words + ["-o", output]).replace("$", "$$")]
    with open(os.path.join(folder, "Makefile"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def clean(folder):
    for name in os.listdir(folder):
        if name.endswith(".o"):
            os.unlink(os.path.join(folder, name))


def cpu_seconds(words, folder, **more):
    """user+sys of a command, and what it wrote on stderr."""
    clean(folder)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, cwd=folder, check=True, text=True,
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          **more)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime
            - before.ru_stime), done.stderr


def one_round(folder, build, make):
    """{way: seconds}, and what 'midpool run' said and wrote."""
    env = dict(os.environ, LD_PRELOAD=os.path.join(build, "libmidpool.so"),
               MIDPOOL_CONF="report:none")
    report = os.path.join(folder, "all.json")
    found = {"plain": cpu_seconds(make, folder)[0],
             "preloaded": cpu_seconds(make, folder, env=env)[0]}
    found["run"], said = cpu_seconds(
        [sample.COMMAND, "run", "--build", build, "-o", report, "--", *make],
        folder)
    with open(report, encoding="utf-8") as file:
        return found, said, json.load(file)


def check(said, whole, count):
    images = [dict(whole, **whole["own"])] + whole["children"]
    names = [os.path.basename(one["process"]["executable"]) for one in images]
    for tool in ("cc1", "as"):
        if names.count(tool) != count:
            raise SystemExit(f"{names.count(tool)} of {count} {tool} counted")
    print(f"{len(images)} processes counted, {count} of them cc1; the summary:")
    print(said)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--build", default=sample.BUILD)
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    make = ["make", "-s", "-j2"]
    found = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory(prefix="midpool-build.") as folder:
        write_makefile(folder, build, options.files)
        for number in range(options.rounds):
            seconds, said, whole = one_round(folder, build, make)
            if number == 0:
                check(said, whole, options.files)
            print("  ".join(f"{way} {seconds[way]:.2f} s" for way in WAYS),
                  flush=True)
            for way in WAYS:
                found[way].append(seconds[way])
    for way in WAYS[1:]:
        shares = [100 * (with_it / without - 1) for with_it, without
                  in zip(found[way], found["plain"])]
        print(f"{way}: {statistics.median(shares):+.1f} % CPU"
              f" ({min(shares):+.1f} to {max(shares):+.1f})")


if __name__ == "__main__":
    main()
