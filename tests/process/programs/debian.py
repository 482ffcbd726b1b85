#!/usr/bin/python3
"""apt-get and dpkg: simulations, lists, a package built and unpacked."""

import hashlib

from harness import main, scenario

CONTROL = """Package: midpool-sample
Version: 1.0
Architecture: all
Maintainer: Nobody <nobody@example.com>
Description: a package that a test builds
"""


def _digest(out):
    return len(out), hashlib.sha256(out).hexdigest()


@scenario(band=True, reporters=["apt-get", "apt-cache"], text=True)
def apt_simulates(run):
    # apt's lists on this machine may know gawk or not.
    run.run("apt-get", "-s", "-o", "Debug::NoLocking=1", "install", "gawk",
            "coreutils", status=None)
    run.run("apt-get", "-s", "-o", "Debug::NoLocking=1", "--reinstall",
            "install", "bash")
    run.run("apt-cache", "policy", "bash", "coreutils")
    run.run("apt-cache", "depends", "--recurse", "--installed", "gcc",
            show=_digest)
    run.run("apt-get", "-s", "install", "no-such-package-at-all", status=100)


@scenario(reporters=["dpkg-query", "dpkg-deb"])
def dpkg_lists_and_builds(run):
    run.run("dpkg", "-l", show=_digest)
    run.run("dpkg", "-s", "bash", "libc6")
    run.run("dpkg", "-S", "/usr/bin/sort", "/usr/bin/env")
    run.write("sample/DEBIAN/control", CONTROL)
    for number in range(20):
        run.write("sample/usr/share/sample/%d" % number,
                  (b"%d " % number) * 20000)
    run.run("dpkg-deb", "--root-owner-group", "-Zxz", "-b", "sample",
            "sample.deb")
    run.run("dpkg-deb", "-W", "sample.deb")
    run.run("dpkg-deb", "-x", "sample.deb", "out")
    run.run("diff", "-r", "sample/usr", "out/usr")


if __name__ == "__main__":
    main("apt-get", "apt-cache", "dpkg")
