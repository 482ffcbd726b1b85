"""Made-up reports with call stacks whose files are nowhere, so that a frame
reads file+offset."""

import sample
from midpool_lib.read import sites as read_sites


def stack(frames, **values):
    """A row of a report's stacks; frames are (module's number, offset), the
    innermost first."""
    row = dict.fromkeys(read_sites.SUMS + read_sites.ERRORS, 0)
    row.update(values, frames=frames, lifetimes=[0] * 16)
    return row


def module(path, start=0x1000, size=0x1000):
    return {"path": path, "build_id": "", "start": start, "end": start + size,
            "base": start}


def section(stacks, modules=(), other=()):
    return {"rate_bytes": 1024, "unwind": "eh", "samples": len(stacks),
            "lost_records": 0, "stacks_max": 10, "live_bytes": 0,
            "peak_live_bytes": 0, "modules": list(modules),
            "stacks": list(stacks), "other_stacks": list(other)}


def report(paths, **process):
    """A report whose stacks are {"main/load/read": bytes}: functions of one
    file, the outermost first, each at the offset that its name has in
    OFFSETS; misses are a tenth of the bytes, gets a hundredth."""
    rows = [stack([[0, offset_of(name)]
                   for name in reversed(path.split("/"))],
                  requested_bytes=count, misses=count // 10,
                  gets=count // 100)
            for path, count in paths.items()]
    return dict(sample.report(**process), children=[], sites=section(
        rows, [module("/nowhere/prog")]))


def offset_of(name):
    """Another one for each word."""
    return int.from_bytes(name.encode()[:5], "big")


def shown(name):
    """The function's name as it is read."""
    return f"prog+{offset_of(name):#x}"
