"""Clips and stills for the archive's tests, each picture with its number burnt in; and the command that serves them."""
import os
import subprocess

import cv2
import numpy as np

from command import Child, free_port, poll_until, read_exactly
from pictures import burn_time_code, read_time_code


def make_clip(path, frames, size=(320, 240), fps=30.0, codec="MJPG"):
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*codec), fps, size)
    assert writer.isOpened(), f"{path}: OpenCV cannot write {codec}"
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    for number in range(frames):
        picture = np.dstack([(x + number * 3) % 256, (y + number) % 256, (x + y) % 256]).astype(np.uint8)
        writer.write(burn_time_code(picture, number))
    writer.release()
    return path


def as_frames(data, size=(320, 240), channels=3):
    """Packed bytes as pictures; a rest that is none is an error."""
    whole = size[0] * size[1] * channels
    assert len(data) % whole == 0, f"{len(data)} bytes are no whole pictures of {whole}"
    shape = (-1, size[1], size[0], channels) if channels > 1 else (-1, size[1], size[0])
    return np.frombuffer(data, np.uint8).reshape(shape)


def numbers_in(data, size=(320, 240), channels=3):
    """The numbers burnt into packed pictures; None where there is none."""
    return [(read_time_code(p) or (None,))[0] for p in as_frames(data, size, channels)]


def decoded(path):
    """Every picture of a clip, as OpenCV decodes it."""
    capture, pictures = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG), []
    while True:
        there, picture = capture.read()
        if not there:
            return np.array(pictures)
        pictures.append(picture)


class Server(Child):
    """`glimt serve` of a folder, on a port of its own."""

    def __init__(self, command, folder, *options, port=None, wire=None):
        self.port = port or free_port()
        self.host = f"tcp://127.0.0.1:{self.port}"
        self.address = self.host + (f"?wire={wire}" if wire else "")
        super().__init__([command, "serve", folder, self.address, *options])
        if not self.says("on the other side"):
            raise RuntimeError("glimt serve does not start: " + self.errors())

    def tasks(self):
        return len(poll_until(lambda: os.listdir(f"/proc/{self.pid}/task")))


class Get(Child):
    """`glimt get` whose standard output is read by the test."""

    def __init__(self, command, *words, **more):
        super().__init__([command, "get", *words], stdout=subprocess.PIPE, **more)

    def read(self, size):
        return read_exactly(self.stdout, size)
