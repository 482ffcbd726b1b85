"""The kinds of runs: the start of each, and the input that it needs."""

import shutil
import subprocess

from . import databases, execute, history, source, web

# Each takes a runner, a run and an allocator and gives the run's metrics.
EXECUTE = {
    "workload": execute.workload,
    "program": execute.program,
    "instructions": execute.instructions,
    "redis": databases.redis,
    "postgres": databases.postgres,
    "mariadb": databases.mariadb,
    "nginx": web.nginx,
    "varnish": web.varnish,
}

# The function that makes a family's input, and its name in the cache.
INPUTS = {
    "git": (history.make, "history.git"),
    "compile": (source.make, "source.c"),
    "postgres": (databases.make_cluster, "postgres"),
    "mariadb": (databases.make_database, "mariadb"),
}


def make_input(tools, cache, family):
    """Makes what a family's runs need unless it is there, whole or not at
    all; Failed says why it could not be made."""
    maker, name = INPUTS.get(family, (None, ""))
    target = cache / name
    if maker is None or target.exists():
        return
    part = target.with_name(name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    cache.mkdir(parents=True, exist_ok=True)
    try:
        maker(tools, part)
    except (OSError, subprocess.CalledProcessError) as problem:
        raise execute.Failed(str(problem)) from None
    part.rename(target)
