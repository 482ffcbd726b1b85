#!/usr/bin/python3
"""Prints the survey's rows of one program: rows.py COUNTS NAME VERSION PART.

COUNTS is the file of counters that count_sizes.c wrote. The exit status is 1
when nothing was counted.
"""

import array
import sys

LOW_BYTES = 2048
BUCKET_BYTES = 128


def buckets(path):
    """{up_to: [calls, bytes]} of the counters in the file."""
    counts = array.array("Q")
    with open(path, "rb") as file:
        counts.frombytes(file.read())
    found = {}
    for offset, calls in enumerate(counts):
        if calls:
            size = LOW_BYTES + offset
            up_to = -(-size // BUCKET_BYTES) * BUCKET_BYTES
            row = found.setdefault(up_to, [0, 0])
            row[0] += calls
            row[1] += calls * size
    return found


def main():
    path, *words = sys.argv[1:]
    found = buckets(path)
    for up_to, (calls, total) in sorted(found.items()):
        print(",".join(words + [str(up_to), str(calls), str(total)]))
    sys.exit(0 if found else 1)


if __name__ == "__main__":
    main()
