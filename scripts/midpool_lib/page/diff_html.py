"""A comparison for a page: in diff_text's words, which the page only sets.

    {"base": "5 runs of x", "new": ..., "runs": [5, 5], "notes": [...],
     "footnotes": [...], "rows": [{"scope": "pool", "size": 4096,
        "changes": [{"metric": "gets", "key": "pools.4096.gets",
           "title": "gets", "base": 10, "new": 12, "sides": [["10", "± 1 %"],
           ["12", "± 0 %"]], "change": "+20.00 %", "kind": "worse",
           "p": "p=0.029"}]}],
     "sites": null, or {"flame": as in flame.py, "tables": [{"by": "stack",
        "rows": [{"name": ["f", "main"], "base": ..., as a change}],
        "more": 0, "footnotes": [...]}]}}

`base` and `new` are medians; `key` says where in a report the value stands.
"""

from midpool_lib.base import counters, style
from midpool_lib.compare import diff, diff_text, site_diff
from midpool_lib.page import flame
from midpool_lib.read import profiles, stacks
from midpool_lib.read import sites as read_sites

SITE_ROWS = 12
SCOPES = {"total": "totals", "pool": "pools", "class": "classes"}


def _key(change):
    scope, size = change.key
    if change.metric in profiles.WHOLE and (
            change.metric not in counters.BY_NAME):
        side, _, what = change.metric.partition("_")
        if side in ("below", "above"):
            return f"fallback.{side}.{what}"
        part = "process" if change.metric.endswith("_ns") else "memory"
        return f"{part}.{change.metric}"
    where = SCOPES[scope] + (f".{size}" if size else "")
    return f"{where}.{change.metric}"


def _change(change):
    return {"metric": change.metric, "key": _key(change),
            "title": diff_text.NAMES.get(change.metric, change.metric),
            "base": change.base_median, "new": change.new_median,
            "sides": diff_text.sides(change),
            "change": diff_text.verdict(change),
            "kind": diff_text.kind(change), "p": diff_text.p_words(change)}


def _is_used(row):
    return any(change.base_median or change.new_median
               for change in row.changes if change.metric == "gets")


def _site_row(row):
    return {"name": site_diff.words_of(row.key)[:site_diff.FRAMES],
            "base": row.base_median, "new": row.new_median,
            "sides": diff_text.sides(row), "change": diff_text.verdict(row),
            "kind": diff_text.kind(row), "p": diff_text.p_words(row)}


def _site_table(sides, by):
    result = site_diff.SiteResult(sides, by)
    return {"by": by, "footnotes": site_diff.footnotes(result),
            "rows": [_site_row(row) for row in result.changed[:SITE_ROWS]],
            "more": max(0, len(result.changed) - SITE_ROWS)}


def _sites(base, new, nodes):
    """The comparison of call stacks; None where a run has none."""
    everyone = base.reports + new.reports
    if not all(stacks.has_sites(report) for report in everyone):
        return None
    sides = stacks.of_sides(base.reports, new.reports)
    return {"flame": flame.graph(sides, read_sites.of(everyone).rates, nodes),
            "tables": [_site_table(sides, by) for by in ("stack",
                                                         "function")]}


def data(base, new, nodes=flame.NODES):
    """The comparison of two samples; its flame graph has so many nodes at
    most."""
    result = diff.Result(base, new, diff.Terms(everything=True))
    rows = [result.total] + [row for row in result.rows if _is_used(row)]
    return {"base": diff_text.side_words(base),
            "new": diff_text.side_words(new),
            "runs": [len(base), len(new)],
            "notes": [style.plain(note) for note in diff_text.notes(result)
                      if "--allow" not in note],
            "footnotes": diff_text.footnotes(result),
            "sites": _sites(base, new, nodes),
            "rows": [{"scope": row.key[0], "size": row.key[1],
                      "changes": [_change(change) for change in row.changes]}
                     for row in rows]}
