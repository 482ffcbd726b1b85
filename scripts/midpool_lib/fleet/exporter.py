"""midpool exporter: all processes of a machine, for Prometheus."""

import os
import re
import signal
import threading

from midpool_lib.base import arguments, counters
from midpool_lib.base.errors import CommandError
from midpool_lib.fleet import tally
from midpool_lib.read import openmetrics

HELP = """\
usage: midpool exporter [options]

Serves the counters of all processes that run with live:yes or live:keep to
Prometheus, added up by executable, systemd unit and uid of the page's owner:
those of the user, or of all users as root. Processes that ended stay in the
sums. With live:keep no process is missed, however short it lived. With
live:yes a process removes its page when it exits, and its counts since the
last look are lost. Pages of ended processes are read once, then removed.

      --listen ADDR:PORT  127.0.0.1:9464 unless given
      --interval S        look at the pages at least every S seconds (10)
      --keep S            how long an ended process's page stays (10 s), or
                          'always'
      --only NAME=VALUE   only processes that have this label (report_labels)
      --once              write to standard output and end
      --build DIR         the build whose midpool-snapshot reads the pages

  MIDPOOL_CONF=report:none,live:keep   for the programs
  midpool exporter
"""

SPEC = {"--listen": "listen=", "--interval": "interval=", "--keep": "keep=",
        "--only": "only=", "--once": "once", "--build": "build="}
LISTEN = "127.0.0.1:9464"
_SCANS = ("exporter_scans", "exporter_scan_seconds",
          "exporter_last_scan_time_seconds", "exporter_unreadable_pages",
          "exporter_removed_pages")


def _client():
    """Debian's client library; the command starts without Python's site."""
    import site

    site.main()
    try:
        import prometheus_client
        import prometheus_client.core
    except ImportError:
        raise CommandError("exporter: python3-prometheus-client is missing",
                           "apt install python3-prometheus-client") from None
    return prometheus_client


def _family(client, name, labels):
    """A metric family of the client library, with the table's texts."""
    row = counters.BY_NAME.get(name) or counters.METRICS[name]
    core = client.core
    make = (core.CounterMetricFamily if row.kind == "SUM"
            else core.GaugeMetricFamily)
    return make("midpool_" + row.name, row.meaning, labels=labels)


class Collector:
    """Scans the pages whenever Prometheus asks."""

    def __init__(self, client, counted):
        self.client = client
        self.tally = counted
        self.lock = threading.Lock()

    def describe(self):
        return []

    def collect(self):
        with self.lock:
            self.tally.scan()
            groups = list(self.tally.totals())
            own = self._own()
        return self._families(groups) + own

    def scan(self):
        with self.lock:
            self.tally.scan()

    def _families(self, groups):
        found = {}

        def put(name, labels, label, value):
            family = found.get(name)
            if family is None:
                family = found[name] = _family(
                    self.client, name,
                    ["executable", "unit", "uid"]
                    + ([label] if label else []))
            family.add_metric(labels, value)

        for own_labels, sums, levels, running, counts in groups:
            for (name, label, own), number in [*sums.items(),
                                               *levels.items()]:
                put(name, [*own_labels] + ([own] if label else []), label,
                    number)
            put("processes", own_labels, "", running)
            put("processes_seen", own_labels, "", counts["seen"])
            put("processes_killed", own_labels, "", counts["killed"])
            put("reports_lost", own_labels, "", counts["reports_lost"])
        return list(found.values())

    def _own(self):
        """The metrics of the exporter itself."""
        counted = self.tally
        values = (counted.scans, counted.scan_seconds, counted.scanned_at,
                  counted.unreadable, counted.removed)
        found = []
        for name, value in zip(_SCANS, values):
            family = _family(self.client, name, [])
            family.add_metric([], value)
            found.append(family)
        return found


def _address(text):
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise CommandError(f"exporter: --listen {text}: not ADDRESS:PORT",
                           f"as --listen {LISTEN}")
    return host.strip("[]") or "127.0.0.1", int(port)


def _seconds(option, text, default):
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,9}(\.\d{1,3})?", text):
        raise CommandError(f"exporter: {option} needs seconds, not '{text}'")
    return float(text)


def _only(text):
    if text is None:
        return None
    found = openmetrics.labels_of(text)
    if len(found) != 1:
        raise CommandError(f"exporter: --only {text}: no label NAME=VALUE",
                           "as --only job=web")
    return found[0]


def _serve(client, collector, address, interval):
    registry = client.CollectorRegistry()
    registry.register(collector)
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: done.set())
    try:
        client.start_http_server(address[1], address[0], registry)
    except OSError as error:
        raise CommandError(f"exporter: {address[0]}:{address[1]}:"
                           f" {error.strerror or error}",
                           "--listen takes another address") from None
    while not done.wait(interval):
        collector.scan()
    os._exit(0)  # without waiting for threads that serve requests


def main(argv):
    options = arguments.parse("exporter", argv, SPEC, HELP)
    if options.rest or options.after:
        raise CommandError("exporter takes options only")
    keep = None if options.keep == "always" else _seconds(
        "--keep", options.keep, 10)
    interval = max(0.1, _seconds("--interval", options.interval, 10))
    address = _address(options.listen or LISTEN)
    client = _client()
    collector = Collector(client, tally.Tally(_only(options.only), keep,
                                              options.build))
    if options.once:
        collector.tally.EXEC_SECONDS = 0  # because there is no second look
        registry = client.CollectorRegistry()
        registry.register(collector)
        print(client.generate_latest(registry).decode(), end="")
        return 0
    _serve(client, collector, address, interval)
    return 0
