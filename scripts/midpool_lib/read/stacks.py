"""Sampled call stacks by name, run by run: what comparisons and pages show.

A path is a tuple of (function, module's file name), the outermost first.
Stacks of one run that read alike are one path, so that runs of two builds of
a program compare; a frame without a name is module+offset, which differs
between builds.
"""

import os

from midpool_lib.base.errors import CommandError
from midpool_lib.read import sites as read_sites
from midpool_lib.read import symbols
from midpool_lib.read.family import members

VALUES = tuple(read_sites.VALUES)
NO_STACK = (("(no stack)", ""),)


def has_sites(report):
    """True if any process of a run has call stacks."""
    return any("sites" in member for member in members(report))


def _path(site, names):
    """A stack's path; inlined functions are frames of their own."""
    frames = [(function.name, os.path.basename(frame[0] or ""))
              for frame in site.frames for function in names.functions(frame)]
    return tuple(reversed(frames)) or NO_STACK


def _of_run(sites, names):
    """Path -> its values, in the order of VALUES."""
    found = {}
    for site in sites.list:
        values = [site[name] for name in read_sites.VALUES.values()]
        path = _path(site, names)
        old = found.get(path)
        found[path] = (values if old is None
                       else [a + b for a, b in zip(old, values)])
    return found


def of_sides(*sides):
    """For each side a list of its runs' {path: values}."""
    for report in sum(sides, []):
        if not has_sites(report):
            raise CommandError(
                "a run has no call stacks",
                "sample them in all of them: midpool run --sites -- PROGRAM")
    names = symbols.Symbols(read_sites.of(sum(sides, [])))
    return [[_of_run(read_sites.of([report]), names) for report in side]
            for side in sides]


def grouped(run, by):
    """A run's values by what a comparison is by: the stack itself, or each
    function or module, of all stacks that pass through it."""
    if by == "stack":
        return run
    part = 0 if by == "function" else 1
    found = {}
    for path, values in run.items():
        for word in {frame[part] or "(no file)" for frame in path}:
            old = found.get(word)
            found[word] = (values if old is None
                           else [a + b for a, b in zip(old, values)])
    return found
