"""OpenMetrics text of reports, byte for byte as the library writes it.

stats/render/report_openmetrics.c is the other writer; a test compares the two over
the same reports. Names, texts and numbers of series are in counters.def.
Several reports become one text in which each family comes once.
"""

from midpool_lib.base import counters
from midpool_lib.read.family import Family

EXECUTABLE_BYTES = 64
LABEL_COUNT_MAX = 16
NS_PER_S = 1000000000
OWN_LABELS = ("executable", "instance", "pool", "class", "tier", "kind",
              "version", "end", "active", "peak_live", "mode", "le",
              "quantile")
DETAILS = ("pools", "classes")
_NAME_START = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_NAME_REST = _NAME_START | frozenset("0123456789")
BAD_FREES = (("double", "double_free"), ("interior", "interior_free"),
              ("misaligned", "misaligned_free"), ("wild", "wild_free"),
              ("wrong_size", "wrong_size"))


# Labels: stats/text/label.c in Python.

def _is_control(char):
    return char < " " or "\x7f" <= char < "\xa0"


def _is_name(name):
    return (name != "" and name[0] in _NAME_START
            and not name.startswith("__")
            and all(char in _NAME_REST for char in name))


def _value(text, at):
    """The value that starts at index at, and its end; None: not valid."""
    value = ""
    while at < len(text) and text[at] != "+":
        if text[at] == "\\":
            at += 1
            if text[at:at + 1] not in ("+", "\\"):
                return None
        if _is_control(text[at]):
            return None
        value += text[at]
        at += 1
    return (value, at) if value else None


def labels_of(text):
    """The valid labels in an option's text, as (name, value)."""
    found, at = [], 0
    while at < len(text) and len(found) < LABEL_COUNT_MAX:
        name, equals, _rest = text[at:].partition("=")
        taken = _value(text, at + len(name) + 1) if equals else None
        if taken is None or not _is_name(name) or name in OWN_LABELS:
            break
        value, end = taken
        if end + 1 == len(text) or any(name == other for other, _ in found):
            break  # a plus sign at the end
        found.append((name, value))
        at = end + 1
    return found


def labels(report):
    """The labels that the user gave a process by report_labels."""
    return labels_of(str(report["config"].get("report_labels", "")))


def escape(value):
    return value.replace("\\", "\\\\").replace('"', '\\"')


def printable(text, max_bytes):
    """The text without control characters, at most max_bytes of UTF-8."""
    out, taken = [], 0
    for char in text:
        char = "?" if _is_control(char) else char
        taken += len(char.encode("utf-8", "replace"))
        if taken > max_bytes:
            break
        out.append(char)
    return "".join(out)


def executable_label(report):
    """The executable without its directories, as in the label."""
    return program_label(report["process"]["executable"])


def program_label(path):
    """The same of a path."""
    name, at = path, path.find("/")
    while at >= 0:
        if at + 1 < len(path):
            name = path[at + 1:]
        at = path.find("/", at + 1)
    return printable(name or "unknown program", EXECUTABLE_BYTES)


def instance(process):
    """The label value that belongs to this report's process alone."""
    return (f"{process.get('pid_namespace', 0)}-{process['pid']}"
            f"-{process['generation']}-{process['start_unix_ns']}")


# Families and their samples.

def metric_name(family):
    return f"midpool_{family.name}" + ("_total" if family.kind == "SUM"
                                       else "")


def texts(family):
    """The lines that stand before a family's samples."""
    name = metric_name(family)
    lines = [f"# HELP {name} {family.meaning}"]
    if family.kind != "SUM":
        lines.append(f"# TYPE {name} gauge")
        if family.name.endswith("_" + family.unit):
            lines.append(f"# UNIT {name} {family.unit}")
    return lines


class _Subject:
    """One report, and the labels of all of its series."""

    def __init__(self, report, detail):
        self.report = report
        wanted = detail or report["config"].get("openmetrics_detail")
        self.classes = wanted == "classes"
        own = "".join(f',{name}="{escape(value)}"'
                      for name, value in labels(report))
        self.labels = (f'executable="{escape(executable_label(report))}"'
                       f',instance="{instance(report["process"])}"{own}')


def _counter_samples(subject, counter):
    report = subject.report
    if counter.series != "FIXED" and subject.classes:
        for pool in report["pools"]:
            for row in pool["classes"]:
                yield (f',pool="{pool["max_bytes"]}"'
                       f',class="{row["max_bytes"]}"', row[counter.name])
    elif counter.series == "POOLS":
        for pool in report["pools"]:
            yield f',pool="{pool["max_bytes"]}"', pool[counter.name]
    elif counter.series != "CLASSES":
        yield "", report["totals"][counter.name]


def _info(report):
    active = "yes" if report["interception"]["active"] else "no"
    version = escape(str(report.get("midpool_version", "")))
    peak = "exact" if report["memory"].get("peak_live_is_exact") else "bounded"
    yield (f',version="{version}",end="{escape(report["process"]["end"])}"'
           f',active="{active}",peak_live="{peak}"', 1)


def _tiers(report, what):
    for side in ("below", "above"):
        yield f',tier="{side}"', report["fallback"][side][what]


def _seconds(nanoseconds):
    if not nanoseconds:
        return 0
    return f"{nanoseconds // NS_PER_S}.{nanoseconds % NS_PER_S:09}"


def _cpu(process):
    for mode in ("user", "system"):
        yield f',mode="{mode}"', _seconds(process.get(f"cpu_{mode}_ns"))


def _bad_frees(report):
    for kind, key in BAD_FREES:
        yield f',kind="{kind}"', report["misuse"].get(key, 0)


def _one(value):
    yield "", value or 0


# Metrics that are no counters, by name.
_SAMPLES = {
    "info": _info,
    "start_time_seconds": lambda report: _one(
        _seconds(report["process"]["start_unix_ns"])),
    "duration_seconds": lambda report: _one(
        _seconds(report["process"]["duration_ns"])),
    "cpu_seconds": lambda report: _cpu(report["process"]),
    "peak_rss_bytes": lambda report: _one(
        report["memory"].get("peak_rss_bytes")),
    "fallback_calls": lambda report: _tiers(report, "calls"),
    "fallback_bytes": lambda report: _tiers(report, "bytes"),
    "bad_frees": _bad_frees,
    "foreign_frees": lambda report: _one(
        report["misuse"].get("foreign_frees")),
    "metadata_bytes": lambda report: _one(
        report["memory"].get("metadata_bytes")),
    "reserved_bytes": lambda report: _one(
        report["memory"].get("reserved_bytes")),
    "purged_bytes": lambda report: _one(report["memory"].get("purged_bytes")),
    "threads": lambda report: _one(report["threads"]["now"]),
    "threads_peak": lambda report: _one(report["threads"]["peak"]),
}
_FIRST = ("info", "start_time_seconds", "duration_seconds", "cpu_seconds",
          "peak_rss_bytes")


def _families():
    """Families in the library's order, each with its samples' maker."""
    for name in _FIRST:
        yield counters.METRICS[name], _SAMPLES[name]
    for counter in counters.TABLE:
        yield counter, None
    for name, samples in _SAMPLES.items():
        if name not in _FIRST:
            yield counters.METRICS[name], samples


def _lines(subjects, family, samples):
    name = metric_name(family)
    for subject in subjects:
        if family.series == "DETAIL" and not subject.classes:
            continue
        found = (samples(subject.report) if samples
                 else _counter_samples(subject, family))
        for own, value in found:
            if value:
                yield f"{name}{{{subject.labels}{own}}} {value}"


def render(loaded, detail=None):
    """The text of some reports; detail is pools, classes or as configured."""
    subjects = [_Subject(image.report, detail)
                for image in Family(loaded).images]
    lines = []
    for family, samples in _families():
        found = list(_lines(subjects, family, samples))
        if found:
            lines += texts(family) + found
    return "\n".join(lines) + "\n# EOF\n"
