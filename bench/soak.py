#!/usr/bin/env python3
"""Everything at once for an hour: receivers and senders killed, stopped and restarted at random, beside some that never are. Exits 1 where a bound is broken."""
import argparse
import os
import random
import signal
import sys
import tempfile
import time

import table
from process import End, Sender, Viewer, address, listening
from times import in_ms, percentile

KINDS = ("udp", "tcp", "unix")
GLIMT = table.program("glimt")
FPS = 15
AGAIN = 10           # seconds until pictures must flow
GROWTH_KB = 2048     # of a process that is left in peace
MORE_FILES = 8       # the same: attempts to connect that are under way
PAUSES = {"a receiver killed": 1.5, "a receiver stopped": 5, "a sender killed": 1.5}  # seconds, at most


class Stream:
    """One sender at three addresses, and a viewer at each that is left in peace."""

    def __init__(self, folder, name):
        self.folder, self.name, self.urls = folder, name, {kind: address(kind, folder) for kind in KINDS}
        self.start_sender()
        self.viewers = {kind: self.view(kind, "steady") for kind in KINDS}

    def start_sender(self):
        self.sender = Sender(GLIMT, [listening(url) for url in self.urls.values()], f"{self.folder}/sent.jsonl", fps=FPS)

    def view(self, kind, who):
        return Viewer(GLIMT, self.urls[kind], f"{self.folder}/{kind}-{who}.jsonl")

    def end(self):
        for end in [*self.viewers.values(), self.sender]:
            end.end()


class Soak:
    """`calm` has a sender left in peace and victims among its receivers; of `rough` the sender is the victim."""

    def __init__(self, folder, seed):
        self.random, self.broken = random.Random(seed), []
        for name in ("calm", "rough"):
            os.mkdir(f"{folder}/{name}")
        self.calm, self.rough = (Stream(f"{folder}/{name}", name) for name in ("calm", "rough"))
        self.victims = {kind: self.calm.view(kind, "victim") for kind in KINDS}
        self.recorder = self.record(folder)
        self.times = {what: [] for what in PAUSES}
        self.samples = {}

    def record(self, folder):
        if "--record" not in table.output_of(GLIMT, "recv", "--help"):
            return None
        return End([GLIMT, "recv", self.calm.urls["unix"], "null:", "--record", f"{folder}/soak.mkv"], f"{folder}/recorded.jsonl")

    def in_peace(self):
        """Processes of which memory and descriptors must not grow."""
        found = {"sender": self.calm.sender}
        found |= {f"{kind} receiver": viewer for kind, viewer in self.calm.viewers.items()}
        found |= {f"{kind} receiver, its sender killed": viewer for kind, viewer in self.rough.viewers.items()}
        return found | ({"recording receiver": self.recorder} if self.recorder else {})

    def sample(self):
        for name, end in self.in_peace().items():
            if end.running():
                self.samples.setdefault(name, []).append((time.monotonic(), end.rss_kb(), len(end.open_files())))

    def again(self, what, viewers, since):
        for viewer in viewers:
            picture = viewer.first(lambda p: p.captured >= since, AGAIN)
            if picture:
                self.times[what].append(picture.arrived - since)
            else:
                self.broken.append(f"{what}: no pictures within {AGAIN} s: {viewer.errors()[-300:]}")

    def fault(self):
        what = self.random.choices(list(PAUSES), (5, 3, 2))[0]
        pause, kind = self.random.uniform(0, PAUSES[what]), self.random.choice(KINDS)
        if what == "a sender killed":
            self.rough.sender.signal(signal.SIGKILL)
            self.rough.sender.end()
            time.sleep(pause)
            self.rough.start_sender()
            self.again(what, self.rough.viewers.values(), self.rough.sender.started)
        elif what == "a receiver killed":
            self.victims[kind].signal(signal.SIGKILL)
            self.victims[kind].end()
            time.sleep(pause)
            self.victims[kind] = self.calm.view(kind, "victim")
            self.again(what, [self.victims[kind]], self.victims[kind].started)
        else:
            os.kill(self.victims[kind].pid, signal.SIGSTOP)
            time.sleep(pause)
            os.kill(self.victims[kind].pid, signal.SIGCONT)
            self.again(what, [self.victims[kind]], time.monotonic())

    def run(self, minutes):
        until, next_sample = time.monotonic() + 60 * minutes, 0
        for viewer in [*self.calm.viewers.values(), *self.rough.viewers.values()]:
            viewer.captured_since(0, AGAIN)
        while time.monotonic() < until:
            if time.monotonic() >= next_sample:
                self.sample()
                next_sample = time.monotonic() + 5
            time.sleep(self.random.uniform(0, 2))
            self.fault()
        self.sample()

    def end(self):
        for end in [*self.victims.values(), *([self.recorder] if self.recorder else [])]:
            end.end()
        self.calm.end()
        self.rough.end()


def rows_of_faults(soak):
    return [[what, len(times), "pictures again", *(f"{in_ms(percentile(times, p))} ms" for p in (50, 95, 100)),
             "broken" if any(b.startswith(what) for b in soak.broken) else "held"] for what, times in soak.times.items()]


def rows_of_growth(soak):
    """From a tenth of the run on, what a process has at most above what it had then."""
    rows = []
    for name, end in soak.in_peace().items():
        samples = soak.samples[name]
        begin = samples[0][0] + (samples[-1][0] - samples[0][0]) / 10
        warm = [s for s in samples if s[0] >= begin]
        memory, files = (max(s[i] for s in warm) - warm[0][i] for i in (1, 2))
        holds = memory < GROWTH_KB and files <= MORE_FILES and end.running()
        if not holds:
            soak.broken.append(f"{name}: {memory} kB and {files} descriptors more, {'running' if end.running() else 'ended'}")
        rows.append([f"{name}, in peace", len(warm), "RSS and descriptors more", f"{memory:+d} kB", f"{files:+d}", f"{warm[-1][1]} kB at the end",
                     "held" if holds else "broken"])
    return rows


def rows_of_pictures(soak):
    rows = []
    for kind, viewer in soak.calm.viewers.items():
        ages = [p.arrived - p.captured for p in viewer.pictures]
        newest, holds = viewer.newest(), viewer.unreadable == 0 and viewer.newest()["sessions"] == 1
        if not holds:
            soak.broken.append(f"{kind}: {viewer.unreadable} pictures were torn, {newest['sessions']} sessions")
        missed = sum(newest[name] for name in ("lost", "late", "dropped", "skipped"))
        rows.append([f"{kind} receiver's pictures, in peace", len(ages), f"captured → read; {missed} left out or lost",
                     *(f"{in_ms(percentile(ages, p))} ms" for p in (50, 99, 100)), "held" if holds else "broken"])
    return rows


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("minutes", type=float, nargs="?", default=60)
    options.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    o = options.parse_args()
    print(f"seed {o.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(folder, o.seed)
        try:
            soak.run(o.minutes)
            rows = rows_of_faults(soak) + rows_of_growth(soak) + rows_of_pictures(soak)
        finally:
            soak.end()
    verdict = f"broken: {'; '.join(soak.broken)}" if soak.broken else "every bound held"
    table.write("soak", f"{o.minutes:g} minutes of everything at once: {verdict}",
                ["what", "n", "", "p50, or memory", "p95 (of pictures p99), or descriptors", "most, or at the end", "verdict"], rows,
                [f"Seed {o.seed}. Two senders of 320x240 at {FPS} fps, each over UDP, TCP and Unix at once; nine receivers"
                 f"{' and a recording one' if soak.recorder else ''}.",
                 f"Bounds: pictures again within {AGAIN} s of each return; {GROWTH_KB} kB and {MORE_FILES} descriptors more after a tenth "
                 "of the run; no torn picture; whoever is left in peace keeps its session."])
    return 1 if soak.broken else 0


if __name__ == "__main__":
    sys.exit(main())
