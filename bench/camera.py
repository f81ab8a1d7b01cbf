#!/usr/bin/env python3
"""CPU of `glimt send` a frame, from the fake camera at 1080p30 to one UDP receiver: MJPEG passed through, and encoded by us."""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import table

sys.path.insert(0, os.path.join(table.ROOT, "tests", "support"))
from camera import FakeCamera, without_tables  # noqa: E402
from pictures import split_jpegs  # noqa: E402

SIZE, FPS = "1920x1080", 30
PORT = 47_900
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
WAYS = {
    "MJPEG passed through": ("whole", f"?size={SIZE}"),
    "MJPEG without Huffman tables": ("bare", f"?size={SIZE}"),
    "YUYV, encoded by us": ("whole", f"?size={SIZE}&format=yuyv"),
}
# Drives the camera as fast as it gives and fetches nothing: what is left is the fake itself.
GRAB = """
import cv2, sys, time
camera = cv2.VideoCapture(sys.argv[1], cv2.CAP_V4L2)
camera.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*sys.argv[2]))
camera.set(cv2.CAP_PROP_FRAME_WIDTH, 1920), camera.set(cv2.CAP_PROP_FRAME_HEIGHT, 1080)
camera.grab()
begin, cpu, n = time.monotonic(), time.process_time(), 0
while time.monotonic() - begin < float(sys.argv[3]):
    n += camera.grab()
print(1000 * (time.process_time() - cpu) / n)
"""


def make_pictures(folder):
    """What a 1080p camera sends: our own test picture, noise included; the mean size in bytes."""
    address = f"tcp://127.0.0.1:{PORT}"
    sender = subprocess.Popen([table.program("glimt"), "send", f"test:?size={SIZE}", f"{address}?listen"], **QUIET)
    data = subprocess.run([table.program("glimt"), "recv", address, "-", "--format", "mjpeg", "--frames", "8"], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    sender.terminate()
    sender.wait()
    jpegs, _ = split_jpegs(data)
    for name, change in (("whole", lambda jpeg: jpeg), ("bare", without_tables)):
        os.makedirs(os.path.join(folder, name))
        for i, jpeg in enumerate(jpegs):
            with open(os.path.join(folder, name, f"{i}.jpg"), "wb") as file:
                file.write(change(jpeg))
    return sum(map(len, jpegs)) / len(jpegs)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def frames_of(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line)["frames"] for line in file.read().split("\n")[:-1]]


def sender_cpu(camera, options, seconds):
    """(milliseconds of the sender's CPU a frame, frames a second)."""
    with tempfile.NamedTemporaryFile("r") as stats, table.Turn():
        sender = subprocess.Popen([table.program("glimt"), "send", f"camera:{camera.node}{options}",
                                   f"udp://127.0.0.1:{PORT}?listen", "--stats", stats.name], env={**os.environ, **camera.env}, **QUIET)
        receiver = subprocess.Popen([table.program("glimt"), "recv", f"udp://127.0.0.1:{PORT}", "null:"], **QUIET)
        time.sleep(2)
        before, cpu, at = len(frames_of(stats.name)), cpu_seconds(sender.pid), time.monotonic()
        time.sleep(seconds)
        cpu, at = cpu_seconds(sender.pid) - cpu, time.monotonic() - at
        counted = frames_of(stats.name)[before - 1:]
        for child in (sender, receiver):
            child.terminate()
            child.wait()
    rate = (counted[-1] - counted[0]) / (len(counted) - 1)
    return 1000 * cpu / (rate * at), rate


def fake_cpu(camera, fourcc, seconds):
    with table.Turn():
        done = subprocess.run(["/usr/bin/python3", "-c", GRAB, camera.node, fourcc, str(seconds)], check=True,
                              env={**os.environ, **camera.env}, capture_output=True, text=True)
    return float(done.stdout)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--seconds", type=float, default=10)
    o = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        size = make_pictures(folder)
        camera = FakeCamera(table.program("glimt"), folder, formats=f"MJPG:{SIZE}@{FPS},YUYV:{SIZE}@{FPS}")
        raw = []
        for run in range(o.runs):
            for way, (pictures, query) in WAYS.items():
                camera.set(pictures=os.path.join(folder, pictures))
                cpu, fps = sender_cpu(camera, query, o.seconds)
                fake = fake_cpu(camera, "YUYV" if "yuyv" in query else "MJPG", o.seconds / 3)
                raw.append({"run": run, "way": way, "cpu_ms": cpu, "fake_ms": fake, "fps": fps})
    rows = []
    for way in WAYS:
        runs = [r for r in raw if r["way"] == way]
        rows.append([way, table.spread([r["cpu_ms"] for r in runs]), table.spread([r["fake_ms"] for r in runs]),
                     table.spread([r["fps"] for r in runs], 1)])
    table.write("camera", "CPU of `glimt send` from a camera at 1080p30, one UDP receiver on loopback", [
        "way", "sender, CPU ms a frame", "of that the fake camera itself", "fps"], rows,
        [f"Medians of {o.runs} runs of {o.seconds:g} s, in brackets the best and the worst; JPEGs of {size / 1000:.0f} kB.",
         "The fake camera runs within the sender. Its share was taken apart: Python's `grab()` of its pictures, none fetched."], raw)


if __name__ == "__main__":
    main()
