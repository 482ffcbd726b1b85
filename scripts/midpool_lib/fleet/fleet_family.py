"""Which processes of a fleet belong together: those that one of them started.

The relation is family's, of which a process here has what it asks for: a
build is make and all compilers, a service is its first process and all that
it forked. All processes are held in memory at once.
"""

from midpool_lib.read.family import Family


def _kin(process):
    """A report, as far as family.Family looks at it to relate processes."""
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
