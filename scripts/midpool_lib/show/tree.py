"""Processes as a tree, as ps --forest shows them."""

from midpool_lib.base import style
from midpool_lib.read import reports
from midpool_lib.read.family import Family

MAX_LINES = 200


def _line(report, depth, look):
    totals = report["totals"]
    rate = style.percent(totals["hits"], totals["gets"])
    name = "  " * depth + style.plain(reports.program(report))
    return (f"{report['process']['pid']:>8}  {style.count(totals['gets']):>13}"
            f" {rate:>9} {style.size(totals['peak_live_bytes']):>9}  {name}")


def lines(members, look):
    """One line per image: children under their parents, and what a process
    became by exec under what it was."""
    below = {}
    family = Family(members)
    before = {id(image.next): image for image in family.images if image.next}
    for image in family.images:
        above = before.get(id(image), image.parent)
        below.setdefault(id(above) if above else None, []).append(image)
    found = [look.paint(f"{'process':>8}  {'gets':>13} {'hit rate':>9}"
                        f" {'peak live':>9}  program", "dim")]
    waiting = [(image, 0) for image in reversed(below.get(None, []))]
    while waiting:
        image, depth = waiting.pop()
        found.append(_line(image.report, min(depth, 20), look))
        waiting += [(child, depth + 1)
                    for child in reversed(below.get(id(image), []))]
    if len(found) > MAX_LINES + 1:
        rest = len(found) - MAX_LINES - 1
        found[MAX_LINES + 1:] = [f"{'':>8}  ... and {rest} more"]
    return found
