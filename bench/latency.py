#!/usr/bin/env python3
"""captured→decoded of whole processes, `glimt send test:` to `glimt recv … null:`, in turn with libjpeg-turbo alone."""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

import codec
import table

TARGET = 1.25
STAGES = ("captured_encoded", "encoded_sent", "sent_arrived", "arrived_whole", "whole_decoded")


def addresses(kind, folder):
    if kind == "unix":
        path = f"unix://{folder}/bench.sock"
        return path, path
    port = 47_100 + int(time.time() * 10) % 800
    return f"{kind}://:{port}", f"{kind}://127.0.0.1:{port}"


def glimt(kind, size, seconds):
    """The last line of --stats of one run."""
    with tempfile.TemporaryDirectory() as folder, table.Turn():
        listen, connect = addresses(kind, folder)
        stats = os.path.join(folder, "stats.jsonl")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        sender = subprocess.Popen([table.program("glimt"), "send", f"test:?size={size}&fps=30", listen], **quiet)
        time.sleep(0.3)
        subprocess.run([table.program("glimt"), "recv", connect, "null:", "--stats", stats, "--seconds",
                        str(seconds + 0.5)], check=True, **quiet)
        sender.terminate()
        sender.wait()
        with open(stats, encoding="utf-8") as f:
            return json.loads(f.readlines()[-1])


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--seconds", type=int, default=6)
    o = options.parse_args()
    rows, raw = [], []
    for size in ("1280x720", "1920x1080"):
        runs = {kind: [] for kind in ("reference", "udp", "tcp", "unix")}
        for _ in range(o.runs):
            runs["reference"].append(codec.measure(size, 80, 30, False, o.seconds))
            for kind in ("udp", "tcp", "unix"):
                runs[kind].append(glimt(kind, size, o.seconds))
        rows += rows_of(size, runs, raw)
    table.write("latency", "captured→decoded, JPEG quality 80, 30 fps, sender and receiver on one machine",
                ["size", "way", "n", "p50 ms", "p95", "p99", f"p50 / reference (target {TARGET})", "lost+late+dropped"]
                + [s.replace("_", "→") for s in STAGES],
                rows,
                [f"Medians of {o.runs} runs in turn, in brackets the best and the worst; stages are p50.",
                 "Reference: encode + decode of the same picture by libjpeg-turbo alone in one thread, paced at 30 fps."],
                raw)


def rows_of(size, runs, raw):
    base = statistics.median(r["sum"]["p50"] for r in runs["reference"])
    rows = []
    for kind, results in runs.items():
        times = [r["sum"] if kind == "reference" else r["total_ms"]["captured_decoded"] for r in results]
        raw += [{"size": size, "way": kind, **t} for t in times]
        p50 = statistics.median(t["p50"] for t in times)
        row = [size, kind, sum(t["n"] for t in times)]
        row += [table.spread([t[p] for t in times]) for p in ("p50", "p95", "p99")] + [f"{p50 / base:.3f}"]
        if kind == "reference":
            row += ["–", table.spread([r["encode"]["p50"] for r in results]), "–", "–", "–",
                    table.spread([r["decode"]["p50"] for r in results])]
        else:
            row += [sum(r["lost"] + r["late"] + r["dropped"] for r in results)]
            row += [table.spread([r["total_ms"][s]["p50"] for r in results], 3) for s in STAGES]
        rows.append(row)
    return rows


if __name__ == "__main__":
    main()
