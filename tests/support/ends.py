"""Both ends of a test picture's stream as processes: a sender, and a viewer that stamps each picture as it comes."""
import json
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from command import Child, poll_until
from pictures import read_time_code

SIZE = (320, 240)  # of the picture, where nothing else is said


class Picture(NamedTuple):
    arrived: float   # seconds of the machine's steady clock: its last byte was read
    number: int
    captured: float  # the same clock, as burnt in


class End(Child):
    """A process that writes statistics; `prefix` is what it is run by, as `ip netns exec NAME`."""

    def __init__(self, argv, stats, prefix=(), **options):
        self.stats = str(stats)
        Path(self.stats).unlink(missing_ok=True)
        self.started = time.monotonic()
        super().__init__([*prefix, *argv, "--stats", self.stats], **options)

    def newest(self):
        """The last whole line of its statistics."""
        if not os.path.exists(self.stats):
            return {}
        lines = Path(self.stats).read_text().split("\n")[:-1]
        return json.loads(lines[-1]) if lines else {}

    def open_files(self):
        """What its descriptors are; nothing once it has ended."""
        found = []
        try:
            for name in os.listdir(f"/proc/{self.pid}/fd"):
                try:
                    found.append(os.readlink(f"/proc/{self.pid}/fd/{name}"))
                except FileNotFoundError:
                    continue  # closed since
        except OSError:
            pass
        return found

    def wait_for_socket(self, seconds):
        """When it had one, by the steady clock; None where it never did."""
        has_one = lambda: any(f.startswith("socket:") for f in self.open_files())
        return time.monotonic() if poll_until(has_one, seconds, every=0.001) else None


class Sender(End):
    """The test picture to one or several addresses."""

    def __init__(self, command, addresses, stats, size=SIZE, fps=30, options=(), **more):
        addresses = [addresses] if isinstance(addresses, str) else addresses
        picture = f"test:?size={size[0]}x{size[1]}&fps={fps}"
        super().__init__([command, "send", picture, *addresses, *options], stats, **more)


class Viewer(End):
    """A receiver that shows its newest picture to a thread of this process."""

    def __init__(self, command, address, stats, size=SIZE, **more):
        address += ("&" if "?" in address else "?") + "mode=latest"
        super().__init__([command, "recv", address, "-", "--format", "gray8"], stats, stdout=subprocess.PIPE, **more)
        self.size, self.pictures, self.unreadable = size, [], 0
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        width, height = self.size
        while len(data := self.stdout.read(width * height)) == width * height:
            arrived = time.monotonic()
            code = read_time_code(np.frombuffer(data, np.uint8).reshape(height, width))
            if code:
                self.pictures.append(Picture(arrived, code[0], code[1] / 1e6))
            else:
                self.unreadable += 1

    def first(self, condition, seconds, begin=0):
        """The first picture from the `begin`th on for which it holds, or None at the deadline."""
        at = begin

        def look():
            nonlocal at
            while at < len(self.pictures):
                picture = self.pictures[at]
                at += 1
                if condition(picture):
                    return picture
            return None

        return poll_until(look, seconds, every=0.002)

    def captured_since(self, when, seconds):
        """The first picture captured after `when`."""
        return self.first(lambda p: p.captured >= when, seconds)

    def end(self):
        if self.running():
            self.process.terminate()
        if self.wait(5) == "hangs":
            self.process.kill()
        self.reader.join()
        super().end()
