#!/usr/bin/env python3
"""What must not move: others while one receiver is stopped, memory over a million frames, and the first picture's time."""
import argparse
import os
import signal
import tempfile
import time

import table
from process import End, Sender, Viewer, address, listening, wait_for_receivers
from times import percentile

KINDS = ("udp", "tcp", "unix")
FPS = 30
FRESH = 2 / FPS  # seconds: the age that a picture may have
GLIMT = table.program("glimt")


def ms(seconds):
    return "–" if seconds is None else f"{seconds * 1000:.0f}"


class Others:
    """Two receivers whose latency is told by their pictures: captured → read from the pipe."""

    def __init__(self, url, folder):
        self.viewers = [Viewer(GLIMT, url, f"{folder}/other{i}.jsonl") for i in range(2)]

    def p99(self, begin, end):
        ages = [p.arrived - p.captured for v in self.viewers for p in v.pictures if begin <= p.arrived < end]
        return percentile(ages, 99), len(ages)

    def end(self):
        for viewer in self.viewers:
            viewer.end()


def stopped(kind, minutes):
    """A row of the table: half of the time all run, then one is stopped, then it goes on."""
    half = minutes * 30
    with tempfile.TemporaryDirectory() as folder, table.Turn():
        url = address(kind, folder)
        with Sender(GLIMT, listening(url), f"{folder}/sent.jsonl", fps=FPS) as sender:
            others = Others(url, folder)
            one = Viewer(GLIMT, url, f"{folder}/one.jsonl")
            try:
                wait_for_receivers(sender, 3)
                time.sleep(min(5, half / 2))
                begin = time.monotonic()
                time.sleep(half)
                stop, memory = time.monotonic(), sender.rss_kb()
                os.kill(one.pid, signal.SIGSTOP)
                time.sleep(half)
                go_on, memory_now, seen = time.monotonic(), sender.rss_kb(), len(one.pictures)
                os.kill(one.pid, signal.SIGCONT)
                fresh = one.first(lambda p: p.arrived > go_on and p.arrived - p.captured < FRESH, 20, seen)
                first = one.first(lambda p: p.arrived > go_on, 20, seen)
            finally:
                os.kill(one.pid, signal.SIGCONT)
                one.end()
                others.end()
            (before, n), (during, m) = others.p99(begin, stop), others.p99(stop, go_on)
            return {"transport": kind, "n": n + m, "p99_before_ms": 1000 * before, "p99_while_stopped_ms": 1000 * during,
                    "rss_kb": memory, "rss_growth_kb": memory_now - memory,
                    "first_age_ms": 1000 * (first.arrived - first.captured) if first else None,
                    "fresh_after_ms": 1000 * (fresh.arrived - go_on) if fresh else None,
                    "fresh_age_ms": 1000 * (fresh.arrived - fresh.captured) if fresh else None}


def figure(value, digits=1):
    return "–" if value is None else f"{value:.{digits}f}"


def write_stopped(minutes):
    results = [stopped(kind, minutes) for kind in KINDS]
    rows = [[r["transport"], r["n"], figure(r["p99_before_ms"]), figure(r["p99_while_stopped_ms"]), r["rss_growth_kb"],
             figure(r["first_age_ms"], 0), figure(r["fresh_after_ms"], 0), figure(r["fresh_age_ms"], 0)] for r in results]
    table.write("flat_stopped", "One of three receivers is stopped by SIGSTOP (goals: p99 of the others 33 ms more at most, 2 MB, fresh within 100 ms)",
                ["transport", "n", "p99 of the others before, ms", "while it is stopped", "sender's RSS, kB more",
                 "first picture after SIGCONT: age, ms", "SIGCONT → one younger than two frame times, ms", "its age, ms"],
                rows, [f"320x240 at {FPS} fps, {minutes / 2:g} minutes with all three and {minutes / 2:g} with one stopped, a transport.",
                       "p99 of captured → read from `recv -`, pipe and Python's thread included; both of the others together."], results)


def watch(ends, sender):
    """Memory and descriptors of both ends, with the frames sent so far, until the sender has ended."""
    samples = []
    while sender.running():
        try:
            samples.append((sender.newest().get("frames", 0), *[f(e) for e in ends for f in (End.rss_kb, lambda e: len(e.open_files()))]))
        except OSError:
            break  # one has just ended
        time.sleep(0.25)
    return [s for s in samples if all(s[1:])]


def many(kind, frames):
    with tempfile.TemporaryDirectory() as folder, table.Turn():
        url = address(kind, folder)
        receiver = End([GLIMT, "recv", url + ("&" if "?" in url else "?") + "mode=every", "null:", "--once"], f"{folder}/seen.jsonl")
        begin = time.monotonic()
        argv = [GLIMT, "send", "test:?size=64x64&format=gray8", listening(url), "--fast", "--frames", str(frames)]
        with receiver, End(argv, f"{folder}/sent.jsonl") as sender:
            samples = watch((sender, receiver), sender)
            receiver.wait()
            seen = receiver.errors().partition("received ")[2].partition(" ")[0]
    warm = [s for s in samples if s[0] > frames / 10]
    drift = [max(s[i] for s in warm) - warm[0][i] for i in range(1, 5)]
    return {"transport": kind, "frames": frames, "received": seen, "seconds": time.monotonic() - begin, "samples": len(warm),
            "sender_rss_kb": warm[-1][1], "sender_more_kb": drift[0], "sender_files": warm[-1][2], "sender_more_files": drift[1],
            "receiver_rss_kb": warm[-1][3], "receiver_more_kb": drift[2], "receiver_files": warm[-1][4], "receiver_more_files": drift[3]}


def write_many(frames):
    results = [many(kind, frames) for kind in KINDS]
    rows = [[r["transport"], r["received"], f"{frames / r['seconds']:.0f}", r["samples"], f"{r['sender_rss_kb']} ({r['sender_more_kb']:+d})",
             f"{r['sender_files']} ({r['sender_more_files']:+d})", f"{r['receiver_rss_kb']} ({r['receiver_more_kb']:+d})",
             f"{r['receiver_files']} ({r['receiver_more_files']:+d})"] for r in results]
    table.write("flat_frames", f"{frames} frames of 64x64 gray8, unpaced (goal: flat to 1 MB, descriptors flat)",
                ["transport", "received", "frames/s", "samples", "sender's RSS, kB", "its descriptors", "receiver's RSS, kB", "its descriptors"],
                rows, ["mode=every. In brackets the most that was ever above the first sample after a tenth of the frames."], results)


def start_times(kind, count):
    """Seconds from the start of the later process to the first picture: of receivers, then of senders."""
    came, went = [], []
    with tempfile.TemporaryDirectory() as folder, table.Turn():
        url = address(kind, folder)
        with Sender(GLIMT, listening(url), f"{folder}/sent.jsonl") as sender:
            sender.says("sending")
            for _ in range(count):
                with Viewer(GLIMT, url, f"{folder}/seen.jsonl") as viewer:
                    picture = viewer.captured_since(0, 10)
                    came.append(picture.arrived - viewer.started)
    with tempfile.TemporaryDirectory() as folder, table.Turn():
        url = address(kind, folder)
        with Viewer(GLIMT, listening(url), f"{folder}/seen.jsonl") as viewer:
            viewer.wait_for_socket(10)
            for _ in range(count):
                with Sender(GLIMT, url + "?connect", f"{folder}/sent.jsonl") as sender:
                    went.append(viewer.captured_since(sender.started, 10).arrived - sender.started)
    return came, went


def write_starts(count):
    rows, raw = [], []
    for kind in KINDS:
        for what, times in zip(("receiver, against a running sender", "sender, against a waiting receiver"), start_times(kind, count)):
            rows.append([kind, what, len(times), *(ms(percentile(times, p)) for p in (50, 95, 100))])
            raw += [{"transport": kind, "started": what, "ms": 1000 * t} for t in times]
    table.write("flat_start", "Process started → first picture (goal: 50 ms and one frame time, 83 ms in all)",
                ["transport", "started", "n", "p50 ms", "p95", "max"], rows,
                [f"320x240 at {FPS} fps; exec → the picture's last byte is read from `recv -`. Whoever runs listens."], raw)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--frames", type=int, default=1_000_000)
    options.add_argument("--starts", type=int, default=20)
    options.add_argument("--only", choices=("stopped", "frames", "start"))
    o = options.parse_args()
    if o.only in (None, "start"):
        write_starts(o.starts)
    if o.only in (None, "frames"):
        write_many(o.frames)
    if o.only in (None, "stopped"):
        write_stopped(o.minutes)


if __name__ == "__main__":
    main()
