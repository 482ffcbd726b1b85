#!/usr/bin/python3
"""Shows OpenMetrics reports to those who read them.

usage: test_openmetrics.py write_pages [libmidpool.so]

A strict parser of OpenMetrics reads every scene and promtool check metrics
lints it; the node exporter's textfile collector is started on a directory of
reports and scraped. What they find has to be what the reports say.
"""

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

from scenes import NAMES, Checks, Scenes, skip

try:
    from prometheus_client.openmetrics.parser import \
        text_string_to_metric_families
except ImportError:
    text_string_to_metric_families = None

STARTUP_SECONDS = 60
NOBODY = 65534
PROGRAM = "kept = [bytearray(size) for size in range(2000, 70000, 500)]"
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
    checks.that("midpool_gets_total" in sums, "%s: sums" % name)
    gauges = re.findall(r"^# TYPE (\w+) gauge$", text, re.MULTILINE)
    checks.that(sorted(sums + gauges) == sorted(families)
                and len(gauges) == text.count("# TYPE "),
                "%s: gauges have a type, sums have none" % name)


def check_strictly(checks, parse, text, name):
    """What OpenMetrics' reference parser makes of it."""
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
    """What a node exporter serves of the reports in a directory.

    Somebody else may take the port that was free: then with another one.
    """
    for _ in range(3):
        text = start_and_scrape(directory)
        if text:
            return text
    return ""


def check_collector(checks, scenes):
    """Reports side by side, as on a real host: one program twice, others."""
    chosen = ("busy", "again", "odd", "long")
    expected = {}
    with tempfile.TemporaryDirectory(prefix="midpool-prom-") as directory:
        for name in chosen:
            copy = shutil.copy(scenes.path(name, "prom"), directory)
            os.chmod(copy, 0o644)
            expected.update(samples(scenes.read(name, "prom").decode()))
        os.chmod(directory, 0o755)
        text = node_exporter(directory)
    checks.that("node_textfile_scrape_error 0" in text,
                "the collector found no fault")
    served = samples(text)
    checks.that(served == expected,
                "served %d samples, expected %d; first difference %s"
                % (len(served), len(expected),
                   sorted(set(served.items()) ^ set(expected.items()))[:1]))


def check_real(checks, library):
    """A program's own report, written where the collector looks."""
    with tempfile.TemporaryDirectory(prefix="midpool-prom-") as directory:
        os.chmod(directory, 0o755)
        path = os.path.join(directory, "python.prom")
        environment = dict(
            os.environ, LD_PRELOAD=library, PYTHONMALLOC="malloc",
            MIDPOOL_CONF="report:openmetrics,report_file:" + path)
        subprocess.run([sys.executable, "-c", PROGRAM], env=environment,
                       check=True, umask=0o022)
        with open(path, encoding="utf-8") as file:
            expected = samples(file.read())
        text = node_exporter(directory)
    checks.that("node_textfile_scrape_error 0" in text,
                "the collector reads a real report")
    checks.that(len(expected) > 400 and samples(text) == expected,
                "served %d samples of the %d of a real report"
                % (len(samples(text)), len(expected)))


def main():
    checks = Checks()
    with Scenes(sys.argv[1]) as scenes:
        for name in NAMES:
            check_form(checks, scenes.read(name, "prom").decode(), name)
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
        check_collector(checks, scenes)
    for library in sys.argv[2:]:
        check_real(checks, os.path.abspath(library))
    checks.finish()


if __name__ == "__main__":
    main()
