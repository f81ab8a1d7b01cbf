#!/usr/bin/env python3
"""A hub that is steered while pictures flow: what a call takes, and what the other receivers notice."""
import argparse
import json
import os
import subprocess
import tempfile
import time

import table
from process import Viewer, free_port, poll_until

RECEIVERS = 49
OWN, OWN_STATELESS, SOCKET = "in one process", "in one process, no state file", "Unix socket"


class Crowd:
    """Receivers of one process that read and do not decode; `seen` is what came since it was last asked."""

    def __init__(self, url, count):
        self.process = subprocess.Popen([table.program("receivers"), "--count", str(count), "--address", url, "--every", "--watch"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.count, self.missed = count, 0

    def seen(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        seen = json.loads(self.process.stdout.readline())
        seen["missed"], self.missed = seen["missed"] - self.missed, seen["missed"]
        return seen

    def wait_for_all(self):
        if not poll_until(lambda: self.seen()["sessions"] >= self.count, 20):
            raise SystemExit("some receivers did not come")

    def end(self):
        self.process.communicate()


class Steering:
    """hub_steering, which waits until it is to begin."""

    def __init__(self, *argv):
        self.process = subprocess.Popen([table.program("hub_steering"), *argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        self.pid = self.process.pid

    def run(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.communicate()


class Hub:
    """The command, with cam0 at `listen` and further destinations where nobody is."""

    def __init__(self, folder, listen, source="test:?size=1280x720&fps=30", further=0):
        self.socket = f"{folder}/control.sock"
        urls = [listen, *(f"udp://127.0.0.1:{20000 + i}" for i in range(further))]
        with open(f"{folder}/hub.toml", "w", encoding="utf-8") as f:
            f.write(f'state = "{folder}/hub.json"\nannounce = false\n[control]\nunix = "{self.socket}"\n[web]\nlisten = "none"\n'
                    f'[[stream]]\nname = "cam0"\nsource = "{source}"\n'
                    f"destinations = {json.dumps(urls)}\n")
        self.started = time.monotonic()
        self.process = subprocess.Popen([table.program("glimt"), "hub", "--config", f"{folder}/hub.toml"], stderr=subprocess.DEVNULL)
        self.pid = self.process.pid

    def wait(self):
        if not poll_until(lambda: os.path.exists(self.socket), 20):
            raise SystemExit("the hub did not come")

    def end(self):
        self.process.terminate()
        self.process.wait(10)


def memory(pid):
    """Resident MB and open descriptors."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        kb = next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
    return kb / 1024, len(os.listdir(f"/proc/{pid}/fd"))


def steered(through, what, folder, listen, options, source="test:?size=1280x720&fps=30", further=0):
    """(hub or nothing, steering)."""
    if through != SOCKET:
        return None, Steering(what, "--listen", listen, "--source", source, "--state", f"{folder}/own.json" if through == OWN else "",
                              "--destinations", str(further), *options)
    hub = Hub(folder, listen, source, further)
    hub.wait()
    return hub, Steering(what, "--address", hub.socket, *options)


def route(through, per_second, seconds):
    with tempfile.TemporaryDirectory() as folder, table.Turn():
        port, to = free_port(), free_port()
        hub, steering = steered(through, "route", folder, f"udp://127.0.0.1:{port}?listen",
                                ["--to", f"udp://127.0.0.1:{to}", "--per-second", str(per_second), "--seconds", str(seconds)])
        crowd, routed = Crowd(f"udp://127.0.0.1:{port}", RECEIVERS), Crowd(f"udp://127.0.0.1:{to}?listen", 1)
        crowd.wait_for_all()
        time.sleep(2)
        crowd.seen()
        time.sleep(min(seconds, 10))
        quiet, before = crowd.seen(), memory((hub or steering).pid)
        calls = steering.run()
        busy, after, last = crowd.seen(), memory((hub or steering).pid), routed.seen()
        for one in (crowd, routed, steering, *([hub] if hub else [])):
            one.end()
        return {"through": through, "per_second": per_second, **{f"call_{k}": v for k, v in calls["calls"].items()}, "seconds": calls["seconds"],
                **{f"quiet_{k}": quiet[k] for k in ("missed", "longest_gap_ms", "oldest_ms")},
                **{f"busy_{k}": busy[k] for k in ("missed", "longest_gap_ms", "oldest_ms")}, "fewest": busy["fewest"],
                "routed_sessions": last["sessions"], "mb_before": before[0], "mb_after": after[0], "files_before": before[1], "files_after": after[1]}


def routes(title, name, per_second, seconds, runs):
    ways = (OWN_STATELESS, OWN, SOCKET)
    results = [route(through, per_second, seconds) for _ in range(runs) for through in ways]
    rows = []
    for through in ways:
        of = [r for r in results if r["through"] == through]
        rows.append([through, sum(r["call_n"] for r in of), *(table.spread([r[f"call_{p}"] for r in of]) for p in ("p50", "p99", "max")),
                     *(sum(r[f"{phase}_missed"] for r in of) for phase in ("quiet", "busy")),
                     *(table.spread([r[f"{phase}_{what}"] for r in of], 1) for what in ("longest_gap_ms", "oldest_ms") for phase in ("quiet", "busy")),
                     sum(r["routed_sessions"] for r in of),
                     table.spread([r["mb_after"] - r["mb_before"] for r in of], 1), table.spread([r["files_after"] - r["files_before"] for r in of], 0)])
    table.write(name, title,
                ["through", "calls", "call p50 ms", "p99", "max", "missed by the others before", "while steered", "longest gap before, ms",
                 "while steered", "oldest picture before, ms", "while steered", "times the routed one was met", "MB more", "descriptors more"], rows,
                [f"Medians of {runs} runs in turn, in brackets the least and the most; 720p30 JPEG, {RECEIVERS} receivers at one listening address in one "
                 "process, which read every picture and do not decode; one more destination comes and goes.",
                 "Missed: lost, late or left out, summed over the receivers. Gap: between two pictures read. Oldest: captured → read. State file on a disk, fsync each call."],
                results)


def lists(seconds, runs):
    results = []
    for _ in range(runs):
        for through in (OWN, SOCKET):
            with tempfile.TemporaryDirectory() as folder, table.Turn():
                port = free_port()
                hub, steering = steered(through, "list", folder, f"udp://127.0.0.1:{port}?listen", ["--seconds", str(seconds)], further=999)
                crowd = Crowd(f"udp://127.0.0.1:{port}", 1)
                crowd.wait_for_all()
                got = steering.run()
                for one in (crowd, steering, *([hub] if hub else [])):
                    one.end()
                results.append({"through": through, **{f"call_{k}": v for k, v in got["calls"].items()}, "destinations": got["destinations"],
                                "encoded_per_second": got["encoded_per_second"]})
    rows = [[through, of[0]["destinations"], sum(r["call_n"] for r in of), *(table.spread([r[f"call_{p}"] for r in of]) for p in ("p50", "p99", "max")),
             table.spread([r["encoded_per_second"] for r in of], 1)]
            for through in (OWN, SOCKET) if (of := [r for r in results if r["through"] == through])]
    table.write("hub_list", "1000 destinations of one stream, listed (goal: 50 ms; a picture encoded once)",
                ["through", "destinations", "calls", "p50 ms", "p99", "max", "encoded a second, source 30"], rows,
                [f"Medians of {runs} runs. One has a receiver, at 999 nobody is."], results)


def swaps(seconds, runs):
    results = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder, table.Turn():
            port = free_port()
            hub, steering = steered(SOCKET, "swap", folder, f"udp://127.0.0.1:{port}?listen", ["--seconds", str(seconds)])
            crowd = Crowd(f"udp://127.0.0.1:{port}", 10)
            crowd.wait_for_all()
            crowd.seen()
            time.sleep(seconds)
            quiet = crowd.seen()
            steering.run()
            time.sleep(1)
            busy = crowd.seen()
            for one in (crowd, steering, hub):
                one.end()
            results.append({**{f"quiet_{k}": v for k, v in quiet.items()}, **{f"busy_{k}": v for k, v in busy.items()}})
    frames = [r["busy_longest_gap_ms"] * 30 / 1000 for r in results]
    table.write("hub_swap", "A source swapped under 10 viewers, once a second (goal: a gap under 3 frames)",
                ["", "longest gap ms", "in frames of 33.3 ms", "missed", "sessions"],
                [["before", table.spread([r["quiet_longest_gap_ms"] for r in results], 1), "", sum(r["quiet_missed"] for r in results), ""],
                 ["while it is swapped", table.spread([r["busy_longest_gap_ms"] for r in results], 1), table.spread(frames, 1),
                  sum(r["busy_missed"] for r in results), sum(r["busy_sessions"] for r in results)]],
                [f"Medians of {runs} runs of {seconds} s, in brackets the least and the most. 640x360 and 1280x720 in turn, both at 30 fps."], results)


def starts(runs):
    took = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder, table.Turn():
            port = free_port()
            with Viewer(table.program("glimt"), f"udp://127.0.0.1:{port}?listen", f"{folder}/seen.jsonl", size=(1280, 720)) as viewer:
                viewer.wait_for_socket(10)
                hub = Hub(folder, f"udp://127.0.0.1:{port}")
                if not poll_until(lambda: viewer.pictures, 20, every=0.005):
                    raise SystemExit("no picture came")
                took.append(1000 * (viewer.pictures[0].arrived - hub.started))
                hub.end()
    table.write("hub_start", "`glimt hub` started → its first picture is read from `recv -` (goal: 300 ms)", ["n", "median ms (least–most)"],
                [[len(took), table.spread(took, 0)]], ["720p30 test picture over UDP; the receiver runs already."], [{"ms": t} for t in took])


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--only", choices=["route", "churn", "list", "swap", "start"])
    o = options.parse_args()
    wanted = lambda what: o.only in (None, what)
    if wanted("start"):
        starts(10)
    if wanted("route"):
        routes("A destination comes and goes, 20 calls a second (goals: p99 5 ms, nothing missed by the others)", "hub_route", 20, o.seconds, o.runs)
    if wanted("list"):
        lists(o.seconds, o.runs)
    if wanted("swap"):
        swaps(o.seconds, o.runs)
    if wanted("churn"):
        routes("A destination comes and goes, 200 calls a second for a minute (goals: no leak, no stall)", "hub_churn", 200, 60, 1)


if __name__ == "__main__":
    main()
