"""The fake camera (tests/support/fake_camera): a file that any program sees as a V4L2 camera when the library is preloaded."""
import os
from pathlib import Path

import cv2
import numpy as np

from pictures import smooth

TABLES = 0xC4  # the marker of Huffman tables


def segments(jpeg):
    """(marker, begin, end) of each segment up to the first scan."""
    at = 2
    while jpeg[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        yield jpeg[at + 1], at, end
        at = end


def has_tables(jpeg):
    return any(marker == TABLES for marker, _, _ in segments(jpeg))


def without_tables(jpeg):
    """As many cameras send it."""
    parts = list(segments(jpeg))
    return jpeg[:2] + b"".join(jpeg[b:e] for marker, b, e in parts if marker != TABLES) + jpeg[parts[-1][2] :]


def write_jpegs(folder, width, height, count=4, change=lambda jpeg: jpeg, picture=smooth):
    """`count` JPEGs in a folder of their own, as the camera shows them one after the other; the bytes of each."""
    os.makedirs(folder)
    jpegs = [change(cv2.imencode(".jpg", picture(width, height, seed))[1].tobytes()) for seed in range(count)]
    for i, jpeg in enumerate(jpegs):
        Path(folder, f"{i:03}.jpg").write_bytes(jpeg)
    return jpegs


def black(width, height, _):
    return np.zeros((height, width, 3), np.uint8)


class FakeCamera:
    """Behaves as the control file says, from 20 ms after it was written."""

    def __init__(self, command, folder, name="video0", **behaviour):
        self.node = os.path.join(folder, name)
        library = Path(command).resolve().parents[1] / "lib" / "fake_camera.so"
        assert library.exists(), f"{library} is not built"
        self.env = {"LD_PRELOAD": str(library), "GLIMT_FAKE_CAMERA": self.node}
        self.behaviour = {}
        self.set(**behaviour)
        self.plug_in()

    def set(self, **behaviour):
        self.behaviour.update(behaviour)
        text = "".join(f"{name}={value}\n" for name, value in self.behaviour.items())
        new = Path(self.node + ".new")
        new.write_text(text, encoding="utf-8")
        new.rename(self.node + ".control")

    def plug_in(self):
        Path(self.node).touch()

    def pull_out(self):
        os.unlink(self.node)
