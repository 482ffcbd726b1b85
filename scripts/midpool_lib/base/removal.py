"""Removes a file that was looked at, and no other that took its name since.

Processes start at any time. Between the look at a page or report and its
removal, another process may have put a new file under the name. The file is
therefore moved to an unused name and checked again; if it is another one, it
gets its name back.
"""

import os


def _spare_name(path):
    return os.path.join(os.path.dirname(path),
                        f".midpool-{os.urandom(8).hex()}.gone")


def _put_back(spare, path):
    """Gives the file its name back, unless a third one has it by now. Then that
    one stays, and this one, whose name was taken, is removed."""
    try:
        os.link(spare, path, follow_symlinks=False)
    except FileExistsError:
        pass
    os.unlink(spare)


def unlink_same(path, status):
    """Removes path if it is still the file of that status. False: it is not.

    Raises OSError if the file may not be removed.
    """
    spare = _spare_name(path)
    try:
        os.rename(path, spare)
    except FileNotFoundError:
        return False
    now = os.lstat(spare)
    if (now.st_ino, now.st_dev) == (status.st_ino, status.st_dev):
        os.unlink(spare)
        return True
    _put_back(spare, path)
    return False


def prune(found, age, bounds, remove):
    """Removes the oldest of found until all bounds hold; returns (how many,
    bytes).

    found: objects with bytes; age(one): its seconds; bounds: the most seconds,
    number and bytes that stay, None for no bound; remove(one): whether it was
    removed.
    """
    max_age, max_count, max_bytes = bounds
    oldest_first = sorted(found, key=lambda one: -age(one))
    count = len(oldest_first)
    size = sum(one.bytes for one in oldest_first)
    removed = freed = 0
    for one in oldest_first:
        over = ((max_age is not None and age(one) > max_age)
                or (max_count is not None and count > max_count)
                or (max_bytes is not None and size > max_bytes))
        if over and remove(one):
            removed, freed = removed + 1, freed + one.bytes
            count, size = count - 1, size - one.bytes
    return removed, freed
