#!/usr/bin/env python3
"""What a page in Chromium shows, and how old it is: 720p30 JPEG from a hub on the same machine, read back from the canvas."""
import argparse
import json
import subprocess

import table

FRAME_MS = 1000 / 30


def one_run(o):
    argv = ["node", f"{table.HERE}/page.mjs", table.program("glimt"), "--seconds", str(o.seconds), "--throttled", str(o.throttled), "--loads", str(o.loads)]
    with table.Turn():
        return json.loads(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--throttled", type=float, default=60)
    options.add_argument("--loads", type=int, default=10)
    o = options.parse_args()
    runs = [one_run(o) for _ in range(o.runs)]
    names = [("captured → painted, read from the worker's canvas", "painted", "p50 at most one frame + decode, p95 60"),
             ("captured → painted, as the page says", "told", ""), ("captured → seen by the page's next frame", "seen", ""),
             ("decode of one JPEG", "decode", ""),
             ("load → first picture painted", "load_painted", "300"), ("opened → first picture painted", "opened_painted", "")]
    rows = [[text, *(table.spread([r[name][what] for r in runs], 1) for what in ("p50", "p95", "max")), sum(r[name]["n"] for r in runs), goal] for text, name, goal in names]
    for text, name, digits, goal in (("pictures not seen by the page's frames, share", "lost_share", 3, ""), ("pictures a second, throttled", "throttled_fps", 2, "2"),
                                     ("frames old, the first painted on waking", "woken_frames_old", 1, "2"), ("bytes of the whole page", "bytes", 0, "100000")):
        rows.append([text, table.spread([r[name] for r in runs], digits), "–", "–", len(runs), goal])
    rows.insert(-2, ["frames old when painted, throttled", *(table.spread([r["throttled_frames_old"][what] for r in runs], 1) for what in ("p50", "p95", "max")),
                     sum(r["throttled_frames_old"]["n"] for r in runs), ""])
    table.write("page", "A page in headless Chromium, 720p30 JPEG; times in ms", ["", "p50", "p95", "max", "n", "goal"], rows,
                [f"Chromium {runs[0]['chromium']}, software painting; medians of {o.runs} runs, in brackets the least and the most.",
                 f"The number and the time burnt into each picture are read from pixels, for {o.seconds:g} s each: from the worker's canvas behind each painting, and from the page's own at each of its animation frames, which is as late as a screen gets them; the cost of reading is in both. The clock is the machine's. What the page says is of {o.seconds:g} s in which nothing is read.",
                 f"Throttled: the worker's animation frames come twice a second for {o.throttled:g} s; then as the screen turns, and the first picture painted after that is judged.",
                 f"A frame is {FRAME_MS:.1f} ms."],
                [{name: json.dumps(value) for name, value in r.items()} for r in runs])


if __name__ == "__main__":
    main()
