"""The ancestors' scripts and Glimt's two ends as children, whose pictures are judged one by one."""
import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from command import Child, free_port, poll_until
from ends import End
from stand_ins import Camera, Judge, make_clip, parse_shown

PEERS = Path(__file__).resolve().parents[1] / "interop" / "ancestors" / "peers"
PYTHON = "/usr/bin/python3"  # the one that the distribution's OpenCV is for
SIZES = [(640, 480), (1920, 1080), (637, 483)]
FRAMES = 300
COUNTED = ("lost", "late", "repeated", "refused", "dropped", "stray")


class Script(Child):
    """One of the peers; what it shows is written to a file."""

    def __init__(self, name, *arguments, size=(640, 480), **options):
        self.lines = tempfile.TemporaryFile()
        self.started = time.monotonic()
        argv = [PYTHON, PEERS / f"{name}.py", *arguments, "--size", f"{size[0]}x{size[1]}"]
        for key, value in options.items():
            argv += ["--" + key, str(value)]
        super().__init__(argv, stdout=self.lines)

    def shown(self):
        text = os.pread(self.lines.fileno(), 1 << 24, 0).decode()
        return [parse_shown(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def ready(self):
        return self.says("ready")


def start_when_ready(name, *arguments, **options):
    """A script that listens, once it does."""
    script = Script(name, *arguments, **options)
    script.ready()
    return script


class GlimtSender(End):
    """`glimt send -` fed with the pictures that the scripts' camera gives."""

    def __init__(self, command, address, folder, size=(640, 480), fps=30, frames=FRAMES, options=(), name="sent"):
        argv = [command, "send", "-", address, "--format", "bgr24", "--size", f"{size[0]}x{size[1]}", *options]
        super().__init__(argv, f"{folder}/{name}.jsonl", stdin=subprocess.PIPE)
        self.camera = Camera(make_clip(*size), fps, frames)
        self.writer = threading.Thread(target=self.write, daemon=True)
        self.writer.start()

    def write(self):
        try:
            while True:
                there, picture = self.camera.read()
                if not there:
                    self.stdin.close()
                    return
                self.stdin.write(picture)
        except (BrokenPipeError, ValueError):  # the sender has ended
            pass

    def end(self):
        if self.running():
            self.process.terminate()
        if self.wait(5) == "hangs":
            self.process.kill()
        self.writer.join()
        super().end()


class GlimtReceiver(End):
    """`glimt recv ADDRESS -`, whose pictures are judged as a script's window would judge them."""

    def __init__(self, command, address, folder, size=(640, 480), check="alike", options=(), name="received"):
        super().__init__([command, "recv", address, "-", "--format", "bgr24", *options], f"{folder}/{name}.jsonl",
                         stdout=subprocess.PIPE)
        self.size, self.judge, self.pictures = size, Judge(make_clip(*size), check), []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        width, height = self.size
        while len(data := self.stdout.read(width * height * 3)) == width * height * 3:
            self.pictures.append(self.judge.judge(np.frombuffer(data, np.uint8).reshape(height, width, 3)))

    def shown(self):
        return list(self.pictures)

    def end(self):
        if self.running():
            self.process.terminate()
        if self.wait(5) == "hangs":
            self.process.kill()
        self.reader.join()
        super().end()


def counted(receiver):
    """What the receiver's newest statistics say was amiss."""
    return {name: n for name in COUNTED if (n := receiver.newest().get(name))}


def wait_for_shown(end, count, seconds=30):
    return poll_until(lambda: len(end.shown()) >= count, seconds, every=0.05)


def shown_since(end, when, seconds=10):
    """The first picture painted after `when`, seconds of the steady clock."""
    first = lambda: next((s for s in end.shown() if s.captured_us >= when * 1e6), None)
    return poll_until(first, seconds, every=0.02)


def check_none_torn(checks, shown, what, detail=""):
    torn = [s for s in shown if s.verdict != "whole"]
    return checks.that(shown and not torn, f"{what}: each of {len(shown)} pictures is whole", f"{torn[:5]} {detail}")


def check_in_order(checks, shown, what):
    """Of one camera: each number once at most, none goes back."""
    numbers = [s.number for s in shown]
    checks.that(all(a < b for a, b in zip(numbers, numbers[1:])), f"{what}: numbers increase",
                [pair for pair in zip(numbers, numbers[1:]) if pair[0] >= pair[1]][:5])


def check_all(checks, shown, expected, what, detail=""):
    """Every picture of these numbers, once, in order, whole."""
    check_none_torn(checks, shown, what, detail)
    numbers = [s.number for s in shown]
    missing = sorted(set(expected) - set(numbers))
    checks.that(numbers == list(expected), f"{what}: all {len(expected)} pictures, each once, in order",
                f"{len(numbers)} came, without {missing[:10]} {detail}")


class Ancestor:
    """One of the five by its letter: addresses for Glimt's ends and arguments for the scripts', all of one free place."""

    def __init__(self, letter, folder):
        self.letter, self.port = letter, free_port()
        self.path = f"{folder}/{letter}-{self.port}.sock"
        self.kind = ["unix", self.path] if letter == "B" else ["udp", f"127.0.0.1:{self.port}"]
        self.here = f"127.0.0.1:{self.port}"

    def glimt(self, listens):
        place = f"unix://{self.path}" if self.letter == "B" else f"{'udp' if self.letter == 'A' else 'tcp'}://{self.here}"
        return f"{place}?{'listen&' if listens else ''}wire={'countdown' if self.letter in 'AB' else 'pickle-q'}"

    def sender(self, command, folder, mode="every", **options):
        """Glimt's."""
        return GlimtSender(command, self.glimt(self.letter == "C") + f"&mode={mode}", folder, **options)

    def receiver(self, command, folder, **options):
        """Glimt's."""
        return GlimtReceiver(command, self.glimt(self.receiver_listens), folder, check=self.exact, **options)

    @property
    def receiver_listens(self):
        return self.letter != "C"

    @property
    def exact(self):
        return "exact" if self.letter in "CE" else "alike"

    def sender_script(self, **options):
        if self.letter in "AB":
            return Script("countdown_sender", *self.kind, **options)
        return Script("pickle_q_streamer" if self.letter == "C" else "pickle_q_camera", self.here, **options)

    def receiver_script(self, **options):
        options.setdefault("check", self.exact)
        if self.letter in "AB":
            return Script("countdown_receiver", *self.kind, **options)
        if self.letter == "C":
            return Script("pickle_q_receiver", f"127.0.0.1:{free_port()}", self.here, **options)
        return Script("pickle_q_display", self.here, **options)
