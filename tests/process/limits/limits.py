#!/usr/bin/python3
"""Limits of memory, locks, files and system calls: the program goes on.

What runs without midpool under a limit has to run with it, as long as the
limit leaves some megabytes for it.
"""

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import cgroup  # noqa: E402
import preload  # noqa: E402

MB = 1 << 20


def limited(arguments, what, value, words, **options):
    def limit():
        resource.setrlimit(what, (value, value))
    return preload.run(arguments.lib,
                       [arguments.program("limits_work")] + words,
                       preexec_fn=limit, **options)


def check_address_space(arguments, megabytes, live):
    result = limited(arguments, resource.RLIMIT_AS, megabytes * MB,
                     [str(live), "threads"]).expect(0)
    got = int(result.out)
    assert got >= live - 2, "%d of %d MB" % (got, live)
    report = result.report()
    totals = report["totals"]
    assert totals["gets"] + totals["bypasses"] > 100, totals


def test_address_space_200m(arguments):
    check_address_space(arguments, 200, 60)


def test_address_space_512m(arguments):
    check_address_space(arguments, 512, 200)


def test_address_space_1g(arguments):
    check_address_space(arguments, 1024, 400)


def test_address_space_8g(arguments):
    check_address_space(arguments, 8192, 500)


def test_address_space_64m(arguments):
    """Hardly anything: no pools, or small ones, and no crash."""
    result = limited(arguments, resource.RLIMIT_AS, 64 * MB, ["10"])
    result.expect(0)
    assert int(result.out) >= 8, result


def test_address_space_used_up(arguments):
    """More is asked for than there is: ENOMEM, and the report is written."""
    result = limited(arguments, resource.RLIMIT_AS, 300 * MB, ["2000"])
    result.expect(0)
    bare = preload.run(None, [arguments.program("limits_work"), "2000"],
                       preexec_fn=lambda: resource.setrlimit(
                           resource.RLIMIT_AS, (300 * MB, 300 * MB)))
    assert int(result.out) >= int(bare.out) * 0.6, "%s of %s MB" % (
        result.out, bare.out)
    result.report()


def test_address_space_lowered(arguments):
    """A limit that a program sets itself counts only memory in use."""
    result = preload.run(arguments.lib, [arguments.program("limits_work"),
                                         "200", "lower"]).expect(0)
    assert int(result.out) >= 198, "%s of 200 MB" % result.out
    assert result.report()["totals"]["bypasses"] == 0, result.report()


def check_trade(arguments, megabytes, sizes, share=0.6):
    """Idle memory of one size serves the next size, or another allocator.

    Some megabytes are lost to size classes, and at the ends of jemalloc's
    chunks.
    """
    words = [arguments.program("limits_work"), str(megabytes), "trade"] + sizes

    def traded(lib):
        result = preload.run(lib, words).expect(0)
        return [int(line) for line in result.out.split()]
    bare = traded(None)
    ours = traded(arguments.lib)
    assert len(ours) == len(bare) == len(sizes), (ours, bare)
    for size, got, could in zip(sizes, ours, bare):
        assert got >= could * share, "%s: %d of %d MB" % (size, got, could)


def test_address_space_trade_classes(arguments):
    check_trade(arguments, 100, ["5000", "16384", "60000"])


def test_address_space_trade_large(arguments):
    """From the pools to the fallback, and from its cache to itself."""
    check_trade(arguments, 64, ["16384", "1048576", "700000"])


def test_address_space_trade_small(arguments):
    check_trade(arguments, 64, ["16384", "500", "16384"])


def test_address_space_trade_threads(arguments):
    """jemalloc's arenas are a thread's own, and keep their address space.

    The cache of a waiting thread keeps what it holds.
    """
    check_trade(arguments, 48, ["t1048576", "5000"], share=0.4)
    check_trade(arguments, 24, ["t500", "5000"])
    check_trade(arguments, 24, ["t1900", "1048576"])


def test_address_space_cached(arguments):
    """Every way to jemalloc gives back what jemalloc's own cache holds."""
    for size in ("500", "c1900", "r1900", "a500", "x500", "y1900",
                 "x300000", "y300000", "5000"):
        result = preload.run(arguments.lib, [
            arguments.program("limits_work"), "0", "cached", size]).expect(0)
        assert int(result.out) >= 7, "%s: %s of 8 MB" % (size, result.out)


def test_address_space_taken(arguments):
    """mlockall(MCL_CURRENT) counts address space against RLIMIT_MEMLOCK."""
    def taken(lib, **options):
        words = ["cat", "/proc/self/status"]
        result = preload.run(lib, words, **options).expect(0)
        return int(re.search(r"VmSize:\s+(\d+) kB", result.out.decode())[1])
    bare = taken(None)
    ours = taken(arguments.lib)
    assert ours - bare < 48 << 10, "%d kB, bare %d kB" % (ours, bare)


def test_shrinking_realloc(arguments):
    """It succeeds also when memory is used up, as glibc's does."""
    result = limited(arguments, resource.RLIMIT_AS, 300 * MB,
                     ["16", "shrink"]).expect(0)
    result.report()


def test_data_segment(arguments):
    """RLIMIT_DATA counts writable memory, touched or not: 1 MB for every
    size class that is used."""
    for megabytes in (128, 512):
        result = limited(arguments, resource.RLIMIT_DATA, megabytes * MB,
                         ["16"]).expect(0)
        assert int(result.out) >= 14, result


def test_locked_memory(arguments):
    """mlockall(MCL_CURRENT | MCL_FUTURE) does not lock reserved memory."""
    most = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
    words = ["16", "lock"]
    bare = preload.run(None, [arguments.program("limits_work")] + words)
    if bare.status == preload.SKIPPED:
        raise preload.Skip(bare.err.decode())
    result = limited(arguments, resource.RLIMIT_MEMLOCK, most, words).expect(0)
    assert int(result.out) >= 15, result
    peak = result.report()
    assert peak["interception"]["active"], peak["interception"]


def test_locked_memory_bounded(arguments):
    """Without CAP_IPC_LOCK the limit counts: the same outcome as bare."""
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
            "--inh-caps=-all", "--bounding-set=-all"]
    if os.getuid() != 0 or not shutil.which("setpriv"):
        raise preload.Skip("needs root and setpriv")
    words = [arguments.program("limits_work"), "8", "lock"]

    def limit():
        most = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (most, most))
    with readable(arguments) as folder:
        bare = preload.run(None, user + in_folder(folder, words),
                           preexec_fn=limit)
        ours = preload.run(os.path.join(folder, "libmidpool.so"),
                           user + in_folder(folder, words),
                           preexec_fn=limit)
    if bare.status:
        raise preload.Skip("not even bare: %s" % bare)
    ours.expect(0)
    assert bare.out == ours.out, "%s\n%s" % (bare, ours)


def readable(arguments):
    """A copy of library and program that every user can read."""
    folder = tempfile.TemporaryDirectory(prefix="midpool-test-")
    os.chmod(folder.name, 0o755)
    shutil.copy(arguments.lib, folder.name)
    shutil.copy(arguments.program("limits_work"), folder.name)
    return folder


def in_folder(folder, words):
    return [os.path.join(folder, os.path.basename(words[0]))] + words[1:]


def check_control_group(arguments, conf, limit):
    """One size after the other, within a limit that not even three of them
    could share: what one leaves idle is handed on or returned in time."""
    live = 100
    with cgroup.memory_limit(limit * MB) as group:
        result = preload.run(arguments.lib, [
            arguments.program("limits_work"), str(live), "shift"],
            conf=conf, preexec_fn=group.join)
        assert group.kills() == 0, "the limit killed it: %s" % result
        peak = group.peak()
    result.expect(0)
    assert int(result.out) >= live - 2, result
    totals = result.report()["totals"]
    assert totals["slot_bytes"] > 8 * limit * MB, totals
    assert peak is None or peak > live * MB, "the group saw %d" % peak


def test_control_group(arguments):
    check_control_group(arguments, "", 190)
    check_control_group(arguments, "live:yes,thp:dense", 200)


def test_control_group_tight(arguments):
    """The options for a group that has room for little more than live data."""
    check_control_group(arguments, "pool_max:8M,cache_max:1M", 150)


def test_few_descriptors(arguments):
    result = limited(arguments, resource.RLIMIT_NOFILE, 4, ["16"])
    result.expect(0)
    assert int(result.out) >= 15, result


def test_core_dump_is_small(arguments):
    """A core file contains resident memory, not the reservation."""
    with open("/proc/sys/kernel/core_pattern", encoding="ascii") as file:
        pattern = file.read().strip()
    if pattern.startswith("|") or "/" in pattern:
        raise preload.Skip("core files go to " + pattern)
    result = limited(arguments, resource.RLIMIT_CORE,
                     resource.RLIM_INFINITY, ["100", "abort"])
    assert result.status == -6, result
    cores = [name for name in os.listdir(result.folder.name)
             if name.startswith("core")]
    assert len(cores) == 1, os.listdir(result.folder.name)
    size = os.stat(os.path.join(result.folder.name, cores[0])).st_size
    assert size < 260 * MB, "the core file has %d MB" % (size // MB)


def copy_into(root, path):
    target = root + os.path.realpath(path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy(os.path.realpath(path), target)
    if os.path.realpath(path) != path:
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        shutil.copy(os.path.realpath(path), root + path)


def test_chroot_without_proc_and_dev(arguments):
    if os.getuid() != 0:
        raise preload.Skip("needs root")
    program = arguments.program("limits_work")
    with tempfile.TemporaryDirectory(prefix="midpool-test-") as root:
        libraries = subprocess.run(["ldd", program], check=True, text=True,
                                   capture_output=True).stdout
        paths = re.findall(r"(/\S+) \(0x", libraries)
        for path in paths + [program, arguments.lib]:
            copy_into(root, path)
        env = {"LD_PRELOAD": os.path.realpath(arguments.lib),
               "MIDPOOL_CONF": "report:json,report_file:/r.json,live:yes"}
        child = subprocess.run(
            [os.path.realpath(program), "16", "threads"], env=env, cwd="/",
            preexec_fn=lambda: os.chroot(root), capture_output=True)
        assert child.returncode == 0, child
        assert child.stdout == b"15\n", child
        report = preload.check_report.load(root + "/r.json")
        broken = preload.check_report.check(report)
        assert not broken, broken
        assert report["interception"]["active"], report["interception"]


def test_secure_execution(arguments):
    """AT_SECURE: no option from the environment, and no file."""
    if os.getuid() != 0:
        raise preload.Skip("needs root")
    if not os.path.exists(arguments.program("limits_secure")):
        raise preload.Skip("no program linked with the library")
    with tempfile.TemporaryDirectory(prefix="midpool-test-") as folder:
        if os.statvfs(folder).f_flag & os.ST_NOSUID:
            raise preload.Skip("no set-id programs in " + folder)
        program = os.path.join(folder, "secure")
        shutil.copy(arguments.program("limits_secure"), program)
        # A group, since another user may not reach the library.
        os.chown(program, 0, 65534)
        os.chmod(program, 0o2755)
        env = {"MIDPOOL_CONF": "report:json,report_file:%s/r.json,live:yes"
               % folder}
        child = subprocess.run([program, "8"], env=env, cwd=folder,
                               capture_output=True)
        assert child.returncode == 0, child
        assert os.listdir(folder) == ["secure"], os.listdir(folder)


def test_no_overcommit(arguments):
    """vm.overcommit_memory=2: reservations count unless they are PROT_NONE."""
    path = "/proc/sys/vm/overcommit_memory"
    with open(path, encoding="ascii") as file:
        before = file.read().strip()
    try:
        with open(path, "w", encoding="ascii") as file:
            file.write("2")
    except OSError as reason:
        raise preload.Skip("overcommit can not be set: %s" % reason)
    try:
        result = preload.run(arguments.lib, [
            arguments.program("limits_work"), "200", "threads"])
    finally:
        with open(path, "w", encoding="ascii") as file:
            file.write(before)
    result.expect(0)
    assert int(result.out) >= 198, result
    result.report()


def test_transparent_huge_pages(arguments):
    """RSS of a small program is the same with huge pages for everyone, also
    where the kernel is older than 6.7 and jemalloc newer than 5.3.0."""
    path = "/sys/kernel/mm/transparent_hugepage/enabled"
    if not os.access(path, os.W_OK):
        raise preload.Skip("transparent huge pages can not be set")
    with open(path, encoding="ascii") as file:
        before = re.search(r"\[(\w+)\]", file.read()).group(1)
    rss = {}
    try:
        for mode in ("always", "madvise", "never"):
            with open(path, "w", encoding="ascii") as file:
                file.write(mode)
            for kernel in ([], [arguments.program("libold_kernel.so")]):
                result = preload.run(
                    arguments.lib,
                    [arguments.program("limits_work"), "4", "rss"],
                    preload=kernel + ["MIDPOOL"]).expect(0)
                result.report()
                rss[mode, len(kernel)] = int(result.out.split()[1])
    finally:
        with open(path, "w", encoding="ascii") as file:
            file.write(before)
    for kernel in (0, 1):
        assert rss["always", kernel] <= 1.2 * rss["never", kernel] + 2 * MB, rss


def test_mass_of_frees(arguments):
    """A mass of frees leaves little at once, and what comes back stays."""
    preload.run(arguments.lib, [arguments.program("limits_mass")],
                conf="report:none").expect(0)


# After start-up nothing else may be needed (interpose/README.md,
# "System calls").
# The last four by thp:auto, which reads /proc/self/status first.
STEADY_CALLS = {"mmap", "munmap", "mprotect", "madvise", "futex",
                "clock_gettime", "mincore", "openat", "read", "close"}


def test_system_calls_between(arguments):
    """A steady program makes no system call that a sandbox would refuse.

    strace's list of calls between two marks that the program makes, less
    those that the same program makes without midpool.
    """
    if not shutil.which("strace"):
        raise preload.Skip("no strace")
    calls = {}
    for lib in (None, arguments.lib):
        with tempfile.NamedTemporaryFile() as log:
            words = ["strace", "-f", "-o", log.name]
            if lib:
                words += ["-E", "LD_PRELOAD=" + lib,
                          "-E", "MIDPOOL_CONF=report:none"]
            preload.run(None, words + [
                arguments.program("limits_steady")]).expect(0)
            text = log.read().decode(errors="replace")
        part = text.split("steady begins")[1].split("steady ends")[0]
        calls[lib] = set(re.findall(r"^\d+ +(?:<\.\.\. )?(\w+)", part,
                                    re.MULTILINE))
    extra = calls[arguments.lib] - calls[None] - STEADY_CALLS
    assert not extra, sorted(extra)


def test_seccomp(arguments):
    """Under a filter that kills on any other call the program works."""
    preload.run(arguments.lib, [
        arguments.program("limits_steady"), "filter"],
        conf="report:none").expect(0)


def test_seccomp_from_the_start(arguments):
    """No page is asked about under a filter that nobody can read."""
    preload.run(arguments.lib, [arguments.program("limits_inherited")],
                conf="report:none").expect(0)


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
