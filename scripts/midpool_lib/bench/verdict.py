"""One honest sentence about a bench: is midpool worth it here?

A difference counts only if it is more than noise. The lower values are first
raised by the share MATTERS; if they are still lower by the Mann-Whitney U test,
at a level divided by the number of the other allocators, the difference counts.
"""

import math

from midpool_lib.base import style
from midpool_lib.compare import sampling

MATTERS = 0.01  # smaller relative differences do not decide a choice


def _level(results):
    """The p that a single comparison must not exceed (Bonferroni)."""
    return sampling.ALPHA / max(1, len(results) - 1)


def runs_needed(results):
    """The fewest runs of each that can show a difference at all."""
    runs = 1
    while 2 / math.comb(2 * runs, runs) > _level(results):
        runs += 1
    return runs


def _better(results, metric, first, second):
    """True if first is shown to be lower than second by more than MATTERS."""
    mine = [value / (1 - MATTERS) for value in results[first][metric]]
    theirs = results[second][metric]
    return (sampling.median(mine) < sampling.median(theirs)
            and sampling.mann_whitney(mine, theirs) <= _level(results))


def _percent_less(first, second):
    ratio = sampling.median(first) / max(1, sampling.median(second))
    return f"{(1 - ratio) * 100:.0f} %"


def _times(first, second):
    """How much more first is than second, in words."""
    ratio = sampling.median(first) / max(1, sampling.median(second))
    if ratio >= 2:
        return f"{ratio:.1f} times"
    return f"{abs(ratio - 1) * 100:.0f} % {'more' if ratio > 1 else 'less'}"


def _memory(results, other):
    """midpool's peak RSS against another's, as a clause."""
    mine = results["midpool"]["peak_rss_bytes"]
    theirs = results[other]["peak_rss_bytes"]
    if _better(results, "peak_rss_bytes", "midpool", other) or \
            _better(results, "peak_rss_bytes", other, "midpool"):
        words = _times(mine, theirs)
        return (f"{words} memory than {other}" if "times" not in words
                else f"{words} the memory of {other}")
    return f"about as much memory as {other}"


def _ranked(results, metric):
    return sorted(results, key=lambda name: sampling.median(
        results[name][metric]))


def sentence(results, served):
    """The verdict. results: allocator -> metric -> values; served: the share of
    the program's allocations that the pools served."""
    runs = len(results["midpool"]["wall_ns"])
    others = [name for name in _ranked(results, "wall_ns")
              if name != "midpool"]
    if not others:
        return "there is nothing to compare midpool with"
    if runs < runs_needed(results):
        few = "1 run is" if runs == 1 else f"{runs} runs are"
        return (f"{few} too few to tell allocators apart;"
                f" {runs_needed(results)} can, 10 are better")
    best = others[0]
    mine, theirs = results["midpool"]["wall_ns"], results[best]["wall_ns"]
    if all(_better(results, "wall_ns", "midpool", name) for name in others):
        return (f"midpool is the fastest here: {_percent_less(mine, theirs)}"
                f" less wall time than {best}, the next, with"
                f" {_memory(results, best)}")
    if _better(results, "wall_ns", best, "midpool"):
        return (f"midpool is the wrong choice here: {best} takes"
                f" {_percent_less(theirs, mine)} less wall time; midpool has"
                f" {_memory(results, best)}" + _why(served))
    return _undecided(results, best) + _why(served)


def _why(served):
    if served is None or served >= 0.05:
        return ""
    share = style.ratio_percent(served)
    share = "none" if not served else f"only {share}"
    return (f" ({share} of the program's"
            " allocations are of 2 to 64 KB, midpool's band)")


def _undecided(results, best):
    """The verdict if no difference in time to the best other one is shown."""
    gain = ""
    if "glibc" in results and best != "glibc" and all(
            _better(results, "wall_ns", name, "glibc")
            for name in ("midpool", best)):
        less = _percent_less(results["midpool"]["wall_ns"],
                             results["glibc"]["wall_ns"])
        gain = f", both ahead of glibc (midpool by {less})"
    text = (f"in wall time noise hides any difference between midpool and"
            f" {best}, the best of the others{gain}; midpool has"
            f" {_memory(results, best)}")
    mine, theirs = results["midpool"]["cpu_ns"], results[best]["cpu_ns"]
    if _better(results, "cpu_ns", "midpool", best):
        text += f" and takes {_percent_less(mine, theirs)} less CPU time"
    elif _better(results, "cpu_ns", best, "midpool"):
        text += f" and takes {_times(mine, theirs)} CPU time"
    if best == "glibc":
        text += ": for speed this shows no reason to preload anything"
    return text


def of_setting(results, name):
    """A clause: what a setting gains, against midpool without it."""
    if len(results[name]["wall_ns"]) < runs_needed(results):
        return "too few runs to tell"
    gains, costs = [], []
    for metric, what in (("wall_ns", "wall time"), ("cpu_ns", "CPU time"),
                         ("peak_rss_bytes", "memory")):
        with_it, without = results[name][metric], results["midpool"][metric]
        if _better(results, metric, name, "midpool"):
            gains.append(f"{_percent_less(with_it, without)} less {what}")
        elif _better(results, metric, "midpool", name):
            costs.append(f"{_times(with_it, without)} {what}"
                         if "times" not in _times(with_it, without)
                         else f"{_times(with_it, without)} the {what}")
    if gains and costs:
        return f"{' and '.join(gains)}, at {' and '.join(costs)}"
    if gains:
        return "helps: " + " and ".join(gains)
    if costs:
        return "harms: " + " and ".join(costs)
    return "makes no difference beyond noise"
