"""A full-screen view on a terminal, with nothing but ANSI sequences.

Whatever happens, leave() puts the terminal back as it was.
"""

import os
import select
import termios
import tty

ENTER = "\033[?1049h\033[?25l\033[H\033[2J"
LEAVE = "\033[?25h\033[?1049l"


class Screen:
    """The alternate screen of one terminal; keys come from it, too."""

    def __init__(self, output, keys):
        self.output = output  # a descriptor
        self.keys = keys      # a descriptor, or None without a keyboard
        self.saved = None

    def enter(self):
        if self.keys is not None:
            self.saved = termios.tcgetattr(self.keys)
            tty.setcbreak(self.keys)
        self._write(ENTER)

    def leave(self):
        try:
            self._write(LEAVE)
        except OSError:
            pass
        if self.saved is not None:
            termios.tcsetattr(self.keys, termios.TCSADRAIN, self.saved)
            self.saved = None

    def _write(self, text):
        data = text.encode("utf-8")
        while data:
            data = data[os.write(self.output, data):]

    def size(self):
        try:
            size = os.get_terminal_size(self.output)
        except OSError:
            return 80, 24
        return size.columns or 80, size.lines or 24

    def show(self, lines):
        """Draws lines; what is too long or too many is cut."""
        columns, rows = self.size()
        shown = [cut(line, columns) for line in lines[:rows]]
        self._write("\033[H" + "\033[K\r\n".join(shown) + "\033[K\033[J")

    def key(self, seconds):
        """A key pressed within seconds, or an empty text."""
        if self.keys is None:
            select.select([], [], [], seconds)
            return ""
        ready, _, _ = select.select([self.keys], [], [], seconds)
        return os.read(self.keys, 1).decode("latin-1") if ready else ""


def cut(line, columns):
    """The first columns of a line; escape sequences take no room."""
    shown, room, at = [], columns, 0
    while at < len(line):
        if line[at] == "\033":
            end = line.index("m", at) + 1
            shown.append(line[at:end])
            at = end
            continue
        if room:
            shown.append(line[at])
            room -= 1
        at += 1
    return "".join(shown)
