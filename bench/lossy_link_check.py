"""The model of tests/support against another relay: one cell through both with real sockets, and in virtual time."""
import json
import socket
import struct
import tempfile
import time

import lossy_link
import table

PROBES, PROBE_BYTES, PROBES_A_MS = 100_000, 1200, 10


def gaps(numbers, sent):
    """How many in a row did not come, each time."""
    found, expected = [], 0
    for number in [*sorted(set(numbers)), sent]:
        if number > expected:
            found.append(number - expected)
        expected = number + 1
    return found


def probe(o):
    """(share lost, mean burst) of numbered datagrams on their way to the receiver, by what came."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        link, came = lossy_link.Link(folder), []
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        far.bind(("127.0.0.1", link.far))
        far.settimeout(0)
        near.connect(("127.0.0.1", link.near))
        with lossy_link.Relay(o, link, o.seed, True) as relay:
            begin, sent, quiet = time.monotonic(), 0, 0
            while sent < PROBES or time.monotonic() < quiet:
                due = min(PROBES, int((time.monotonic() - begin) * 1000 * PROBES_A_MS))
                for number in range(sent, due):
                    near.send(struct.pack("I", number) + bytes(PROBE_BYTES - 4))
                if due > sent or due < PROBES:
                    sent, quiet = due, time.monotonic() + 0.5
                drain(far, came)
                time.sleep(0.001)
        if relay.faults():
            raise SystemExit(f"the relay is not in order: {relay.faults()}")
    lost = gaps(came, PROBES)
    return sum(lost) / PROBES, sum(lost) / len(lost)


def drain(s, came):
    while True:
        try:
            came.append(struct.unpack("I", s.recv(2048)[:4])[0])
        except BlockingIOError:
            return


def through(name, relay, o):
    """A row: Glimt through this relay, and what the relay does to a stream of numbered datagrams."""
    o.relay = relay
    loss, burst = probe(o)
    r = lossy_link.measure(o, "Glimt, JPEG over UDP, mode=every", 0, True)
    row = [name, r["counted"], r["counted"] - r["whole"], f"{100 * r['overhead']:.1f} %", f"{100 * r['parity'] / r['data']:.1f} %",
           f"{100 * r['relay_loss']:.2f} %", f"{100 * loss:.2f} %", f"{burst:.2f}", r["faults"] or "yes"]
    return row, dict(way=name, probe_loss=loss, probe_burst=burst, **r)


def virtual(o, packets):
    to_bad, to_good = (float(value) for value in o.fwd_ge.split(",")[:2])
    r = json.loads(table.output_of(table.program("lossy_stream"), "cell", "--frames", str(o.frames), "--packets", str(packets), "--fps",
                                   str(lossy_link.FPS), "--rtt", str(2 * float(o.delay)), "--deadline", str(lossy_link.LATE_MS),
                                   "--loss", str(to_bad / (to_bad + to_good)), "--burst", str(100 / to_good), "--mode", "every",
                                   "--seed", str(o.seed)))
    shares = [f"{100 * r['overhead']:.1f} %", f"{100 * r['parity']:.1f} %", *[f"{100 * r['loss']:.2f} %"] * 2]
    row = [f"virtual time, {packets} packets a frame", r["frames"], r["not_whole"], *shares, f"{r['mean_burst']:.2f}", "–"]
    return row, dict(way="virtual", **r)


def run(o):
    ours, theirs = through("impaired_relay", o.relay, o), through("impair", o.cross_check, o)
    there = virtual(o, round(ours[1]["packets_a_frame"]))
    rows, raw = zip(ours, theirs, there)
    loss = float(o.fwd_ge.split(",")[0]) / sum(float(value) for value in o.fwd_ge.split(",")[:2])
    table.write("lossy_link_check", "One cell through two relays and in virtual time", [
        "way", "frames", "not whole", "overhead, packets", "of it parity", "lost in the run", "lost of the probe", "its mean burst",
        "relay in order"], rows,
        [f"--delay {o.delay} --mtu {o.mtu} --fwd-ge {o.fwd_ge} --seed {o.seed}: {100 * loss:.2f} % in bursts of "
         f"{100 / float(o.fwd_ge.split(',')[1]):g}. Real sockets: whole processes, 720p30, start included in the overhead.",
         f"Probe: {PROBES} numbered datagrams, {PROBES_A_MS} a millisecond; in virtual time the run itself. The two relays draw in "
         "another order, so that one seed loses others in each."], raw)
