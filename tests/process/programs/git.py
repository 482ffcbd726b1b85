#!/usr/bin/python3
"""git: import, log --stat, diff, grep, clone, gc, fsck, repack."""

import hashlib

from harness import main, scenario

COMMITS = 300
WHO = "A U Thor <author@example.com> %d +0000"


def _data(text):
    body = text.encode()
    return b"data %d\n%s\n" % (len(body), body)


def _body(number):
    lines = ["line %d of %d: %s" % (line, number % 17,
                                    "abc" * (line * number % 9))
             for line in range(60 + number * 7 % 500)]
    return "\n".join(lines) + "\n"


def fast_import_stream():
    """A history of a few hundred commits over some dozen files."""
    stream = []
    for number in range(1, COMMITS + 1):
        stream.append(b"commit refs/heads/main\nmark :%d\n" % number)
        who = WHO % (1600000000 + number * 3600)
        stream.append(("author %s\ncommitter %s\n" % (who, who)).encode())
        stream.append(_data("Change %d\n\nWhy it was made.\n" % number))
        if number > 1:
            stream.append(b"from :%d\n" % (number - 1))
        for file in range(3):
            name = "dir%d/file%d.txt" % (number % 5, (number + file) % 12)
            stream.append(b"M 100644 inline %s\n" % name.encode())
            stream.append(_data(_body(number + file)))
    return b"".join(stream)


def _digest(out):
    return len(out), hashlib.sha256(out).hexdigest()


def _git(run, *argv, **options):
    return run.run("git", "-c", "init.defaultBranch=main", *argv, **options)


@scenario(band=True, reporters=["git"], text=True)
def history(run):
    _git(run, "init", "-q", "repo")
    _git(run, "-C", "repo", "fast-import", "--quiet",
         stdin=fast_import_stream())
    _git(run, "-C", "repo", "reset", "-q", "--hard", "main")
    _git(run, "-C", "repo", "log", "--stat", show=_digest)
    _git(run, "-C", "repo", "log", "-p", "-40", show=_digest)
    _git(run, "-C", "repo", "diff", "--stat", "main~100", "main")
    _git(run, "-C", "repo", "grep", "-c", "abcabc", "main~3")
    _git(run, "-C", "repo", "blame", "dir0/file0.txt", show=_digest)
    _git(run, "clone", "-q", "file://" + run.path("repo"), "copy")
    _git(run, "-C", "copy", "gc", "-q", "--aggressive")
    _git(run, "-C", "copy", "fsck", "--full", "--strict", compare="stdout")
    _git(run, "-C", "copy", "rev-list", "--objects", "--all", show=_digest)
    _git(run, "-C", "copy", "status", "--short")


@scenario(reporters=["git"])
def an_error_is_the_same_error(run):
    _git(run, "-C", run.dir, "log", status=128)


if __name__ == "__main__":
    main("git")
