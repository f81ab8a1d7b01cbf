#!/usr/bin/env python3
"""What `--filter faces` costs the stream: captured→decoded with it off, drawing and as metadata, in turn; beside it the ancestor's
way, detection in the capture loop."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import process
import table

sys.path.insert(0, os.path.join(table.ROOT, "tests", "support"))
import cv2  # noqa: E402
from faces import CASCADE, picture_with_face  # noqa: E402

TARGET_MS = 1.0
WAYS = ("off", "faces", "faces:metadata")


def detector_cpu_s(pid):
    """Of the thread that looks for faces; nothing where there is none."""
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii") as f:
            name, _, rest = f.read().partition("(")[2].rpartition(")")
        if name == "glimt-detect":
            fields = rest.split()
            return (int(fields[11]) + int(fields[12])) / process.TICKS
    return 0.0


def stream(picture, way, seconds):
    """One run: times of the whole run, what it lost, CPU a frame of the sender and of its detector."""
    with tempfile.TemporaryDirectory() as folder, table.Turn():
        address, stats = process.address("unix", folder), os.path.join(folder, "stats.jsonl")
        options = [] if way == "off" else ["--filter", way]
        sender = process.End([table.program("glimt"), "send", picture, address, "--fps", "30", *options],
                             os.path.join(folder, "sender.jsonl"))
        with sender, process.End([table.program("glimt"), "recv", address, "null:", "--seconds", str(seconds + 0.5)], stats) as receiver:
            if receiver.wait(seconds + 20) != 0:
                sys.exit(receiver.errors())
            took, detector = process.cpu_s(sender.pid), detector_cpu_s(sender.pid)
            end = receiver.newest()
    times = end["total_ms"]["captured_decoded"]
    return {**times, "lost": end["lost"] + end["late"] + end["dropped"], "cpu_ms": took * 1000 / times["n"],
            "detector_ms": detector * 1000 / times["n"]}


def in_the_loop(path, seconds):
    """Frames per second of a capture loop that detects, draws and encodes, as ancestor B's does; the camera costs nothing here."""
    picture, cascade = cv2.imread(path), cv2.CascadeClassifier(CASCADE)
    with table.Turn():
        frames, begin = 0, time.monotonic()
        while time.monotonic() - begin < seconds:
            frame = picture.copy()
            for x, y, width, height in cascade.detectMultiScale(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), 1.1, 5):
                cv2.rectangle(frame, (x, y), (x + width, y + height), (0, 255, 0), 2)
            cv2.imencode(".jpg", frame)
            frames += 1
        return frames / (time.monotonic() - begin)


def rows_of(size, runs, loops, raw):
    rows = []
    for way, results in runs.items():
        raw += [{"size": size, "way": way, **r} for r in results]
        moved = statistics.median(on["p50"] - off["p50"] for on, off in zip(results, runs["off"]))
        rows.append([size, way, sum(r["n"] for r in results)] + [table.spread([r[p] for r in results]) for p in ("p50", "p95", "p99")]
                    + ["–" if way == "off" else f"{moved:+.2f}", sum(r["lost"] for r in results),
                       table.spread([r["cpu_ms"] for r in results]), table.spread([r["detector_ms"] for r in results]), "30"])
    raw += [{"size": size, "way": "in the capture loop", "fps": fps} for fps in loops]
    return rows + [[size, "in the capture loop (Python)", *["–"] * 8, table.spread(loops, 1)]]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=12)
    options.add_argument("--seconds", type=int, default=2)
    o = options.parse_args()
    rows, raw = [], []
    with tempfile.TemporaryDirectory() as folder:
        for width, height in ((640, 480), (1280, 720)):
            path = os.path.join(folder, f"{height}.png")
            cv2.imwrite(path, picture_with_face((width, height), (width // 2, height // 2), height * 3 // 8))
            runs, loops = {way: [] for way in WAYS}, []
            for _ in range(o.runs):
                for way in WAYS:
                    runs[way].append(stream(path, way, o.seconds))
                loops.append(in_the_loop(path, o.seconds))
            rows += rows_of(f"{width}x{height}", runs, loops, raw)
    table.write("faces", "captured→decoded with the filter off and on, JPEG quality 80, 30 fps, Unix socket, one face in the picture",
                ["size", "way", "n", "p50 ms", "p95", "p99", f"p50 moved by, ms (target < {TARGET_MS:g})", "lost+late+dropped",
                 "sender's CPU ms a frame", "of it the detector", "frames/s"],
                rows,
                [f"Medians of {o.runs} runs in turn, in brackets the best and the worst. p50 moved by: the "
                 "median of the differences between each run and the one without the filter beside it. A painted face, which the "
                 "cascade finds.",
                 "In the capture loop: detect, draw, encode by Python's OpenCV with its own threads, from a picture in memory, unpaced: "
                 "what a loop with a camera in it could reach at most."],
                raw)


if __name__ == "__main__":
    main()
