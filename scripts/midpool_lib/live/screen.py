"""A view on a terminal: full-screen by ANSI sequences, or a line at a time on a
terminal that does not know these.

leave() always restores the terminal.
"""

import os
import re
import select
import signal
import termios
import tty

ESCAPE = "\033\\[[0-9;]*m"
ENTER = "\033[?1049h\033[?25l\033[H\033[2J"
LEAVE = "\033[?25h\033[?1049l"
LEAVING = ("q", "Q", "\x04")  # keys; not escape, with which arrows begin


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

    def draw(self, view, note):
        """Shows the present lines of a view."""
        columns, rows = self.size()
        self.show(view.lines(note, columns, rows))

    def show(self, lines):
        """Draws lines; excess length and lines are cut."""
        columns, rows = self.size()
        shown = [cut(line, columns) for line in lines[:rows]]
        self._write("\033[H" + "\033[K\r\n".join(shown) + "\033[K\033[J")

    def key(self, seconds):
        """A key pressed within seconds, or an empty text."""
        if self.keys is None:
            select.select([], [], [], seconds)
            return ""
        ready, _, _ = select.select([self.keys], [], [], seconds)
        if not ready:
            return ""
        key = os.read(self.keys, 1).decode("latin-1")
        if not key:
            self.keys = None  # nothing comes from there any more
        return key


class Lines:
    """The same on a terminal without ANSI sequences: a line at each look."""

    HEAD_EVERY = 20

    def __init__(self, output, keys):
        self.output = output
        self.keys = keys
        self.count = 0

    def enter(self):
        pass

    def leave(self):
        pass

    def draw(self, view, note):
        if self.count == 0:
            lines = [view.title(note)]  # there are no rates yet
        else:
            lines = [view.line()]
        if self.count % self.HEAD_EVERY == 0:
            lines.append(view.line_head())
        self.count += 1
        os.write(self.output, ("\n".join(lines) + "\n").encode("utf-8"))

    key = Screen.key


def of_terminal(output, keys):
    """The kind of view that the terminal can show."""
    dumb = os.environ.get("TERM", "dumb") in ("", "dumb")
    return (Lines if dumb else Screen)(output, keys)


def guard(window):
    """Has the terminal put back before a signal stops or ends the command."""
    def handle(number, _frame):
        window.leave()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, handle)  # it had only stopped
        window.enter()

    for number in (signal.SIGTSTP, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, handle)


def _keep(plain, columns):
    """The number of characters that are shown of a text that is too long: no
    word is cut, and no number is separated from its unit."""
    keep = columns
    if not plain[keep].isspace() and " " in plain[:keep].rstrip():
        keep = plain[:keep].rindex(" ")
    kept = plain[:keep].rstrip()
    last = kept.rpartition(" ")[2]
    if re.fullmatch(r"[\d.,]+", last):
        kept = kept[:-len(last)].rstrip()
    return len(kept)


def cut(line, columns):
    """The first words of a line; escape sequences take no room."""
    plain = re.sub(ESCAPE, "", line)
    room = len(plain) if len(plain) <= columns else _keep(plain, columns)
    shown = []
    for piece in re.split(f"({ESCAPE})", line):
        if piece.startswith("\033"):
            shown.append(piece)
            continue
        shown.append(piece[:room])
        room -= len(shown[-1])
    return "".join(shown)
