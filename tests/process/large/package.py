#!/usr/bin/python3
"""Debian packages built from their sources: the same files, bit for bit."""

import glob
import hashlib
import os

import _paths  # noqa: F401
from harness import main, scenario
from sources import unpack


def _build(run, package):
    unpack(package, run.path("source"))
    run.run("sh", "-c", "cd source && dpkg-buildpackage -d -B -us -uc -j2 "
            ">../log 2>&1 || { tail -40 ../log; exit 1; }")
    names = sorted(glob.glob(run.path("*.deb")))
    run.require(names, "nothing was built")
    for name in names:
        if "-dbgsym" in name:
            continue
        with open(name, "rb") as file:
            run.note(os.path.basename(name),
                     hashlib.sha256(file.read()).hexdigest())


@scenario(band=True, timeout=1800, reporters=["cc1", "ld", "dpkg-deb"])
def lua(run):
    _build(run, "lua5.4")


@scenario(band=True, timeout=1800, reporters=["cc1", "dpkg-deb"])
def bzip2(run):
    _build(run, "bzip2")


if __name__ == "__main__":
    main("dpkg-buildpackage", "dh", "gcc", "libtool")
