"""Machine-readable renderings of reports: JSON, CSV, Prometheus text."""

import json

from midpool_lib import counters, reports
from midpool_lib.family import Family

CSV_HEAD = ("pid", "executable", "scope", "max_bytes")


def to_json(loaded):
    """One report; of several a list with one in a line. reports.read_all
    reads both."""
    if len(loaded) == 1:
        return json.dumps(loaded[0], indent=1) + "\n"
    lines = [json.dumps(report, separators=(",", ":")) for report in loaded]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def rows_of(report):
    """(scope, max_bytes, row) of everything that has counters."""
    yield "total", "", report["totals"]
    for pool in report["pools"]:
        yield "pool", pool["max_bytes"], pool
        for row in pool["classes"]:
            yield "class", row["max_bytes"], row


def _field(value):
    text = str(value)
    if any(c in text for c in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text


def to_csv(loaded):
    lines = [",".join(CSV_HEAD + tuple(counters.NAMES))]
    for report in loaded:
        first = (report["process"]["pid"], reports.program(report))
        for scope, size, row in rows_of(report):
            fields = first + (scope, size) + tuple(
                row[name] for name in counters.NAMES)
            lines.append(",".join(_field(field) for field in fields))
    return "\n".join(lines) + "\n"


def _label(value):
    return str(value).replace("\\", r"\\").replace('"', r'\"').replace(
        "\n", r"\n")


def _metric(counter):
    """Metric name and type, by Prometheus' conventions."""
    name = "midpool_" + counter.name
    if counter.kind == "SUM":
        return name + "_total", "counter"
    return name, "gauge"


def to_prom(loaded):
    """Per class, so that pools and totals are sums in the query."""
    lines = []
    for counter in counters.TABLE:
        name, kind = _metric(counter)
        lines += [f"# HELP {name} {counter.meaning}", f"# TYPE {name} {kind}"]
        for labels, row in _by_series(loaded):
            lines.append(f"{name}{{{labels}}} {row[counter.name]}")
    return "\n".join(lines) + "\n"


def _by_series(loaded):
    """One series per program and class: processes of one name add up."""
    series = {}
    for report in (image.report for image in Family(loaded).images):
        program = _label(reports.program(report))
        for pool in report["pools"]:
            for row in pool["classes"]:
                labels = (f'executable="{program}",'
                          f'class_bytes="{row["max_bytes"]}"')
                total = series.setdefault(
                    labels, dict.fromkeys(counters.NAMES, 0))
                for name in counters.NAMES:
                    total[name] += row[name]
    return series.items()
