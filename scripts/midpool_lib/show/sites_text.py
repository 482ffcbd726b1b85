"""Sampled call stacks for people: who asked for the buffers."""

import os

from midpool_lib.base import style
from midpool_lib.base.errors import CommandError
from midpool_lib.read import symbols
from midpool_lib.read.sites import VALUES

ROWS = 20
FRAMES = 8  # of a stack that are told
GROUPS = ("stack", "function", "module")
HEAD = (f"{'requested':>10} {'error':>6} {'gets':>11} {'misses':>11}"
        f" {'live':>9} {'at peak':>9}  ")


def _error(site, name):
    return (f"±{100 * site[name + '_error'] / site[name]:.0f}%"
            if site[name] else "")


def _numbers(row):
    return (f"{style.size(row['requested_bytes']):>10}"
            f" {_error(row, 'requested_bytes'):>6}"
            f" {style.count(row['gets']):>11} {style.count(row['misses']):>11}"
            f" {style.size(row['live_bytes']):>9}"
            f" {style.size(row['peak_live_bytes']):>9}  ")


class Group:
    """Stacks that have a function, or a module, in common."""

    def __init__(self, name):
        self.name = name
        self.values = {}
        self.below = 0  # requested bytes of all stacks that pass through it

    def __getitem__(self, name):
        return self.values.get(name, 0)

    def add(self, site):
        for name, value in site.values.items():
            if name.endswith("_error"):
                self.values[name] = (self[name] ** 2 + value ** 2) ** 0.5
            else:
                self.values[name] = self[name] + value


def _module(frame):
    return os.path.basename(frame[0]) if frame[0] else "(no file)"


def _names(site, names, by):
    if by == "function":
        return names.names(site)
    return [_module(frame) for frame in site.frames] or ["(no stack)"]


def grouped(sites, names, by):
    """Groups by who asked: the innermost function, or its module; and what
    passes through each."""
    found = {}
    for site in sites.list:
        words = _names(site, names, by)
        for word in set(words):
            group = found.setdefault(word, Group(word))
            group.below += site["requested_bytes"]
        found[words[0]].add(site)
    return sorted(found.values(), key=lambda group: (
        -group["requested_bytes"], -group.below, group.name))


def _stack_lines(site, names, look):
    functions = [function for frame in site.frames
                 for function in names.functions(frame)]
    lines = []
    for number, function in enumerate(functions[:FRAMES]):
        where = (f"  {os.path.basename(function.file)}:{function.line}"
                 if function.file else "")
        head = _numbers(site) if number == 0 else " " * len(HEAD)
        lines.append(head + style.plain(function.name)
                     + look.paint(style.plain(where), "dim"))
    if not functions:
        lines.append(_numbers(site) + "(no stack)")
    if len(functions) > FRAMES:
        lines.append(" " * len(HEAD)
                     + f"and {len(functions) - FRAMES} outer frames")
    return lines


def _headline(sites, look):
    rates = " or ".join(style.size(rate) for rate in sites.rates)
    if sites.rate_max > sites.rates[-1]:
        rates += f", later up to {style.size(sites.rate_max)},"
    return [look.paint(f"who asked: {style.count(len(sites.list))} call stacks"
                       f" from {style.count(sites.total('samples'))} samples,"
                       f" one in {rates} on average", "bold"),
            "estimates; the error is one standard error of what was requested",
            ""]


def _order(by_value):
    if by_value not in VALUES:
        raise CommandError(f"--sort {by_value}: no such value",
                           ", ".join(VALUES))
    return VALUES[by_value]


def lines(sites, look, by="stack", sort="bytes", everything=False):
    """The table; by is one of GROUPS, sort one of VALUES."""
    if by not in GROUPS:
        raise CommandError(f"--by {by}: no such group", ", ".join(GROUPS))
    names = symbols.Symbols(sites)
    value = _order(sort)
    out = _headline(sites, look)
    if by == "stack":
        rows = sorted(sites.list, key=lambda site: -site[value])
        out.append(HEAD + "stack, innermost first")
    else:
        rows = sorted(grouped(sites, names, by),
                      key=lambda group: (-group[value], -group.below))
        out.append(HEAD + f"{'through':>9}  {by}")
    for row in rows if everything else rows[:ROWS]:
        if by == "stack":
            out += _stack_lines(row, names, look)
        else:
            out.append(_numbers(row) + f"{style.size(row.below):>9}  "
                       + style.plain(row.name))
    if len(rows) > ROWS and not everything:
        out.append(f"and {style.count(len(rows) - ROWS)} more; --all shows"
                   " them")
    if sites.lost:
        out.append(f"{style.count(sites.lost)} samples could not be followed:"
                   " they are not in live and at peak")
    if not symbols.is_available():
        out.append("functions have no names: install elfutils")
    return out
