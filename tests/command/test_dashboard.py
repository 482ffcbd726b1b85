"""The Grafana dashboard: each expression on a real Prometheus, with real data.

Processes of several kinds run under the exporter, a Prometheus scrapes it and
evaluates the rules; every expression of the dashboard must find something.
"""

import json
import os
import re
import shutil
import time
import unittest
import urllib.parse

import sample
import test_exporter
from midpool_lib.base import counters
from midpool_lib.read import openmetrics

FOLDER = os.path.join(sample.SOURCE, "scripts", "prometheus")
WORKING = ("import sys, time\nprint('ready', flush=True)\n"
           "while time.sleep(0.01) is None:\n"
           "    kept = [bytes(n) for n in range(1000, 90000, 997)]\n")
WRONG = ("import ctypes, os\nos.dup2(os.open(os.devnull, os.O_WRONLY), 2)\n"
         "libc = ctypes.CDLL(None)\n"
         "libc.malloc.restype = ctypes.c_void_p\n"
         "p = ctypes.c_void_p(libc.malloc(5000))\n"
         "libc.free(p)\nlibc.free(p)\nprint('ready', flush=True)\n")


def dashboard():
    with open(os.path.join(FOLDER, "midpool.dashboard.json"),
              encoding="utf-8") as file:
        return json.load(file)


def expressions():
    """(title, expression as Grafana would send it) of all that it asks."""
    board = dashboard()
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield panel["title"], filled(target["expr"])


def filled(text):
    for name, value in (("$executable", ".*"), ("$unit", ".*"), ("$uid", ".*"),
                        ("$__rate_interval", "30s")):
        text = text.replace(name, value)
    return text


class Form(unittest.TestCase):
    def test_what_grafana_needs_is_there(self):
        board = dashboard()
        ids = [panel["id"] for panel in board["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertGreater(len(list(expressions())), 15)
        names = {entry["name"] for entry in board["templating"]["list"]}
        for title, text in [(panel["title"], target["expr"])
                            for panel in board["panels"]
                            for target in panel["targets"]]:
            self.assertLessEqual(set(re.findall(r"\$(\w+)", text)),
                                 names | {"__rate_interval"}, title)
        places = set()
        for panel in board["panels"]:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                     for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(places & cells, panel["title"])
            self.assertLessEqual(at["x"] + at["w"], 24)
            places |= cells

    def test_metrics_and_records_are_there(self):
        served = {openmetrics.metric_name(row) for row
                  in counters.TABLE + list(counters.METRICS.values())}
        with open(os.path.join(FOLDER, "midpool.rules.yml"),
                  encoding="utf-8") as file:
            served |= set(re.findall(r"record: (\S+)", file.read()))
        used = {name for _title, text in expressions()
                for name in re.findall(r"\bmidpool[\w:]+", text)}
        self.assertGreater(len(used), 12)
        self.assertLessEqual(used, served)


@unittest.skipUnless(shutil.which("prometheus"), "no prometheus")
class OnPrometheus(test_exporter.Case):
    def ask(self, port, expression):
        answer = self.get(port, "/api/v1/query?" + urllib.parse.urlencode(
            {"query": expression}))
        return [entry for entry in json.loads(answer)["data"]["result"]
                if entry["value"][1] != "NaN"]

    def test_every_expression_finds_something(self):
        exporter = self.exporter("--keep", "always", "--interval", "0.3")
        port = self.prometheus(exporter, rules=os.path.join(
            FOLDER, "midpool.rules.yml"))
        for _ in range(2):
            self.start(code=WORKING)
        wrong = self.start(code=WRONG, misuse="warn")
        self.assertEqual(wrong.wait(), 0)
        self.start("10", "stay").kill()
        left = dict.fromkeys(expressions())
        until = time.monotonic() + 2 * test_exporter.PATIENCE
        while left and time.monotonic() < until:
            left = {key: None for key in left if not self.ask(port, key[1])}
            time.sleep(0.3)
        self.assertEqual(list(left), [])
        bad, = self.ask(port, "sum(midpool_bad_frees_total)")
        self.assertEqual(bad["value"][1], "1")
        rate, = [text for title, text in expressions()
                 if title == "Hit rate"]
        found, = self.ask(port, rate)
        self.assertGreater(float(found["value"][1]), 0.5)
        self.assertLessEqual(float(found["value"][1]), 1)


if __name__ == "__main__":
    unittest.main()
