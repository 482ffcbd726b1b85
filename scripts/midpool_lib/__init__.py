"""The midpool command: small modules around the reports of libmidpool.so.

A command is a module with a function main(argv) -> exit status; cli.py finds
it by name and loads nothing else, so that `midpool run` starts at once.
Standard library only.
"""

VERSION = "0.1.0"
