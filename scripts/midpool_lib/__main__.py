"""Entry of the command: `python3 -ESs __main__.py IGNORED ARGS...`.

IGNORED is the mask of signals that were ignored when the front started, in
hexadecimal; Python itself changes some before any of its code runs.
"""

import os
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from midpool_lib.base import cli  # noqa: E402  (needs the path above)

if __name__ == "__main__":
    status = cli.start(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            pass
    # Not sys.exit: a stderr that is full must not change a program's status.
    os._exit(status)
