"""Outages, addresses that change, peers that vanish, over a cable of the test's own. `--outage 30` is the full proof; times are told, not judged."""
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import network  # noqa: E402
from command import Checks, parse_arguments, poll_until  # noqa: E402
from ends import Sender, Viewer  # noqa: E402
from times import in_ms, markdown  # noqa: E402

AGAIN = 10  # seconds until pictures must flow, or until a peer must be missed
NAME = "camera.test"  # of the host that listens
LISTENING, CONNECTING = network.HOSTS
WAYS = [(scheme, listener, 5000 + i) for i, scheme in enumerate(("udp", "tcp")) for listener in ("sender", "receiver")]


class Stream:
    """A sender on one host and a viewer on the other; who listens does so on LISTENING."""

    def __init__(self, command, folder, scheme, listener, port):
        self.command, self.what = command, f"{scheme}, {listener} listens"
        port += 10 * (listener == "sender")
        self.places = {who: (LISTENING, f"{scheme}://:{port}") if who == listener else
                       (CONNECTING, f"{scheme}://{NAME}:{port}") for who in ("sender", "receiver")}
        self.stats = {who: f"{folder}/{scheme}-{listener}-{who}.jsonl" for who in self.places}
        self.ends = {}

    def start(self, who):
        host, address = self.places[who]
        self.ends[who] = (Sender if who == "sender" else Viewer)(self.command, address, self.stats[who],
                                                                 prefix=network.Network.at(host))

    def kill(self, who):
        self.ends[who].process.kill()
        self.ends[who].end()

    def destination(self):
        return (self.ends["sender"].newest().get("destinations") or [{}])[0]

    def errors(self):
        return "\n".join(f"{who}:\n{end.errors()[-800:]}" for who, end in self.ends.items())


def again(checks, streams, since, event):
    """The pictures' return after `since`, of each stream: a row of the table."""
    row = [event]
    for s in streams:
        picture = s.ends["receiver"].captured_since(since, AGAIN)
        checks.that(picture, f"{s.what}: pictures within {AGAIN} s after {event}", s.errors())
        row.append(in_ms(picture.arrived - since if picture else None))
    return row


def check_outage(checks, cable, streams, host, seconds):
    cable.cut(host)
    time.sleep(seconds)  # the outage itself
    cable.mend(host)
    side = "listening" if host == LISTENING else "connecting"
    return again(checks, streams, time.monotonic(), f"{seconds} s without the {side} end's link")


def check_moves(checks, cable, streams):
    cable.move(CONNECTING, "10.77.0.12")
    rows = [again(checks, streams, time.monotonic(), "the connecting end's address changed")]
    cable.move(LISTENING, "10.77.0.11")
    cable.name({NAME: "10.77.0.11"})
    rows.append(again(checks, streams, time.monotonic(), "the listening end's address and name changed"))
    return rows


def check_receivers_vanish(checks, cable, streams):
    for s in streams:
        checks.that(poll_until(lambda: s.destination().get("receivers") == 1, AGAIN),
                    f"{s.what}: one receiver is there", s.destination())
    gone = [s.destination().get("receivers_gone", 0) for s in streams]
    cable.cut(CONNECTING)
    for s in streams:
        s.kill("receiver")
    for s, before in zip(streams, gone):
        checks.that(poll_until(lambda: s.destination().get("receivers") == 0, AGAIN),
                    f"{s.what}: a receiver that vanished is let go", s.destination())
        checks.that(s.destination().get("receivers_gone", 0) > before, f"{s.what}: and counted", s.destination())
    cable.mend(CONNECTING)
    for s in streams:
        s.start("receiver")
    return again(checks, streams, time.monotonic(), "a receiver vanished and another came")


def check_senders_vanish(checks, cable, streams):
    cable.cut(CONNECTING)
    for s in streams:
        s.kill("sender")
    for s in streams:
        checks.that(poll_until(lambda: s.ends["receiver"].newest().get("connected") is False, AGAIN),
                    f"{s.what}: a sender that vanished is missed", s.ends["receiver"].newest())
    cable.mend(CONNECTING)
    for s in streams:
        s.start("sender")
    return again(checks, streams, time.monotonic(), "a sender vanished and another came")


def check(checks, command, folder, outage):
    cable = network.Network(folder, ("10.77.0.1", "10.77.0.2"))
    cable.name({NAME: cable.addresses[LISTENING]})
    streams = [Stream(command, folder, *way) for way in WAYS]
    try:
        for s in streams:
            s.start("sender")
            s.start("receiver")
        rows = [again(checks, streams, time.monotonic(), "the start")]
        rows += [check_outage(checks, cable, streams, host, outage) for host in network.HOSTS]
        rows += check_moves(checks, cable, streams)
        rows.append(check_receivers_vanish(checks, cable, streams))
        rows.append(check_senders_vanish(checks, cable, streams))
    finally:
        for end in (end for s in streams for end in s.ends.values()):
            end.end()
    print(markdown(["pictures again, ms after", *(s.what for s in streams)], rows))
    for s in streams:
        checks.equal(s.ends["receiver"].unreadable, 0, f"{s.what}: no picture was torn")


def main():
    network.enter()
    o, checks = parse_arguments(__doc__, outage=5), Checks()
    with tempfile.TemporaryDirectory() as folder:
        check(checks, o.command, folder, o.outage)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
