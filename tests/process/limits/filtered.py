#!/usr/bin/python3
"""Programs under a seccomp filter of their own: no call that it forbids.

Every format of the report, with descriptor 2 a terminal, a pipe, a socket, a
file, or closed. The filter kills for whatever is not in its list.
"""

import os
import pty
import signal
import socket
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import preload  # noqa: E402

FORMATS = ("text", "json", "openmetrics", "csv", "none")


def drain(fd):
    """Reads all that was written to fd, whose writers have ended."""
    said = b""
    os.set_blocking(fd, False)
    try:
        while True:
            part = os.read(fd, 65536)
            if not part:
                return said
            said += part
    except OSError:  # nothing more, or a terminal without a user
        return said


def ends(kind, folder):
    """Descriptors to write to and to read from."""
    if kind == "terminal":
        reader, writer = pty.openpty()
    elif kind == "pipe":
        reader, writer = os.pipe()
    elif kind == "socket":
        reader, writer = (end.detach() for end in socket.socketpair())
    else:
        path = os.path.join(folder, "stderr")
        writer = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        reader = os.open(path, os.O_RDONLY)
    return reader, writer


def run(arguments, words, conf, kind):
    """Runs the program under the filter; its output on descriptor 2."""
    with tempfile.TemporaryDirectory(prefix="midpool-test-") as folder:
        reader, writer = ends(kind, folder)
        options = {"preexec_fn": lambda: os.close(2)} if kind == "closed" \
            else {}
        result = preload.run(
            arguments.lib, [arguments.program("limits_filtered")] + words,
            conf=conf, cwd=folder, stderr=writer, **options)
        os.close(writer)
        said = drain(reader)
        os.close(reader)
        if result.status == preload.SKIPPED:
            raise preload.Skip(said.decode(errors="replace"))
        assert result.status == 0, "%s, %s, %s: %s %r" % (
            words, conf, kind, result, said)
        return said


def check_mode(arguments, mode, reporting):
    """reporting: the kinds of descriptor 2 that a text report comes on."""
    for kind in ("terminal", "pipe", "socket", "file", "closed"):
        for form in FORMATS:
            words = [mode] + (["syscall"] if form in ("text", "csv") else [])
            said = run(arguments, words, "live:yes,report:" + form, kind)
            if form == "none" or kind not in reporting:
                assert said == b"", (form, kind, said)
            else:
                want = b"gets" if form == "text" else b"seccomp filter forbids"
                assert want in said, (form, kind, said)
                assert b"%p" not in said, (form, kind, said)
                assert (b"CPU time" in said) == (
                    form == "text" and mode == "careful"), (mode, said)


def test_strict(arguments):
    """Of a pipe SIGPIPE might come, which may not be blocked: nothing."""
    check_mode(arguments, "strict", ("terminal", "file"))


def test_careful(arguments):
    check_mode(arguments, "careful", ("terminal", "pipe", "socket", "file"))


def test_files(arguments):
    """A filter that lets files be written, though not all that a page takes:
    a report, or a line that it could not be written, comes of each."""
    with tempfile.TemporaryDirectory(prefix="midpool-test-") as folder:
        for name, said in ((folder, b""), ("/nonexistent", b"No such file")):
            text = run(arguments, ["files"], "live:yes,report:json,"
                       "report_file:%s/%%p.json" % name, "file")
            assert (said in text) if said else (text == b""), text
        assert len(os.listdir(folder)) == 2, os.listdir(folder)
    text = run(arguments, ["files"], "report:text,live:yes", "file")
    assert text.count(b" gets") >= 2, text


def test_errors(arguments):
    check_mode(arguments, "errors", ("terminal", "pipe", "socket", "file"))


def test_replaced(arguments):
    """Descriptor 2 may have become a file of the program: it stays whole."""
    with tempfile.TemporaryDirectory(prefix="midpool-test-") as folder:
        data = os.path.join(folder, "data")
        for form in FORMATS:
            said = run(arguments, ["replaced", data], "report:" + form, "file")
            assert said == b"", said
            assert os.path.getsize(data) == 0, form


def test_guarded(arguments):
    """Buffers that were guarded before the filter came are freed; no more are,
    and nothing is done for them, not even a look at the clock."""
    for conf in ("guard:1", "guard:auto"):
        for mode in ("strict", "careful", "errors", "files"):
            text = run(arguments, [mode], "report:none," + conf, "file")
            assert b"midpool: guard: " not in text, (mode, conf, text)


def test_guarded_fault(arguments):
    """A mistake is told under the filter as well."""
    with tempfile.TemporaryFile() as file:
        result = preload.run(
            arguments.lib, [arguments.program("limits_filtered"), "faults"],
            conf="report:none,guard:1", stderr=file)
        file.seek(0)
        said = file.read()
    if result.status == preload.SKIPPED:
        raise preload.Skip(said.decode(errors="replace"))
    assert result.status == -signal.SIGSEGV, (str(result), said)
    assert said.count(b"midpool: guard: overrun: a write") == 1, said


def test_quickly(arguments):
    """quick_exit runs no destructors, and yet the report comes."""
    result = preload.run(
        arguments.lib, [arguments.program("limits_report_cases"),
                        "end_quickly"]).expect(3)
    result.report()


if __name__ == "__main__":
    preload.main(sys.modules[__name__])
