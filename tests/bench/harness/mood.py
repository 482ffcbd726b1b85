"""The machine's memory before a run: warm or cold, made so and measured.

If the host of a virtual machine takes idle memory back (free page reporting),
the first touch of a page is many times more expensive than with memory that is
there already. Without this module the runs before would decide which of both a
run meets.
"""

import time
from statistics import median

from .execute import call, parse

WARM, COLD = "warm", "cold"
COLD_S = 5  # longer than the two seconds after which Linux reports pages
SLOW_US = 2.0  # a huge page's first touch, per 4 KB, is between 0.3 and 6

HOW = {
    WARM: "a process touched and freed what the run needs, right before it",
    COLD: f"not touched before; {COLD_S} s of rest before each run",
}


def available_mb():
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) // 1024
    return 0


class Mood:
    """Sees to the memory before each run that needs much of it."""

    def __init__(self, tools, mode, rest=COLD_S):
        self.tools = tools
        self.mode = mode
        self.rest = rest
        self.probes = []

    def before(self, run):
        """Prepares and probes; returns the probe's figures."""
        if not run.touches:
            return {}
        touched = 0
        if self.mode == WARM:
            touched = min(run.touches, available_mb() * 3 // 4)
        else:
            time.sleep(self.rest)
        probe = parse(call([str(self.tools.touch), str(touched)]))
        self.probes.append(probe)
        return {"first_touch_" + name: value for name, value in probe.items()}

    def first_touch(self):
        """Microseconds per 4 KB: medians over the probes, by kind of page."""
        return {name: median(probe[name] for probe in self.probes)
                for name in ("huge_us", "small_us") if self.probes}

    def verdict(self):
        """The measured condition, with a warning if another was asked for."""
        huge = self.first_touch()["huge_us"]
        if self.mode == WARM and huge >= SLOW_US:
            return "the memory was not warm all the same"
        if self.mode == COLD and huge < SLOW_US:
            return "the memory stayed warm: its host does not take it back"
        return f"the memory was {self.mode}"

    def header(self):
        """The machine's condition as data for the result file."""
        found = {"mode": self.mode, "how": HOW[self.mode],
                 "probes": len(self.probes)}
        if self.probes:
            found["first_touch_us_per_4_kb"] = self.first_touch()
            found["verdict"] = self.verdict()
        return found

    def line(self):
        """The same in one line."""
        text = f"memory {self.mode}: {HOW[self.mode]}"
        if not self.probes:
            return f"memory {self.mode}: no row that needs much was measured"
        touch = self.first_touch()
        return (f"{text}; first touch of 4 KB then {touch['huge_us']:.2f} us "
                f"in huge pages, {touch['small_us']:.2f} us in small ones "
                f"(medians of {len(self.probes)} probes): {self.verdict()}")
