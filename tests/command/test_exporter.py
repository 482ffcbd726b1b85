"""midpool exporter: sums over processes that come, go, crash and are killed."""

import fcntl
import json
import os
import re
import resource
import shutil
import socket
import struct
import subprocess
import time
import types
import unittest
import urllib.error
import urllib.parse
import urllib.request

import sample
from midpool_lib.base import counters
from midpool_lib.fleet import tally
from midpool_lib.read import openmetrics, pages

SOAK = os.environ.get("MIDPOOL_SOAK") == "1"
BATCHES = 60 if SOAK else 4
MANY = 1000 if SOAK else 100
PATIENCE = 40  # seconds, for a machine that is busy
F_OFD_SETLK = 37
WORK = ("import sys\nkept = [bytes(5000) for _ in range(int(sys.argv[1]))]\n"
        "print('ready', flush=True)\nif len(sys.argv) > 2: sys.stdin.read()")
RESET = ("import ctypes, sys\nkept = [bytes(5000) for _ in range(5000)]\n"
         "print('ready', flush=True)\nsys.stdin.readline()\n"
         "assert ctypes.CDLL(None).midpool_reset() is not None\n"
         "print('ready', flush=True)\nsys.stdin.read()")
SUMS = [row for row in counters.TABLE if row.kind == "SUM"]
ACCEPT_OPENMETRICS = ("application/openmetrics-text;version=1.0.0;q=0.9,"
                      "text/plain;q=0.5")


def client():
    try:
        import prometheus_client
    except ImportError:
        raise unittest.SkipTest("no python3-prometheus-client") from None
    return prometheus_client


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def values(text):
    """{(family, labels): value}."""
    return {(name, labels): float(value) for name, labels, value
            in re.findall(r"(?m)^(midpool_\w+)(?:\{(.*)\})? (\S+)$", text)}


def total(text, name):
    return sum(value for (family, _labels), value in values(text).items()
               if family == name)


class Case(sample.Case):
    """Programs that have a label of this test, and their pages."""

    def setUp(self):
        super().setUp()
        client()
        sample.need_build()
        self.token = os.path.basename(self.dir).rpartition(".")[2]
        self.addCleanup(self.remove_pages)

    def start(self, *arguments, code=WORK, live="keep", wait=True,
              misuse="abort"):
        env = dict(self.env, LD_PRELOAD=sample.BUILD + "/libmidpool.so",
                   PYTHONMALLOC="malloc", MIDPOOL_CONF=f"live:{live},"
                   f"report:none,misuse:{misuse},"
                   f"report_labels:run={self.token}+unit=u.service")
        process = subprocess.Popen(
            ["/usr/bin/python3", "-c", code, *arguments], env=env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(sample.end, process)
        if wait:
            self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def own_pages(self):
        return [page for page in pages.find()
                if f"report_labels:run={self.token}+" in page.config]

    def remove_pages(self):
        for page in self.own_pages():
            pages.remove(page)

    def exporter(self, *arguments):
        """The exporter's address, once it answers."""
        port = free_port()
        process = subprocess.Popen(
            [sample.COMMAND, "exporter", "--build", sample.BUILD, "--only",
             "run=" + self.token, "--listen", f"127.0.0.1:{port}",
             *arguments], env=self.env, stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE)
        self.addCleanup(self.stop, process)
        self.process = process
        self.get(port)
        return port

    def stop(self, process):
        process.terminate()
        self.assertEqual(process.wait(PATIENCE), 0)
        with process.stderr as stream:
            self.assertEqual(stream.read(), b"")

    def get(self, port, path="/metrics", accept=None):
        until = time.monotonic() + PATIENCE
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}",
            headers={"Accept": accept} if accept else {})
        while True:
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.read().decode()
            except (urllib.error.URLError, ConnectionError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def prometheus(self, port, rules=None):
        """A real Prometheus that scrapes the exporter; its port."""
        if not shutil.which("prometheus"):
            return None
        own = free_port()
        config = self.write("prometheus.yml", (
            "global: {scrape_interval: 2s, evaluation_interval: 1s}\n"
            + (f"rule_files: [{rules}]\n" if rules else "")
            + "scrape_configs:\n"
            f"- {{job_name: midpool, static_configs: [{{targets: "
            f"['127.0.0.1:{port}']}}]}}\n"))
        process = subprocess.Popen(
            ["prometheus", "--config.file", config, "--storage.tsdb.path",
             self.path("tsdb"), "--web.listen-address", f"127.0.0.1:{own}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return own


class Sums(Case):
    def check(self, text):
        """The served sums are those of all pages, dead processes' included."""
        found = self.own_pages()
        reports = list(pages.read_many([page.path for page in found],
                                       sample.BUILD))
        for row in SUMS:
            self.assertEqual(
                total(text, openmetrics.metric_name(row)),
                sum(report["totals"][row.name] for report in reports),
                row.name)
        return reports

    def test_over_processes_that_come_and_go(self):
        """A Prometheus scrapes, the test does; no sum goes down, no process
        is missed or counted twice, though most live between two looks."""
        port = self.exporter("--keep", "always", "--interval", "0.3")
        prometheus = self.prometheus(port)
        before, killed = 0, 0
        for batch in range(BATCHES):
            going = [self.start(str(100 + number), wait=False)
                     for number in range(5)]
            staying = self.start("300", "stay")
            text = self.get(port)
            self.assertGreaterEqual(total(text, "midpool_gets_total"), before)
            before = total(text, "midpool_gets_total")
            for process in going:
                self.assertEqual(process.wait(), 0)
            if batch % 2:
                staying.kill()
                staying.wait()
                killed += 1
        text = self.get(port)
        reports = self.check(text)
        self.assertEqual(len(reports), 6 * BATCHES)
        for name, count in (("processes_seen_total", 6 * BATCHES),
                            ("processes_killed_total", killed),
                            ("processes", BATCHES - killed),
                            ("exporter_unreadable_pages", 0)):
            self.assertEqual(total(text, "midpool_" + name), count, name)
        self.assertIn('unit="u.service"', text)
        self.assertEqual(self.get(port).count("\n"), text.count("\n"))
        if prometheus:
            self.ask(prometheus, "sum(midpool_processes_seen_total)",
                     6 * BATCHES)
            self.ask(prometheus, "sum(midpool_gets_total)",
                     total(text, "midpool_gets_total"))

    def ask(self, port, expression, wanted):
        until = time.monotonic() + PATIENCE
        path = "/api/v1/query?" + urllib.parse.urlencode(
            {"query": expression})
        found = None
        while found != wanted and time.monotonic() < until:
            answer = json.loads(self.get(port, path))["data"]["result"]
            found = float(answer[0]["value"][1]) if answer else None
            time.sleep(0.2)
        self.assertEqual(found, wanted, expression)

    def test_stay_when_pages_are_removed(self):
        """Pages of ended processes are read once, then go; others stay."""
        staying = self.start("200", "stay")
        killed = self.start("200", "stay")
        killed.kill()
        killed.wait()
        ended = self.start("200")
        self.assertEqual(ended.wait(), 0)
        counted = tally.Tally(("run", self.token), 0, sample.BUILD)
        counted.scan()
        self.assertEqual([page.pid for page in self.own_pages()],
                         [staying.pid])
        first = list(counted.totals())
        counted.scan()
        self.assertEqual(list(counted.totals()), first)
        (_key, sums, _levels, running, counts), = first
        self.assertEqual((running, counts["seen"], counts["killed"]),
                         (1, 3, 1))
        self.assertEqual(counted.removed, 2)
        self.assertGreaterEqual(sums["gets", "pool", "8192"], 600)
        sample.end(staying)
        counted.scan()
        (_key, after, _levels, running, _counts), = counted.totals()
        self.assertEqual((running, after), (0, sums))

    def test_of_live_yes_are_kept_as_last_seen(self):
        process = self.start("400", "stay", live="yes")
        counted = tally.Tally(("run", self.token), 0, sample.BUILD)
        counted.scan()
        (_key, before, _levels, _running, _counts), = counted.totals()
        process.stdin.close()
        self.assertEqual(process.wait(), 0)
        self.assertEqual(self.own_pages(), [])
        process.stdin = open(os.devnull, "rb")
        counted.scan()
        (_key, after, levels, running, _counts), = counted.totals()
        self.assertEqual((after, levels, running), (before, {}, 0))

    def test_do_not_go_down_when_a_program_resets_its_counters(self):
        process = self.start(code=RESET)
        counted = tally.Tally(("run", self.token), 0, sample.BUILD)
        counted.scan()
        (_key, before, _levels, _running, _counts), = counted.totals()
        process.stdin.write(b"\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), b"ready\n")
        counted.scan()
        (_key, after, _levels, _running, _counts), = counted.totals()
        for key, number in before.items():
            self.assertGreaterEqual(after[key], number, key)


class Copies(Case):
    """Pages in a folder of the test's own, held as a process holds them."""

    def copies(self, count, change=lambda data, number: None, held=True):
        process = self.start("200", "stay")
        page, = self.own_pages()
        with open(page.path, "rb") as file:
            data = bytearray(file.read(65536))
        size = os.stat(page.path).st_size
        sample.end(process)
        os.mkdir(self.path("pages"))
        for number in range(count):
            pid = 2147000000 + number
            data[24:28] = pid.to_bytes(4, "little")
            change(data, number)
            path = self.path(f"pages/midpool.{page.uid}.{pid}.1")
            with open(path, "wb") as file:
                file.write(data)
            os.truncate(path, size)
            if held:
                self.hold(path)

    def hold(self, path):
        fd = os.open(path, os.O_RDWR)
        self.addCleanup(os.close, fd)
        fcntl.fcntl(fd, F_OFD_SETLK, struct.pack(
            "hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0))

    def tally(self):
        return tally.Tally(None, 0, sample.BUILD, self.path("pages"))

    @staticmethod
    def rename(data, name):
        at = data.index(b"/usr/bin/python3")
        data[at:at + 64] = name.ljust(64, b"\0")


class Pages(Copies):
    def test_series_grow_with_programs_not_with_processes(self):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (min(limit[1], MANY + 200), limit[1]))
        self.copies(MANY)
        counted = self.tally()
        counted.scan()
        (key, _sums, _levels, running, _counts), = counted.totals()
        self.assertEqual((key[1], running), ("u.service", MANY))
        self.assertLess(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
                        100 * 1024)

    def test_there_is_an_end_of_programs(self):
        self.copies(12, lambda data, number: self.rename(
            data, b"/usr/bin/python3" + b"x" * number))
        most = tally.MAX_GROUPS
        self.addCleanup(setattr, tally, "MAX_GROUPS", most)
        tally.MAX_GROUPS = 5
        counted = self.tally()
        counted.scan()
        groups = list(counted.totals())
        self.assertEqual(len(groups), 6)
        self.assertEqual(sum(group[3] for group in groups), 12)
        self.assertIn((tally.OTHER, "", str(os.geteuid())),
                      [group[0] for group in groups])

    def test_ten_thousand_label_values_end_in_one_group(self):
        counted = self.tally()
        for number in range(10000):
            page = types.SimpleNamespace(
                executable=f"/bin/p{number}", in_use=False, pid_namespace=0,
                uid=os.geteuid())
            counted._group(page, {"unit": f"u{number}"})
        self.assertEqual(len(counted.groups), tally.MAX_GROUPS + 1)
        self.assertIn((tally.OTHER, "", counted.own), counted.groups)

    def test_users_take_no_groups_from_others(self):
        """Neither a user with many programs nor very many users do; and they
        have an end themselves."""
        counted = self.tally()

        def take(uid, program):
            return counted._group(types.SimpleNamespace(
                executable="/bin/" + program, in_use=False, pid_namespace=0,
                uid=uid), {})

        for number in range(tally.MAX_GROUPS + 10):
            take(70000, f"p{number}")
        self.assertIn((tally.OTHER, "", "70000"), counted.groups)
        take(70001, "web")
        self.assertIn(("web", "", "70001"), counted.groups)
        for uid in range(80000, 80000 + 2 * tally.MAX_FOREIGN):
            take(uid, "web")
        self.assertEqual(len(counted.groups), tally.MAX_FOREIGN + 1)
        self.assertIn((tally.OTHER, "", tally.OTHER), counted.groups)
        take(os.geteuid(), "nginx")
        self.assertIn(("nginx", "", counted.own), counted.groups)

    def test_truncated_pages_and_clocks_that_jumped(self):
        """Of the start's clocks, real and monotonic, 1970, 2262, the past
        and the future: the process counts all the same. Of a page that was
        cut the header is no header, or it is named unreadable."""
        edges = ((0, None), (2**63 - 1, None), (None, 0), (None, 2**62),
                 (0, 2**62), (None, None), (None, None))

        def change(data, number):
            for at, value in zip((40, 48), edges[number]):
                if value is not None:
                    data[at:at + 8] = value.to_bytes(8, "little")

        self.copies(len(edges), change)
        names = sorted(os.listdir(self.path("pages")))
        os.truncate(self.path("pages/" + names[-1]), 100)
        os.truncate(self.path("pages/" + names[-2]), 20000)
        counted = self.tally()
        for _ in range(2):
            counted.scan()
            (_key, sums, _levels, running, counts), = counted.totals()
            self.assertEqual((running, counts["seen"], counted.unreadable),
                             (5, 5, 1))
            self.assertEqual(sums["gets", "pool", "8192"] % 5, 0)

    def test_between_two_programs_nobody_was_killed(self):
        """From exec to the next program's first steps, nothing holds the
        page, and it does not say why. It is no killed process yet."""
        self.copies(1, held=False)
        path, = [os.path.join(self.path("pages"), name)
                 for name in os.listdir(self.path("pages"))]
        own = f"{os.path.dirname(path)}/midpool.{os.geteuid()}.{os.getpid()}.1"
        os.rename(path, own)
        with open(own, "r+b") as file:
            for at, value in ((24, os.getpid()), (20, 0)):  # pid, end
                file.seek(at)
                file.write(value.to_bytes(4, "little"))
        counted = self.tally()
        for end, wanted in (
                (0, 1), (2, 0)):
            with open(own, "r+b") as file:
                file.seek(20)
                file.write(end.to_bytes(4, "little"))
            counted.scan()
            (_key, _sums, _levels, running, counts), = counted.totals()
            self.assertEqual((running, counts["killed"], counts["seen"]),
                             (wanted, 0, 1))
        self.assertFalse(os.path.exists(own))

    def test_hostile_and_damaged_pages(self):
        def change(data, number):
            if number == 0:
                self.rename(data, b'/usr/bin/python3"\\\n\x1b\xff')
            elif number == 1:
                data[8:12] = (99).to_bytes(4, "little")  # another layout
            else:
                self.rename(data, b"/usr/bin/python3")
                data[8:12] = pages.LAYOUT.to_bytes(4, "little")
                data[16384:65536] = b"\xff" * (65536 - 16384)

        self.copies(3, change)
        from midpool_lib.fleet import exporter
        library = exporter._client()
        counted = self.tally()
        registry = library.CollectorRegistry()
        registry.register(exporter.Collector(library, counted))
        text = library.generate_latest(registry).decode()
        self.assertEqual(counted.unreadable, 1)
        self.assertIn(r'executable="python3\"\\??' + "\ufffd", text)
        for line in text.splitlines():
            self.assertNotIn("\x1b", line)
        from prometheus_client.parser import text_string_to_metric_families
        self.assertGreater(len(list(text_string_to_metric_families(text))),
                           20)


FORGER = 4294967000  # a user that nobody has


@unittest.skipIf(os.geteuid(), "only root reads pages of other users")
class Forged(Copies):
    """Another user's pages count for that user, whatever they say."""

    def change(self, data, number):
        """A page of this user's program as it is, and copies of it that
        boast: other counters, pools that there are not, a running pid."""
        if number == 0:
            return
        data[16384:24576] = b"\xff" * 8192  # counters of 2^64 - 1
        data[24:28] = os.getpid().to_bytes(4, "little")

    def forge(self, count=3):
        self.copies(count, self.change)
        folder = self.path("pages")
        for name in os.listdir(folder):
            uid, pid, generation = pages.parse_name(name)
            if pid == 2147000000:
                continue
            path = os.path.join(folder, name)
            os.chown(path, FORGER, FORGER)
            os.rename(path, os.path.join(
                folder, f"midpool.{FORGER}.{os.getpid()}.{pid}"))

    def rows(self):
        counted = self.tally()
        counted.scan()
        return counted, {key[2]: (sums, running) for key, sums, _levels,
                         running, _counts in counted.totals()}

    def test_pages_count_for_their_owner(self):
        self.forge()
        counted, rows = self.rows()
        self.assertEqual(counted.unreadable, 0)
        self.assertEqual(set(rows), {"0", str(FORGER)})
        (own, running), (forged, boasting) = rows["0"], rows[str(FORGER)]
        self.assertEqual((running, boasting), (1, 2))
        self.assertLess(own["gets", "pool", "8192"], 10**6)
        self.assertGreater(sum(
            value for (name, _label, _own), value in forged.items()
            if name == "gets"), 2**60)

    def test_another_users_process_lends_no_unit(self):
        """The unit of a process's control group is its user's alone."""
        page = types.SimpleNamespace(
            pid=os.getpid(), in_use=True, pid_namespace=tally._own_namespace(),
            uid=FORGER)
        self.addCleanup(setattr, tally, "unit_of_cgroup",
                        tally.unit_of_cgroup)
        tally.unit_of_cgroup = lambda text: "nginx.service"
        counted = self.tally()
        self.assertEqual(counted._unit(page, {}), "")
        page.uid = os.geteuid()
        self.assertEqual(counted._unit(page, {}), "nginx.service")

    def test_one_that_says_less_each_time(self):
        """The owner's sums do not go down; those of others do not change."""
        self.forge(2)
        counted = self.tally()
        counted.scan()
        before = {key: sums for key, sums, *_rest in counted.totals()}
        path, = [page.path for page in pages.find(
            directory=self.path("pages")) if page.uid == FORGER]
        with open(path, "r+b") as file:
            file.seek(16384)
            file.write(bytes(8192))
        counted.scan()
        for key, sums, *_rest in counted.totals():
            for name, number in before[key].items():
                self.assertGreaterEqual(sums[name], number, (key, name))
            if key[2] == "0":
                self.assertEqual(sums, before[key])

    def test_pages_of_a_flood_are_told_not_read(self):
        self.addCleanup(setattr, tally, "MAX_PAGES", tally.MAX_PAGES)
        tally.MAX_PAGES = 2
        self.forge(6)
        counted, rows = self.rows()
        self.assertEqual(counted.unreadable, 3)
        self.assertEqual({uid: running for uid, (_sums, running)
                          in rows.items()}, {"0": 1, str(FORGER): 2})

    def test_pools_that_there_are_not_are_one_series(self):
        row = dict.fromkeys(tally._POOL_SUMS, 1)
        report = {"pools": [dict(row, max_bytes=size)
                            for size in (4096, 4097, -1, 2**40)]}
        found = tally._of_pools(report, tally._POOL_SUMS)
        self.assertEqual(found["gets", "pool", "4096"], 1)
        self.assertEqual(found["gets", "pool", tally.OTHER], 3)
        self.assertEqual(len(found), 2 * len(row))


class Serving(Case):
    def test_every_format_that_is_asked_for(self):
        from prometheus_client.openmetrics.parser import \
            text_string_to_metric_families as strict
        self.start("100", "stay")
        port = self.exporter()
        text = self.get(port, accept=ACCEPT_OPENMETRICS)
        self.assertTrue(text.endswith("# EOF\n"))
        self.assertGreater(len(list(strict(text))), 20)
        for accept in (None, "*/*", "text/html", "x" * 5000):
            text = self.get(port, accept=accept)
            self.assertIn("# TYPE midpool_gets_total counter", text)
            self.assertNotIn("# EOF", text)
        if shutil.which("promtool"):
            subprocess.run(["promtool", "check", "metrics"],
                           input=text.encode(), check=True)

    def test_the_texts_are_the_tables(self):
        self.start("100", "stay")
        text = self.midpool("exporter", "--once", "--build", sample.BUILD,
                            "--only", "run=" + self.token, status=0).out
        for row in counters.TABLE + list(counters.METRICS.values()):
            name = openmetrics.metric_name(row)
            if re.search(rf"(?m)^{name}[ {{]", text):
                self.assertIn(f"# HELP {name} {row.meaning}\n", text)
        for name in re.findall(r"(?m)^# HELP midpool_(\w+)", text):
            name = name.removesuffix("_total")
            self.assertTrue(name in counters.BY_NAME
                            or name in counters.METRICS, name)

    def test_errors(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            for arguments, words in (
                    (["--listen", address], address), (["x"], "options only"),
                    (["--listen", "nowhere"], "nowhere"),
                    (["--keep", "long"], "seconds"),
                    (["--only", "pool=1"], "no label")):
                done = self.midpool("exporter", *arguments, status=2)
                self.assertIn(words, done.err)


class Units(unittest.TestCase):
    def test_units_without_their_instances(self):
        for text, unit in (
                ("0::/system.slice/nginx.service\n", "nginx.service"),
                ("0::/system.slice/system-getty.slice/getty@tty1.service",
                 "getty@.service"),
                ("0::/user.slice/user-0.slice/session-3.scope",
                 "session.scope"),
                ("0::/user.slice/user-7.slice/user@7.service/app.slice/"
                 "web.service", "web.service"),
                ("1:name=systemd:/system.slice/docker-0a1b.scope\n0::/",
                 "docker.scope"),
                ("0::/init.scope", "init.scope"), ("0::/", ""), ("", ""),
                ("0::/a:b/x.service", "x.service")):
            self.assertEqual(tally.unit_of_cgroup(text), unit)


if __name__ == "__main__":
    unittest.main()
