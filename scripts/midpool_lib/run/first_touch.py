"""Measures the cost of the first touch of memory, by kind of page.

A trial of some milliseconds in this process: memory is written once, which
makes its pages present, and once more; the difference is what the pages cost.
"""

import ctypes
import mmap
import os
import re
import time

KERNEL = "/sys/kernel/mm/transparent_hugepage"
PAGE = 4096
HUGE = 2 << 20
BYTES = 2 * HUGE
FOLIOS_KB = (16, 32, 64, 128)


def _kernel(name):
    try:
        with open(os.path.join(KERNEL, name), encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def _chosen(setting):
    found = re.search(r"\[(\w+)\]", setting)
    return found[1] if found else ""


def folios():
    """The sizes in KB of the folios that the administrator enabled."""
    chosen = _chosen(_kernel("enabled"))
    found = []
    for size in FOLIOS_KB:
        own = _chosen(_kernel(f"hugepages-{size}kB/enabled"))
        if (chosen if own == "inherit" else own) in ("madvise", "always"):
            found.append(size)
    return found


def _write_ns(address, step, bytes_):
    begin = time.perf_counter_ns()
    for at in range(0, bytes_, step):
        ctypes.memset(address + at, 1, step)
    return time.perf_counter_ns() - begin


def page_ns(advice, gaps):
    """Nanoseconds for each page of 4 KB; None if the advice is refused.

    advice is one of mmap's MADV_ constants. With gaps no range of 2 MB is in
    one mapping, so that the kernel may use folios but no huge page.
    """
    with mmap.mmap(-1, BYTES + HUGE) as memory:
        first = ctypes.c_char.from_buffer(memory)
        start = -(-ctypes.addressof(first) // HUGE) * HUGE
        offset = start - ctypes.addressof(first)
        del first
        try:
            for at in range(offset, offset + BYTES, HUGE):
                length = HUGE - PAGE if gaps else HUGE
                memory.madvise(advice, at, length)
                if gaps:
                    memory.madvise(mmap.MADV_NOHUGEPAGE, at + length, PAGE)
        except OSError:
            return None
        once = _write_ns(start, HUGE, BYTES)
        again = _write_ns(start, HUGE, BYTES)
    return max(once - again, 0) / (BYTES // PAGE)


def told(measure=page_ns, enabled=folios):
    """One sentence about the costs; '' if nothing can be measured."""
    costs = [("small pages", measure(mmap.MADV_NOHUGEPAGE, False)),
             ("huge pages", measure(mmap.MADV_HUGEPAGE, False))]
    sizes = enabled()
    if sizes:
        name = "folios of " + ", ".join(map(str, sizes)) + " KB"
        costs.append((name, measure(mmap.MADV_HUGEPAGE, True)))
    costs = [f"{ns / 1000:.2f} µs with {name}"
             for name, ns in costs if ns is not None]
    if len(costs) < 2:
        return ""
    return "a first touch of 4 KB took " + ", ".join(costs) + " just now"
