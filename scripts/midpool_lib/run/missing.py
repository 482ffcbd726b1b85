"""Says why processes of a run wrote no report, so that pages are shown."""

import errno
import os
import textwrap

from midpool_lib.run import launch


def _of_program(ended, process):
    if ended.signal is not None:
        return (f"{launch.signal_name(ended.signal)} ended the program before"
                " it could write one")
    number = process.get("report_errno")
    if number in (errno.EACCES, errno.EPERM):
        return (f"it could not be written ({os.strerror(number)}: a sandbox"
                " such as Landlock, or too few rights)")
    if number:
        return f"it could not be written ({os.strerror(number)})"
    if process["end"] == "exec":
        return "the program executed another one, which wrote none"
    if process["end"] == "exit":
        return "the program's sandbox does not allow one"
    return "the program ended without exit(), as by _exit or exit_group"


def _of_others(processes):
    reasons = sorted({os.strerror(process["report_errno"])
                      for process in processes})
    some = (f"{len(processes)} other processes" if len(processes) > 1
            else "another process")
    return f"{some} could not write one ({', '.join(reasons)})"


def lines(ended, found, from_pages):
    """A sentence about the program itself, and one about other processes that
    could not write. from_pages: (pid, start_unix_ns) of the reports made from
    pages.

    Call this before the ends in the reports are set to the program's real end.
    """
    processes = [report["process"] for report in found]
    images = [process for process in processes if process["pid"] == ended.pid]
    made = [process for process in processes
            if (process["pid"], process["start_unix_ns"]) in from_pages]
    said = []
    if images and images[-1] in made:
        said.append(_of_program(ended, images[-1]))
    others = [process for process in made if process["pid"] != ended.pid
              and process.get("report_errno")]
    if others:
        said.append(_of_others(others))
    return [line for text in said for line in textwrap.wrap(
        f"no report  {text}; the numbers are from live pages", 79,
        subsequent_indent=" " * 11)]
