"""What the ancestors' scripts have at their ends, without camera or screen: numbered pictures, and a judge of what would be shown."""
import argparse
import atexit
import hashlib
import signal
import sys
import time
from typing import NamedTuple

import cv2
import numpy as np

from pictures import burn_time_code, read_time_code

PICTURES = 8   # of a clip; each differs from its neighbours everywhere, so that a splice of two looks like neither
FOOT = 64      # rows at the foot of a picture, or up to 15 more, that carry the number a second time
ROW_ERROR = 12  # grey levels by which a row that came as JPEG may differ, on average


def now_us():
    return time.monotonic_ns() // 1000


def foot(picture):
    """A view; it begins with a macroblock of JPEG's."""
    return picture[(picture.shape[0] - FOOT) // 16 * 16:]


def make_clip(width, height, grain=3, pictures=PICTURES):
    """Shades that jump from picture to picture, with grain: the same ones in every process."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    noise = np.random.default_rng(20261121).normal(0, grain, (height, width, 3)).astype(np.float32)
    clip = []
    for i in range(pictures):
        shades = [128 + 80 * np.sin((x * (c + 1) + y * (3 - c)) / 97 + 2.4 * i + c) for c in range(3)]
        clip.append(np.clip(np.dstack(shades) + np.roll(noise, 41 * i, axis=0), 0, 255).astype(np.uint8))
    return clip


def load_clip(path, width, height):
    return list(np.fromfile(path, np.uint8).reshape(-1, height, width, 3))


def number_picture(picture, number, captured_us):
    burn_time_code(picture, number, captured_us)
    burn_time_code(foot(picture), number, captured_us)


class Cost:
    """CPU of the process a picture, without what the stand-in took that the script's own camera or window would not have."""

    WARM = 30  # pictures before it is counted

    def __init__(self):
        self.own, self.begun, self.warm, self.last, self.pictures = 0.0, 0.0, 0.0, 0.0, 0

    def __enter__(self):
        self.begun = time.thread_time()

    def __exit__(self, *_):
        self.own += time.thread_time() - self.begun

    def count(self):
        self.last, self.pictures = time.process_time() - self.own, self.pictures + 1
        if self.pictures == self.WARM:
            self.warm = self.last

    def seconds_a_picture(self):
        return (self.last - self.warm) / (self.pictures - self.WARM) if self.pictures > self.WARM else 0


class Camera:
    """In place of cv2.VideoCapture: pictures of a clip with number and time at head and foot, numbered from 0; fps 0: as fast
    as they are taken. A picture is good until the same one of the clip is taken again."""

    def __init__(self, clip, fps=30, frames=0):
        self.clip, self.fps, self.frames = clip, fps, frames
        self.number, self.due, self.cost, self.times = 0, time.monotonic(), Cost(), []

    def isOpened(self):
        return True

    def read(self):
        if self.frames and self.number >= self.frames:
            return False, None
        if self.fps:
            time.sleep(max(0, self.due - time.monotonic()))
            self.due = max(self.due + 1 / self.fps, time.monotonic())
        self.cost.count()
        with self.cost:
            picture = self.clip[self.number % len(self.clip)]
            number_picture(picture, self.number, now_us())
        self.times.append((self.number, time.monotonic_ns()))
        self.number += 1
        return True, picture


class Shown(NamedTuple):
    number: int       # -1 where none can be read
    captured_us: int  # of the steady clock: painted
    shown_us: int     # the same clock: handed to the window
    verdict: str      # whole, torn; of --check digest: height x width x channels and SHA-256 of the pixels


def parse_shown(line):
    number, captured_us, shown_us, verdict = line.split()
    return Shown(int(number), int(captured_us), int(shown_us), verdict)


class Judge:
    """Says of a picture whether it is one that Camera made, whole."""

    def __init__(self, clip, check):
        self.clip, self.check = clip, check

    def judge(self, picture):
        at = now_us()
        if self.check == "digest":
            shape = "x".join(str(side) for side in picture.shape)
            return Shown(-1, 0, at, f"{shape}:{hashlib.sha256(np.ascontiguousarray(picture)).hexdigest()}")
        code = read_time_code(picture)
        if code is None:
            return Shown(-1, 0, at, "torn")
        return Shown(*code, at, "whole" if read_time_code(foot(picture)) == code and self.alike(picture, code) else "torn")

    def alike(self, picture, code):
        if self.check == "number":
            return True
        expected = self.clip[code[0] % len(self.clip)].copy()
        number_picture(expected, *code)
        if picture.shape != expected.shape:
            return False
        if self.check == "exact":
            return np.array_equal(picture, expected)
        rows = cv2.absdiff(picture, expected).reshape(picture.shape[0], -1)
        return cv2.reduce(rows, 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F).max() < ROW_ERROR


class Window:
    """In place of cv2.imshow: one line a picture on standard output, as parse_shown() takes it."""

    def __init__(self, judge):
        self.judge, self.shown, self.cost, self.times = judge, 0, Cost(), []

    def show(self, picture):
        at = time.monotonic_ns()
        with self.cost:
            shown = self.judge.judge(picture)
            print(*shown, flush=True)
            self.shown += 1
        self.cost.count()
        if shown.verdict == "whole":
            self.times.append((shown.number, at))


def arguments(description, *positional):
    """What every peer takes. `clip`, `camera()` and `window()` are made of it."""
    options = argparse.ArgumentParser(description=description)
    for name in positional:
        options.add_argument(name)
    options.add_argument("--size", default="640x480")
    options.add_argument("--fps", type=float, default=30, help="of the camera; 0: as fast as it is taken [30]")
    options.add_argument("--frames", type=int, default=0, help="end after so many [0: never]")
    options.add_argument("--check", choices=("number", "alike", "exact", "digest"), default="alike")
    options.add_argument("--clip", help="raw bgr24 pictures in place of the generated ones")
    options.add_argument("--log", help="at the end: a line a picture, number and nanoseconds when it was taken or shown; then the cost of one")
    o = options.parse_args()
    o.width, o.height = (int(side) for side in o.size.split("x"))
    return o


def clip_of(o):
    return load_clip(o.clip, o.width, o.height) if o.clip else make_clip(o.width, o.height)


def log_at_exit(stand_in, path):
    def write():
        with open(path, "w", encoding="ascii") as file:
            file.writelines(f"{number} {ns}\n" for number, ns in stand_in.times)
            file.write(f"cost {stand_in.cost.seconds_a_picture():.6f}\n")
    atexit.register(write)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def logged(stand_in, o):
    if o.log:
        log_at_exit(stand_in, o.log)
    return stand_in


def camera_of(o):
    return logged(Camera(clip_of(o), o.fps, o.frames), o)


def window_of(o):
    compared = o.check in ("alike", "exact")
    return logged(Window(Judge(clip_of(o) if compared else [], o.check)), o)
