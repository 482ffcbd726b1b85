"""Settings that midpool bench --advice tries, by a program's profile."""

from midpool_lib.base import style
from midpool_lib.read import advice

WARMUP_CLASSES = 3


class Trial:
    """A setting that may help a program, and why it might."""

    def __init__(self, conf, why):
        self.conf = conf
        self.why = why


def _size(number):
    return f"{number // 1024}K" if number % 1024 == 0 else str(number)


def _warmup(report):
    """The classes with the most misses, as the option warmup takes them."""
    rows = sorted((row for row in advice.classes(report) if row["misses"]),
                  key=lambda row: -row["misses"])[:WARMUP_CLASSES]
    return "+".join(f"{_size(row['max_bytes'])}={row['misses']}"
                    for row in rows)


def of_profile(report):
    """Settings worth measuring on a program with this profile."""
    totals, found = report["totals"], []
    if totals["gets"] < advice.FEW_GETS:
        return found
    if totals["discards"] * 10 > totals["misses"]:
        found.append(Trial("decay_ms:-1", f"{style.count(totals['discards'])}"
                           " idle buffers were given back"))
    first = totals["misses"] - totals["discards"]
    if first * 100 > totals["gets"]:
        found.append(Trial("warmup:" + _warmup(report),
                           f"{style.count(first)} misses were first uses"))
    if totals["resident_bytes"] >= 64 << 20:
        found.append(Trial("thp:dense", "the pools hold"
                           f" {style.size(totals['resident_bytes'])}"))
    return found
