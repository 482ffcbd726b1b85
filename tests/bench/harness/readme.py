"""bench readme: the README's section on performance, from one run's results.

The run leaves results.csv and run.json in its folder. This command writes what
stands between the markers of README.md (a part of the rows, and sentences about
all rows) and draws the chart of the same rows. No figure is typed by hand.
"""

import argparse
import re
from pathlib import Path

from . import build, chart, results, table
from .common import Usage, guarded

BEGIN, END = "<!-- performance:begin -->", "<!-- performance:end -->"
CHART = Path("tests/bench/chart.svg")
COLUMNS = ("glibc", "jemalloc", "mimalloc", "tcmalloc", "tbbmalloc", "midpool")
# Rows of the catalogue: (row, unit).
SHOWN = (
    ("pair 4 KB", "ns"),
    ("replace 2-64 KB, 1,000 live", "ns"),
    ("64 threads, replace 2-64 KB, 100 live each", "ns"),
    ("hand-over 4:4, ring, 2-64 KB", "ns"),
    ("pair 16 B", "ns"),
    ("pair 1 MB", "ns"),
    ("python3, bytes of 3-63 KB", "ms CPU"),
    ("sqlite3, blobs of 3-5 KB", "ms CPU"),
)


def shown(lines):
    """The lines of the README, in its order; those not measured are left out."""
    found = {(line.row, line.unit): line for line in lines
             if line.group not in ("variants", "sampling", "warm-up")}
    return [found[key] for key in SHOWN if key in found]


def _row(line, names):
    values = {name: line.cells[name].value for name in names
              if name in line.cells}
    least = min(values.values())
    cells = []
    for name in names:
        if name not in values:
            cells.append("-")
        elif table.number(values[name]) == table.number(least):
            cells.append(f"**{table.number(values[name])}**")
        else:
            cells.append(table.number(values[name]))
    return f"| {line.row}, {line.unit} | " + " | ".join(cells) + " |"


def _columns(lines):
    return [name for name in COLUMNS
            if any(name in line.cells for line in lines)]


def section(lines, about):
    """The text between the markers."""
    rows = shown(lines)
    if not rows or not any("midpool" in line.cells for line in rows):
        raise Usage("the results have none of the README's rows for midpool:"
                    " run scripts/bench --only band,outside,real first")
    names = _columns(rows)
    titles = [f"{name} {about['versions'].get(name, '')}".strip()
              for name in names]
    out = [
        f"Measured on {about['date']}, {about['cpus']} CPUs of"
        f" {about['machine']}, medians of {about['rounds']} rounds; less is"
        " better:",
        "",
        "| workload | " + " | ".join(titles) + " |",
        "|" + "---|" * (len(names) + 1),
        *(_row(line, names) for line in rows),
        "",
    ]
    for group in ("band", "real"):
        out += [sentence.removesuffix(", behind in those marked *") + "."
                for sentence in
                table.summary(lines, names, "midpool", group)]
    out += ["", f"![The same rows relative to midpool]({CHART})"]
    return "\n".join(out)


def renewed(text, fresh):
    """README's text with the section between its markers replaced."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise Usage(f"README.md lacks {BEGIN} ... {END}")
    return re.sub(f"(?s){BEGIN}.*{END}",
                  lambda _found: f"{BEGIN}\n{fresh}\n{END}", text)


def run(args):
    try:
        lines = table.lines(results.read(args.results / "results.csv"))
        about = results.read_about(args.results / "run.json")
    except (OSError, ValueError) as problem:
        raise Usage(problem) from None
    fresh = section(lines, about)
    if not args.write:
        print(fresh)
        return 0
    readme = build.ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(renewed(text, fresh), encoding="utf-8")
    rows = shown(lines)
    chart.write(build.ROOT / CHART, rows, _columns(rows))
    print(f"README.md and {CHART} are from {args.results}")
    return 0


def main(argv):
    parse = argparse.ArgumentParser(
        prog="scripts/bench readme", description=__doc__.split("\n")[0])
    parse.add_argument("--write", action="store_true",
                       help="into README.md, with the chart; otherwise it is"
                            " printed")
    parse.add_argument("results", nargs="?", type=Path, metavar="FOLDER",
                       default=build.ROOT / "build" / "bench",
                       help="of the run (build/bench)")
    return guarded(run, parse.parse_args(argv))
