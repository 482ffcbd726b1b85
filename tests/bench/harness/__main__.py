"""scripts/bench: midpool against the allocators one could preload instead."""

import sys

from . import compare, founding, load, readme, thp

COMMANDS = {"founding": founding.main, "load": load.main,
            "readme": readme.main, "thp": thp.main}


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name in COMMANDS:
        return COMMANDS[name](sys.argv[2:])
    return compare.main(sys.argv[1:])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
