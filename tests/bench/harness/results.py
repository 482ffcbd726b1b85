"""Raw results on disk: CSV, one line per figure and round; JSON, the run."""

import csv
import json
import os
import time
from dataclasses import asdict, fields

from .runner import Sample

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


def about(chosen, rounds):
    """What a reader must know of a run besides its figures."""
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": machine(),
        "cpus": len(os.sched_getaffinity(0)),
        "rounds": rounds,
        "versions": {one.name: one.version for one in chosen},
    }


def write_about(path, found):
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def read_about(path):
    """What about() found; ValueError names what is wrong with the file."""
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
