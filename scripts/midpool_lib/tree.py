"""Processes as a tree, as ps --forest shows them."""

from midpool_lib import reports, style

MAX_LINES = 200


def _order(report):
    return (report["process"]["start_unix_ns"], report["process"]["pid"])


def _parents(members):
    """Index of each member's parent; the image before, for an exec."""
    by_pid = {}
    parent = {}
    for index in sorted(range(len(members)), key=lambda i: _order(members[i])):
        process = members[index]["process"]
        before = by_pid.get(process["pid"])
        parent[index] = by_pid.get(process["ppid"]) if before is None \
            else before
        by_pid[process["pid"]] = index
    return parent


def _line(report, depth, look):
    totals = report["totals"]
    rate = style.percent(totals["hits"], totals["gets"])
    name = "  " * depth + style.plain(reports.program(report))
    return (f"{report['process']['pid']:>8}  {style.count(totals['gets']):>13}"
            f" {rate:>9} {style.size(totals['peak_live_bytes']):>9}  {name}")


def lines(members, look):
    """One line per process, children under their parents."""
    parent = _parents(members)
    below = {}
    for index in sorted(parent, key=lambda i: _order(members[i])):
        below.setdefault(parent[index], []).append(index)
    found = [look.paint(f"{'process':>8}  {'gets':>13} {'hit rate':>9}"
                        f" {'peak live':>9}  program", "dim")]
    waiting = [(index, 0) for index in reversed(below.get(None, []))]
    while waiting:
        index, depth = waiting.pop()
        found.append(_line(members[index], min(depth, 20), look))
        waiting += [(child, depth + 1)
                    for child in reversed(below.get(index, []))]
    if len(found) > MAX_LINES + 1:
        rest = len(found) - MAX_LINES - 1
        found[MAX_LINES + 1:] = [f"{'':>8}  ... and {rest} more"]
    return found
