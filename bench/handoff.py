#!/usr/bin/env python3
"""Shared frames (unix://, raw): publish → read() returned, in turn with a bare futex, GStreamer's shared memory and ancestor B."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import ancestors
import table
from process import poll_until
from stand_ins import make_clip
from times import percentile

SIZES = {"VGA": "640x480", "1080p": "1920x1080", "4K": "3840x2160"}
FULL_HD = SIZES["1080p"]
GST = [sys.executable, os.path.join(table.HERE, "shared_gst.py")]
PINNED = [["taskset", "-c", "0"], ["taskset", "-c", "1"]]


def handoff(o, *arguments):
    command = [table.program("handoff"), *map(str, arguments), *(["--realtime"] if o.realtime else [])]
    with table.Turn():
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout)


def priority(o):
    return ["chrt", "-f", "10"] if o.realtime else []


def latencies(sent, came):
    """us by number, without the first thirty pictures"""
    pairs = [dict(map(int, line.split()) for line in text.splitlines() if line) for text in (sent, came)]
    times = [(pairs[1][n] - at) / 1000 for n, at in pairs[0].items() if n >= ancestors.WARM and n in pairs[1]]
    return {"n": len(times), **{f"p{p}": percentile(times, p) for p in (50, 95, 99)}, "max": max(times, default=None)}


def gstreamer(o, rate):
    with tempfile.TemporaryDirectory() as folder, table.Turn():
        frames = str(min(o.frames, 300))
        path, pipe = os.path.join(folder, "shm"), {"stdout": subprocess.PIPE, "text": True}
        commands = [GST + ["send", path, FULL_HD, str(rate), frames], GST + ["receive", path, FULL_HD, frames]]
        sender = subprocess.Popen(priority(o) + PINNED[0] + commands[0], **pipe)
        poll_until(lambda: os.path.exists(path), 10)
        receiver = subprocess.Popen(priority(o) + PINNED[1] + commands[1], **pipe)
        came, sent = receiver.communicate()[0], sender.communicate()[0]
        return {"what": "GStreamer shmsink, shmsrc", "size": FULL_HD, "rate": rate, **latencies(sent, came)}


def ancestor_b(o, clip):
    with tempfile.TemporaryDirectory() as folder, table.Turn():
        run = ancestors.Run("B", (1920, 1080), 30, min(o.frames, 300), clip, folder)
        result = run.measure("script", "script")
        us = {key: result[key] and result[key] * 1000 for key in ("p50", "p99")}
        return {"what": "ancestor B", "size": FULL_HD, "rate": 30, "n": result["n"], **us,
                "cpu_us": result["cpu_ms"] and result["cpu_ms"] * 1000}


def one_round(o, clip):
    """Everything once, in turn."""
    paced = ["--rate", 200, "--frames", o.frames]
    yield "futex", handoff(o, "futex", *paced)
    yield "socket", handoff(o, "socket", *paced)
    for name, size in SIZES.items():
        yield f"Glimt, {name}", handoff(o, "glimt", "--size", size, *paced)
    for way, rate in (("futex", 200), ("glimt", 200), ("glimt", 30)):
        pace = [way, "--size", FULL_HD, "--rate", rate, "--frames", max(150, o.frames * rate // 400)]
        busy, idle = handoff(o, *pace), handoff(o, *pace, "--idle")
        yield f"CPU, {way}", {**busy, "idle_us": idle["cpu_us"], "net_us": busy["cpu_us"] - idle["cpu_us"]}
    many = ["--size", FULL_HD, "--readers", 8, "--rate", 100, "--frames", o.frames]
    yield "8 readers", handoff(o, "glimt", *many)
    yield "8 readers, one asleep", handoff(o, "glimt", *many, "--asleep")
    for name in ("1080p", "4K"):
        yield f"copy, {name}", handoff(o, "copy", "--size", SIZES[name], "--frames", o.frames // 5)
    if not o.alone:
        yield "GStreamer shmsink, shmsrc", gstreamer(o, 30)
        yield "ancestor B (JPEG, datagrams)", ancestor_b(o, clip)


def rows_of(raw):
    rows = []
    futex = statistics.median(r["p50"] for r in raw if r["row"] == "futex")
    ours = statistics.median(r["p50"] for r in raw if r["row"] == "Glimt, 1080p")
    for name, rate in dict.fromkeys((r["row"], r["rate"]) for r in raw if "p50" in r):
        mine = [r for r in raw if r["row"] == name and r["rate"] == rate]
        p50 = statistics.median(r["p50"] for r in mine)
        rows.append([name, mine[0].get("size", ""), rate, sum(r["n"] for r in mine)]
                    + [table.spread([r.get(p) for r in mine], 1) for p in ("p50", "p95", "p99", "max")]
                    + [f"{p50 / futex:.2f}", f"{p50 / ours:.1f}", table.spread([r.get("net_us") for r in mine], 1)])
    return rows


def copy_rows(raw):
    rows = []
    for name in dict.fromkeys(r["row"] for r in raw if "ratio" in r):
        mine = [r for r in raw if r["row"] == name]
        rows.append([name] + [table.spread([r[k] for r in mine], d) for k, d in (("publish_us", 0), ("memcpy_us", 0), ("heap_us", 0), ("ratio", 3))])
    return rows


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--frames", type=int, default=2000)
    options.add_argument("--realtime", action="store_true", help="SCHED_FIFO for all ends, where others use the machine")
    options.add_argument("--alone", action="store_true", help="without GStreamer and ancestor B")
    o = options.parse_args()
    raw = []
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip"
        with open(clip, "wb") as file:
            for picture in make_clip(1920, 1080):
                file.write(picture)
        for run in range(o.runs):
            raw += [{"row": name, "run": run, **result} for name, result in one_round(o, clip)]
    class_of = "SCHED_FIFO for all ends but ancestor B's" if o.realtime else "the stock scheduling class"
    notes = [f"Medians of {o.runs} runs in turn, in brackets the best and the worst; us. Sender on core 0, readers on core 1, asleep "
             f"until the picture comes; {class_of}.",
             "futex, socket: bare wake-ups between two processes, by FUTEX_WAKE and by a message over SOCK_SEQPACKET.",
             "Glimt: borrowed frame, time written into it, publish() → read() returned. GStreamer: push_buffer() → pull_sample(), and its "
             "sender copies once. Ancestor B: before the encoder → after the decoder.",
             "CPU: user and system of all processes a picture, less what the same processes take that sleep alike and publish nothing."]
    table.write("handoff", "Shared frames: publish → read() returned",
                ["way", "size", "fps", "n", "p50 us", "p95", "p99", "max", "p50 / futex", "p50 / Glimt 1080p", "CPU us a frame"],
                rows_of(raw), notes, [r for r in raw if "p50" in r])
    table.write("handoff_copy", "publish(const Mat&) against memcpy of the same bytes",
                ["size", "publish us, p50", "memcpy into shared pages", "into the heap", "publish / memcpy into shared pages"], copy_rows(raw),
                [f"Medians of {o.runs} runs in turn; each copy into memory that was written before."], [r for r in raw if "ratio" in r])


if __name__ == "__main__":
    main()
