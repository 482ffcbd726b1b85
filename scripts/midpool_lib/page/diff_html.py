"""A comparison for a page: in diff_text's words, which the page only sets.

    {"base": "5 runs of x", "new": ..., "runs": [5, 5], "notes": [...],
     "footnotes": [...], "rows": [{"scope": "pool", "size": 4096,
        "changes": [{"metric": "gets", "key": "pools.4096.gets",
           "title": "gets", "base": 10, "new": 12, "sides": [["10", "± 1 %"],
           ["12", "± 0 %"]], "change": "+20.00 %", "kind": "worse",
           "p": "p=0.029"}]}]}

`base` and `new` are medians; `key` says where in a report the value stands.
"""

from midpool_lib.base import counters, style
from midpool_lib.compare import diff, diff_text
from midpool_lib.read import profiles

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


def data(base, new):
    """The comparison of two samples."""
    result = diff.Result(base, new, diff.Terms(everything=True))
    rows = [result.total] + [row for row in result.rows if _is_used(row)]
    return {"base": diff_text.side_words(base),
            "new": diff_text.side_words(new),
            "runs": [len(base), len(new)],
            "notes": [style.plain(note) for note in diff_text.notes(result)
                      if "--allow" not in note],
            "footnotes": diff_text.footnotes(result),
            "rows": [{"scope": row.key[0], "size": row.key[1],
                      "changes": [_change(change) for change in row.changes]}
                     for row in rows]}
