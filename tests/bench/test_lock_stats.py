"""The lock statistics that a process writes; argument: program lock_user."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

USER = os.path.abspath(sys.argv.pop())
SPIN_NS = 20 * 1000 * 1000


class LockStats(unittest.TestCase):
    """MIDPOOL_LOCK_STATS."""

    def lines(self, folder):
        path = Path(folder) / "locks"
        subprocess.run([USER], check=True,
                       env=dict(os.environ, MIDPOOL_LOCK_STATS=str(path)))
        return [line.split()
                for line in path.read_text(encoding="ascii").splitlines()]

    def test_parent_and_forked_child_count_for_themselves(self):
        with tempfile.TemporaryDirectory(prefix="locks-") as folder:
            lines = self.lines(folder)
        locks = [line for line in lines if line[0] == "lock"]
        processes = {line[1]: int(line[2]) for line in lines
                     if line[0] == "process"}
        # The child ends first.
        self.assertEqual([line[2:4] for line in locks],
                         [["tested", "2"], ["tested", "5"]])
        self.assertEqual([line[1] for line in locks], list(processes))
        parent = locks[1]
        self.assertGreaterEqual(int(parent[4]), SPIN_NS * 9 // 10)
        self.assertGreaterEqual(processes[parent[1]], int(parent[4]))

    def test_without_the_variable_nothing_is_written(self):
        env = {key: value for key, value in os.environ.items()
               if key != "MIDPOOL_LOCK_STATS"}
        with tempfile.TemporaryDirectory(prefix="locks-") as folder:
            subprocess.run([USER], check=True, env=env, cwd=folder)
            self.assertEqual(os.listdir(folder), [])


if __name__ == "__main__":
    unittest.main()
