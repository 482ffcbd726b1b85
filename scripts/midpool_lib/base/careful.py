"""Opens files where other users may write, safely and without waiting.

In such a place (/dev/shm, a folder of reports) a pipe without a writer, a link
to another file, or another user's file may have the wanted name.
The library opens its pages in the same way (stats/reader/page_file.c).
"""

import errno
import os
import stat

FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


def _refuse(fd, number, why):
    os.close(fd)
    raise OSError(number, why)


def _open(path, flags):
    """Opens path; its access time, a mark of sweeps, stays if possible."""
    try:
        return os.open(path, flags | os.O_NOATIME)
    except PermissionError:
        return os.open(path, flags)


def open_regular(path, owner=None, follow=False):
    """A descriptor to read a regular file; OSError if path is none.

    owner: the uid of the user to whom it must belong. follow: whether path may
    be a link, as users put them into their own folders.
    """
    try:
        fd = _open(path, FLAGS if follow else FLAGS | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno == errno.ELOOP and not follow:
            raise OSError(errno.ELOOP, "a link, which is not followed") \
                from None
        raise
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        _refuse(fd, errno.EINVAL, "not a regular file")
    if owner is not None and status.st_uid != owner:
        _refuse(fd, errno.EACCES, "belongs to another user")
    return fd
