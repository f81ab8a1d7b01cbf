#!/usr/bin/env python3
"""Access units of 150 kB through packetize → UDP on loopback → reassemble: throughput, and one unit alone."""
import argparse
import json

import table

THROUGHPUT = {"all of it": [], "all of it, 16 in flight": ["--in-flight", "16"],
              "kernel and transport alone": ["--bare"], "without GRO": ["--no-gro"],
              "without GSO": ["--no-gso"], "without either": ["--no-gso", "--no-gro"]}
UNIT = {"GSO and GRO": [], "the same, handed over by a third thread": ["--handover"], "without GRO": ["--no-gro"],
        "without GSO": ["--no-gso"], "without either": ["--no-gso", "--no-gro"]}
COSTS = ("send_user_us", "send_system_us", "receive_user_us", "receive_system_us")


def measure(what, arguments):
    with table.Turn():
        return json.loads(table.output_of(table.program("packet_path"), what, *arguments))


def in_turn(what, cases, runs, more):
    results = {name: [] for name in cases}
    for _ in range(runs):
        for name, arguments in cases.items():
            results[name].append(measure(what, arguments + more))
    return results


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--seconds", type=float, default=2)
    options.add_argument("--count", type=int, default=300)
    o = options.parse_args()
    note = f"Medians of {o.runs} runs in turn, in brackets the best and the worst."
    results = in_turn("throughput", THROUGHPUT, o.runs, ["--seconds", str(o.seconds)])
    rows = [[name, sum(int(r["packets"]) for r in runs), table.spread([r["gbit_per_s"] for r in runs])]
            + [table.spread([r[c] for r in runs], 3) for c in COSTS]
            + [sum(r["lost"] for r in runs), sum(r["refused"] + r["kernel_drops"] for r in runs)]
            for name, runs in results.items()]
    table.write("packet_path_throughput", "Packet path, UDP loopback, access units of 150 kB (target: 10 Gbit/s)",
                ["path", "packets", "Gbit/s of access units", "send: own us a packet", "send: kernel us",
                 "receive: own us a packet", "receive: kernel us", "units lost", "refused, kernel drops"], rows,
                [note, "A thread each end, at most 4 units in flight unless said: a corner, because the socket buffer "
                 "never runs over.", "On loopback the kernel's receive path runs in the sender's send call.",
                 "Own CPU is the thread's user time and has the memory traffic of a 150 kB unit in it."],
                [{"path": name, **r} for name, runs in results.items() for r in runs])
    results = in_turn("unit", UNIT, o.runs, ["--count", str(o.count)])
    times = {name: [r["handed_over_whole"] for r in runs] for name, runs in results.items()}
    rows = [[name, sum(t["n"] for t in times[name])]
            + [table.spread([t[p] for t in times[name]], 3) for p in ("p50", "p95", "p99")]
            + [sum(r["lost"] for r in results[name])] for name in results]
    table.write("packet_path_unit", "One access unit of 150 kB, handed over → whole (target: p50 0.4 ms)",
                ["path", "n", "p50 ms", "p95", "p99", "units lost"], rows,
                [note, "One unit every 10 ms, both ends asleep in between.",
                 "Handed over: packetize begins, or the third thread raises the signal; whole: the reassembler's end()."],
                [{"path": name, **t} for name in times for t in times[name]])


if __name__ == "__main__":
    main()
