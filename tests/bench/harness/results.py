"""Results on disk: CSV, one line per figure and round; JSON, the run, with a
header that says how it was measured."""

import csv
import json
import os
import time
from dataclasses import asdict, fields
from pathlib import Path

from .runner import Sample

HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
FIELDS = [field.name for field in fields(Sample)]


def write(path, samples):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        for sample in samples:
            writer.writerow(asdict(sample))


def machine():
    """The processor's name, as the kernel tells it."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return os.uname().machine


def huge_pages():
    """The machine's setting, as the kernel writes it."""
    if not HUGE_PAGES.exists():
        return ""
    return HUGE_PAGES.read_text(encoding="ascii").strip()


def about(chosen, rounds, **more):
    """The facts about a run that a reader needs besides its figures."""
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": machine(),
        "cpus": len(os.sched_getaffinity(0)),
        "kernel": os.uname().release,
        "transparent_hugepage": huge_pages(),
        "rounds": rounds,
        "versions": {one.name: one.version for one in chosen},
        "allocators": [asdict(one) for one in chosen],
        **more,
    }


def write_about(path, found):
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def read_about(path):
    """Reads the facts of about(); ValueError names the file's fault."""
    found = json.loads(path.read_text(encoding="utf-8"))
    wanted = {"date", "machine", "cpus", "rounds", "versions"}
    if not isinstance(found, dict) or not wanted <= set(found):
        raise ValueError(f"{path} does not describe a run of this benchmark")
    return found


def read(path):
    """The samples of a CSV; ValueError names what is wrong with it."""
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != FIELDS:
            raise ValueError(f"{path} is not a result file of this benchmark")
        samples = []
        for line, row in enumerate(reader, 2):
            try:
                row["round"] = int(row["round"])
                row["value"] = float(row["value"])
                samples.append(Sample(**row))
            except (TypeError, ValueError):
                raise ValueError(f"{path}, line {line}: not a result") from None
    return samples
