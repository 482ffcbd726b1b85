#!/usr/bin/python3
"""The report at exit never changes the program, whatever it meets.

Each test runs a program that makes the report's life hard (report_cases.c)
and checks exit status, standard output and files with and without midpool,
and what became of the report.
"""

import json
import os
import resource
import re
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402


def cases(arguments, *words):
    return [arguments.program("limits_report_cases")] + list(words)


def temporary():
    return tempfile.TemporaryDirectory(prefix="midpool-test-")


def same_as_unloaded(arguments, words, conf, **options):
    """Status and standard output are those of the bare program."""
    bare = preload.run(None, cases(arguments, *words), **options)
    ours = preload.run(arguments.lib, cases(arguments, *words), conf=conf,
                       **options)
    assert ours.status == bare.status, (bare, ours)
    assert ours.out == bare.out, (bare, ours)
    return ours


def test_text_on_stderr(arguments):
    result = same_as_unloaded(arguments, ["nothing"], "report:text")
    text = result.err.decode()
    assert "midpool" in text and "hit" in text, result
    assert len(text.splitlines()) <= 40, result
    assert "\x1b" not in text, "colour codes outside a terminal"


def text_of(arguments, conf, gets):
    """The stderr of a process that makes that number of gets in all."""
    bare = preload.run(arguments.lib, cases(arguments, "reuse", "0"))
    at_start = bare.expect(0).report()["totals"]["gets"]
    return preload.run(
        arguments.lib, cases(arguments, "reuse", str(gets - at_start)),
        extra={"MIDPOOL_CONF": conf}).expect(0).err.decode()


def test_default_is_text(arguments):
    """On stderr from 4,000 gets on: a preload of everything stays readable."""
    assert text_of(arguments, "", 3999) == ""
    text = text_of(arguments, "", 4000)
    assert "4,000 gets" in text and "memory" in text, text


def test_report_min_gets(arguments):
    assert text_of(arguments, "report_min_gets:1500", 1499) == ""
    assert "1,500 gets" in text_of(arguments, "report_min_gets:1500", 1500)
    assert text_of(arguments, "report_min_gets:1500,report:text", 1499) == ""
    assert text_of(arguments, "report:text,report_min_gets:1500", 1499) == ""
    with temporary() as folder:  # a file is always written
        preload.run(arguments.lib, cases(arguments, "nothing"),
                    conf="report:text,report_min_gets:99999,"
                    "report_file:%s/r.txt" % folder).expect(0)
        assert os.listdir(folder) == ["r.txt"]


def test_few_gets_are_one_line(arguments):
    """Fewer than 1,000; who says report:text asks for every process."""
    for conf in ("report:text", "report_min_gets:0"):
        text = text_of(arguments, conf, 999)
        assert re.fullmatch(
            r"midpool +limits_report_cases \[\d+\] ran for [^:\n]+:"
            r" 999 gets, \d+ hits; [^;\n]+ CPU time; at most [^\n]+ resident\n",
            text), text
        assert len(text_of(arguments, conf, 1000).splitlines()) > 10


def test_none_is_silent(arguments):
    result = same_as_unloaded(arguments, ["nothing"], "report:none")
    assert result.err == b"", result


def test_closed_stderr_in_program(arguments):
    """GNU tools close descriptor 2 before they end."""
    result = same_as_unloaded(arguments, ["close_stderr"], "report:text")
    assert b"midpool" in result.err or result.texts(), result


def test_closed_stderr_from_start(arguments):
    shell = ["/bin/sh", "-c", 'exec "$0" "$1" 2>&-']
    for report in ("report:text", ""):
        result = preload.run(
            arguments.lib, shell + cases(arguments, "nothing"),
            conf=report).expect(0)
        if not report:
            assert any(one["process"]["executable"].endswith("report_cases")
                       for one in result.reports())


def test_closed_stdin_and_stdout(arguments):
    shell = ["/bin/sh", "-c", 'exec "$0" "$1" <&- >&-']
    result = preload.run(arguments.lib, shell + cases(arguments, "nothing"))
    result.expect(0)
    assert result.reports(), result


def test_all_descriptors_closed(arguments):
    result = same_as_unloaded(arguments, ["close_all"], "")
    result.report()


def check_untouched(arguments, case):
    with temporary() as folder:
        for conf in ("report:text", ""):
            path = os.path.join(folder, "data")
            result = preload.run(arguments.lib, cases(arguments, case, path),
                                 conf=conf)
            result.expect(0)
            with open(path, "rb") as file:
                assert file.read() == b"data\n", "the report is in the file"
        assert result.report()["interception"]["active"]


def test_reused_stderr(arguments):
    check_untouched(arguments, "reuse_stderr")


def test_replaced_stderr(arguments):
    check_untouched(arguments, "replace_stderr")


def test_full_disk(arguments):
    for words in (["nothing"], ["close_stderr"]):
        with open("/dev/full", "wb") as full:
            preload.run(arguments.lib, cases(arguments, *words),
                        conf="report:text", stderr=full).expect(0)
    result = preload.run(arguments.lib, cases(arguments, "nothing"),
                         conf="report:json,report_file:/dev/full").expect(0)
    assert b"/dev/full" in result.err, result
    assert b"No space left" in result.err, result


def test_no_file_size(arguments):
    """RLIMIT_FSIZE 0: SIGXFSZ must not reach the program."""
    result = same_as_unloaded(arguments, ["no_file_size"], "")
    assert not result.reports() or result.report(), result


def test_no_descriptors_left(arguments):
    for conf in ("report:text", ""):
        result = same_as_unloaded(arguments, ["use_up_descriptors"], conf)
        said = result.err.decode()
        assert "midpool" in said, result
        if not conf:
            assert "Too many open files" in said, result


def test_closed_pipe(arguments):
    """cmd 2>&1 | head -1: SIGPIPE must not change the exit status."""
    for conf in ("report:text", "report:text,report_file:/dev/stderr"):
        reading, writing = os.pipe()
        os.close(reading)
        result = preload.run(arguments.lib, cases(arguments, "nothing"),
                             conf=conf, stderr=writing)
        os.close(writing)
        result.expect(0)
    shell = ["/bin/bash", "-c",
             '"$0" nothing 2>&1 | head -1; exit ${PIPESTATUS[0]}']
    preload.run(arguments.lib, shell + [cases(arguments)[0]],
                conf="report:text").expect(0)


def test_missing_directory(arguments):
    result = preload.run(
        arguments.lib, cases(arguments, "nothing"),
        conf="report:json,report_file:/nonexistent/a/b.json").expect(0)
    assert b"/nonexistent/a/b.json" in result.err, result
    assert b"No such file" in result.err, result


def test_unwritable_directory(arguments):
    """For an impossible name one line gives the reason; no other change."""
    bare = preload.run(None, cases(arguments, "nothing")).expect(0)
    with temporary() as folder:
        for name, why in ((folder, "Is a directory"),
                          (folder + "/", "Is a directory"),
                          ("/proc/r.json", "No such file"),
                          ("/etc/hostname/r.json", "Not a directory"),
                          (folder + "/" + "n" * 300, "File name too long")):
            result = preload.run(arguments.lib, cases(arguments, "nothing"),
                                 conf="report:json,report_file:" + name)
            assert result.expect(0).out == bare.out, result
            said = result.err.decode().splitlines()
            assert len(said) == 1 and name in said[0] and why in said[0], said
        assert os.listdir(folder) == [], os.listdir(folder)
        assert not os.path.exists(folder + ".2")


def test_two_processes_one_name(arguments):
    """A fixed name never makes one report overwrite another."""
    with temporary() as folder:
        conf = "report:json,report_file:%s/fixed.json" % folder
        preload.run(arguments.lib, cases(arguments, "fork_children"),
                    conf=conf).expect(0)
        preload.run(arguments.lib, cases(arguments, "nothing"),
                    conf=conf).expect(0)
        pids = set()
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                report = json.load(file)
            pids.add(report["process"]["pid"])
        assert len(pids) == 5, (pids, os.listdir(folder))
        names = sorted(os.listdir(folder))
        assert names == ["fixed.%s.json" % n for n in "2345"] + [
            "fixed.json"], names


def test_collector_reads_the_newest(arguments):
    """One name for every process, and *.prom is all that a collector reads."""
    with temporary() as folder:
        conf = "report:openmetrics,report_file:%s/fixed.prom" % folder
        starts = []
        for case in ("fork_children", "nothing"):
            preload.run(arguments.lib, cases(arguments, case),
                        conf=conf).expect(0)
            assert os.listdir(folder) == ["fixed.prom"], os.listdir(folder)
            with open(os.path.join(folder, "fixed.prom"),
                      encoding="utf-8") as file:
                starts.append([line for line in file
                               if line.startswith("midpool_start_time")])
        assert starts[0] != starts[1], starts


def test_symbolic_link_not_followed_into_data(arguments):
    """A symbolic link that has the report's name is not written through."""
    with temporary() as folder:
        data = os.path.join(folder, "data")
        with open(data, "w", encoding="utf-8") as file:
            file.write("precious")
        os.symlink(data, os.path.join(folder, "r.json"))
        preload.run(arguments.lib, cases(arguments, "nothing"),
                    conf="report:json,report_file:%s/r.json" % folder)
        with open(data, encoding="utf-8") as file:
            assert file.read() == "precious"


def test_changed_directory(arguments):
    """A relative name belongs to the directory of the start."""
    with temporary() as folder:
        preload.run(arguments.lib, cases(arguments, "change_directory"),
                    conf="report:json,report_file:here.json",
                    cwd=folder).expect(0)
        assert os.listdir(folder) == ["here.json"], os.listdir(folder)
        preload.run(arguments.lib, cases(arguments, "change_directory"),
                    conf="report:json", cwd=folder).expect(0)
        names = [name for name in os.listdir(folder)
                 if name.startswith("midpool.")]
        assert len(names) == 1 and names[0].endswith(".json"), names
        assert "report_cases" in names[0], names


def test_daemon(arguments):
    """Forked, in another directory, with no descriptors of its own left."""
    with temporary() as folder:
        preload.run(arguments.lib, cases(arguments, "daemonize"),
                    conf="report:json,report_file:d.%p.json",
                    cwd=folder).expect(0)
        for _ in range(4000):
            names = [name for name in os.listdir(folder)
                     if name.endswith(".json")]
            if names:
                break
            time.sleep(0.05)
        assert len(names) == 1, names


def test_changed_root(arguments):
    """chroot: the name means something else now. The program goes on."""
    if os.getuid() != 0:
        raise preload.Skip("needs root")
    with temporary() as folder:
        result = preload.run(arguments.lib,
                             cases(arguments, "change_root", folder))
        result.expect(0)
        os.makedirs(folder + "/tmp")
        same_as_unloaded(arguments, ["change_root", folder], "report:text")


def test_exit_while_threads_churn(arguments):
    threads = 0
    for _ in range(10000 if preload.SOAK else 60):
        result = preload.run(arguments.lib,
                             cases(arguments, "run_threads")).expect(0)
        # No exact equations: 32 threads went on counting meanwhile.
        path, = result.paths()
        report = preload.check_report.load(path)
        assert report["totals"]["gets"] > 0 and report["pools"], report
        threads = max(threads, report["threads"]["peak"])
    # On a busy machine one run may end before its threads have started.
    assert threads >= 2, threads


def test_file_patterns(arguments):
    with temporary() as folder:
        before = int(time.time())
        preload.run(arguments.lib, cases(arguments, "nothing"),
                    conf="report:json,report_file:%s/%%p-%%P-%%e-%%h-%%t-"
                    "%%n-%%%%.json" % folder).expect(0)
        name, = os.listdir(folder)
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            process = json.load(file)["process"]
        start = process["start_unix_ns"] // 10**9
        assert before - 2 <= start <= time.time() + 1, process
        want = "%d-%d-%s-%s-%d-%d-%%.json" % (
            process["pid"], process["ppid"],
            os.path.basename(process["executable"]), process["host"], start,
            process.get("generation", 0))
        assert name == want, (name, want)


def test_children_report(arguments):
    result = preload.run(arguments.lib, cases(arguments, "fork_children"))
    reports = result.expect(0).reports()
    assert len(reports) == 4, [one["process"] for one in reports]
    parents = {one["process"]["ppid"] for one in reports}
    pids = {one["process"]["pid"] for one in reports}
    assert len(pids) == 4 and len(pids & parents) == 1, (pids, parents)
    for one in reports:
        assert one["totals"]["gets"] > 0, one["process"]


def run_workers(arguments, folder, conf):
    """Two workers that may not write into folder, 5,000 gets each."""
    os.chmod(folder, 0o700)
    with open(os.path.join(folder, "stderr"), "wb") as err:
        preload.run(arguments.lib, cases(arguments, "fork_workers"),
                    conf=conf, cwd=folder, stderr=err).expect(0)
    with open(os.path.join(folder, "log"), encoding="utf-8") as log:
        assert log.read() == "", "the program's log is not ours to write"


def test_workers_that_may_not_write(arguments):
    """The next report of their family tells of them, in every format that
    has words."""
    if os.getuid() != 0:
        raise preload.Skip("needs root")
    with temporary() as folder:
        run_workers(arguments, folder,
                    "report:json,report_file:%s/r.%%p.json" % folder)
        name, = [name for name in os.listdir(folder) if name != "log"
                 and os.path.getsize(os.path.join(folder, name))]
        report = preload.check_report.load(os.path.join(folder, name))
        assert report["process"]["unreported"] == {
            "processes": 2, "gets": 10000, "hits": 10000, "errno": 13}, report
        assert "unreported" in [one["id"] for one in report["warnings"]]
    with temporary() as folder:
        run_workers(arguments, folder, "report:text,report_min_gets:4000")
        with open(os.path.join(folder, "stderr"), encoding="utf-8") as file:
            text = " ".join(file.read().split())
        assert len(re.findall(r"midpool \S+ \[", text)) == 1, text
        assert ("2 forked processes could not write a report (Permission"
                " denied), with 10,000 gets" in text), text


def test_workers_say_little_in_the_log(arguments):
    """One that changed its root and had few gets does not say that it could
    not write; one that had many does."""
    if os.getuid() != 0:
        raise preload.Skip("needs root")
    with temporary() as folder:
        for least, said in ((10**6, 0), (1, 1)):
            result = preload.run(
                arguments.lib, cases(arguments, "change_root", folder),
                conf="report:json,report_file:/nonexistent/r.json,"
                "report_min_gets:%d" % least).expect(0)
            assert result.err.count(b"no report written") == said, result


def test_children_silent(arguments):
    result = preload.run(arguments.lib, cases(arguments, "fork_children"),
                         conf="report_children:no").expect(0)
    assert len(result.reports()) == 1, result.paths()
    shell = ["/bin/bash", "-c", '"$0" nothing; "$0" nothing; exit 0']
    result = preload.run(arguments.lib, shell + [cases(arguments)[0]],
                         conf="report_children:no").expect(0)
    assert len(result.reports()) == 1, result.paths()


def test_exec_starts_anew(arguments):
    """An exec ends a program without a report; the next one counts from 0."""
    one, = preload.run(arguments.lib,
                       cases(arguments, "nothing")).expect(0).reports()
    last, = preload.run(arguments.lib,
                        cases(arguments, "exec_again")).expect(0).reports()
    assert last["process"]["end"] == "exit", last["process"]
    assert last["totals"] == one["totals"], (one["totals"], last["totals"])
    # A file that each image would write: one came to its end.
    shell = ["/bin/bash", "-c",
             'exec /bin/bash -c \'exec "$0" exec_again\' "$0"']
    result = preload.run(arguments.lib, shell + [cases(arguments)[0]])
    assert len(result.expect(0).reports()) == 1, result.paths()


def test_status_is_kept(arguments):
    for case in ("end_at_once", "kill_self", "abort_self", "nothing"):
        same_as_unloaded(arguments, [case], "")
        same_as_unloaded(arguments, [case], "report:text")


def test_bad_options_warn(arguments):
    for conf, name, near in (
            ("repotr:json", "repotr", "report"),
            ("report:jsn", "jsn", "json"),
            ("warn_below:many", "many", "95"),
            ("decay_ms:-2", "-2", "10000"),
            ("cache_max:12Q", "12Q", ""),
            ("warmup:16K", "16K", ""),
            ("signal:SIGNOTHING", "SIGNOTHING", ""),
            ("misuse:perhaps", "perhaps", "abort"),
            ("just words", "just words", "")):
        result = preload.run(
            arguments.lib, cases(arguments, "nothing"),
            conf="report:none," + conf).expect(0)
        said = result.err.decode().splitlines()
        assert len(said) == 1, (conf, result)
        assert name in said[0] and near in said[0], (conf, said)


def test_signal_report(arguments):
    with temporary() as folder:
        conf = ("report:json,report_file:%s/%%p.%%n.json,signal:SIGUSR2"
                % folder)
        preload.run(arguments.lib, cases(arguments, "raise_signal"),
                    conf=conf).expect(0)
        assert len(os.listdir(folder)) == 3, os.listdir(folder)


def test_signal_replaced_handler(arguments):
    """A handler that the program installs later takes midpool's place."""
    preload.run(arguments.lib, cases(arguments, "handle_signal"),
                conf="signal:SIGUSR2").expect(0)


def test_signal_ignored(arguments):
    """As under nohup: it stays ignored, for a program executed as well."""
    words = ["/bin/sh", "-c", 'trap "" USR2; exec "$@"', "sh"]
    words += cases(arguments, "raise_ignored_signal")
    result = preload.run(arguments.lib, words,
                         conf="report:none,signal:SIGUSR2").expect(0)
    said = result.err.decode().splitlines()
    assert said == ["midpool: no report on the option signal: the program was"
                    " started with the signal ignored"], result


def test_cpu_and_memory(arguments):
    """At least what the program saw at its end, at most what wait4 tells."""
    for conf in ("", "live:yes"):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = preload.run(arguments.lib, cases(arguments, "use_much"),
                             conf=conf).expect(0)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        user, system, touched = (int(word) for word in result.out.split())
        report = result.report()
        used = report["process"]["cpu_user_ns"]
        assert user * 1000 <= used \
            <= (after.ru_utime - before.ru_utime) * 1e9 + 2000, report
        used = report["process"]["cpu_system_ns"]
        assert system * 1000 <= used \
            <= (after.ru_stime - before.ru_stime) * 1e9 + 2000, report
        peak = report["memory"]["peak_rss_bytes"]
        assert touched < peak < 2 * touched, report
    for form, word in (("text", b"CPU time; at most "),
                       ("openmetrics", b"midpool_cpu_seconds_total{"),
                       ("csv", b"cpu_user_ns")):
        result = preload.run(arguments.lib, cases(arguments, "use_much"),
                             conf="report:%s,report_file:%s" % (
                                 form, "report.json")).expect(0)
        with open(result.paths()[0], "rb") as file:
            said = file.read()
        assert word in said, (form, said)


def test_memory_of_a_small_program(arguments):
    """The kernel's peak begins with that of the process that started it."""
    big = bytearray(b"x" * (150 << 20))
    inherited = preload.run(None, [
        sys.executable, "-c", "import resource; print(resource.getrusage("
        "resource.RUSAGE_SELF).ru_maxrss)"]).expect(0)
    assert int(inherited.out) * 1024 > len(big), inherited
    for words in (["nothing"], ["fork_children"]):
        reports = preload.run(arguments.lib, cases(arguments, *words)
                              ).expect(0).reports()
        for report in reports:
            assert 1 << 20 < report["memory"]["peak_rss_bytes"] \
                < 50 << 20, report


def test_cpu_of_two_images(arguments):
    """The second report has the time of the first program as well."""
    script = "i=0; while [ $i -lt 40000 ]; do i=$((i+1)); done; exec \"$@\""
    report = preload.run(arguments.lib, ["/bin/sh", "-c", script, "sh"]
                         + cases(arguments, "nothing")).expect(0).report()
    assert report["process"]["cpu_user_ns"] \
        + report["process"]["cpu_system_ns"] \
        > report["process"]["duration_ns"] > 0, report["process"]


def test_no_descriptor_is_held(arguments):
    for conf in ("", "report:text", "live:yes,signal:SIGUSR2",
                 "purge_thread:yes"):
        same_as_unloaded(arguments, ["list_descriptors"], conf)


def test_report_in_one_write(arguments):
    if not shutil.which("strace"):
        raise preload.Skip("no strace")
    result = preload.run(arguments.lib, [
        "strace", "-f", "-e", "trace=write,writev", "-o", "/dev/stdout", "-E",
        "LD_PRELOAD=" + arguments.lib, "-E",
        "MIDPOOL_CONF=report:text"] + cases(arguments, "nothing"),
        conf="report:none")
    writes = [line for line in result.out.decode().splitlines()
              if "write(" in line and "midpool" in line]
    assert len(writes) == 1, result


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
