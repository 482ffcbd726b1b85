#!/usr/bin/python3
"""Reads OpenMetrics reports with the tools that users read them with.

usage: test_openmetrics.py write_pages [libmidpool.so]

A strict parser of OpenMetrics reads every scene and promtool check metrics
lints it; midpool export has to write the same text from the JSON report. The
node exporter's textfile collector is started on directories of reports and
scraped: of programs that share a directory in every way there is, and of very
many processes. What it serves has to be what the reports say in JSON.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from scenes import NAMES, ROOT, SOAK, Checks, Scenes, skip

sys.path.insert(0, os.path.join(ROOT, "scripts"))

from midpool_lib.base import counters  # noqa: E402
from midpool_lib.read import openmetrics, pages, reports  # noqa: E402

try:
    from prometheus_client.openmetrics.parser import \
        text_string_to_metric_families
except ImportError:
    text_string_to_metric_families = None

STARTUP_SECONDS = 60
NOBODY = 65534
SERIES_MOST = 40  # of a usual process
UNUSUAL = ("inherited_puts", "warmups", "bypasses", "bad_frees",
           "foreign_frees")
LABEL_VALUES = {"cpu_seconds": 2, "fallback_calls": 2, "fallback_bytes": 2}
POOLS = 6
PROCESSES = 10000 if SOAK else 250
# The sum of a family's series is this counter of the totals.
SUMMED = [row for row in counters.TABLE
          if row.kind != "PEAK" and row.series != "CLASSES"]
PROGRAM = """
import os, signal, sys
kept = [bytearray(size) for size in range(2000, 70000, 500)]
for _ in range(int(sys.argv[1])):
    os.kill(os.getpid(), signal.SIGUSR2)
    kept += [bytearray(9000)]
"""
SAMPLE = re.compile(r'^(\w+)\{(.*)\} (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def samples(text):
    """{(name, sorted labels): value} of midpool's samples."""
    found = {}
    for line in text.splitlines():
        match = SAMPLE.match(line)
        if match and line.startswith("midpool_"):
            labels = tuple(sorted(LABEL.findall(match.group(2))))
            found[match.group(1), labels] = float(match.group(3))
    return found


def check_promtool(checks, scenes, name):
    result = subprocess.run(["promtool", "check", "metrics"],
                            input=scenes.read(name, "prom"),
                            capture_output=True, check=False)
    said = (result.stdout + result.stderr).decode("utf-8", "replace")
    checks.that(result.returncode == 0 and not said.strip(),
                "promtool on %s: %d %s" % (name, result.returncode,
                                           said[:400]))


def check_form(checks, text, name):
    checks.that(text.endswith("\n# EOF\n"), "%s ends in # EOF" % name)
    checks.that(all(line.startswith(("#", "midpool_"))
                    for line in text.splitlines()),
                "%s: every line is ours" % name)
    families = re.findall(r"^# HELP (\w+) ", text, re.MULTILINE)
    checks.that(len(families) == len(set(families)),
                "%s: every family comes once" % name)
    sums = [family for family in families if family.endswith("_total")]
    gauges = re.findall(r"^# TYPE (\w+) gauge$", text, re.MULTILINE)
    checks.that(sorted(sums + gauges) == sorted(families)
                and len(gauges) == text.count("# TYPE "),
                "%s: gauges have a type, sums have none" % name)
    values = [line.rpartition(" ")[2] for line in text.splitlines()
              if not line.startswith("#")]
    unusual = name in ("extreme", "troubled")  # with bad frees, bypasses, ...
    checks.that(0 < len(values) <= SERIES_MOST or unusual,
                "%s: %d series" % (name, len(values)))
    checks.that("0" not in values, "%s: zeros are left out" % name)


def most_series():
    """The number of series of a process that uses all pools in all usual
    ways, for which the table must have room."""
    each = {"POOLS": POOLS, "WHOLE": 1, "FIXED": 1}
    rows = counters.TABLE + list(counters.METRICS.values())
    return sum(each.get(row.series, 0) * LABEL_VALUES.get(row.name, 1)
               for row in rows if row.name not in UNUSUAL)


def check_same(checks, scenes, name):
    """The command writes the library's text, from the archive format."""
    document = json.loads(scenes.read(name, "json"))
    if document["process"]["pid"] < 0:
        return  # no report of a real process has that
    text = openmetrics.render([reports.normalise(document)])
    checks.that(text == scenes.read(name, "prom").decode(),
                "%s: export --prom and the library differ" % name)


def check_strictly(checks, parse, text, name):
    """OpenMetrics' reference parser finds the same values in the text."""
    try:
        found = {(sample.name, tuple(sorted(sample.labels.items()))):
                 sample.value
                 for family in parse(text) for sample in family.samples}
    except ValueError as fault:
        checks.that(False, "strict parser on %s: %s" % (name, fault))
        return
    checks.that(len(found) == sum(not line.startswith("#")
                                  for line in text.splitlines()),
                "strict parser on %s: %d samples" % (name, len(found)))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def scrape(port, process):
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            url = "http://127.0.0.1:%d/metrics" % port
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read().decode("utf-8")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    return ""


def start_and_scrape(directory):
    port = free_port()
    # Another user than the reports' writer, as Debian's service is.
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    with subprocess.Popen(
            ["prometheus-node-exporter", "--collector.disable-defaults",
             "--collector.textfile", "--collector.textfile.directory",
             directory, "--web.listen-address", "127.0.0.1:%d" % port],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            **(user if os.geteuid() == 0 else {})) as process:
        try:
            return scrape(port, process)
        finally:
            process.terminate()


def node_exporter(directory):
    """The text that a node exporter serves from the reports in a directory.

    Another process may take the free port, so it is tried three times.
    """
    for _ in range(3):
        text = start_and_scrape(directory)
        if text:
            return text
    return ""


def check_own_labels(checks, scenes):
    """No label of midpool's own can be given by the user as well."""
    for name in NAMES:
        for labels in re.findall(r"\{(.*)\} ", scenes.read(name, "prom")
                                 .decode()):
            for label, _value in LABEL.findall(labels):
                checks.that(label in openmetrics.OWN_LABELS,
                            "%s is taken by midpool" % label)
    with open(os.path.join(ROOT, "stats", "text", "label.c"),
              encoding="utf-8") as file:
        found = re.search(r"own\[\] = \{(.*?)\};", file.read(), re.DOTALL)[1]
    checks.that(set(re.findall(r'"(\w+)"', found))
                == set(openmetrics.OWN_LABELS), "label.c has the same labels")


def totals_of(served):
    """Sums over all series of each family."""
    sums = {}
    for (name, _labels), value in served.items():
        sums[name] = sums.get(name, 0) + value
    return sums


def check_sums(checks, served, documents, what):
    """Sums over the collector's series are those of the JSON reports."""
    sums = totals_of(served)
    for row in SUMMED:
        name = openmetrics.metric_name(row)
        wanted = sum(document["totals"][row.name] for document in documents)
        checks.that(sums.get(name, 0) == wanted, "%s: %s is %s, not %s"
                    % (what, name, sums.get(name, 0), wanted))
    checks.that(sums.get("midpool_info") == len(documents),
                "%s: %s processes of %d" % (what, sums.get("midpool_info"),
                                            len(documents)))


def many(scenes):
    """Reports of very many processes: those of scenes, under other pids."""
    chosen = [json.loads(scenes.read(name, "json"))
              for name in ("busy", "idle", "troubled", "odd", "long")]
    for number in range(PROCESSES):
        document = chosen[number % len(chosen)]
        document["process"].update(pid=1 + number // 2,
                                   pid_namespace=4026531836 + number % 2)
        yield reports.normalise(document)


def check_many(checks, scenes):
    """A directory of very many files, half of them in another namespace."""
    with tempfile.TemporaryDirectory(prefix="midpool-prom-") as directory:
        os.chmod(directory, 0o755)
        sums = []
        for number, document in enumerate(many(scenes)):
            path = os.path.join(directory, "%d.prom" % number)
            with open(path, "w", encoding="utf-8") as file:
                file.write(openmetrics.render([document]))
            os.chmod(path, 0o644)
            sums.append({"totals": dict(document["totals"])})
        text = node_exporter(directory)
    checks.that("node_textfile_scrape_error 0" in text,
                "the collector found no fault in many files")
    check_sums(checks, samples(text), sums, "%d files" % PROCESSES)


class Shared:
    """Programs whose reports go into one directory, and their live pages."""

    def __init__(self, library, directory):
        self.library = library
        self.directory = directory
        self.token = os.path.basename(directory).rpartition("-")[2]

    def run(self, name, signals=0, before=(), count=1):
        """Runs a program at once, count times."""
        file = ",report_file:%s" % os.path.join(self.directory, name)
        environment = dict(
            os.environ, PYTHONMALLOC="malloc", MIDPOOL_CONF="report:"
            "openmetrics%s,live:keep,signal:USR2,report_labels:run=%s+"
            'odd=a"b\\\\c\\,d' % (file if name else "", self.token))
        words = [*before, "env", "LD_PRELOAD=" + self.library,
                 "/usr/bin/python3", "-c", PROGRAM, str(signals)]
        started = [subprocess.Popen(words, env=environment, umask=0o022,
                                    cwd=self.directory)
                   for _ in range(count)]
        return [process.wait() for process in started] == [0] * count

    def own_pages(self):
        mark = "report_labels:run=%s+" % self.token
        return [page for page in pages.find() if mark in page.config]

    def documents(self):
        """The programs' pages as reports, by instance; removes the pages."""
        found = self.own_pages()
        build = os.path.dirname(self.library)
        read = list(pages.read_many([page.path for page in found], build))
        for page in found:
            pages.remove(page)
        return {openmetrics.instance(document["process"]):
                reports.normalise(document) for document in read}

    def files(self):
        return sorted(name for name in os.listdir(self.directory)
                      if name.endswith(".prom"))


def instances(text):
    return set(re.findall(r'instance="([^"]*)"', text))


def check_shared(checks, library):
    """Reports of real programs, in every way that they share a directory."""
    with tempfile.TemporaryDirectory(prefix="midpool-prom-") as directory:
        os.chmod(directory, 0o755)
        shared = Shared(library, directory)
        ran = shared.run("fixed.prom", count=3)
        ran = shared.run("other.prom", signals=2, count=2) and ran
        ran = shared.run("%e.%p.prom", signals=2, count=2) and ran
        ran = shared.run("%h-%e-%t-%n.prom", signals=2, count=2) and ran
        ran = shared.run("", count=2) and ran
        spaces = subprocess.run(["unshare", "--pid", "--fork", "true"],
                                stderr=subprocess.DEVNULL,
                                check=False).returncode == 0
        if spaces:  # each is process 1
            ran = shared.run("", before=("unshare", "--pid", "--fork"),
                             signals=1, count=2) and ran
        checks.that(ran, "all programs ended well")
        documents = shared.documents()
        texts = []
        for name in shared.files():
            with open(os.path.join(directory, name), encoding="utf-8") as file:
                texts.append(file.read())
        text = node_exporter(directory)
    checks.that(len(documents) == (13 if spaces else 11),
                "%d pages" % len(documents))
    check_shared_files(checks, texts, documents, 10 if spaces else 8)
    checks.that("node_textfile_scrape_error 0" in text,
                "the collector reads real reports")
    there = set().union(*map(instances, texts))
    check_sums(checks, samples(text),
               [documents[instance] for instance in there], "real programs")
    checks.that(r'odd="a\"b\\c,d"' in text, "the user's labels are served")


def check_shared_files(checks, texts, documents, count):
    """Each process that has a name of its own is there, and none twice."""
    found = [instances(text) for text in texts]
    checks.that(all(len(names) == 1 for names in found),
                "each file is of one process: %s" % found)
    checks.that(len(set().union(*found)) == len(texts) == count,
                "%d processes in %d files, not %d"
                % (len(set().union(*found)), len(texts), count))
    checks.that(set().union(*found) <= set(documents),
                "files and pages name processes alike: %s" % found)
    for text in texts:
        lines = [line for line in text.splitlines() if line[:1] != "#"]
        checks.that(len(lines) <= SERIES_MOST, "%d series" % len(lines))


def main():
    checks = Checks()
    checks.that(most_series() <= SERIES_MOST,
                "the table allows %d series" % most_series())
    with Scenes(sys.argv[1]) as scenes:
        for name in NAMES:
            check_form(checks, scenes.read(name, "prom").decode(), name)
            check_same(checks, scenes, name)
        check_own_labels(checks, scenes)
        if text_string_to_metric_families is None:
            skip("python3-prometheus-client is not installed")
        for name in NAMES:
            check_strictly(checks, text_string_to_metric_families,
                           scenes.read(name, "prom").decode(), name)
        if not shutil.which("promtool"):
            skip("promtool (Debian: prometheus) is not installed")
        for name in NAMES:
            check_promtool(checks, scenes, name)
        if not shutil.which("prometheus-node-exporter"):
            skip("prometheus-node-exporter is not installed")
        check_many(checks, scenes)
    for library in sys.argv[2:]:
        check_shared(checks, os.path.abspath(library))
    checks.finish()


if __name__ == "__main__":
    main()
