"""The midpool command: small modules around the reports of libmidpool.so.

A command is a module with a function main(argv) -> exit status; base/cli.py
finds it by name and loads nothing else, so that `midpool run` starts at once.
The packages are layers: each imports only those before it in the order base,
read, show, compare, live, fleet, page, run, bench (scripts/check_layout.py).
Standard library only.
"""

VERSION = "0.1.0"
