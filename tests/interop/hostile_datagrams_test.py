"""Random, damaged, forged and replayed datagrams at both ends of a stream: counted, and never seen in a picture."""
import os
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, free_port, glimt_path, poll_until  # noqa: E402
from hostile import Relay, is_data, resealed  # noqa: E402
import json  # noqa: E402

HOSTILE = 8000  # datagrams a run
GROWTH_KB = 64 * 1024
SOURCE = "test:?size=320x240&fps=60"


def newest(path):
    lines = Path(path).read_text().split("\n")[:-1] if os.path.exists(path) else []
    return json.loads(lines[-1]) if lines else {}


class Stream:
    """A sender and a verifying receiver with a relay between them."""

    def __init__(self, command, folder, sender_listens):
        port = free_port()
        self.relay = Relay(port)
        listening, connecting = f"udp://127.0.0.1:{port}?listen", f"udp://127.0.0.1:{self.relay.port}"
        to, at = (listening, connecting) if sender_listens else (connecting, listening)
        self.sent, self.received = f"{folder}/sent.jsonl", f"{folder}/received.jsonl"
        self.sender = Child([command, "send", SOURCE, to, "--stats", self.sent])
        self.receiver = Child([command, "recv", at, "null:?verify", "--stats", self.received])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.receiver.end()
        self.sender.end()
        self.relay.close()
        for path in (self.sent, self.received):
            Path(path).unlink(missing_ok=True)

    def frames(self):
        return newest(self.received).get("frames", 0)

    def refused(self):
        return newest(self.received).get("refused", 0), newest(self.sent)["destinations"][0]["refused"]

    def stray(self):
        return newest(self.received).get("stray", 0) + newest(self.sent)["destinations"][0]["stray"]

    def flow(self, frames):
        """Relays peacefully until so many more frames have come."""
        goal = self.frames() + frames

        def there():
            self.relay.run(0.2, 0, 0)
            return self.frames() >= goal

        return poll_until(there)

    def memory(self):
        return self.sender.rss_kb(), self.receiver.rss_kb()


def check_attack(checks, stream, what):
    checks.that(stream.flow(60), f"{what}: pictures flow before", stream.receiver.errors())
    data = [p for p in stream.relay.kept[stream.relay.front] + stream.relay.kept[stream.relay.back] if is_data(p)]
    checks.that(data and all(resealed(p) == p for p in data), f"{what}: the forger's checksum is the stream's own")
    memory, refused, stray, frames = stream.memory(), stream.refused(), stream.stray(), stream.frames()
    stream.relay.run(60, 5, HOSTILE)
    checks.that(stream.relay.hostile >= HOSTILE, f"{what}: {HOSTILE} hostile datagrams were sent", stream.relay.hostile)
    checks.that(stream.flow(60) and stream.frames() > frames, f"{what}: pictures flow after", stream.receiver.errors())
    for end, before, after in zip(("receiver", "sender"), refused, stream.refused()):
        checks.that(after > before + 100, f"{what}: the {end} counts what it refuses", f"{before} -> {after}")
    checks.that(stream.stray() > stray, f"{what}: strays are counted apart", stray)
    growth = [after - before for before, after in zip(memory, stream.memory())]
    checks.that(max(growth) < GROWTH_KB, f"{what}: memory stays bounded, grew by {growth} kB")


def check(checks, command, folder, sender_listens):
    what = "sender listens" if sender_listens else "receiver listens"
    with Stream(command, folder, sender_listens) as stream:
        check_attack(checks, stream, what)
        received = newest(stream.received)
        checks.equal(received.get("sessions"), 1, f"{what}: nobody took the stream over", received)
        said = stream.receiver.signal(signal.SIGTERM), stream.receiver.errors()
        checks.equal(said[0], 0, f"{what}: the receiver verified every picture", said[1])
        checks.that("wrong 0, without a number 0" in said[1], f"{what}: none was torn or told twice", said[1])
        checks.equal(stream.sender.signal(signal.SIGTERM), 0, f"{what}: the sender ends", stream.sender.errors())


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        for sender_listens in (True, False):
            check(checks, command, folder, sender_listens)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
