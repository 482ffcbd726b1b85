#!/usr/bin/python3
"""Properties of the library's ELF file: names, TLS, dependencies, flags."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "..", "..", "..")
LIBC_PARTS = re.compile(r"^(libc|libpthread|libdl|libm|librt|ld-linux[\w-]*)"
                        r"\.so\.\d+$")


def tool(*words):
    return subprocess.run(words, check=True, capture_output=True,
                          text=True).stdout


def listed(lib):
    """The names in exports.map. Beside a shared jemalloc, its are its own."""
    path = os.path.join(ROOT, "interpose", "exports.map")
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
    names = re.findall(r"^\s*(\w+);", text.split("local:")[0], re.MULTILINE)
    assert len(names) == len(set(names)), "a name is listed twice"
    if "libjemalloc" in tool("readelf", "-dW", lib):
        first, last = names.index("mallocx"), names.index("malloc_conf")
        del names[first:last + 1]
    return set(names)


def test_exports_are_the_list(arguments):
    defined = {line.split()[-1].split("@")[0] for line in tool(
        "nm", "-D", "--defined-only", arguments.lib).splitlines()}
    wanted = listed(arguments.lib)
    assert defined == wanted, "exported, not listed: %s; listed, not " \
        "exported: %s" % (sorted(defined - wanted), sorted(wanted - defined))


def test_every_export_is_exercised(arguments):
    result = preload.run(arguments.lib, [
        arguments.program("api_every_name")] + sorted(listed(arguments.lib)))
    result.expect(0)


def test_tls_is_initial_exec(arguments):
    relocations = tool("readelf", "-rW", arguments.lib)
    for kind in ("DTPMOD", "DTPOFF", "TLSDESC", "TLS_GD", "TLS_LD"):
        assert kind not in relocations, kind
    assert re.search(r"TPOFF|TPREL", relocations), relocations
    # The linker of AArch64 does not set the flag.
    assert "STATIC_TLS" in tool("readelf", "-dW", arguments.lib) \
        or "R_AARCH64_" in relocations


def test_own_tls_is_small(arguments):
    """The pointers to the cache and to the block that counts what is below
    the band, and the frame of an operation under way.

    What is not jemalloc's (its names have its prefix) is ours.
    """
    own = 0
    for line in tool("readelf", "-sW", arguments.lib).splitlines():
        words = line.split()
        if len(words) >= 8 and words[3] == "TLS" \
                and not words[7].startswith("je_"):
            own += int(words[2], 0)
    assert 0 < own <= 40, "%d bytes of TLS" % own


def has_jemalloc_52(lib):
    """As jemalloc's text of its version says, which is in the library."""
    with open(lib, "rb") as file:
        return re.search(rb"\b5\.2\.\d+-\d+-g", file.read())


def test_tls_of_all_is_bounded(arguments):
    """The whole segment: jemalloc's state and ours.

    What jemalloc keeps for a thread is 2.6 KB in 5.3, and 6.1 KB in 5.2.
    """
    most = 6400 if has_jemalloc_52(arguments.lib) else 4096
    found = re.search(r"^\s*TLS\s+\S+\s+\S+\s+\S+\s+\S+\s+(0x\w+)",
                      tool("readelf", "-lW", arguments.lib), re.MULTILINE)
    assert int(found.group(1), 16) <= most, found.group(0)


def test_needs_libc_only(arguments):
    needed = re.findall(r"NEEDED.*\[(.*)\]",
                        tool("readelf", "-dW", arguments.lib))
    assert needed, "no dynamic section"
    strange = [name for name in needed if not LIBC_PARTS.match(name)]
    assert not strange, strange


def test_avoids_functions_of_libc(arguments):
    """strerror_r allocates from glibc 2.41 on; the C23 names of strtol and
    its like would tie the library to glibc 2.38."""
    undefined = {line.split()[-1].split("@")[0] for line in tool(
        "nm", "-D", "--undefined-only", arguments.lib).splitlines()}
    assert "dlsym" in undefined, undefined
    avoided = {name for name in undefined
               if name.endswith("strerror_r") or name.startswith("__isoc23_")}
    assert not avoided, avoided


def test_runs_on_glibc_2_35(arguments):
    """A library that was built on a newer release runs on Debian 12."""
    needed = re.findall(r"Name: GLIBC_(\S+)",
                        tool("readelf", "-VW", arguments.lib))
    assert "2.2.5" in needed or "2.17" in needed, needed
    newer = [version for version in needed
             if not re.fullmatch(r"[0-9.]+", version)
             or tuple(map(int, version.split("."))) > (2, 35)]
    assert not newer, newer


def test_never_unloaded(arguments):
    assert re.search(r"FLAGS_1.*NODELETE",
                     tool("readelf", "-dW", arguments.lib))


def test_no_code_before_relocation(arguments):
    """No ifuncs: their resolvers run while ld.so relocates."""
    assert "IRELATIV" not in tool("readelf", "-rW", arguments.lib)
    symbols = tool("readelf", "-sW", arguments.lib)
    assert " IFUNC " not in symbols


def test_no_writable_code(arguments):
    dynamic = tool("readelf", "-dW", arguments.lib)
    assert "TEXTREL" not in dynamic
    for line in tool("readelf", "-lW", arguments.lib).splitlines():
        assert not re.search(r"\bRWE\b", line), line


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
