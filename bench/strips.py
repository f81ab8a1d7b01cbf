#!/usr/bin/env python3
"""Strips: captured→decoded of a JPEG stream over UDP against serial encode + decode by libjpeg-turbo alone, pinned to a core a side
and unpinned; then by the number of strips, stage by stage."""
import argparse
import json
import os
import statistics
import subprocess
import time

import table

SIZE = "1920x1080"
TARGET = 0.65
STAGES = ("captured_encoded", "encoded_sent", "sent_arrived", "arrived_whole", "whole_decoded")


def reference(seconds, pinned):
    command = [table.program("codec_reference"), "--size", SIZE, "--quality", "80", "--fps", "30", "--seconds", str(seconds)]
    return json.loads(table.output_of(*(["taskset", "-c", "0"] if pinned else []), *command))["sum"]["p50"]


def ends(seconds, pinned, strips, workers):
    port = 47_900 + int(time.time() * 10) % 800

    def start(verb, core, extra):
        command = [table.program("strip_ends"), verb, f"udp://127.0.0.1:{port}" + ("?listen" if verb == "receive" else ""),
                   "--workers", str(workers), *extra]
        return subprocess.Popen((["taskset", "-c", str(core)] if pinned else []) + command, stdout=subprocess.PIPE, text=True)

    receiver = start("receive", 1, ["--seconds", str(seconds)])
    sender = start("send", 0, ["--size", SIZE, "--strips", str(strips), "--seconds", str(seconds + 1.5)])
    received, sent = json.loads(receiver.communicate()[0]), json.loads(sender.communicate()[0])
    first_sent = received["captured_encoded"]["p50"] + received["encoded_sent"]["p50"]
    return {"pinned": pinned, "strips": strips, "workers": workers, "received": received, "sent": sent,
            "p50": received["captured_decoded"]["p50"], "p95": received["captured_decoded"]["p95"],
            "p99": received["captured_decoded"]["p99"],
            "first_packet": first_sent / sent["captured_encoded"]["p50"],
            "cpu": sent["cpu_ms"] + received["cpu_ms"], "missed": received["missed"]}


def row_of(label, runs):
    return ([label, runs[0]["strips"] or "own choice", sum(r["received"]["captured_decoded"]["n"] for r in runs)]
            + [table.spread([r[p] for r in runs]) for p in ("p50", "p95", "p99")]
            + [table.spread([r["p50"] / r["reference"] for r in runs], 3), f"{statistics.median(r['first_packet'] for r in runs) * 100:.0f} %",
               table.spread([r["sent"]["captured_encoded"]["p50"] for r in runs])]
            + [f"{statistics.median(r['received'][s]['p50'] for r in runs):.2f}" for s in STAGES]
            + [table.spread([r["cpu"] for r in runs]), sum(r["missed"] for r in runs)])


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--seconds", type=float, default=5)
    options.add_argument("--strips", type=lambda text: [int(n) for n in text.split(",")], default=[0, 1, 2, 4, 8, 16])
    o = options.parse_args()
    ways = [("a core a side", True, 1), ("unpinned", False, 0)]
    cases = [(label, pinned, workers, strips) for label, pinned, workers in ways for strips in o.strips]
    runs, bases = {case: [] for case in cases}, {True: [], False: []}
    for _ in range(o.runs):
        with table.Turn():
            for _, pinned, workers in ways:
                # Before and after: on a shared machine a core is not as fast at all times.
                before = reference(o.seconds, pinned)
                mine = {case: ends(o.seconds, pinned, case[3], workers) for case in cases if case[1] == pinned}
                bases[pinned].append((before + reference(o.seconds, pinned)) / 2)
                for case, run in mine.items():
                    runs[case].append({**run, "reference": bases[pinned][-1]})
    rows, raw = [], []
    for label, pinned, _ in ways:
        rows.append([label, "serial, libjpeg-turbo alone", "–", table.spread(bases[pinned])] + ["–"] * 13)
        for case in cases:
            if case[1] == pinned:
                rows.append(row_of(label, runs[case]))
                raw += [{"way": label, "strips": r["strips"], "reference": r["reference"], "p50": r["p50"], "p95": r["p95"], "p99": r["p99"],
                         "first_packet": r["first_packet"], "cpu_ms": r["cpu"], "missed": r["missed"],
                         **{s: r["received"][s]["p50"] for s in STAGES}} for r in runs[case]]
    table.write("strips", f"Strips: captured→decoded over UDP, {SIZE} JPEG of quality 80, 30 fps, {os.cpu_count()} cores",
                ["way", "strips", "n", "captured→decoded p50 ms", "p95", "p99", f"p50 / serial (target {TARGET})",
                 "first packet at, of the encode (target 25 %)", "captured→all encoded"]
                + [s.replace("_", "→") for s in STAGES] + ["CPU ms a frame", "missed"], rows,
                [f"Medians of {o.runs} runs in turn, in brackets the best and the worst; stages are p50 of the receiver, where encoded is the first strip.",
                 "Serial: encode + decode of the same picture by libjpeg-turbo in one thread, paced at 30 fps, pinned where the ends are; "
                 "before and after the others of each run, whose ratio is to the mean of both.",
                 "CPU: user + system of both ends, without painting the test picture."], raw)


if __name__ == "__main__":
    main()
