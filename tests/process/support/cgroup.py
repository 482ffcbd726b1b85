"""A control group with a memory limit, for one program.

Use       with cgroup.memory_limit(BYTES) as group: preload.run(...,
          preexec_fn=group.join); then group.peak() and group.kills().
          preload.Skip where no such group can be made: not root, no memory
          controller (a container often has neither).
"""

import contextlib
import os
import tempfile
import time

import preload

# Names of the same things in version 1 and version 2 of the interface.
FILES = {
    "cgroup": ("memory.limit_in_bytes", "memory.max_usage_in_bytes",
               "memory.oom_control"),
    "cgroup2": ("memory.max", "memory.peak", "memory.events"),
}


def _parents():
    """(kind, folder) of each place where a group might be made."""
    own = {}
    with open("/proc/self/cgroup", encoding="ascii") as file:
        for line in file:
            _number, controllers, path = line.rstrip("\n").split(":", 2)
            own[controllers] = path.lstrip("/")
    with open("/proc/mounts", encoding="utf-8") as file:
        for line in file:
            _device, mount, kind, options = line.split()[:4]
            if kind == "cgroup" and "memory" in options.split(","):
                yield kind, os.path.join(mount, own.get("memory", ""))
                yield kind, mount
            elif kind == "cgroup2":
                yield kind, os.path.join(mount, own.get("", ""))
                yield kind, mount


class Group:
    """A group that exists; see memory_limit()."""

    def __init__(self, kind, folder):
        self.folder = folder
        self.limit_file, self.peak_file, self.events_file = FILES[kind]

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w",
                  encoding="ascii") as file:
            file.write(text)

    def _read(self, name):
        with open(os.path.join(self.folder, name), encoding="ascii") as file:
            return file.read()

    def join(self):
        """Puts the calling process into the group."""
        self.write("cgroup.procs", "0")

    def peak(self):
        """The most bytes that were used, or None on older kernels."""
        try:
            return int(self._read(self.peak_file))
        except OSError:
            return None

    def kills(self):
        """The number of its processes that were killed for lack of memory."""
        for line in self._read(self.events_file).splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
        return 0

    def remove(self):
        for _attempt in range(100):
            try:
                os.rmdir(self.folder)
                return
            except OSError:
                time.sleep(0.05)


def _make(number):
    reasons = []
    for kind, parent in _parents():
        group = None
        try:
            group = Group(kind, tempfile.mkdtemp(prefix="midpool-test-",
                                                 dir=parent))
            group.write(group.limit_file, str(number))
            return group
        except OSError as reason:
            reasons.append(str(reason))
            if group:
                group.remove()
    raise preload.Skip("no group with a memory limit: %s" % reasons)


@contextlib.contextmanager
def memory_limit(number):
    group = _make(number)
    try:
        yield group
    finally:
        group.remove()
