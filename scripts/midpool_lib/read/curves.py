"""Merges the curves in time of several images, on the clock of their run."""

POINTS = 64  # at most, as in a report of the library


class _Curve:
    """One image's intervals; counts within one are taken to be even."""

    def __init__(self, image, gone):
        self.start = image.start
        self.gone = gone  # when the image's memory went
        self.points = image.report["intervals"]
        self.end = self.start + self.points[-1]["to_ns"]
        self.at = 0       # the point that time is in
        self.hits = 0     # of the points before it
        self.misses = 0

    @property
    def width(self):
        return self.points[0]["to_ns"] - self.points[0]["from_ns"]

    def is_over(self, time):
        """True if nothing changes after time, and nothing is live."""
        return self.at == len(self.points) and self.gone < time

    def until(self, time):
        """(hits, misses, live bytes) at a time; it never goes back."""
        time -= self.start
        while self.at < len(self.points) and (
                time >= self.points[self.at]["to_ns"]):
            self.hits += self.points[self.at]["hits"]
            self.misses += self.points[self.at]["misses"]
            self.at += 1
        live = self.points[self.at - 1]["live_bytes"] if self.at else 0
        if self.at == len(self.points):
            return self.hits, self.misses, live
        point = self.points[self.at]
        past = max(0, time - point["from_ns"])
        whole = point["to_ns"] - point["from_ns"]
        return (self.hits + point["hits"] * past // whole,
                self.misses + point["misses"] * past // whole,
                live + (point["live_bytes"] - live) * past // whole)


def _curves(family):
    """Curves in order of start, and when the last of them ends."""
    found = [_Curve(image, end) for image, _start, end in family.lifetimes()
             if image.report["intervals"]]
    return found, max([family.end] + [curve.end for curve in found])


def merged(family):
    """Intervals of the whole family since its start.

    All are equally long but the last. Their hits and misses add up to those
    of all images' intervals; the live bytes are of the images that live at
    an interval's end.
    """
    curves, end = _curves(family)
    span = end - family.start
    finest = min((curve.width for curve in curves if curve.width), default=1)
    width = max(finest, -(-span // POINTS), 1)
    waiting, active, points = curves[::-1], [], []
    ended, before = [0, 0], (0, 0)
    for begin in range(0, max(span, 1), width):
        time = family.start + min(begin + width, span)
        while waiting and waiting[-1].start <= time:
            active.append(waiting.pop())
        hits, misses, live = ended[0], ended[1], 0
        going = []
        for curve in active:
            mine = curve.until(time)
            hits, misses = hits + mine[0], misses + mine[1]
            if curve.is_over(time):
                ended = [ended[0] + mine[0], ended[1] + mine[1]]
            else:
                live += mine[2]
                going.append(curve)
        active = going
        new = hits - before[0], misses - before[1]
        before = hits, misses
        points.append({"from_ns": begin, "to_ns": min(begin + width, span),
                       "gets": sum(new), "hits": new[0], "misses": new[1],
                       "live_bytes": live})
    return points
