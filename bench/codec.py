#!/usr/bin/env python3
"""What encode and decode of the test picture cost by libjpeg-turbo alone, in one thread."""
import argparse
import json

import table

STAGES = ("encode", "decode", "sum")


def measure(size, quality, fps, fancy, seconds):
    command = [table.program("codec_reference"), "--size", size, "--quality", str(quality), "--fps", str(fps),
               "--seconds", str(seconds)] + (["--fancy"] if fancy else [])
    with table.Turn():
        return json.loads(table.output_of(*command))


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--seconds", type=float, default=3)
    o = options.parse_args()
    cases = [(size, quality, fps, fancy) for size in ("1280x720", "1920x1080") for quality in (80, 75)
             for fps in (30, 0) for fancy in (False, True) if not (fancy and fps == 30)]
    raw = [dict(run=run, **measure(*case, o.seconds)) for run in range(o.runs) for case in cases]
    rows, flat = [], []
    for size, quality, fps, fancy in cases:
        runs = [r for r in raw if (r["size"], r["quality"], r["fps"], r["fancy"]) == (size, quality, fps, fancy)]
        pace = "30 fps" if fps else "back to back"
        rows.append([size, quality, pace, "fancy" if fancy else "plain", f"{runs[0]['bytes'] / 1000:.0f}",
                     sum(r["sum"]["n"] for r in runs)]
                    + [" / ".join(table.spread([r[s][p] for r in runs]) if p == "p50" else
                                  table.spread([r[s][p] for r in runs]).split(" ")[0]
                                  for p in ("p50", "p95", "p99")) for s in STAGES])
        flat += [{"size": size, "quality": quality, "fps": fps, "fancy": fancy, "run": r["run"], "bytes": r["bytes"],
                  **{f"{s}_{p}_ms": r[s][p] for s in STAGES for p in ("n", "p50", "p95", "p99", "max")}}
                 for r in runs]
    table.write("codec", "libjpeg-turbo alone, one thread, the test picture as BGR, 4:2:0",
                ["size", "quality", "pace", "upsampling", "kB", "n", "encode ms p50/p95/p99", "decode ms", "sum ms"],
                rows, [f"Medians of {o.runs} runs in turn; in brackets the p50 of the best and the worst run."], flat)


if __name__ == "__main__":
    main()
