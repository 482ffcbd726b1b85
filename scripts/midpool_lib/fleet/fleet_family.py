"""Which processes of a fleet belong together: those that one of them started.

A build is make and all compilers that it started, a service is its first
process and all that this one forked. read/family.py finds out who started
whom. All processes are held in memory at once.
"""

from midpool_lib.read.family import Family


def _kin(process):
    """As much of a report as family.Family needs to relate processes."""
    return {"children": [], "pools": [], "process": {
        "host": (process.host, process.namespace), "pid": process.pid,
        "ppid": process.ppid, "start_unix_ns": process.start,
        "generation": process.generation, "end": process.end,
        "duration_ns": process["duration_ns"], "program": process.program}}


def name_families(processes):
    """Sets each process's family, the name of the program that was first."""
    kin = [_kin(process) for process in processes]
    origins = Family(kin).origins()
    for process, own in zip(processes, kin):
        part = own["process"]
        first = origins[part["host"], part["pid"], part["start_unix_ns"],
                        part["generation"]]
        process.family = first.process["program"]
    return processes
