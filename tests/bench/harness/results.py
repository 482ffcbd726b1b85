"""Raw results on disk: CSV, one line per figure and round."""

import csv
from dataclasses import asdict, fields

from .runner import Sample

FIELDS = [field.name for field in fields(Sample)]


def write(path, samples):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        for sample in samples:
            writer.writerow(asdict(sample))


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
