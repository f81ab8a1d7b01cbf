#!/usr/bin/env python3
"""Frames through a way that loses packets, in virtual time: whole by their deadline, overhead, added latency; and a picture of it."""
import argparse
import concurrent.futures
import json
import os
import sys
import threading
import time

import loss_plot
import table

# loss, burst, then the goals: frames not whole, overhead
CELLS = {"no loss": (0, 0, 0, 0), "random 1 %": (.01, 0, 1e-5, .06), "random 5 %": (.05, 0, 1e-5, .12),
         "random 10 %": (.1, 0, 1e-5, .22), "bursts of 4, 1 %": (.01, 4, 1e-5, .06), "bursts of 4, 5 %": (.05, 4, 4e-5, .15),
         "bursts of 4, 10 %": (.1, 4, 2e-4, .25), "bursts of 10, 5 %": (.05, 10, 3e-4, .2)}
RTT_MS = 20
DEADLINE_MS = 2 * RTT_MS + 15
BOUNDS = {"p95": RTT_MS + 5, "p99.9": 2 * RTT_MS + 10}  # of added latency, ms
PLOT_PACKETS, PLOT_FPS = (48, 150), 30


def frames_of(goal, packets, o):
    wanted = o.frames if goal == 0 or goal >= 1e-4 else o.frames * 10
    return max(1000, min(wanted, o.most_packets // packets)) if o.most_packets else wanted


def cases_of(o):
    """What lossy_stream is asked for, first the table's, then the picture's."""
    cases = [dict(way=way, packets=k, fps=fps, loss_set=loss, burst=burst, frames_set=frames_of(goal, k, o))
             for way, (loss, burst, goal, _) in CELLS.items() if way in o.cells for k in o.packets for fps in o.fps]
    if o.plot_frames:
        cases += [dict(way="plot", packets=k, fps=PLOT_FPS, burst=burst, loss_set=loss, frames_set=o.plot_frames)
                  for k in PLOT_PACKETS for burst in loss_plot.SERIES for loss in loss_plot.LOSSES]
    return [dict(case, seed=o.seed, commit=table.output_of("git", "-C", table.ROOT, "rev-parse", "--short", "HEAD")) for case in cases]


class Cells:
    """Each cell's result is a line of results/loss.jsonl as soon as it is there; with `resume` the lines of this commit are taken up."""

    def __init__(self, cases, resume):
        os.makedirs(table.RESULTS, exist_ok=True)
        path = os.path.join(table.RESULTS, "loss.jsonl")
        self.file = open(path, "a+" if resume else "w+", encoding="utf-8")
        self.file.seek(0)
        self.done = [json.loads(line) for line in self.file]
        self.cases, self.lock = cases, threading.Lock()
        self.left = [case for case in cases if self.result(case) is None]
        self.begun, self.work_done, self.cells_done = time.monotonic(), 0, 0

    def result(self, case):
        return next((r for r in self.done if all(r.get(key) == value for key, value in case.items())), None)

    def run(self, case):
        with table.Turn():
            words = {"--frames": case["frames_set"], "--packets": case["packets"], "--fps": case["fps"], "--loss": case["loss_set"],
                     "--burst": case["burst"], "--rtt": RTT_MS, "--deadline": DEADLINE_MS, "--seed": case["seed"]}
            text = table.output_of(table.program("lossy_stream"), "cell", *(str(w) for pair in words.items() for w in pair))
        with self.lock:
            self.done.append({**case, **json.loads(text)})
            self.file.write(json.dumps(self.done[-1]) + "\n")
            self.file.flush()
            self.report(case)

    # Time goes with packets, nearly.
    def report(self, case):
        self.work_done += case["frames_set"] * case["packets"]
        self.cells_done += 1
        work = sum(c["frames_set"] * c["packets"] for c in self.left)
        left_s = (time.monotonic() - self.begun) * (work - self.work_done) / self.work_done
        print(f"{self.cells_done}/{len(self.left)} cells, {100 * self.work_done / work:.0f} % of the packets, {left_s / 60:.1f} min; "
              f"{case['way']}, {100 * case['loss_set']:g} %, bursts of {case['burst'] or 1}, k {case['packets']}: "
              f"{self.done[-1]['not_whole']} of {self.done[-1]['frames']}", file=sys.stderr, flush=True)

    def finish(self, jobs):
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            list(pool.map(self.run, self.left))
        self.file.close()
        return [self.result(case) for case in self.cases]


def verdict(r):
    _, _, goal, overhead = CELLS[r["way"]]
    late = [(r["p50_ms"], 0), (r["p95_ms"], BOUNDS["p95"]), (r["p999_ms"], BOUNDS["p99.9"])] if goal else [(r["p999_ms"], 0)]
    missed = [name for name, kept in (("not whole", r["not_whole"] <= goal * r["frames"]),
                                      ("overhead", r["overhead"] <= overhead * (2 if r["packets"] == 26 else 1)),
                                      ("latency", all(value <= most + 1e-9 for value, most in late))) if not kept]
    return "no: " + ", ".join(missed) if missed else "yes"


def row_of(r):
    _, _, goal, overhead = CELLS[r["way"]]
    percent = lambda key: f"{r[key] * 100:.1f} %"
    return [r["way"], r["packets"], r["fps"], r["frames"], r["not_whole"], f"{r['not_whole'] / r['frames']:.1e}", f"{goal:.0e}",
            percent("overhead"), f"{overhead * (200 if r['packets'] == 26 else 100):.0f} %", percent("parity"), percent("repair"),
            r["asked"], r["p50_ms"], r["p95_ms"], r["p999_ms"], verdict(r)]


def write_table(results):
    code = json.loads(table.output_of(table.program("lossy_stream"), "code"))
    table.write("loss", f"Frames through a way that loses packets (virtual time, RTT {RTT_MS} ms, deadline {DEADLINE_MS} ms)",
                ["way", "packets a frame", "fps", "frames", "not whole", "share", "goal", "overhead", "goal", "of it parity", "repair",
                 "times asked", "added p50 ms", "p95", "p99.9", "all goals"], [row_of(r) for r in results],
                ["Added: clean arrival of a frame's last packet → whole, of the frames that were whole by their deadline. Overhead: "
                 "parity and repair over data, in packets. The way back loses nothing.",
                 "Symbols of 68 bytes: the decisions are the same, and a run ends.",
                 f"The code alone, 150 packets of 1152 bytes and 30 rows: encode {code['encode_ms']:.3f} ms, decode of 30 "
                 f"erasures {code['decode_ms']:.3f} ms of one core (goal: 0.3 ms both)."], results)


def write_plot(results):
    goals = {(loss, burst): goal for loss, burst, goal, _ in CELLS.values() if loss}
    path = os.path.join(table.RESULTS, "loss.svg")
    with open(path, "w", encoding="utf-8") as f:
        frames = f"{results[0]['frames']:,}".replace(",", " ")
        f.write(loss_plot.draw(results, goals, BOUNDS, f"Virtual time, {PLOT_FPS} frames a second, RTT {RTT_MS} ms, deadline "
                               f"{DEADLINE_MS} ms, {frames} frames a point"))
    print(path)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--frames", type=int, default=100_000, help="a cell; ten times as many where the goal is below 1e-4")
    options.add_argument("--most-packets", type=int, default=0, help="a cell; 0: no limit")
    options.add_argument("--packets", type=int, nargs="*", default=[26, 48, 150, 600])
    options.add_argument("--fps", type=int, nargs="*", default=[30, 60])
    options.add_argument("--cells", nargs="*", default=list(CELLS), help="none: the picture alone")
    options.add_argument("--plot-frames", type=int, default=100_000, help="a point of the picture; 0: no picture")
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--resume", action="store_true", help="take up what an interrupted run of the same commit has left")
    o = options.parse_args()
    results = Cells(cases_of(o), o.resume).finish(o.jobs)
    if in_table := [r for r in results if r["way"] != "plot"]:
        write_table(in_table)
    if in_plot := [r for r in results if r["way"] == "plot"]:
        write_plot(in_plot)


if __name__ == "__main__":
    main()
