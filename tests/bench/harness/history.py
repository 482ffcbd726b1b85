"""A git repository to look through: made up, always the same."""

import random
import subprocess

FILES, COMMITS, LINES = 60, 500, 700
WORDS = (
    "buffer cache class depot magazine page pool purge reserve slab slot "
    "thread size live free get put miss hit bound decay"
).split()


def _line(rng):
    return " ".join(rng.choices(WORDS, k=rng.randrange(2, 9)))


def _stream():
    """The history as git fast-import reads it."""
    rng = random.Random(7)
    files = [[_line(rng) for _ in range(LINES)] for _ in range(FILES)]
    for commit in range(COMMITS):
        stamp = 1700000000 + 60 * commit
        message = f"Change {commit}"
        yield "commit refs/heads/main\n"
        yield f"committer A <a@example.org> {stamp} +0000\n"
        yield f"data {len(message)}\n{message}\n"
        for _ in range(FILES if commit == 0 else 6):
            index = rng.randrange(FILES)
            lines = files[index]
            for _ in range(rng.randrange(1, 40)):
                lines[rng.randrange(len(lines))] = _line(rng)
            text = "\n".join(lines) + "\n"
            yield f"M 100644 inline src/file{index}.c\n"
            yield f"data {len(text)}\n{text}\n"


def make(_tools, folder):
    """Makes the repository."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder)],
                   check=True, capture_output=True)
    with subprocess.Popen(["git", "-C", str(folder), "fast-import", "--quiet",
                           "--force"], stdin=subprocess.PIPE) as process:
        for part in _stream():
            process.stdin.write(part.encode())
        process.stdin.close()
    if process.returncode != 0:
        raise OSError("git fast-import failed")
