"""scripts/where: rows out of the logs of several places."""

import json
import os
import subprocess

import sample

WHERE = os.path.join(os.path.dirname(sample.COMMAND), "where")


def test(name, result="OK", at=1, out="", runner=None):
    return json.dumps({
        "name": "midpool:" + name, "result": result, "starttime": at,
        "stdout": out, "env": {"MIDPOOL_TEST_RUNNER": runner} if runner
        else {}}) + "\n"


class Table(sample.Case):
    def log(self, system, name, *tests):
        """A log in a chroot of that system."""
        root = self.path(system)
        os.makedirs(os.path.join(root, "etc"), exist_ok=True)
        self.write(system + "/etc/os-release",
                   f'ID=debian\nVERSION_ID="{system}"\n')
        return self.write(f"{system}/{name}.json", "".join(tests))

    def rows(self, *logs):
        done = subprocess.run([WHERE, *logs], capture_output=True, text=True,
                              check=True)
        return done.stdout.splitlines()[2:]

    def test_places_and_cases(self):
        several = "Synthesis: Tested: 9 | Passing: 9 | Failing: 0 | Crashing: 0"
        emulator = "prlimit --as=9 qemu-aarch64 -L /x"
        rows = self.rows(
            self.log("11", "a", test("unit+pool / one", out=several),
                     test("api / two"), test("api / left", "SKIP")),
            self.log("12", "a", test("api / two_4096", runner=emulator),
                     test("emulated / three_65536", runner=emulator)))
        self.assertRegex(rows[0], r"^\| Debian 11 \| \w+ \| \d+ KB \| unit 9,"
                         r" api 1 \| all passed \|$")
        self.assertEqual(rows[1:], [
            "| Debian 12 | arm64 | 4 KB | api 1 | all passed |",
            "| Debian 12 | arm64 | 64 KB | emulated 1 | all passed |"])

    def test_the_last_run_of_a_test_counts(self):
        old = self.log("11", "a", test("api / two", "ERROR", at=1),
                       test("api / bad", "OK", at=1),
                       test("api / unsuited", "ERROR", at=1))
        new = self.log("11", "b", test("api / two", at=2),
                       test("api / bad", "TIMEOUT", at=2),
                       test("api / unsuited", "SKIP", at=2))
        for logs in ((old, new), (new, old)):
            row, = self.rows(*logs)
            self.assertIn("| api 1 | failed: bad |", row)


if __name__ == "__main__":
    import unittest

    unittest.main()
