"""How numbers and words look: units, percentages, colour, width."""

import os
import sys

# Readable on dark and on light: no yellow, no white, no black.
CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32",
         "blue": "34", "magenta": "35", "cyan": "36"}


def wants_colour(stream):
    """Colour only on a terminal, never with NO_COLOR or a dumb one."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "") == "dumb":
        return False
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def wants_utf8(stream):
    name = getattr(stream, "encoding", "") or ""
    return name.lower().replace("-", "") == "utf8"


class Style:
    """The look of one output stream."""

    def __init__(self, stream=None, colour=None, utf8=None, width=80):
        stream = stream if stream is not None else sys.stdout
        self.colour = wants_colour(stream) if colour is None else colour
        self.utf8 = wants_utf8(stream) if utf8 is None else utf8
        self.width = width

    def paint(self, text, *names):
        if not self.colour or not names:
            return text
        codes = ";".join(CODES[name] for name in names)
        return f"\033[{codes}m{text}\033[0m"

    def bar(self, share, width):
        """A bar of width cells for a share from 0 to 1."""
        share = min(max(share, 0.0), 1.0)
        if not self.utf8:
            cells = round(share * width)
            return "#" * (cells or (1 if share > 0 else 0))
        eighths = round(share * width * 8)
        if share > 0 and eighths == 0:
            eighths = 1
        whole, part = divmod(eighths, 8)
        return "█" * whole + (" ▏▎▍▌▋▊▉"[part] if part else "")


def count(number):
    """1,234,567."""
    return f"{number:,}"


def short_count(number):
    """At most six characters: 999999, 12.3 M."""
    if number < 100000:
        return f"{number:,}"
    for unit, size in (("G", 10**9), ("M", 10**6), ("K", 10**3)):
        if number >= size:
            value = number / size
            digits = 1 if value < 100 else 0
            return f"{value:.{digits}f} {unit}"
    return str(number)


def size(number):
    """Bytes in binary units, three digits: 1.50 KB, 64 KB, 1.2 GB."""
    sign = "-" if number < 0 else ""
    number = abs(number)
    if number < 1024:
        return f"{sign}{number:.0f} B"
    for unit in ("KB", "MB", "GB", "TB", "PB", "EB"):
        number /= 1024
        if number < 1023.95 or unit == "EB":
            digits = 0 if number >= 100 or number == int(number) else (
                1 if number >= 10 else 2)
            return f"{sign}{number:.{digits}f} {unit}"
    return f"{sign}{number:.0f} EB"


def percent(part, whole):
    """part of whole; never 100 % while something is missing."""
    if not whole:
        return "-"
    return ratio_percent(part / whole, part == whole)


def ratio_percent(ratio, complete=None):
    if ratio is None:
        return "-"
    complete = ratio == 1 if complete is None else complete
    value = ratio * 100
    for digits in (1, 2, 3, 4):
        text = f"{value:.{digits}f}"
        if complete or float(text) < 100:
            break
    else:
        text = "99.9999"
    return ("100.0" if complete else text) + " %"


def duration(nanoseconds):
    seconds = nanoseconds / 1e9
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.3g} ms" if seconds < 0.9995 else "1.00 s"
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def plain(text):
    """Text from a report, safe to print: no control characters."""
    return "".join(c if c.isprintable() else "?" for c in str(text))


def terminal_width(stream, default=80):
    try:
        return max(40, os.get_terminal_size(stream.fileno()).columns)
    except (OSError, ValueError, AttributeError):
        return default
