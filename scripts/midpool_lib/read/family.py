"""A run: a family of processes, each a series of images, each with a state.

An *image* is a program in a process; exec replaces one by the next. Reports
of one image (by signals, from its live page, at its end) are states of it:
only the last one counts. All that is told of several processes (sums, peaks,
curves, durations, the tree) is derived from this model.

Times are nanoseconds since 1970. A profile of an earlier run whose processes
are not known one by one any more counts as one image.
"""

ENDED = ("exit", "signal", "exec")


def rank(end, ended):
    """A key that orders the states of an image; the last one counts. end: its
    end, or its duration if all start alike; ended: process.end. The page of a
    killed process does not know its end; it is later than what the process
    reported while it ran. An exec may have failed."""
    return (ended not in ("running", "exec"), ended in ENDED + ("running",),
            end, ended != "running")


class Image:
    """The last state of one image; `report` is not changed."""

    def __init__(self, report):
        self.report = report
        process = report["process"]
        self.pid = process["pid"]
        self.start = process["start_unix_ns"]
        self.end = self.start + process["duration_ns"]
        self.key = (process["host"], self.pid, self.start,
                    process.get("generation", 1))
        self.next = None    # the image that took its place by exec
        self.parent = None  # the image that forked its process

    @property
    def process(self):
        return self.report["process"]

    @property
    def is_running(self):
        return self.process["end"] == "running"

    @property
    def ended_unseen(self):
        """True if it was killed or ended by _exit: its real end is unknown."""
        return self.process["end"] not in ENDED + ("running",)

    def may_live_at(self, time):
        """False if its process had ended by then: the pid may be another's."""
        return self.is_running or self.ended_unseen or time <= self.end

    def is_newer_than(self, other):
        """True if this state of an image is later than other."""
        return rank(self.end, self.process["end"]) > rank(
            other.end, other.process["end"])


def members(report):
    """The reports of a profile's images, the program's own first."""
    if not report["children"]:
        return [report]
    return [_own(report)] + report["children"]


def _own(report):
    """The report that the program itself had before others were added."""
    own = dict(report, children=[])
    own.update(report.get("own") or {})
    own.pop("own", None)
    own.pop("run", None)
    return own


def is_whole(report):
    """True if a profile has all counters of each of its images."""
    return all(member["pools"] for member in members(report)) and (
        not report["children"] or "pools" in (report.get("own") or {}))


def _images(reports):
    for report in reports:
        for member in members(report) if is_whole(report) else [report]:
            yield Image(member)


def divided(reports):
    """Divides reports into lists, one per run, in order of appearance. A run is
    a process with all that it started."""
    reports = list(reports)
    origins = Family(reports).origins()
    found = {}
    for report in reports:
        first = next(_images([report]))
        found.setdefault(origins[first.key].key, []).append(report)
    return list(found.values())


class Family:
    """The images in some reports, in order of start."""

    def __init__(self, reports):
        last = {}
        for image in _images(reports):
            known = last.get(image.key)
            if known is None or image.is_newer_than(known):
                last[image.key] = image
        self.images = sorted(last.values(), key=lambda image: (
            image.start, image.key[3], image.pid))
        self._relate()

    def _relate(self):
        """Finds who followed whom by exec, and who forked whom."""
        latest = {}
        for image in self.images:
            host = image.key[0]
            before = latest.get((host, image.pid))
            if before is not None and _became(before, image):
                before.next = image
                image.parent = before.parent
            else:
                parent = latest.get((host, image.process["ppid"]))
                if parent is not None and parent.may_live_at(image.start):
                    image.parent = parent
            latest[host, image.pid] = image

    def __len__(self):
        return len(self.images)

    @property
    def start(self):
        return self.images[0].start

    @property
    def end(self):
        return max(image.end for image in self.images)

    @property
    def last_images(self):
        """The last image of each process: as many as there are processes."""
        return [image for image in self.images if image.next is None]

    @property
    def roots(self):
        """The first images of processes whose parent is not known."""
        followers = {id(image.next) for image in self.images}
        return [image for image in self.images
                if image.parent is None and id(image) not in followers]

    def origins(self):
        """Key of an image -> the first image of the run that it is part of:
        reached by going back over forks and execs."""
        before = {id(image.next): image for image in self.images}
        found = {}
        for image in self.images:  # what came before it has its place already
            came_from = before.get(id(image)) or image.parent
            found[image.key] = found[came_from.key] if came_from else image
        return found

    def lifetimes(self):
        """(image, its start, its end), by exec and the unseen ends put right.

        An end that nobody saw is taken to be the family's, so that a peak
        made of these is not too low.
        """
        end = self.end
        for image in self.images:
            if image.next is not None:
                yield image, image.start, image.next.start
            else:
                yield image, image.start, end if image.ended_unseen \
                    else image.end

    def peaks(self, values):
        """The highest sums at a time of values that images reach at most.

        values(image) is a list of numbers. Returns the list of sums and
        whether they are bounds only: where two images lived at one time,
        each may have had its peak at another moment.
        """
        moments = []
        for image, start, end in self.lifetimes():
            reached = values(image)
            moments.append((start, 1, reached))
            moments.append((max(start + 1, end), 0, reached))
        now, most, living, bound = None, None, 0, False
        for _time, starts, reached in sorted(moments, key=_by_time):
            sign = 1 if starts else -1
            living += sign
            bound = bound or living > 1
            now = [sign * value for value in reached] if now is None else [
                have + sign * value for have, value in zip(now, reached)]
            most = list(now) if most is None else [
                max(pair) for pair in zip(most, now)]
        return most or [], bound


def _by_time(moment):
    """In order of time; ends come before starts of the same moment."""
    return moment[0], moment[1]


def _became(before, image):
    """True if image took the place of before, in the same process."""
    return image.key[3] > before.key[3] and (
        before.process["end"] == "exec"
        or image.process["ppid"] == before.process["ppid"])
