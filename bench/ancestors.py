#!/usr/bin/env python3
"""The five older Python programs against Glimt in their own wires: the same pictures, the same two end points, in turn."""
import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import table
from process import cpu_s, free_port, poll_until
from times import percentile

from ancestor_ends import PEERS, PYTHON, Ancestor  # process.py knows the way to tests/support
from stored_pictures import make_sources
from command import Child
from stand_ins import make_clip

WARM = 30  # pictures, as in bench/wire_latency.cpp and stand_ins.Cost
PAIRS = [("script", "script"), ("glimt", "glimt"), ("glimt", "script"), ("script", "glimt")]
NAMES = {"script": "script", "glimt": "Glimt"}


class Run:
    """One stream; each end leaves its times in a file."""

    def __init__(self, letter, size, fps, frames, clip, folder):
        self.ancestor, self.fps, self.frames = Ancestor(letter, folder), fps, frames
        self.logs = {end: Path(folder) / f"{end}.log" for end in ("send", "receive")}
        self.size, self.clip, self.letter = f"{size[0]}x{size[1]}", clip, letter
        self.picture = ["--size", self.size, "--clip", clip, "--fps", str(fps), "--frames", str(frames)]

    def script(self, end):
        a = self.ancestor
        receiving = ["--size", self.size, "--check", "number", "--log", self.logs[end]]
        if self.letter in "AB":
            argv = [f"countdown_{'sender' if end == 'send' else 'receiver'}", *a.kind]
        elif self.letter == "C":
            argv = ["pickle_q_streamer", a.here] if end == "send" else ["pickle_q_receiver", f"127.0.0.1:{free_port()}", a.here]
        else:
            argv = ["pickle_q_camera" if end == "send" else "pickle_q_display", a.here]
        options = self.picture + ["--log", self.logs[end]] if end == "send" else receiving
        return Child([PYTHON, PEERS / f"{argv[0]}.py", *argv[1:], *options])

    def glimt(self, end):
        listens = (end == "receive") == self.ancestor.receiver_listens
        url = self.ancestor.glimt(listens) + ("" if self.fps else "&mode=every")
        if end == "send" and self.letter in "AB":
            url += "&quality=95"
        options = self.picture if end == "send" else []
        return Child([table.program("wire_latency"), end, url, *options], stdout=open(self.logs[end], "w", encoding="ascii"))

    def start(self, end, kind):
        return getattr(self, kind)(end)

    def measure(self, sender, receiver):
        kinds = {"send": sender, "receive": receiver}
        order = ("receive", "send") if self.ancestor.receiver_listens else ("send", "receive")
        first = self.start(order[0], kinds[order[0]])
        if kinds[order[0]] == "script" or order[0] == "receive":
            first.says("ready", 10)
        else:
            poll_until(lambda: os.path.exists(f"/proc/{first.pid}/fd") and has_socket(first.pid), 10)
        ends = {order[0]: first, order[1]: self.start(order[1], kinds[order[1]])}
        ends["send"].wait(120)
        settle(ends["receive"])
        ends["receive"].signal(15)
        for end in ends.values():
            if errors := end.errors().replace("ready", "").strip():
                print(f"  {self.letter} {kinds}: {errors[-300:]}", file=sys.stderr)
            end.end()
        return self.result()

    def result(self):
        (sent, sending), (shown, receiving) = (read_log(self.logs[end]) for end in ("send", "receive"))
        latencies = [(shown[n] - sent[n]) / 1e6 for n in shown if n in sent and n >= WARM]
        times = sorted(shown.values())
        rate = (len(times) - 1) / (times[-1] - times[0]) * 1e9 if len(times) > WARM else None
        return {"n": len(latencies), "p50": percentile(latencies, 50), "p99": percentile(latencies, 99),
                "whole": 100 * len(shown) / max(1, len(sent)), "fps": rate,
                "cpu_ms": 1000 * (sending + receiving) if sending and receiving else None}


def has_socket(pid):
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            if os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:"):
                return True
        except FileNotFoundError:
            pass  # closed since
    return False


def settle(child):
    """Until it has taken what was still under way: its CPU stands still."""
    while child.running():
        before = cpu_s(child.pid)
        time.sleep(0.3)
        if not child.running() or cpu_s(child.pid) - before <= 0.01:
            return


def read_log(path):
    """({number: ns}, seconds of CPU a picture)"""
    if not path.exists():
        return {}, 0
    *lines, cost = path.read_text().splitlines() or ["cost 0"]
    return {int(n): int(ns) for n, ns in map(str.split, lines)}, float(cost.split()[1])


def live(o, raw):
    for size in o.sizes:
        with tempfile.TemporaryDirectory() as folder:
            clip = Path(folder) / "clip"
            with open(clip, "wb") as file:
                for picture in make_clip(*size):
                    file.write(picture)
            for run in range(o.runs):
                for letter in o.ancestors:
                    for fps in (30, 0):
                        for sender, receiver in PAIRS:
                            with table.Turn():
                                result = Run(letter, size, fps, o.frames, clip, folder).measure(sender, receiver)
                            raw.append({"ancestor": letter, "size": f"{size[0]}x{size[1]}", "pace": fps, "run": run,
                                        "pair": f"{NAMES[sender]} → {NAMES[receiver]}", **result})


def cells(raw, key, paced):
    return [r[key] for r in raw if bool(r["pace"]) == paced and r[key] is not None]


def live_rows(raw):
    rows = []
    for key in dict.fromkeys((r["size"], r["ancestor"], r["pair"]) for r in raw):
        mine = [r for r in raw if (r["size"], r["ancestor"], r["pair"]) == key]
        whole = [f"{statistics.median(cells(mine, 'whole', paced)):.0f} %" for paced in (True, False)]
        rows.append([*key, sum(cells(mine, "n", True)), *(table.spread(cells(mine, p, True)) for p in ("p50", "p99")), whole[0],
                     table.spread(cells(mine, "cpu_ms", True)), table.spread(cells(mine, "fps", False), 0), whole[1],
                     table.spread(cells(mine, "cpu_ms", False))])
    return rows


def children_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def on_demand(server, client, sources, frames):
    """One clip from start to end; CPU of both processes, start included."""
    port = free_port()
    here = f"127.0.0.1:{port}"
    begin_cpu = children_cpu()
    serving = ([PYTHON, PEERS / "on_demand_server.py", here, sources.still, sources.clip] if server == "script" else
               [table.program("glimt"), "serve", sources.folder, "--image", sources.still.name, "--video", sources.clip.name,
                f"tcp://{here}?wire=pickle-i", "--fast"])
    getting = ([PYTHON, PEERS / "on_demand_client.py", here, "2", "--check", "number", "--size", "64x64"] if client == "script" else
               [table.program("glimt"), "get", "video", f"tcp://{here}?wire=pickle-i", "null:"])
    with Child(serving) as child:
        poll_until(lambda: has_socket(child.pid), 10)
        time.sleep(0.5)
        begin = time.monotonic()
        code = subprocess.run([str(a) for a in getting], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
        seconds = time.monotonic() - begin
    return {"pair": f"{NAMES[server]} → {NAMES[client]}", "code": code, "seconds": seconds, "fps": frames / seconds,
            "cpu_ms": 1000 * (children_cpu() - begin_cpu) / frames}


def stored(o, raw):
    for size in o.sizes:
        with tempfile.TemporaryDirectory() as folder:
            sources = make_sources(folder, size, o.frames)
            for run in range(o.runs):
                for pair in PAIRS:
                    with table.Turn():
                        raw.append({"size": f"{size[0]}x{size[1]}", "run": run, **on_demand(*pair, sources, o.frames)})


def stored_rows(raw):
    rows = []
    for key in dict.fromkeys((r["size"], r["pair"]) for r in raw):
        mine = [r for r in raw if (r["size"], r["pair"]) == key and r["code"] == 0]
        rows.append([*key, len(mine), *(table.spread([r[k] for r in mine], d) for k, d in (("seconds", 2), ("fps", 0), ("cpu_ms", 2)))])
    return rows


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--frames", type=int, default=300)
    options.add_argument("--ancestors", default="ABCE")
    options.add_argument("--sizes", nargs="+", default=["640x480", "1920x1080"])
    options.add_argument("--only", choices=("live", "stored"))
    o = options.parse_args()
    o.sizes = [tuple(int(side) for side in size.split("x")) for size in o.sizes]
    if o.only != "stored":
        raw = []
        live(o, raw)
        table.write("ancestors_live", "A, B, C and E: scripts and Glimt in the scripts' own wires",
                    ["size", "ancestor", "sender → receiver", "n", "handed over → decoded, p50 ms", "p99", "whole at 30 fps",
                     "CPU ms a frame, both ends", "unpaced fps", "whole unpaced", "CPU ms a frame unpaced"],
                    live_rows(raw),
                    [f"Medians of {o.runs} runs in turn, {o.frames} pictures each; in brackets the best and the worst.",
                     "JPEG at quality 95 in A and B. Whole: of the pictures handed over, those shown with the same number at head and foot.",
                     "CPU without what burning in and reading the numbers takes, at either."], raw)
    if o.only != "live":
        raw = []
        stored(o, raw)
        table.write("ancestors_stored", "D: a clip from start to end",
                    ["size", "server → client", "runs", "seconds", "fps", "CPU ms a frame, both processes"], stored_rows(raw),
                    [f"Medians of {o.runs} runs in turn, {o.frames} pictures. The script's server sleeps 16 ms after each picture.",
                     "CPU: user and system of both processes from start to end, the script's judge of pictures included."], raw)


if __name__ == "__main__":
    main()
