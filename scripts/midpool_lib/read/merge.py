"""The profile of a run: one report for all processes of a family.

Counts are sums over the images; peaks are the highest sums of processes that
lived at one time, upper bounds where several did; the curve in time, the
start and the duration are the run's. The profile is itself a report: of the
program that was run, whose own report is in `own`; the other images' reports
are in `children`, and facts about the whole in `run`.
"""

from midpool_lib.base import counters
from midpool_lib.read import advice, curves
from midpool_lib.read.family import Family, divided, members

__all__ = ["add_up", "members", "profile", "runs"]

PEAKS = [counter.name for counter in counters.TABLE
         if counter.kind == "PEAK"]
MEMORY_FLOWS = ("live_bytes", "cached_bytes", "resident_bytes",
                "purged_bytes")
NAMES_TOLD = 16


def _add_row(into, row):
    for name in counters.NAMES:
        if name not in PEAKS:
            into[name] += row[name]


def _sum_rows(images):
    """Totals, and pools by size with their classes by size."""
    totals, pools = dict.fromkeys(counters.NAMES, 0), {}
    for image in images:
        _add_row(totals, image.report["totals"])
        for pool in image.report["pools"]:
            size = pool["max_bytes"]
            sums, classes = pools.setdefault(
                size, (dict(dict.fromkeys(counters.NAMES, 0),
                            max_bytes=size), {}))
            _add_row(sums, pool)
            for row in pool["classes"]:
                _add_row(classes.setdefault(row["max_bytes"], dict(
                    dict.fromkeys(counters.NAMES, 0),
                    max_bytes=row["max_bytes"])), row)
    return totals, pools


def _list_of(pools):
    return [dict(sums, classes=[classes[size] for size in sorted(classes)])
            for _size, (sums, classes) in sorted(pools.items())]


def _rows(totals, pools):
    """All rows of a report's counters, in one order for one set of sizes."""
    found = [totals]
    for pool in pools:
        found.append(pool)
        found += pool["classes"]
    return found


def _peaks_of(report, places):
    """A report's peaks, in the order of places: sizes of pools, classes."""
    peaks = [0] * len(places)
    peaks[0] = report["totals"]["peak_live_bytes"]
    for pool in report["pools"]:
        peaks[places["pool", pool["max_bytes"]]] = pool["peak_live_bytes"]
        for row in pool["classes"]:
            peaks[places["class", row["max_bytes"]]] = row["peak_live_bytes"]
    return peaks


def _set_peaks(family, totals, pools):
    """Fills the rows' peaks; returns whether they are bounds only."""
    places = {("total", 0): 0}
    for pool in pools:
        places["pool", pool["max_bytes"]] = len(places)
        for row in pool["classes"]:
            places["class", row["max_bytes"]] = len(places)
    most, bound = family.peaks(
        lambda image: _peaks_of(image.report, places))
    for row, peak in zip(_rows(totals, pools), most):
        row["peak_live_bytes"] = peak
        row["hit_rate"] = counters.hit_rate(row)
    return bound or any((image.report.get("run") or {}).get("peaks_are_bounds")
                        for image in family.images)


def _sum_buckets(lists, count):
    found = {}
    for buckets in lists:
        for bucket in buckets:
            known = found.get(bucket["from_bytes"])
            if known is None:
                found[bucket["from_bytes"]] = dict(bucket)
            else:
                known[count] += bucket[count]
    return [found[start] for start in sorted(found)]


def _fallback(images):
    both = {side: {key: sum(image.report["fallback"][side][key]
                            for image in images)
                   for key in ("calls", "bytes")}
            for side in ("below", "above")}
    both["sizes"] = _sum_buckets((image.report["fallback"]["sizes"]
                                  for image in images), "calls")
    return both


def _known_sum(values):
    """The sum, or None where one is not known."""
    values = list(values)
    return None if None in values else sum(values)


def _peak_of_one(family, value):
    """The highest sum of a figure that some ended images do not have.

    An image that ended by exec may lack it: the kernel counts for the process,
    so that the figure of the next image includes it.
    """
    if any(value(image.report) is None for image in family.last_images):
        return None
    return family.peaks(lambda image: [value(image.report) or 0])[0][0]


def _memory(family, totals, bound):
    keys = {key for image in family.images for key in image.report["memory"]}
    part = {}
    for key in sorted(keys):
        if key.endswith("_ns"):
            part[key] = None  # a moment of one process
        elif key == "peak_live_is_exact":
            part[key] = not bound and all(
                image.report["memory"].get(key) for image in family.images)
        elif key == "peak_rss_bytes":
            part[key] = _peak_of_one(
                family, lambda report: report["memory"].get("peak_rss_bytes"))
        elif key in totals:
            part[key] = totals[key]
        else:
            images = family.images if key in MEMORY_FLOWS \
                else family.last_images
            part[key] = _known_sum(image.report["memory"].get(key)
                                   for image in images)
    return part


def _sum_part(images, part):
    """Sums of a part's counts; a word in it is that of the first image."""
    found = {}
    for image in images:
        for key, value in image.report[part].items():
            if type(value) is int and type(found.get(key, 0)) is int:
                found[key] = found.get(key, 0) + value
            elif type(value) is bool:
                found[key] = found.get(key, False) or value
            else:
                found.setdefault(key, value)
    return found


def _threads(family):
    found = _sum_part(family.last_images, "threads")
    found["peak"] = family.peaks(
        lambda image: [image.report["threads"]["peak"]])[0][0]
    return found


def _leftovers(images, totals, pools):
    """Buffers in use at the end; null while a process runs."""
    if not all(isinstance(image.report.get("leftovers"), dict)
               for image in images):
        return None
    return {"buffers": totals["live"], "bytes": totals["live_bytes"],
            "classes": [{"max_bytes": row["max_bytes"],
                         "buffers": row["live"], "bytes": row["live_bytes"]}
                        for pool in pools for row in pool["classes"]
                        if row["live"]]}


def _process(family, main):
    """The program's, with the start and the duration of the run."""
    part = dict(main.process, start_unix_ns=family.start,
                duration_ns=family.end - family.start)
    for key in main.process:
        if key.startswith("cpu_"):  # the kernel's, which goes on over an exec
            part[key] = _known_sum(image.process.get(key)
                                   for image in family.last_images)
    return part


def _programs(family):
    """The programs that ran, the one with the most gets first."""
    found = {}
    for image in family.images:
        row = found.setdefault(image.process["executable"], {
            "executable": image.process["executable"], "images": 0,
            "gets": 0})
        row["images"] += 1
        row["gets"] += image.report["totals"]["gets"]
    rows = sorted(found.values(), key=lambda row: -row["gets"])
    return rows[:NAMES_TOLD], len(rows)


def _run(family, bound, is_one):
    rows, count = _programs(family)
    return {"is_one_program": is_one, "processes": len(family.last_images),
            "images": len(family),
            "running": sum(image.is_running for image in family.images),
            "peaks_are_bounds": bound, "programs": rows,
            "program_count": count}


def profile(family, main, is_one):
    """One report of a family; main is the image of the program itself.

    is_one says whether all others are known to be its descendants.
    """
    images = family.images
    totals, pools = _sum_rows(images)
    pools = _list_of(pools)
    bound = _set_peaks(family, totals, pools)
    total = dict(
        main.report, process=_process(family, main),
        interception=_sum_part([main] + [image for image in images
                                         if image is not main],
                               "interception"),
        totals=totals, pools=pools, fallback=_fallback(images),
        sizes=_sum_buckets((image.report["sizes"] for image in images),
                           "gets"),
        memory=_memory(family, totals, bound), threads=_threads(family),
        misuse=_sum_part(images, "misuse"),
        intervals=curves.merged(family),
        leftovers=_leftovers(images, totals, pools),
        run=_run(family, bound, is_one), own=dict(main.report),
        children=[image.report for image in images if image is not main])
    for key in ("run", "own"):
        total["own"].pop(key, None)
    guarded = [image for image in images if "guard" in image.report]
    if guarded:
        total["guard"] = _sum_part(guarded, "guard")
    total.pop("sites", None)  # each image has its own: read/sites.py
    total["own"]["children"] = []
    advice.judge(total, images)
    return total


def of_run(main, loaded):
    """The profile of a run, of which main is the program's last report."""
    family = Family(loaded)
    image = next((image for image in family.images
                  if image.report is main), family.images[0])
    if len(family) == 1:
        return image.report
    return profile(family, image, True)


def add_up(several):
    """Several reports as one; of one image only the last state counts."""
    if len(several) == 1:
        return several[0]
    family = Family(several)
    if len(family) == 1:
        return family.images[0].report
    return profile(family, family.images[0], len(family.roots) == 1)


def runs(several):
    """One profile per run that is among several reports."""
    return [add_up(group) for group in divided(several)]
