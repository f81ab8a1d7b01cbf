#!/usr/bin/env python3
"""What a viewer over HTTP costs the hub, and what 500 slow connections cost it and its viewers."""
import argparse
import json
import os
import subprocess
import tempfile
import time
import urllib.request

import table
from process import cpu_s, free_port, poll_until
from slow_peers import SlowPeers

LIVE, MULTIPART = "WebSocket", "JPEG behind JPEG"
COUNTS = (1, 20)
WATCHED = 5


class Hub:
    """The command with a 720p30 test picture, on the first core."""

    def __init__(self, folder):
        self.port = free_port()
        with open(f"{folder}/hub.toml", "w", encoding="utf-8") as f:
            f.write(f'state = "none"\nannounce = false\n[control]\nunix = "{folder}/control.sock"\n[web]\nlisten = "127.0.0.1:{self.port}"\n'
                    '[[stream]]\nname = "cam0"\nsource = "test:?size=1280x720&fps=30"\n')
        self.process = subprocess.Popen([*core(0), table.program("glimt"), "hub", "--config", f"{folder}/hub.toml"], stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        if not poll_until(self.serves, 20):
            raise SystemExit("the hub does not serve")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def get(self, page):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{page}", timeout=10) as answer:
            return answer.read()

    def serves(self):
        try:
            return b"flowing" in self.get("health")
        except OSError:
            return False

    def counted(self, name):
        return next(float(line.split()[1]) for line in self.get("metrics").decode().splitlines() if line.startswith(name + " "))


class Viewers:
    """All in one process, which throws pictures away; `seen` is what came since it was last asked."""

    def __init__(self, port, kind, count):
        argv = [*core(1), table.program("web_viewers"), "--port", str(port), "--count", str(count)]
        self.process = subprocess.Popen([*argv, *(["--multipart"] if kind == MULTIPART else [])], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()  # they are all there

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()

    def seen(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def core(number):
    return ("taskset", "-c", str(number % os.cpu_count()))


def measured(hub, viewers, seconds):
    """Over so long: the hub's percent of a core, what it encoded, and what its viewers got."""
    time.sleep(1)
    encoded = 'glimt_stream_frames_total{stream="cam0"}'
    left_out, frames = hub.counted("glimt_web_dropped_frames_total"), hub.counted(encoded)
    if viewers:
        viewers.seen()  # last: an answer beside slow peers takes its time
    before, begin = cpu_s(hub.pid), time.monotonic()
    time.sleep(seconds)
    of = {"percent": 100 * (cpu_s(hub.pid) - before) / (time.monotonic() - begin), **(viewers.seen() if viewers else {"fewest": None})}
    return {**of, "encoded": hub.counted(encoded) - frames, "left_out": hub.counted("glimt_web_dropped_frames_total") - left_out}


def looked_at(kind, count, seconds):
    with tempfile.TemporaryDirectory() as folder, table.Turn(), Hub(folder) as hub:
        if count == 0:
            return {"kind": "nobody", "viewers": 0, **measured(hub, None, seconds)}
        with Viewers(hub.port, kind, count) as viewers:
            return {"kind": kind, "viewers": count, **measured(hub, viewers, seconds)}


def costs(seconds, runs):
    cases = [(None, 0)] + [(kind, count) for kind in (LIVE, MULTIPART) for count in COUNTS]
    results = {case: [] for case in cases}
    for _ in range(runs):
        for case in cases:
            results[case].append(looked_at(*case, seconds))
    rows = [[of[0]["kind"], count, table.spread([r["percent"] for r in of], 1), table.spread([r["encoded"] for r in of], 0),
             table.spread([r["fewest"] for r in of], 0), sum(r["left_out"] for r in of)] for (_, count), of in results.items()]
    few, many = COUNTS
    for kind in (LIVE, MULTIPART):
        more = [(b["percent"] - a["percent"]) / (many - few) for a, b in zip(results[kind, few], results[kind, many])]
        rows.append([f"each further one, {kind}", "–", table.spread(more), "–", "–", "–"])
    table.write("web_cost", "CPU of the hub by viewers over HTTP, 720p30 JPEG (goal: at most 1.5 % for each beyond the encode)",
                ["viewers", "how many", "hub, % of a core", "pictures encoded, a little longer", "the one with the fewest got", "left out for them"], rows,
                [f"Medians of {runs} runs in turn, in brackets the least and the most; {seconds} s each, user and system from /proc.",
                 "The hub is pinned to core 0, all viewers to core 1, in one process that takes every picture and throws it away. With nobody nothing is encoded.",
                 "Each further one: 20 less 1, by 19. On loopback the kernel's receive path runs in the hub's send call."],
                [r for of in results.values() for r in of])


def troubled(slow, seconds):
    with tempfile.TemporaryDirectory() as folder, table.Turn(), Hub(folder) as hub, Viewers(hub.port, LIVE, WATCHED) as viewers:
        if not slow:
            return {"slow": 0, **measured(hub, viewers, seconds), "made_room": 0}
        with SlowPeers(hub.port, slow):
            return {"slow": slow, **measured(hub, viewers, seconds), "made_room": hub.counted("glimt_web_made_room_total")}


def slow_peers(seconds, runs):
    results = {0: [], 500: []}
    for _ in range(runs):
        for slow in results:
            results[slow].append(troubled(slow, seconds))
    rows = [[slow, *(table.spread([r[what] for r in of], digits) for what, digits in (("percent", 1), ("encoded", 0), ("fewest", 0))),
             sum(r["missed"] for r in of), table.spread([r["made_room"] for r in of], 0)] for slow, of in results.items()]
    table.write("web_slow", f"{WATCHED} WebSocket viewers beside 500 slow connections (goal: they keep their pictures)",
                ["slow connections", "hub, % of a core", "pictures encoded, a little longer", "the one with the fewest got", "missed by all", "slow ones that made room"], rows,
                [f"Medians of {runs} runs in turn, in brackets the least and the most; {seconds} s each. Pinned as in web_cost.",
                 "The slow ones are tests/support/slow_peers.py: headers that go on a byte at a time, silence, idleness, 40 that read no answer; who is ended comes back."],
                [r for of in results.values() for r in of])


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--only", choices=["cost", "slow"])
    o = options.parse_args()
    if o.only in (None, "cost"):
        costs(o.seconds, o.runs)
    if o.only in (None, "slow"):
        slow_peers(o.seconds, o.runs)


if __name__ == "__main__":
    main()
