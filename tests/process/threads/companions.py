#!/usr/bin/python3
"""Other interposers of Debian's in the same process, before and after us.

The program must work, the pools must be active, and the other library must
have its effect. valgrind replaces every allocator by its own; midpool then
stands aside and says so.
"""

import concurrent.futures
import glob
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402


def both_orders(arguments, pattern, words, extra=None):
    """Results of words with the library before and after midpool."""
    library = find(pattern)
    for order in (["MIDPOOL", library], [library, "MIDPOOL"]):
        result = preload.run(arguments.lib, words, preload=order,
                             extra=extra).expect(0)
        report = result.report()
        assert report["interception"]["active"], report["interception"]
        assert report["totals"]["gets"] > 0, report["totals"]
        assert not any(report["misuse"].values()), report["misuse"]
        yield result


def find(pattern):
    found = sorted(glob.glob(pattern))
    if not found:
        raise preload.Skip("not installed: " + pattern)
    return found[-1]


def faketime(arguments, name):
    """libfaketime looks for the real clock, and allocates, when the clock is
    asked for first: as an allocator does while it starts."""
    clock = {"FAKETIME": "@2020-01-02 03:04:05"}
    pattern = "/usr/lib/*/faketime/" + name
    for _ in both_orders(arguments, pattern,
                         [arguments.program("threads_plain")], clock):
        pass
    script = "import time; print(time.strftime('%Y'), len(b'x' * 9000))"
    for result in both_orders(arguments, pattern,
                              ["/usr/bin/python3", "-c", script], clock):
        assert result.out == b"2020 9000\n", result


def test_faketime(arguments):
    faketime(arguments, "libfaketime.so.1")


def test_faketime_threads(arguments):
    faketime(arguments, "libfaketimeMT.so.1")


def test_eatmydata(arguments):
    pattern = "/usr/lib/*/libeatmydata.so*"
    for _ in both_orders(arguments, pattern,
                         [arguments.program("threads_plain")]):
        pass


def test_heaptrack(arguments):
    """It is an allocator to the program: where it comes first it records
    every call and hands it on, where it comes second it sees none."""
    words = [arguments.program("threads_plain")]
    pattern = "/usr/lib/heaptrack/libheaptrack_preload.so"
    for _ in both_orders(arguments, pattern, words):
        pass
    # It takes a call before its own constructor for the end: with a report
    # to write, midpool allocates before all constructors.
    result = preload.run(arguments.lib, words, conf="report:none",
                         preload=[find(pattern), "MIDPOOL"],
                         extra={"DUMP_HEAPTRACK_OUTPUT": "recorded"})
    path = os.path.join(result.expect(0).folder.name, "recorded")
    assert os.path.getsize(path) > 0, result


ALLOCATORS = ("libjemalloc.so.2", "libtcmalloc_minimal.so.4",
              "libmimalloc.so.2*",
              "libtbbmalloc_proxy.so.2")
# ls, sort, grep, sed and six more died while reallocarray called our own
# realloc. WORDS stands for a text file, TREE for a folder.
COMMANDS = """
ls -R TREE
ls -l TREE
sort WORDS
sort -n -r -u WORDS
grep -c 5 WORDS
grep -E ^(a|1)+[0-9]*$ WORDS
grep -r -l root TREE
sed -n 2p WORDS
sed -e s/1/one/g -e s/[2-4]/x/ WORDS
awk {n+=length($0)}END{print(n)} WORDS
find TREE -name *.conf
find TREE -type f -size +1k
tar -cf - -C TREE .
gzip -c WORDS
bzip2 -c WORDS
xz -c WORDS
cat WORDS
tac WORDS
head -n 100 WORDS
tail -n 100 WORDS
wc WORDS
uniq -c WORDS
cut -c 1-3 WORDS
tr a-z A-Z
join WORDS WORDS
paste WORDS WORDS
diff WORDS WORDS
cmp WORDS WORDS
comm WORDS WORDS
od -c WORDS
md5sum WORDS
sha256sum WORDS
base64 WORDS
nl WORDS
split --filter=cat WORDS
du -s TREE
bash -c for((i=0;i<300;i++)){a[i]=$i;};echo${a[@]}
perl -e print(join(",",map{"x"x($_*100)}(1..90)))
date -d @0
""".strip().split("\n")


def words_of(command, folder):
    return [{"WORDS": os.path.join(folder, "words"), "TREE": "/etc/apt"}
            .get(word, word) for word in command.split()]


def answers(arguments, commands, order):
    """Runs the commands, two at a time; their exit status and output."""
    def answer(words):
        result = preload.run(order and arguments.lib, words,
                             preload=order or ())
        return result.status, result.out, result.err

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(answer, commands))


def test_allocators(arguments):
    """Another allocator before and after: functions that it does not define
    work on the memory of the one that is in force."""
    folder = tempfile.TemporaryDirectory(prefix="midpool-test-")
    with open(os.path.join(folder.name, "words"), "w") as file:
        file.writelines("%d\n" % number for number in range(10000, 14000))
    commands = [words_of(command, folder.name) for command in COMMANDS]
    # mimalloc 2.0.9 gives aligned_alloc(256, 256) less than it asks for.
    commands.append([arguments.program("threads_derived"), "unaligned"])
    alone = answers(arguments, commands, None)
    libraries = [found[-1] for found in (
        sorted(glob.glob("/usr/lib/*/" + name)) for name in ALLOCATORS)
        if found]
    for library in libraries:
        for order in (["MIDPOOL", library], [library, "MIDPOOL"]):
            for words, wanted, got in zip(
                    commands, alone, answers(arguments, commands, order)):
                assert got == wanted, (order, words, got, wanted)
    if not libraries:
        raise preload.Skip("no other allocator is installed")


def test_allocator_in_front_is_used(arguments):
    """The pools serve if and only if midpool comes first."""
    words = ["/usr/bin/perl", "-e", "print 'x' x 40000"]
    for name in ALLOCATORS:
        found = glob.glob("/usr/lib/*/" + name)
        for order in (["MIDPOOL", *found], [*found, "MIDPOOL"])[:2 * len(found)]:
            report = preload.run(arguments.lib, words,
                                 preload=order).expect(0).report()
            first = order[0] == "MIDPOOL"
            assert report["interception"]["active"] == first, (order, report)
            assert (report["totals"]["gets"] > 0) == first, (order, report)


def test_executables_with_an_allocator(arguments):
    """They define malloc and free, and few of the others."""
    for name in ("memalign", "aligned_alloc", "posix_memalign", "least"):
        result = preload.run(arguments.lib,
                             [arguments.program("threads_derived_" + name)])
        assert result.expect(0).out == b"fine\n", (name, result)
        assert b"Arena 0:" in result.err, (name, result)
        report = result.report()
        assert not report["interception"]["active"], (name, report)
        assert report["totals"]["gets"] == 0, (name, report["totals"])


def test_valgrind(arguments):
    if not shutil.which("valgrind"):
        raise preload.Skip("no valgrind")
    words = ["valgrind", "-q", "--error-exitcode=9",
             arguments.program("threads_plain")]
    result = preload.run(arguments.lib, words, seconds=300).expect(0)
    report = result.report()
    assert not report["interception"]["active"], report["interception"]
    assert "valgrind" in report["interception"]["reason"].lower(), report


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
