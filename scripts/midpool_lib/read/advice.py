"""Warnings and hints about the sum of several processes.

The library judges a single process (stats/render/advice.c), and its sentences
contain the numbers of that process. For a sum, sentences about counts are made
anew, with the library's thresholds; all others name their program.
"""

from midpool_lib.base import counters, style
from midpool_lib.read import reports

WASTE_SHARE, WASTE_MIN_BYTES = 0.12, 1 << 20
BYPASS_SHARE = 0.01
GUARDED_SHARE = 0.1
FEW_GETS = 1000  # ADVICE_FEW_GETS in stats/render/advice.h
ABOVE_SHARE, ABOVE_MIN_CALLS = 0.5, 1000
# Ids that the library gives to sentences about counts.
COUNTED = ("hit_rate", "guarded", "few_gets", "first_uses", "discards", "waste",
           "above_band", "bypasses", "misuse")


def classes(report):
    """All classes of a report, smallest first."""
    return [row for pool in report["pools"] for row in pool["classes"]]


def first_uses(report):
    """Misses that first used the memory of buffers live at one time.

    Requires the report of one process: in a sum, the peak of a class is not
    that of processes that ran one after another.
    """
    def at_peak(row):
        return max(row["live"], row["peak_live_bytes"] // row["max_bytes"])
    return sum(min(at_peak(row), row["misses"]) for row in classes(report))


def _guarded(report):
    """Guarded gets, each of which is a miss by design."""
    return report.get("guard", {}).get("sampled", 0)


def _gets(report):
    """The gets by which the pools are judged."""
    return report["totals"]["gets"] - _guarded(report)


def _is_low(report, images):
    """True if the hit rate is too low, and not only because of first uses."""
    limit, row = report["config"].get("warn_below", 95), report["totals"]
    if not isinstance(limit, int) or limit <= 0:
        return False
    misses = (row["misses"] - _guarded(report)
              - sum(first_uses(image.report) for image in images))
    return misses * 100 > (100 - limit) * _gets(report)


def _most_have_few_gets(images):
    """True if most gets are of processes with too few gets to judge, because
    the first use of every buffer of a process is a miss."""
    gets = [_gets(image.report) for image in images]
    few = sum(count for count in gets if count < FEW_GETS)
    return len(gets) > 1 and 2 * few > sum(gets)


def _few_gets(total, images):
    if (_gets(total) < FEW_GETS or not _is_low(total, images)
            or not _most_have_few_gets(images)):
        return None
    return (f"most processes had fewer than {style.count(FEW_GETS)} gets,"
            " which say little: the first use of every buffer is a miss")


def _hit_rate(total, images):
    """Low, of enough gets."""
    limit, row = total["config"].get("warn_below", 95), total["totals"]
    gets = _gets(total)
    if (gets < FEW_GETS or not _is_low(total, images)
            or _most_have_few_gets(images)):
        return None
    words = "unguarded gets" if _guarded(total) else "gets"
    return (f"hit rate {style.percent(row['hits'], gets)} of"
            f" {style.count(gets)} {words} is below {limit} % (warn_below)")


def _guards(total):
    guarded, misses = _guarded(total), total["totals"]["misses"]
    if guarded > misses or guarded <= misses * GUARDED_SHARE:
        return None
    return (f"{style.count(guarded)} of {style.count(misses)} misses were"
            " guarded gets (guard), which take new memory each time and say"
            " nothing of the pools")


def _misuse(total):
    kinds = (("double_free", "double"), ("interior_free", "inside a buffer"),
             ("misaligned_free", "misaligned"),
             ("wild_free", "of memory never handed out"),
             ("wrong_size", "with a wrong size"))
    found = [f"{style.count(total['misuse'][key])} {words}"
             for key, words in kinds if total["misuse"].get(key)]
    return found and ("bad frees: " + ", ".join(found) + "; the program has a"
                      " bug, MIDPOOL_CONF=misuse:abort stops at the first")


def _band(total):
    """Requests of the band: those that bypassed the pools, and all."""
    part = total["totals"]["bypasses"]
    return part, part + total["totals"]["gets"]


def _bypasses(total):
    part, whole = _band(total)
    if whole < FEW_GETS or part <= whole * BYPASS_SHARE:
        return None
    return (f"{style.percent(part, whole)} of the band's"
            f" {style.count(whole)} requests could not use a pool and went to"
            " jemalloc (alignment, or no address space)")


def _waste(total):
    row = total["totals"]
    lost = counters.waste_bytes(row)
    if lost < WASTE_MIN_BYTES or lost <= row["slot_bytes"] * WASTE_SHARE:
        return None
    rows = classes(total)
    worst = max(rows, key=counters.waste_bytes, default=None)
    text = (f"{style.percent(lost, row['slot_bytes'])} of the bytes handed"
            " out were not asked for")
    if worst is None:
        return text
    return (f"{text}, most ({style.size(counters.waste_bytes(worst))}) in"
            f" buffers of {style.count(worst['max_bytes'])} bytes"
            + _often(total, rows, worst["max_bytes"]))


def _often(total, rows, size):
    """The sizes that a class was most often asked for, as a clause."""
    below = max((row["max_bytes"] for row in rows
                 if row["max_bytes"] < size), default=0)
    buckets = [bucket for bucket in total["sizes"]
               if below < bucket["to_bytes"] and bucket["from_bytes"] <= size]
    if not buckets:
        return ""
    most = max(buckets, key=lambda bucket: bucket["gets"])
    return (f", often for requests of {style.count(most['from_bytes'])} to"
            f" {style.count(most['to_bytes'])}")


def _above(total):
    part, band = _band(total)
    if part > band * BYPASS_SHARE:  # their bytes are not counted
        return None
    above, below = total["fallback"]["above"], total["fallback"]["below"]
    whole = (above["bytes"] + below["bytes"]
             + total["totals"]["requested_bytes"])
    if above["calls"] < ABOVE_MIN_CALLS or (
            above["bytes"] <= whole * ABOVE_SHARE):
        return None
    return (f"{style.percent(above['bytes'], whole)} of all bytes asked for"
            " were in requests above 64 KB, which the pools do not serve")


def _of_counts(total, judges):
    return [{"id": name, "message": text}
            for name, text in ((name, judge(total)) for name, judge in judges)
            if text]


def _of_processes(part, images):
    """Sentences about no count: one of a kind, with a program's name."""
    found = {}
    for image in images:
        for entry in image.report[part]:
            name = entry.get("id") if isinstance(entry, dict) else None
            if name in COUNTED:
                continue
            text = reports.warning_text(entry)
            known = found.setdefault(name or text, [
                f"{reports.program(image.report)}: {text}", name, 0])
            known[2] += 1
    for text, name, count in found.values():
        more = f" (and {count - 1:,} more)" if count > 1 else ""
        yield {"id": name, "message": text + more}


def judge(total, images):
    """Fills the warnings and hints of a sum of several images."""
    total["warnings"] = _of_counts(total, (
        ("hit_rate", lambda whole: _hit_rate(whole, images)),
        ("misuse", _misuse),
        ("bypasses", _bypasses))) + list(_of_processes("warnings", images))
    total["hints"] = _of_counts(total, (
        ("guarded", _guards),
        ("few_gets", lambda whole: _few_gets(whole, images)),
        ("waste", _waste), ("above_band", _above))) + list(
            _of_processes("hints", images))
