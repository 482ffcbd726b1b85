"""One honest sentence about a bench: what midpool is worth here."""

from midpool_lib import sampling, style

MATTERS = 0.01  # differences below 1 % are nobody's reason to choose


def _better(first, second):
    """Is first shown to be lower than second, by more than a trifle?"""
    ratio = sampling.median(first) / max(1, sampling.median(second))
    return ratio < 1 - MATTERS and (
        sampling.mann_whitney(first, second) <= sampling.ALPHA)


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
    if _better(mine, theirs) or _better(theirs, mine):
        words = _times(mine, theirs)
        return (f"{words} memory than {other}" if "times" not in words
                else f"{words} the memory of {other}")
    return f"as much memory as {other}"


def _ranked(results, metric):
    return sorted(results, key=lambda name: sampling.median(
        results[name][metric]))


def sentence(results, served):
    """results: allocator -> metric -> values; served: share in the band."""
    runs = len(results["midpool"]["wall_ns"])
    others = [name for name in results if name != "midpool"]
    if not others:
        return "there is nothing to compare midpool with"
    if not sampling.can_show_difference(runs, runs):
        few = "1 run is" if runs == 1 else f"{runs} runs are"
        return (f"{few} too few to tell allocators apart; 4 can,"
                " 10 are better")
    best = next(name for name in _ranked(results, "wall_ns")
                if name != "midpool")
    mine, theirs = results["midpool"]["wall_ns"], results[best]["wall_ns"]
    if _better(mine, theirs):
        return (f"midpool is the fastest here: {_percent_less(mine, theirs)}"
                f" less wall time than {best}, the next, with"
                f" {_memory(results, best)}")
    if _better(theirs, mine):
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
    """No difference in time to the best: other figures decide."""
    plain = results.get("glibc", results[best])
    mine = results["midpool"]
    gain = ""
    if best != "glibc" and _better(mine["wall_ns"], plain["wall_ns"]):
        gain = (", both ahead of glibc (midpool by "
                f"{_percent_less(mine['wall_ns'], plain['wall_ns'])})")
    text = (f"in wall time midpool and {best}, the best of the others, do not"
            f" differ{gain}; midpool has {_memory(results, best)}")
    if _better(mine["cpu_ns"], results[best]["cpu_ns"]):
        less = _percent_less(mine["cpu_ns"], results[best]["cpu_ns"])
        text += f" and takes {less} less CPU time"
    elif _better(results[best]["cpu_ns"], mine["cpu_ns"]):
        more = _times(mine["cpu_ns"], results[best]["cpu_ns"])
        text += f" and takes {more} CPU time"
    if best == "glibc" and not gain:
        text += ": for speed there is no reason to preload anything"
    return text
