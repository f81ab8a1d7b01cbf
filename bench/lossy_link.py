#!/usr/bin/env python3
"""Whole processes with a way between them that loses packets in bursts: the same numbered clip, the same losses, in turn with none."""
import argparse
import json
import os
import re
import shutil
import statistics
import sys
import tempfile

import compare
import table
from process import free_port
from command import Child

GE = "1.316,25,0,100"  # 5 % in bursts of 4
LATE_MS = 60           # what Glimt's receiver waits at most
SIZE, FPS = "1280x720", 30


class Link:
    """Where a sender sends to, where its receiver listens, and between them the relay."""

    def __init__(self, folder):
        self.folder, (self.near, self.far) = folder, (free_port(), free_port())
        self.to_relay = compare.Case(SIZE, "i420", self.near, folder)
        self.from_relay = compare.Case(SIZE, "i420", self.far, folder)

    def file(self, name):
        return os.path.join(self.folder, name)


def glimt(link, more=""):
    command = table.program("glimt")
    return (f"{command} send - udp://127.0.0.1:{link.near} --format i420 --size {SIZE} --fps {FPS} --quality 75 "
            f"--stats {link.file('sender')}",
            f"{command} recv 'udp://:{link.far}?listen&mode=every&latency={LATE_MS}ms{more}' - --format i420 "
            f"--stats {link.file('receiver')}")


def ancestor(link):
    script = f"/usr/bin/python3 {os.path.join(table.HERE, 'countdown_pipe.py')}"
    return f"{script} send 127.0.0.1:{link.near} {SIZE}", f"{script} receive 127.0.0.1:{link.far} {SIZE}"


def srt(link, latency_ms):
    late = f"&latency={latency_ms * 1000}"
    return (f"ffmpeg {compare.LOUD} -f rawvideo -pix_fmt yuv420p -s {SIZE} -r {FPS} -i - -pix_fmt yuv420p -c:v libx264 "
            f"-preset ultrafast -tune zerolatency -g 30 -crf 23 -omit_video_pes_length 0 -flush_packets 1 -f mpegts "
            f"'srt://127.0.0.1:{link.near}?mode=caller&pkt_size=1316{late}'",
            f"ffmpeg {compare.LOUD} -fflags nobuffer -flags low_delay -probesize 50000 -analyzeduration 0 -threads 1 "
            f"-f mpegts -i 'srt://127.0.0.1:{link.far}?mode=listener{late}' "
            f"-vsync passthrough -pix_fmt yuv420p -flush_packets 1 -f rawvideo -")


def gstreamer(link):
    receive = compare.gstreamer_receive(link.from_relay)
    return compare.gstreamer_send(link.to_relay), receive.replace("! rtpjpegdepay", "! rtpjitterbuffer latency=20 ! rtpjpegdepay")


SYSTEMS = {
    "Glimt, JPEG over UDP, mode=every": (glimt, ()),
    "ancestor A, JPEG over UDP": (ancestor, ()),
    "FFmpeg, x264 in MPEG-TS over SRT, 120 ms": (lambda link: srt(link, 120), ("ffmpeg",)),
    "FFmpeg, x264 in MPEG-TS over SRT, 50 ms": (lambda link: srt(link, 50), ("ffmpeg",)),
    "GStreamer, JPEG over RTP, jitter buffer of 20 ms": (gstreamer, ("gst-launch-1.0",)),
}


class Relay:
    """The relay's process; `counted`, once it has ended, is what it said: {fwd: {}, rev: {}, own: {}}."""

    def __init__(self, o, link, seed, losses):
        ways = ["--delay", o.delay, "--mtu", o.mtu, "--seed", seed]
        if losses:
            ways += ["--fwd-ge", o.fwd_ge, *(["--rev-ge", o.rev_ge] if o.rev_ge else [])]
        self.child = Child([o.relay, "udp", "--listen", f"127.0.0.1:{link.near}", "--to", f"127.0.0.1:{link.far}", *ways])
        if not self.child.says("impair ready", 5):
            raise SystemExit(f"the relay did not start: {self.child.errors()}")
        self.counted = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.signal(15)
        self.child.wait(5)
        for way, fields in re.findall(r"impair final (fwd |rev |)(.*)", self.child.errors()):
            self.counted[way.strip() or "own"] = {k: int(v) for k, v in (f.split("=") for f in fields.split())}
        self.child.end()

    def faults(self):
        """What it did that was not asked of it."""
        sums = {f"{way} {key}": self.counted[way].get(key, 0) for way in ("fwd", "rev") for key in ("queue_drop", "send_err", "held_drop")}
        sums["own_rx_overflow"] = self.counted["own"]["own_rx_overflow"]
        return ", ".join(f"{name} {value}" for name, value in sums.items() if value)


def newest(path):
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")[:-1]
    return json.loads(lines[-1]) if lines else {}


def glimt_counts(link):
    sender, receiver = newest(link.file("sender")), newest(link.file("receiver"))
    if not sender or not receiver:
        return {}
    to = sender["destinations"][0]
    data = to["packets"] - to["parity"] - to["repair"]
    return {"data": data, "packets_a_frame": data / max(1, to["frames"]), "parity": to["parity"], "repair": to["repair"],
            "overhead": (to["parity"] + to["repair"]) / max(1, data),
            **{key: receiver[key] for key in ("packets_lost", "recovered", "asked", "kernel_drops", "lost", "late", "dropped")}}


def measure(o, system, run, losses):
    with tempfile.TemporaryDirectory() as folder, table.Turn():
        link = Link(folder)
        send, receive = SYSTEMS[system][0](link)
        with Relay(o, link, o.seed + run, losses) as relay:
            text = table.output_of(table.program("frame_harness"), "--size", SIZE, "--format", "i420", "--fps", str(FPS),
                                   "--frames", str(o.frames), "--receiver-first", "--send", send + " 2>/dev/null",
                                   "--receive", receive + " 2>/dev/null")
        result = json.loads(text)
        if "whole" not in result:
            raise SystemExit(f"{system}: no picture came through")
        fwd = relay.counted["fwd"]
        late = {key: value for key, value in relay.counted["own"].items() if key.startswith("late")}
        return dict(system=system, run=run, losses=losses, **{k: result[k] for k in ("sent", "whole", "torn", "missing", "unreadable",
                    "backwards", "worst_block_db")}, **{f"{k}_ms": v for k, v in result["latency"].items() if k != "n"},
                    counted=o.frames, bytes_a_frame=fwd["in_bytes"] / result["sent"], faults=relay.faults(),
                    relay_loss=fwd["frags_lost"] / fwd["frags"], relay_bursts=fwd.get("bursts"), relay_lost=fwd["frags_lost"],
                    **late, **glimt_counts(link))


def row_of(runs):
    total = lambda key: sum(r[key] for r in runs)
    percentile = lambda p: table.spread([r[f"{p}_ms"] for r in runs if r["whole"]], 1)
    return [total("counted"), total("whole"), total("torn"), total("missing"), *map(percentile, ("p50", "p95", "p99")),
            f"{statistics.mean(r['bytes_a_frame'] for r in runs) / 1000:.1f}"]


def rows_of(raw):
    rows = []
    for system in dict.fromkeys(r["system"] for r in raw):
        lossy, clean = ([r for r in raw if r["system"] == system and r["losses"] == losses] for losses in (True, False))
        more = statistics.mean(r["bytes_a_frame"] for r in lossy) / statistics.mean(r["bytes_a_frame"] for r in clean) - 1
        faults = "; ".join(r["faults"] for r in lossy + clean if r["faults"])
        rows.append([system, "none", *row_of(clean), "", ""])
        rows.append(["", f"{100 * statistics.mean(r['relay_loss'] for r in lossy):.2f} %", *row_of(lossy), f"{100 * more:+.1f} %",
                     f"no: {faults}" if faults else "yes"])
    return rows


def glimt_notes(raw):
    """What the issue asks of Glimt, and what its own statistics say of the runs with losses."""
    runs = [[r for r in raw if r["system"].startswith("Glimt") and r["losses"] == losses] for losses in (True, False)]
    if not runs[0]:
        return []
    p50, p95 = ([statistics.median(r[f"{p}_ms"] for r in side) for side in runs] for p in ("p50", "p95"))
    frames, bad = sum(r["counted"] for r in runs[0]), sum(r["counted"] - r["whole"] for r in runs[0])
    names = {"data": "data packets", "parity": "parity", "repair": "repair", "packets_lost": "lost of all", "recovered": "recovered",
             "asked": "asked", "lost": "frames lost", "late": "late", "dropped": "dropped", "kernel_drops": "kernel drops"}
    told = "; ".join(f"{name} {sum(r.get(key, 0) for r in runs[0])}" for key, name in names.items())
    overhead = 100 * statistics.mean(r.get("overhead", 0) for r in runs[0])
    return [f"Glimt: {bad} of {frames} frames not whole (goal: 5 of 30 000); p50 {p50[0] - p50[1]:+.2f} ms against the clean run (goal: 1 "
            f"ms), p95 {p95[0] - p95[1]:+.2f} ms (goal: 25 ms); parity and repair over data {overhead:.1f} %, in packets.",
            f"Its statistics of all runs with losses, start included: {told}."]


def side_by_side(o):
    present = [s for s, (_, needs) in SYSTEMS.items() if o.only in s and all(shutil.which(n) for n in needs)]
    raw = []
    for run in range(o.runs):
        for system in present:
            for losses in (False, True):
                raw.append(measure(o, system, run, losses))
                r = raw[-1]
                print(f"{system}, {'losses' if losses else 'clean'}: whole {r['whole']} of {r['counted']}, p50 {r['p50_ms']:.1f}, "
                      f"p95 {r['p95_ms']:.1f} ms", file=sys.stderr, flush=True)
    title = f"720p30 through a relay: {2 * float(o.delay):g} ms there and back, 5 % lost in bursts of 4 on the way there"
    table.write("lossy_link", title if o.fwd_ge == GE else title.split(",")[0], [
        "system", "lost", "frames", "whole", "torn", "missing", "last byte written → whole frame read, p50 ms", "p95", "p99",
        "sent, kB a frame", "over the clean run", "relay in order"], rows_of(raw), [
        f"{o.runs} run(s) of {o.frames} frames, clean and with losses in turn, seed {o.seed}; relay: {os.path.basename(o.relay)}, "
        f"--delay {o.delay} --mtu {o.mtu} --fwd-ge {o.fwd_ge}{' --rev-ge ' + o.rev_ge if o.rev_ge else ''}.",
        "Lost: of the IP packets. Whole: every block of 16 rows shows what was sent under the number that is read. Latency: of whole "
        "frames.", late_of(raw), *glimt_notes(raw)], raw)


def late_of(raw):
    late = [r["late_p99_us"] for r in raw if "late_p99_us" in r]
    return f"The relay was late by {table.spread(late, 0)} us, p99 of a run." if late else "How late the relay was, it does not say."


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--frames", type=int, default=900, help="that count, a run")
    options.add_argument("--runs", type=int, default=1)
    options.add_argument("--only", default="", help="systems whose name has this in it, as in Glimt")
    options.add_argument("--relay", default=table.program("impaired_relay"), help="or one with the same command line")
    options.add_argument("--delay", default="10", help="ms, each way")
    options.add_argument("--mtu", default="1500")
    options.add_argument("--fwd-ge", default=GE)
    options.add_argument("--rev-ge", default="", help="the way back loses nothing unless this is said")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--cross-check", metavar="IMPAIR", help="one cell through our relay, through this one and in virtual time")
    o = options.parse_args()
    if o.cross_check:
        import lossy_link_check
        lossy_link_check.run(o)
    else:
        side_by_side(o)


if __name__ == "__main__":
    main()
