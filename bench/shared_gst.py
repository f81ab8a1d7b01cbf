#!/usr/bin/env python3
"""One end of GStreamer's shmsink and shmsrc with raw pictures: `send PATH SIZE RATE FRAMES`, `receive PATH SIZE FRAMES`. One line
a picture, "number ns" of the steady clock: the sender's before it pushes the buffer, the receiver's when it has pulled it."""
import struct
import sys
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: E402, F401


def caps(size):
    width, height = size.split("x")
    return f"video/x-raw,format=BGR,width={width},height={height},framerate=30/1"


def start(description):
    pipeline = Gst.parse_launch(description)
    pipeline.set_state(Gst.State.PLAYING)
    return pipeline, pipeline.get_by_name("app")


def send(path, size, rate, frames):
    width, height = map(int, size.split("x"))
    room = 4 * width * height * 3
    pipeline, app = start(f"appsrc name=app caps={caps(size)} block=true max-buffers=1 ! "
                          f"shmsink socket-path={path} shm-size={room} wait-for-connection=true sync=false")
    pixels, lines = bytearray(width * height * 3), []
    due = time.monotonic()
    for number in range(int(frames)):
        struct.pack_into("<Q", pixels, 0, number)
        buffer = Gst.Buffer.new_wrapped(bytes(pixels))
        due = max(due + 1 / float(rate), time.monotonic())
        time.sleep(max(0, due - time.monotonic()))
        lines.append(f"{number} {time.monotonic_ns()}")
        app.push_buffer(buffer)
    time.sleep(1)
    print("\n".join(lines))
    pipeline.set_state(Gst.State.NULL)


def receive(path, size, frames):
    _, app = start(f"shmsrc socket-path={path} is-live=true ! {caps(size)} ! appsink name=app sync=false max-buffers=1 drop=true")
    lines = []
    while True:
        sample = app.try_pull_sample(5 * Gst.SECOND)
        at = time.monotonic_ns()
        if sample is None:
            break
        number = struct.unpack("<Q", sample.get_buffer().extract_dup(0, 8))[0]
        lines.append(f"{number} {at}")
        del sample  # its memory goes back
        if number + 1 == int(frames):
            break
    print("\n".join(lines))


def main():
    Gst.init(None)
    (send if sys.argv[1] == "send" else receive)(*sys.argv[2:])


if __name__ == "__main__":
    main()
