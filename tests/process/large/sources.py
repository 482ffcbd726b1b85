"""Fetches the source of a Debian package, once, into a cache folder."""

import os
import subprocess

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME")
                     or os.path.expanduser("~/.cache"), "midpool-sources")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def _codename():
    with open("/etc/os-release", encoding="utf-8") as file:
        for line in file:
            if line.startswith("VERSION_CODENAME="):
                return line.split("=")[1].strip().strip('"')
    return "stable"


def _apt(*argv):
    """apt-get with a list of its own: the machine's stays as it is."""
    options = ["Dir::Etc::SourceList=" + os.path.join(CACHE, "src.list"),
               "Dir::Etc::SourceParts=-",
               "Dir::State::lists=" + os.path.join(CACHE, "lists")]
    command = ["apt-get", "-q"]
    for option in options:
        command += ["-o", option]
    subprocess.run(command + list(argv), cwd=CACHE, check=True, timeout=300,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def fetch(package):
    """Path of the package's .dsc file."""
    os.makedirs(os.path.join(CACHE, "lists", "partial"), exist_ok=True)
    found = _find(package)
    if found:
        return found
    with open(os.path.join(CACHE, "src.list"), "w", encoding="utf-8") as file:
        file.write("deb-src [signed-by=%s] http://deb.debian.org/debian %s "
                   "main\n" % (KEYRING, _codename()))
    _apt("update")
    _apt("source", "--download-only", package)
    found = _find(package)
    if not found:
        raise RuntimeError("no source of " + package)
    return found


def _find(package):
    for name in sorted(os.listdir(CACHE)):
        if name.startswith(package + "_") and name.endswith(".dsc"):
            return os.path.join(CACHE, name)
    return None


def unpack(package, folder):
    """Unpacks the source to folder, without midpool."""
    subprocess.run(["dpkg-source", "--no-check", "-x", fetch(package),
                    folder], check=True, timeout=300,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
