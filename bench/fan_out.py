#!/usr/bin/env python3
"""What one more UDP receiver costs the sender, and what 99 that do not decode cost the one that does."""
import argparse
import json
import os
import subprocess
import tempfile
import time

import table
from process import End, Sender, address, cpu_s, listening, wait_for_receivers

COUNTS = (0, 1, 5, 10, 19, 20)
OTHERS = 99


class Crowd:
    """Receivers that reassemble and do not decode, all in one process."""

    def __init__(self, url, count, prefix=()):
        argv = [*prefix, table.program("receivers"), "--count", str(count), "--address", url]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) if count else None

    def end(self):
        """What they received."""
        return json.loads(self.process.communicate()[0]) if self.process else {"missed": 0, "packets": 0, "kernel_drops": 0}


def cost(count, seconds):
    """Percent of a core that the sender takes with so many receivers."""
    with tempfile.TemporaryDirectory() as folder, table.Turn():
        url = address("udp", folder)
        with Sender(table.program("glimt"), listening(url), f"{folder}/sent.jsonl", size=(1280, 720)) as sender:
            crowd = Crowd(url, count)
            wait_for_receivers(sender, count)
            time.sleep(1)
            before, begin = cpu_s(sender.pid), time.monotonic()
            time.sleep(seconds)
            percent = 100 * (cpu_s(sender.pid) - before) / (time.monotonic() - begin)
            mbit = sender.newest()["destinations"][0]["mbit_per_s"]
            return {"receivers": count, "percent": percent, "mbit_per_s": mbit, **crowd.end()}


def slope(points):
    """Of the line nearest to the points, least squares."""
    n, sx, sy = len(points), sum(x for x, _ in points), sum(y for _, y in points)
    return (n * sum(x * y for x, y in points) - sx * sy) / (n * sum(x * x for x, _ in points) - sx * sx)


def one_more(runs, seconds):
    results = {count: [] for count in COUNTS}
    for _ in range(runs):
        for count in COUNTS:
            results[count].append(cost(count, seconds))
    each = [slope([(c, results[c][run]["percent"]) for c in COUNTS if c]) for run in range(runs)]
    twentieth = [results[20][run]["percent"] - results[19][run]["percent"] for run in range(runs)]
    rows = [[count, table.spread([r["percent"] for r in results[count]], 1), table.spread([r["mbit_per_s"] for r in results[count]], 0),
             sum(r["missed"] for r in results[count])] for count in COUNTS]
    rows += [["each further one (line through 1 to 20)", table.spread(each), "–", "–"],
             ["the twentieth (20 less 19)", table.spread(twentieth), "–", "–"]]
    table.write("fan_out_cost", "CPU of the sender by UDP receivers, 720p30 JPEG quality 80 (goal: the twentieth adds less than 3 %)",
                ["receivers", "sender, % of a core", "Mbit/s in all", "frames lost, late or left out"], rows,
                [f"Medians of {runs} runs in turn, in brackets the least and the most; {seconds} s each, user and system from /proc.",
                 "With no receiver nothing is encoded. On loopback the kernel's receive path runs in the sender's send call."],
                [r for of in results.values() for r in of])


def crowd_latency(others, seconds):
    """captured→decoded of the receiver that decodes, with so many that do not; the sender has a core for itself."""
    with tempfile.TemporaryDirectory() as folder, table.Turn():
        url, last = address("udp", folder), os.cpu_count() - 1
        apart = ("taskset", "-c", f"1-{last}") if last else ()
        with Sender(table.program("glimt"), listening(url), f"{folder}/sent.jsonl", size=(640, 360),
                    options=("--quality", "50"), prefix=("taskset", "-c", "0")) as sender:
            crowd = Crowd(url, others, apart)
            wait_for_receivers(sender, others)
            with End([table.program("glimt"), "recv", url, "null:", "--seconds", str(seconds + 1)], f"{folder}/seen.jsonl",
                     prefix=apart) as viewer:
                wait_for_receivers(sender, others + 1)
                before, begin = cpu_s(sender.pid), time.monotonic()
                time.sleep(seconds)
                percent = 100 * (cpu_s(sender.pid) - before) / (time.monotonic() - begin)
                mbit = sender.newest()["destinations"][0]["mbit_per_s"] / (others + 1)
                viewer.wait()
                seen = viewer.newest()
            of = {"others": others, "percent": percent, "mbit_per_s": mbit, **seen["total_ms"]["captured_decoded"]}
            of["viewer_missed"] = seen["lost"] + seen["late"] + seen["dropped"] + seen["skipped"]
            return of | {f"others_{name}": value for name, value in crowd.end().items()}


def crowd(runs, seconds):
    results = {0: [], OTHERS: []}
    for _ in range(runs):
        for others in results:
            results[others].append(crowd_latency(others, seconds))
    more = [b["p99"] - a["p99"] for a, b in zip(results[0], results[OTHERS])]
    rows = [["alone" if others == 0 else f"with {others} that reassemble only", sum(r["n"] for r in of),
             *(table.spread([r[p] for r in of]) for p in ("p50", "p95", "p99")), table.spread([r["percent"] for r in of], 1),
             table.spread([r["mbit_per_s"] for r in of], 1), sum(r["viewer_missed"] for r in of), sum(r["others_missed"] for r in of)]
            for others, of in results.items()]
    rows.append(["more, run by run", "–", "–", "–", table.spread(more)] + ["–"] * 4)
    table.write("fan_out_latency", "captured→decoded of one UDP receiver beside 99 (goal: p99 less than one frame time, 33 ms, more)",
                ["receiver", "n", "p50 ms", "p95", "p99", "sender, % of its core", "Mbit/s each", "it missed", "the others missed"], rows,
                [f"Medians of {runs} runs in turn, in brackets the least and the most; {seconds} s each. 640x360 at 30 fps, JPEG quality 50.",
                 "The sender is pinned to core 0; all receivers to the others, 99 of them in one process."],
                [r for of in results.values() for r in of])


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--seconds", type=float, default=8)
    o = options.parse_args()
    one_more(o.runs, o.seconds)
    crowd(o.runs, o.seconds)


if __name__ == "__main__":
    main()
