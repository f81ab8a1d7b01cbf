"""A screen of its own (Xvfb) for whatever opens a window, and the tools that look at it."""
import subprocess

import cv2
import numpy as np

from command import Child, poll_until, read_exactly, run


class Screen:
    def __enter__(self):
        argv = ["Xvfb", "-displayfd", "1", "-screen", "0", "1024x768x24", "-nolisten", "tcp", "-noreset"]
        self.server = Child(argv, stdout=subprocess.PIPE)
        name = b""
        while not name.endswith(b"\n"):
            byte = read_exactly(self.server.stdout, 1)
            if not byte:
                raise RuntimeError("Xvfb does not start: " + self.server.errors())
            name += byte
        self.env = {"DISPLAY": ":" + name.decode().strip(), "WAYLAND_DISPLAY": ""}
        return self

    def __exit__(self, *_):
        self.server.end()

    def tool(self, *argv):
        return run(argv, env=self.env)[1]

    def window(self):
        return poll_until(lambda: self.tool("xdotool", "search", "--name", "^glimt ").decode().split())[:1]

    def title(self, window):
        return self.tool("xdotool", "getwindowname", window).decode().strip()

    def picture(self, window):
        png = self.tool("import", "-window", window, "png:-")
        return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR) if png else None

    def press(self, window, key):
        self.tool("xdotool", "windowfocus", "--sync", window, "key", key)
