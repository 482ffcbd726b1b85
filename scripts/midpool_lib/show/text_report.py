"""The report for people: at most 40 lines, every percentage names its base.

The layout is that of the text which the library itself writes; waste and
the processes of a run come on top.
"""

import os
import re
import textwrap

from midpool_lib.base import counters, style
from midpool_lib.base.style import plain
from midpool_lib.read import reports

BAR_CELLS = 14
LABEL = 11
TIERS = (("cache_hits", "cache", "green", "█", "#"),
         ("depot_hits", "depot", "cyan", "▓", "+"),
         ("misses", "miss", "magenta", "░", "."))
STEPS = ("▁▂▃▄▅▆▇█", ".:-=+*#@")


def size_name(size):
    return f"{size // 1024} KB" if size % 1024 == 0 else f"{size} B"


def ending(process):
    """How a process ended, in words."""
    status = process.get("exit_status")
    if process.get("end_signal"):
        return f"killed by {plain(process['end_signal'])}"
    if isinstance(status, int) and status:
        return f"exit status {status}"
    return {"exit": "", "exec": "became another program",
            "signal": "killed by a signal", "running": "still running",
            }.get(process["end"], "end unseen")


def run_of(report):
    """The facts about a run, from the report or, if it has none, made up."""
    return report.get("run") or {
        "is_one_program": True, "processes": 1 + len(report["children"]),
        "images": 1, "peaks_are_bounds": bool(report["children"]),
        "programs": [], "program_count": 1}


def _subject(report, look):
    """Whose report it is, and of how many processes."""
    facts = run_of(report)
    count = facts["processes"]
    if not facts["is_one_program"]:
        return look.paint(f"{style.count(count)} process{'es' * (count > 1)}",
                          "bold")
    name = look.paint(plain(reports.program(report))[:32], "bold")
    more = count - 1
    family = (f" and {style.count(more)} more process{'es' * (more > 1)}"
              if more else "")
    return f"{name} [{report['process']['pid']}]{family}"


def headline(report, look):
    process = report["process"]
    one = run_of(report)["is_one_program"]
    end = ending(process) if one else ""
    lasted = ((" ran for " if one else " within ")
              + style.duration(process["duration_ns"]))
    if one and process["end"] == "unknown":  # a killed process's page
        lasted = lasted.replace(" for ", " for at least ") if \
            process["duration_ns"] else ""
    return (look.paint("midpool", "bold") + "    " + _subject(report, look)
            + lasted + (", " + end if end else ""))


def programs(report):
    """The programs of a run, the busiest first; nothing of only one."""
    facts = run_of(report)
    if facts["program_count"] < 2:
        return ""
    told = facts["programs"][:6]
    text = ", ".join(
        plain(os.path.basename(row["executable"]) or "?")
        + (f" ({style.count(row['images'])}\u00d7)" if row["images"] > 1
           else "") + f" {style.short_count(row['gets'])}" for row in told)
    more = facts["program_count"] - len(told)
    return f"gets of {text}" + (f" and {more} more" if more else "")


# A number and its unit, which no line break may divide.
_QUANTITY = re.compile(r"(?<=\d) (?=%|pp\b|gets/s|[KMGTPE]?B\b|[mµ]?s\b)")


def wrapped(text, width):
    """Lines of words; textwrap takes a no-break space for a letter."""
    lines = textwrap.wrap(_QUANTITY.sub("\u00a0", text), width)
    return [line.replace("\u00a0", " ") for line in lines] or [""]


def labelled(label, text, look, *colour):
    """Lines of words under a label, wrapped at 79 columns."""
    lines = wrapped(text, 79 - LABEL)
    pad = " " * LABEL
    first = look.paint(label, *colour) + pad[len(label):] + lines[0]
    return [first] + [pad + line for line in lines[1:]]


def hit_rate(report, look):
    totals = report["totals"]
    if not report["interception"]["active"]:
        reason = plain(report["interception"]["reason"])
        return labelled("pools", "NOT ACTIVE: " + (
            reason or "no reason is known"), look, "bold", "red")
    gets = totals["gets"]
    if not gets:
        return labelled("pools", "no get: no request of 2 KB to 64 KB could use"
                        " them" if totals["bypasses"] else
                        "no get: the program asked for nothing of 2 KB to 64 KB,"
                        " the sizes that the pools serve", look, "bold")
    return labelled(
        "hit rate", style.percent(totals["hits"], gets)
        + f" of {style.count(gets)} get{'s' * (gets != 1)}: cache "
        + style.percent(totals["cache_hits"], gets) + " + depot "
        + style.percent(totals["depot_hits"], gets) + "; misses "
        + style.percent(totals["misses"], gets), look, "bold")


def bar(row, busiest, look):
    """A bar as long as the row's share of the busiest, in tiers."""
    length = round(row["gets"] / busiest * BAR_CELLS) if busiest else 0
    length = max(length, 1 if row["gets"] else 0)
    text, used, before = "", 0, 0
    for name, _word, colour, block, ascii_block in TIERS:
        before += row[name]
        end = round(before / row["gets"] * length) if row["gets"] else 0
        end = length if name == "misses" else min(end, length)
        text += look.paint((block if look.utf8 else ascii_block)
                           * (end - used), colour) if end > used else ""
        used = max(used, end)
    return text + " " * (BAR_CELLS - used)


def header(look):
    key = " ".join(
        look.paint(block if look.utf8 else ascii_block, colour) + word
        for _name, word, colour, block, ascii_block in TIERS)
    return (f"{'pool':>8}{'gets':>14}{'hit rate':>10}  {key}"
            f"{'live':>8}{'peak live':>10}{'waste':>8}")


def row_line(name, row, busiest, look):
    waste = counters.waste(row)
    return (f"{name:>8}{style.count(row['gets']):>14}"
            f"{style.percent(row['hits'], row['gets']):>10}  "
            + bar(row, busiest, look)
            + f"{style.size(row['live_bytes']):>11}"
              f"{style.size(row['peak_live_bytes']):>10}"
              f"{'-' if waste is None else f'{waste * 100:.1f} %':>8}")


def table(report, look, detail=False):
    lines = [header(look)]
    rows = report["pools"]
    if detail:
        rows = [row for pool in report["pools"] for row in pool["classes"]]
    busiest = max((row["gets"] for row in rows), default=0)
    for row in rows:
        lines.append(row_line(size_name(row["max_bytes"]), row, busiest,
                              look))
    return lines


def memory(report):
    part, size = report["memory"], style.size
    several = run_of(report)["processes"] > 1
    bound = run_of(report)["peaks_are_bounds"]
    least = "" if part.get("peak_live_is_exact", True) else " at least"
    peak = (f"peak live{' at most' if bound else least}"
            f" {size(part['peak_live_bytes'])}")
    text = (f"{size(part['live_bytes'])} live +"
            f" {size(part['cached_bytes'])} cached ="
            f" {size(part['resident_bytes'])} resident; {peak}")
    if several and not run_of(report).get("running"):
        text = (f"{peak}; at the ends of all processes together"
                f" {size(part['live_bytes'])} live and"
                f" {size(part['cached_bytes'])} cached")
    if part.get("peak_live_after_ns") and not several:
        text += " after " + style.duration(part["peak_live_after_ns"])
    if part.get("purged_bytes"):
        text += f"; {size(part['purged_bytes'])} given back on the way"
    return text


def usage(report):
    """The kernel's counts for the process, or for all of a run; or ''."""
    user, system = (report["process"].get(f"cpu_{kind}_ns")
                    for kind in ("user", "system"))
    parts = []
    if user is not None and system is not None:
        parts.append(f"{style.duration(user)} user +"
                     f" {style.duration(system)} system CPU time")
    if report["memory"].get("peak_rss_bytes"):
        parts.append(f"at most {style.size(report['memory']['peak_rss_bytes'])}"
                     " resident")
    return "; ".join(parts)


def waste(report):
    row = report["totals"]
    return (style.percent(counters.waste_bytes(row), row["slot_bytes"])
            + f" of the {style.size(row['slot_bytes'])} handed out, by"
            " rounding up to size classes")


def _calls(side):
    return (f"{style.count(side['calls'])} call{'s' * (side['calls'] != 1)}"
            f" ({style.size(side['bytes'])})")


def fallback(report):
    below, above = report["fallback"]["below"], report["fallback"]["above"]
    text = (f"to jemalloc: {_calls(below)} below 2 KB, {_calls(above)} above"
            " 64 KB")
    if report["totals"]["bypasses"]:
        text += (f"; {style.count(report['totals']['bypasses'])} of the band"
                 " bypassed the pools")
    return text


def threads(report):
    now, most = (style.count(report["threads"][key]) for key in ("now", "peak"))
    more = " or more" if report["threads"].get("peak_is_bound") else ""
    if run_of(report)["peaks_are_bounds"]:
        least = "" if more else "at most "
        text = f"{least}{most}{more}, a sum of peaks of processes"
    else:
        text = f"{now} now, at most {most}{more}"
    if more:
        text += " (as many have a cache)"
    remote = report["totals"]["remote_puts"]
    if remote:
        text += (f"; {style.percent(remote, report['totals']['puts'])} of"
                 f" {style.count(report['totals']['puts'])} puts came from"
                 " another thread than the get")
    return text


def curve(report, look):
    """Gets a second over the life of the process, or of the run."""
    rates = [point["gets"] / (point["to_ns"] - point["from_ns"])
             for point in report["intervals"][:-1]
             if point["to_ns"] > point["from_ns"]]
    if len(rates) < 4 or not max(rates):
        return None
    steps = STEPS[0] if look.utf8 else STEPS[1]
    text = "".join(steps[min(7, int(rate / max(rates) * 8))] if rate else " "
                   for rate in rates)
    step = report["intervals"][0]
    return (text + " " + style.duration(step["to_ns"] - step["from_ns"])
            + f" a column, busiest {style.short_count(round(max(rates) * 1e9))}"
            " gets/s")


def leftovers(report):
    live = report["totals"]["live"]
    if report["process"]["end"] not in ("exit", "signal") or not live:
        return None
    several = run_of(report)["processes"] > 1
    return (f"{style.count(live)} buffer{'s' * (live != 1)}"
            f" ({style.size(report['totals']['live_bytes'])}) in use at"
            + (" their ends" if several else " the end") + ", as is common")


def advice(report, kind, label, look, *colour):
    lines = []
    for entry in report[kind][:5]:
        lines += labelled(label, plain(reports.warning_text(entry)), look,
                          *colour)
    return lines


def deepbind(report):
    """The text about libraries that lost RTLD_DEEPBIND, or nothing."""
    count = report["interception"]["deepbind_stripped"]
    if not count:
        return ""
    return (f"{style.count(count)} librar{'y was' if count == 1 else 'ies were'}"
            " opened without RTLD_DEEPBIND, to share one allocator with the"
            " program (deepbind:strip)")


def render(report, look, detail=False):
    """The report's lines."""
    lines = [headline(report, look)]
    if programs(report):
        lines += labelled("programs", programs(report), look)
    lines += hit_rate(report, look)
    lines += advice(report, "warnings", "WARNING", look, "bold", "red")
    if report["totals"]["gets"]:
        lines += [""] + table(report, look, detail) + [""]
        lines += labelled("memory", memory(report), look)
        lines += labelled("waste", waste(report), look)
    if report["interception"]["active"]:
        lines += labelled("fallback", fallback(report), look)
        lines += labelled("threads", threads(report), look)
        if usage(report):
            lines += labelled("processes" if run_of(report)["processes"] > 1
                              else "process", usage(report), look)
        over_time = curve(report, look)
        if over_time:
            lines += labelled("over time", over_time, look)
        if leftovers(report):
            lines += labelled("leftovers", leftovers(report), look)
        if deepbind(report):
            lines += labelled("dlopen", deepbind(report), look)
    return lines + advice(report, "hints", "hint", look, "bold")
