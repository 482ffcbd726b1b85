#!/usr/bin/python3
"""Guarded buffers: mistakes of bugs.c, handlers of handlers.c.

    guard.py --lib LIB --bin DIRECTORY [TEST]...
"""

import math
import os
import re
import shutil
import signal
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402

# The mistake, its name in a report, and the offset of the access from the end
# (None: as the second number says, from the start).
FAULTS = {
    "write_1": ("overrun: a write", 0, None),
    "write_16": ("overrun: a write", 15, None),
    "write_4096": ("overrun: a write", 4095, None),
    "read": ("overrun: a read", 0, None),
    "read_4096": ("overrun: a read", 4095, None),
    "under_write": ("underrun: a write", None, -1),
    "under_16": ("underrun: a write", None, -16),
    "under_4096": ("underrun: a write", None, -4096),
    "under_read": ("underrun: a read", None, -1),
    "freed_write": ("use after free: a write", None, 100),
    "freed_read": ("use after free: a read", None, 0),
}
CLASSES = {4096: 4096, 16384: 16384, 65536: 65536, 5001: 5120, 2057: 2560}
PARTS = {"allocated": r"allocated by thread (\d+), at",
         "freed": r"freed by thread (\d+), at",
         "accessed": r"accessed by thread (\d+), at",
         "again": r"freed again by thread (\d+), at"}


def run(arguments, words, conf="guard:1", program="guard_bugs", **options):
    return preload.run(arguments.lib, [arguments.program(program)] + words,
                       conf=conf, seconds=100, **options)


def parts(text):
    """The threads of each part of a report, and its stack's first frame."""
    found = {}
    for name, pattern in PARTS.items():
        match = re.search(pattern + r"\nmidpool:     (\S+)", text)
        if match:
            found[name] = match.group(1), match.group(2)
    return found


def guard_file(result):
    names = [name for name in os.listdir(result.folder.name)
             if name.endswith(".guard")]
    assert len(names) == 1, (names, str(result))
    with open(os.path.join(result.folder.name, names[0])) as file:
        return file.read()


def expect_report(result, kind, size, offset, stacks):
    text = result.err.decode()
    assert "midpool: guard: " + kind in text, str(result)
    assert "(offset %d)" % offset in text, (offset, str(result))
    assert re.search(r"buffer 0x[0-9a-f]+ of %d bytes \(class of %d bytes\)"
                     % (size, CLASSES[size]), text), str(result)
    found = parts(text)
    assert set(found) == set(stacks), (sorted(found), str(result))
    for _thread, frame in found.values():
        assert "/guard_bugs+0x" in frame, (frame, str(result))
    written = guard_file(result)
    assert written and text.startswith(written), (written, str(result))
    return found


def expect_fault(arguments, mistake, size, thread, conf="guard:1"):
    kind, beyond, before = FAULTS[mistake]
    result = run(arguments, [mistake, str(size)] + thread, conf)
    assert result.status == -signal.SIGSEGV, (mistake, size, str(result))
    offset = before if beyond is None else size + beyond
    stacks = ["allocated", "accessed"]
    if mistake.startswith("freed"):
        stacks.append("freed")
    found = expect_report(result, kind, size, offset, stacks)
    threads = {thread for thread, _frame in found.values()}
    assert len(threads) == (len(stacks) if thread else 1), str(result)


def test_every_mistake_is_caught_at_once(arguments):
    for size in (4096, 16384, 65536):
        for mistake in FAULTS:
            expect_fault(arguments, mistake, size, [])


def test_across_threads(arguments):
    for mistake in FAULTS:
        expect_fault(arguments, mistake, 16384, ["thread"])


def test_with_sites(arguments):
    """The sampler takes stacks as well: no stack of a report is lost."""
    for mistake in ("write_1", "under_write", "freed_write"):
        expect_fault(arguments, mistake, 16384, ["thread"], "guard:1,sites:1")


def test_double_free(arguments):
    stacks = ["allocated", "freed", "again"]
    for thread in ([], ["thread"]):
        result = run(arguments, ["double", "5001"] + thread)
        assert result.status == -signal.SIGABRT, str(result)
        text = result.err.decode()
        assert "midpool: guard: double free\n" in text, str(result)
        found = parts(text)
        assert set(found) == set(stacks), (found, str(result))
        assert guard_file(result) in text, str(result)
    result = run(arguments, ["double", "5001"], "guard:1,misuse:warn")
    report = result.expect(0).report()
    assert report["misuse"]["double_free"] == 1, report["misuse"]
    assert report["guard"]["caught"] == 1, report["guard"]
    result = run(arguments, ["double", "5001"], "guard:1,misuse:off").expect(0)
    assert result.err == b"", str(result)


def test_a_gap_is_looked_at_by_free(arguments):
    """Sizes that are no multiple of a page: which side faults is a matter of
    chance, and the other one is found by the free."""
    for size in (5001, 2057):
        for mistake in ("write_1", "under_write"):
            faults = found = 0
            for _ in range(12):
                result = run(arguments, [mistake, str(size)])
                text = result.err.decode()
                faults += result.status == -signal.SIGSEGV
                if result.status == -signal.SIGABRT:
                    found += 1
                    assert ", found at the free" in text, str(result)
                assert ("overrun" if mistake == "write_1" else
                        "underrun") in text, str(result)
            assert faults + found == 12, (size, mistake, faults, found)
            assert found > 0, (size, mistake)


def test_a_gap_only_ends_a_process_with_abort(arguments):
    # Beyond the end, but within the 15 bytes that alignment leaves.
    result = run(arguments, ["write_1", "5001"], "guard:1,misuse:warn")
    report = result.expect(0).report()
    assert report["guard"] == {"sampled": 1, "caught": 1}, report["guard"]
    assert b"guard: overrun: bytes were written 1 byte beyond" in result.err
    assert run(arguments, ["write_1", "5001"],
               "guard:1,misuse:off").expect(0).err == b""


def test_one_in_a_hundred(arguments):
    """500 children with 100 guardable buffers each: those that are caught are
    as many as chance has it, within five standard deviations."""
    runs, chance = 500, 1 - (1 - 1 / 100) ** 100
    result = run(arguments, ["many", str(runs)],
                 "guard:100,report:none").expect(0)
    caught = int(result.out)
    bound = 5 * math.sqrt(runs * chance * (1 - chance))
    assert abs(caught - runs * chance) <= bound, (caught, runs * chance, bound)
    assert result.err.count(b"midpool: guard: ") == caught


def test_off_nothing_is_caught(arguments):
    result = run(arguments, ["many", "20"], "report:none").expect(0)
    assert result.out == b"0\n" and result.err == b"", str(result)


def handler(arguments, case, status=0, reports=0):
    result = run(arguments, [case], program="guard_handlers")
    assert result.status == status, (case, str(result))
    told = result.err.count(b"midpool: guard: ")
    assert told == reports, (case, told, str(result))


def test_the_programs_handler(arguments):
    handler(arguments, "later", reports=2)
    handler(arguments, "by_signal", reports=2)
    handler(arguments, "on_its_stack", reports=1)
    handler(arguments, "past_us", reports=1)
    handler(arguments, "of_its_own")


def test_without_a_handler(arguments):
    handler(arguments, "once", -signal.SIGSEGV, reports=2)
    handler(arguments, "sent", -signal.SIGSEGV)
    handler(arguments, "null", -signal.SIGSEGV)
    handler(arguments, "sent_while_ignored")


def use(arguments, words, conf="guard:1", status=0, told=()):
    """told: the first words of all reports, in any order."""
    result = run(arguments, words, conf, program="guard_uses")
    assert result.status == status, (words, conf, str(result))
    found = re.findall(r"midpool: guard: (.*)", result.err.decode())
    assert len(found) == len(told), (words, found, str(result))
    for line, words in zip(sorted(found), sorted(told)):
        assert line.startswith(words), (line, words)
    return result


def guard_files(result):
    return {int(name.split(".")[1]): name
            for name in os.listdir(result.folder.name)
            if name.endswith(".guard")}


def test_a_forked_child_has_its_own(arguments):
    result = use(arguments, ["fork_keeps"])
    reports = result.reports()
    assert sorted(report["guard"]["sampled"] for report in reports) == [
        1, 2], [report["guard"] for report in reports]
    freed = "use after free: a write"
    result = use(arguments, ["fork_child_frees"], told=[freed])
    report = result.report()
    assert list(guard_files(result)) != [report["process"]["pid"]], str(result)
    assert report["guard"] == {"sampled": 1, "caught": 0}, report["guard"]
    result = use(arguments, ["fork_both"], status=-signal.SIGSEGV,
                 told=[freed, "overrun: a write"])
    files = guard_files(result)
    assert len(files) == 2, files
    for name in files.values():
        with open(os.path.join(result.folder.name, name)) as file:
            assert file.read().count("midpool: guard: ") == 1, name


def test_fork_among_threads(arguments):
    for conf in ("guard:1", "guard:3,check_fill:yes"):
        result = use(arguments, ["fork_among_threads"], conf)
        reports = result.reports()
        assert len(reports) == 9, len(reports)
        assert all(report["guard"]["sampled"] > 0 for report in reports)


def test_aligned_buffers_and_their_gaps(arguments):
    for conf in ("guard:1", "guard:2", "guard:1,check_fill:yes,zero:free"):
        report = use(arguments, ["aligned"], conf).report()
        assert report["guard"]["sampled"] > 50, report["guard"]
    result = run(arguments, ["aligned_gaps"], "guard:1,misuse:warn",
                 program="guard_uses").expect(0)
    report = result.report()
    assert report["guard"]["caught"] == 200, report["guard"]
    text = result.err.decode()
    lines = re.findall(r"midpool: guard: (.*)", text)
    assert len(lines) == 100 and all(
        line.startswith("overrun: bytes were written 1 byte beyond")
        for line in lines), (len(lines), str(result))


def test_realloc(arguments):
    for conf in ("guard:1", "guard:1,check_fill:yes,zero:free"):
        report = use(arguments, ["resize"], conf).report()
        assert report["guard"] == {"sampled": 9, "caught": 0}, report["guard"]
    use(arguments, ["resize"], "guard:1,misuse:warn,sites:1")
    use(arguments, ["resize_and_use_the_old"], status=-signal.SIGSEGV,
        told=["use after free: a write"])
    use(arguments, ["resize_and_use_the_rest"], status=-signal.SIGSEGV,
        told=["overrun: a write"])


def test_malloc_usable_size(arguments):
    use(arguments, ["usable"])
    use(arguments, ["usable"], "guard:1,check_fill:yes")


def test_zero_and_check_fill(arguments):
    for conf in ("guard:1", "guard:1,decay_ms:0", "guard:3,check_fill:yes",
                 "guard:1,zero:free,check_fill:yes,sites:16K"):
        use(arguments, ["zero"], conf)


def test_check_fill_of_others(arguments):
    """Half of the buffers are guarded; check_fill looks at the others."""
    result = run(arguments, ["freed_bytes", "40"],
                 "guard:2,check_fill:yes,report:none",
                 program="guard_uses").expect(0)
    guarded = result.err.count(b"midpool: guard: use after free")
    # Half of them, within five standard deviations.
    assert 4 <= guarded <= 36, str(result)
    others = result.err.count(b"write after free to buffer")
    assert guarded + others == 40, (guarded, others, str(result))


def test_live_page(arguments):
    """The counters are in a file that others read, and a fault keeps it."""
    for live in ("yes", "keep"):
        report = use(arguments, ["fork_keeps"], "guard:1,live:" + live)
        assert len(report.reports()) == 2
    use(arguments, ["fork_among_threads"], "guard:1,live:yes")
    use(arguments, ["resize_and_use_the_old"], "guard:1,live:yes",
        -signal.SIGSEGV, ["use after free: a write"])


SQL = """create table t(a); with recursive n(i) as (select 1 union all
select i + 1 from n where i < 400) insert into t select zeroblob(4000 + i * 99)
from n; select count(*), sum(length(a)) from t; update t set a = a || x'00';
select sum(length(a)) from t;"""
PYTHON = """
import threading, zlib
def work():
    for i in range(100):
        zlib.decompress(zlib.compress(bytes(20000))), bytearray(5000 + i)
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads], [t.join() for t in threads]
print('done')
"""
NODE = """let all = []; for (let i = 0; i < 500; i++) {
all.push(Buffer.allocUnsafeSlow(16384).fill(1)); if (all.length > 50)
all.shift() } console.log(all.length)"""
# A fault that the program handles, and buffers of the band.
LISP = """(progn (dotimes (i 2000) (make-array 3000)) (gc :full t)
(handler-case (sb-sys:sap-ref-8 (sb-sys:int-sap 8) 0)
(error () (print :fault))))"""
JAVA = """public class T { public static void main(String[] words) {
int caught = 0; byte[][] kept = new byte[50][];
for (int i = 0; i < 50000; i++) { kept[i % 50] = new byte[5000];
try { String text = i % 3 == 0 ? null : "x"; caught -= text.length(); }
catch (NullPointerException e) { caught++; } }
System.out.println(caught); } }"""


def same(arguments, *argv, files=()):
    """A program is the same under guard:1, and has no report."""
    if not shutil.which(argv[0]):
        raise preload.Skip("no " + argv[0])
    with tempfile.TemporaryDirectory(prefix="midpool-guard-") as folder:
        for name, text in files:
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
        plain = preload.run(None, list(argv), seconds=100, cwd=folder)
        result = preload.run(arguments.lib, list(argv), conf="guard:1",
                             seconds=100, cwd=folder)
        left = [name for name in os.listdir(folder) if ".guard" in name]
    assert (result.status, result.out) == (plain.status, plain.out), str(result)
    assert b"midpool: guard: " not in result.err, str(result)
    assert not left, left
    plain.expect(0)
    assert any("guard" in report for report in result.reports()), str(result)


def test_sqlite_has_no_report(arguments):
    same(arguments, "sqlite3", ":memory:", SQL)


def test_git_has_no_report(arguments):
    words = ("export GIT_AUTHOR_DATE='2020-01-01 00:00:00 +0000'"
             " GIT_COMMITTER_DATE='2020-01-01 00:00:00 +0000'; git init -q . && git add a && git -c user.name=a -c"
             " user.email=a commit -qm a && git log --stat -p | md5sum"
             " && rm -rf .git")
    same(arguments, "sh", "-c", words,
         files=[("a", "some line\n" * 20000)])


def test_python_threads_have_no_report(arguments):
    same(arguments, "/usr/bin/python3", "-c", PYTHON)


def test_node_has_no_report(arguments):
    same(arguments, "node", "-e", NODE)


def test_sbcl_handles_its_faults(arguments):
    same(arguments, "sbcl", "--noinform", "--non-interactive", "--eval", LISP)


def test_java_handles_its_faults(arguments):
    same(arguments, "java", "-Xshare:auto", "T.java", files=[("T.java", JAVA)])


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
