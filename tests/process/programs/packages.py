"""Which package a missing program belongs to, and which release lacks it."""

import os

# Debian's, of programs whose package has another name.
PACKAGE_OF = {
    "apache2": "apache2-bin",
    "chronyd": "chrony",
    "ctags-universal": "universal-ctags",
    "dig": "bind9-dnsutils",
    "dovecot": "dovecot-imapd",
    "gs": "ghostscript",
    "h2load": "nghttp2-client",
    "initdb": "postgresql",
    "java": "default-jdk-headless",
    "javac": "default-jdk-headless",
    "modules": "apache2-bin",
    "kresd": "knot-resolver",
    "named": "bind9",
    "nghttpd": "nghttp2-server",
    "node": "nodejs",
    "pgbench": "postgresql",
    "php": "php-cli",
    "redis-benchmark": "redis-server",
    "redis-cli": "redis-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "sshd": "openssh-server",
    "varnishd": "varnish",
    "xz": "xz-utils",
    "3.0": "freeradius",
}


def release():
    """The release's name, as sid or bookworm."""
    try:
        with open("/etc/debian_version", encoding="utf-8") as file:
            version = file.read().strip()
        if version.endswith("/sid"):
            return "sid"
        with open("/etc/os-release", encoding="utf-8") as file:
            for line in file:
                if line.startswith("VERSION_CODENAME="):
                    return line.split("=")[1].strip().strip('"')
    except OSError:
        pass
    return "this system"


def lack(programs):
    """The line about programs and files that are not there."""
    names = []
    for program in programs:
        name = os.path.basename(program)
        name = PACKAGE_OF.get(name, name)
        if name not in names:
            names.append(name)
    return "no package %s on %s" % (" ".join(names), release())
