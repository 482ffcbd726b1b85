"""Which allocators there are on this machine, and how to start a program
under each."""

import os
import re
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

# Name, Debian package, library, extra environment.
PEERS = (
    ("jemalloc", "libjemalloc2", "libjemalloc.so.2", {}),
    (
        "jemalloc+tc",
        "libjemalloc2",
        "libjemalloc.so.2",
        {"MALLOC_CONF": "tcache_max:65536"},
    ),
    ("mimalloc", "libmimalloc2.0", "libmimalloc.so.2", {}),
    (
        "tcmalloc",
        "libtcmalloc-minimal4",
        "libtcmalloc_minimal.so.4",
        {},
    ),
    ("tbbmalloc", "libtbbmalloc2", "libtbbmalloc_proxy.so.2", {}),
)

PACKAGES = sorted({peer[1] for peer in PEERS})

# The first glibc whose thread caches can hold more than 1 KB.
TCACHE_MAX_SINCE = (2, 42)


@dataclass(frozen=True)
class Allocator:
    name: str
    library: str = ""  # preloaded; empty: glibc's own
    env: dict = field(default_factory=dict, hash=False)
    version: str = ""

    @property
    def is_midpool(self):
        return self.name.startswith("midpool")

    def environment(self):
        env = dict(self.env)
        if self.library:
            env["LD_PRELOAD"] = self.library
        return env


def cpus():
    """CPUs that this process may use."""
    return len(os.sched_getaffinity(0))


def library_dirs():
    machine = os.uname().machine
    return (
        Path(f"/usr/lib/{machine}-linux-gnu"),
        Path("/usr/lib64"),
        Path("/usr/lib"),
        Path("/usr/local/lib"),
    )


def find_library(name):
    for folder in library_dirs():
        path = folder / name
        if path.exists():
            return str(path)
    return ""


def package_version(package):
    try:
        done = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", package],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return done.stdout.strip()


def libc_version():
    try:
        return os.confstr("CS_GNU_LIBC_VERSION").split()[1]
    except (ValueError, OSError, IndexError, AttributeError):
        return ""


def knows_tcache_max(version):
    """Does glibc.malloc.tcache_max reach the band in this glibc?"""
    found = re.match(r"(\d+)\.(\d+)", version)
    return bool(found) and tuple(map(int, found.groups())) >= TCACHE_MAX_SINCE


def peers():
    """The peers on this machine, and remarks on those that are missing."""
    version = libc_version()
    found = [Allocator("glibc", version=version)]
    remarks = []
    if knows_tcache_max(version):
        env = {"GLIBC_TUNABLES": "glibc.malloc.tcache_max=65536"}
        found.append(Allocator("glibc+tc", env=env, version=version))
    else:
        remarks.append(
            f"glibc {version}: tcache_max ends at 1 KB, no row of its own"
        )
    for name, package, library, env in PEERS:
        path = find_library(library)
        if path:
            found.append(Allocator(name, path, env, package_version(package)))
        else:
            remarks.append(f"{name}: not here (Debian: {package}), skipped")
    return found, remarks


def midpool(library, name="midpool", conf="report:none"):
    return Allocator(name, str(library), {"MIDPOOL_CONF": conf})


def added(text):
    """An allocator from the command line: NAME=PATH, and after blanks
    KEY=VALUE pairs of its environment. ValueError says what is wrong."""
    first, *pairs = shlex.split(text) or [""]
    name, equals, path = first.partition("=")
    if not equals or not name or not path:
        raise ValueError(f"--add wants NAME=PATH, not '{text}'")
    if not Path(path).is_file():
        raise ValueError(f"--add {name}: there is no file {path}")
    env = {"MIDPOOL_CONF": "report:none"} if name.startswith("midpool") else {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise ValueError(f"--add {name}: '{pair}' is not KEY=VALUE")
        if key == "MIDPOOL_CONF" and key in env:
            value = f"{env[key]},{value}"
        env[key] = value
    return Allocator(name, str(Path(path).resolve()), env)
