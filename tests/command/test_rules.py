"""The rules for Prometheus: promtool's cases, and that each alert has some."""

import os
import re
import shutil
import subprocess
import unittest

import sample
from midpool_lib.base import counters
from midpool_lib.read import openmetrics

FOLDER = os.path.join(sample.SOURCE, "scripts", "prometheus")


def read(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


class Rules(sample.Case):
    def setUp(self):
        super().setUp()
        if not shutil.which("promtool"):
            self.skipTest("no promtool (Debian: prometheus)")

    def promtool(self, *arguments, cwd=FOLDER):
        return subprocess.run(["promtool", *arguments], cwd=cwd, check=False,
                              capture_output=True, text=True)

    def test_are_well_formed(self):
        done = self.promtool("check", "rules", "midpool.rules.yml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_pass_their_cases(self):
        done = self.promtool("test", "rules", "midpool.rules.test.yml",
                             "midpool.week.test.yml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_cases_fail_where_an_alert_is_broken(self):
        """Of each alert, that never fires and that always does."""
        rules = read("midpool.rules.yml")
        self.write("midpool.rules.test.yml", read("midpool.rules.test.yml"))
        for alert in re.findall(r"- alert: (\w+)", rules):
            if alert not in read("midpool.rules.test.yml"):
                continue  # its case is a week long
            head, rest = rules.split(f"- alert: {alert}\n", 1)
            for expression in ("vector(1) > 2", "vector(1)"):
                broken = re.sub(r"expr: >-\n(      .*\n)+",
                                f"expr: '{expression}'\n", rest, count=1)
                self.write("midpool.rules.yml",
                           f"{head}- alert: {alert}\n{broken}")
                done = self.promtool("test", "rules",
                                     "midpool.rules.test.yml", cwd=self.dir)
                self.assertNotEqual(done.returncode, 0, (alert, expression))
                self.assertIn(alert, done.stdout + done.stderr)

    def test_use_metrics_that_are_served(self):
        served = {openmetrics.metric_name(row) for row
                  in counters.TABLE + list(counters.METRICS.values())}
        for name in ("midpool.rules.yml", "midpool.rules.test.yml"):
            used = set(re.findall(r"\b(midpool_\w+)[\[{) ]", read(name)))
            self.assertGreater(len(used), 5)
            self.assertLessEqual(used, served)


if __name__ == "__main__":
    unittest.main()
