"""A real browser that is used by its keys alone, over its debugging pipe."""

import json
import os
import select
import subprocess
import tempfile
import time

from browser import BROWSER, FLAGS, PATIENCE, remove_profile

KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), " ": (32, " ")}
SHIFT = 8
# The focused element: its text, its kind, and whether the focus is visible.
FOCUS = """(() => {
  const node = document.activeElement, style = getComputedStyle(node);
  return {tag: node.tagName, text: node.textContent.trim(),
          label: node.getAttribute("aria-label"),
          expanded: node.getAttribute("aria-expanded"),
          seen: style.outlineStyle !== "none"
                && parseFloat(style.outlineWidth) >= 1};
})()"""


class Keyboard:
    """A page in a browser of its own; close() ends it."""

    def __init__(self, path):
        self.profile = tempfile.mkdtemp()
        to_read, self.to_write = os.pipe()
        self.to_listen, to_answer = os.pipe()
        flags = [flag for flag in FLAGS if "virtual-time" not in flag]
        # The browser takes descriptors 3 and 4, which may be in use here.
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_answer}', "bash",
             BROWSER, *flags, "--remote-debugging-pipe",
             "--user-data-dir=" + self.profile],
            pass_fds=(to_read, to_answer), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_answer)
        self.said = b""
        self.number = 0
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")
        self.session = self.call("Target.attachToTarget", flatten=True,
                                 targetId=target["targetId"])["sessionId"]
        self.call("Page.navigate", url="file://" + path)
        self.until("document.readyState === 'complete'"
                   " && document.querySelector('main') !== null")
        self.call("Page.bringToFront")

    def close(self):
        os.close(self.to_write)
        os.close(self.to_listen)
        self.process.kill()
        self.process.wait()
        remove_profile(self.profile)

    def _message(self):
        while b"\0" not in self.said:
            if not select.select([self.to_listen], [], [], PATIENCE)[0]:
                raise TimeoutError("the browser is silent")
            data = os.read(self.to_listen, 1 << 16)
            if not data:
                raise EOFError("the browser ended")
            self.said += data
        one, _zero, self.said = self.said.partition(b"\0")
        return json.loads(one)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise ValueError(answer["error"])
                return answer["result"]

    def ask(self, expression):
        """The value of an expression in the page."""
        return self.call("Runtime.evaluate", expression=expression,
                         returnByValue=True)["result"].get("value")

    def until(self, expression):
        end = time.monotonic() + PATIENCE
        while not self.ask(expression):
            if time.monotonic() > end:
                raise TimeoutError(expression)
            time.sleep(0.05)

    def press(self, key, modifiers=0):
        """One key, down and up; a character is typed."""
        code, text = KEYS.get(key, (0, key))
        names = {"key": key, "modifiers": modifiers,
                 "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", text=text,
                  type="keyDown" if text else "rawKeyDown", **names)
        self.call("Input.dispatchKeyEvent", type="keyUp", **names)

    def focus(self):
        return self.ask(FOCUS)

    def walk(self, most=200):
        """Everything that Tab reaches, in order, until it leaves the page."""
        found = []
        for _ in range(most):
            self.press("Tab")
            at = self.focus()
            if at["tag"] in ("BODY", "HTML"):
                return found
            found.append(at)
        raise AssertionError("Tab does not leave the page")

    def reach(self, words):
        """Presses Tab until the element with these words has the focus."""
        for _ in range(200):
            self.press("Tab")
            at = self.focus()
            if words in (at["text"], at["label"]):
                return at
        raise AssertionError(f"Tab does not reach {words}")
