"""Whoever starts first, whoever listens, whoever dies: pictures flow (again) within ten seconds."""
import os
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, free_port, glimt_path, poll_until  # noqa: E402
import json  # noqa: E402

AGAIN = 10  # seconds until pictures must flow


class End:
    """A sender or a receiver that can be started anew; the receiver's statistics say how many frames it has."""

    def __init__(self, command, folder, role, address):
        self.stats = os.path.join(folder, f"{role}.jsonl")
        self.role, self.child = role, None
        self.argv = [command, "send", "test:?size=320x240", address] if role == "sender" else \
            [command, "recv", address, "null:?verify"]
        self.argv += ["--stats", self.stats]

    def start(self):
        Path(self.stats).unlink(missing_ok=True)
        self.child = Child(self.argv)

    def kill(self):
        return self.child.signal(signal.SIGKILL)

    def newest(self):
        if not os.path.exists(self.stats):
            return {}
        lines = Path(self.stats).read_text().split("\n")[:-1]
        return json.loads(lines[-1]) if lines else {}

    def frames(self):
        return self.newest().get("frames", 0)


def roles(folder):
    """(what, sender's address, receiver's address) for each transport with either end listening."""
    rows = []
    for scheme in ("udp", "tcp", "unix"):
        port, path = free_port(), f"{folder}/{scheme}.sock"
        here = f"unix://{path}" if scheme == "unix" else f"{scheme}://127.0.0.1:{port}"
        rows.append((f"{scheme}, sender listens", f"{here}?listen", f"{here}?connect"))
        rows.append((f"{scheme}, receiver listens", f"{here}?connect", f"{here}?listen"))
    return rows


def flows(checks, receiver, what):
    """More pictures than there are now."""
    before = receiver.frames()
    more = poll_until(lambda: receiver.frames() > before, AGAIN)
    return checks.that(more, f"{what}: pictures within {AGAIN} s", f"{receiver.newest()}\n{receiver.child.errors()}")


def gone(receiver, sessions):
    """The receiver has met a further sender, so that what it counts comes from that one."""
    return poll_until(lambda: receiver.newest().get("sessions", 0) > sessions, AGAIN)


def check_restarts(checks, what, sender, receiver):
    checks.equal(receiver.kill(), -signal.SIGKILL, f"{what}: the receiver was killed")
    receiver.start()
    flows(checks, receiver, f"{what}, receiver killed and restarted")
    sessions = receiver.newest().get("sessions", 0)
    checks.equal(sender.kill(), -signal.SIGKILL, f"{what}: the sender was killed")
    sender.start()
    checks.that(gone(receiver, sessions), f"{what}: the receiver meets the restarted sender", receiver.child.errors())
    flows(checks, receiver, f"{what}, sender killed and restarted")


def check_end(checks, what, sender, receiver):
    checks.equal(receiver.child.signal(signal.SIGTERM), 0, f"{what}: the receiver ends, all verified", receiver.child.errors())
    checks.that("wrong 0, without a number 0" in receiver.child.errors(), f"{what}: no picture was wrong", receiver.child.errors())
    checks.equal(sender.child.signal(signal.SIGTERM), 0, f"{what}: the sender ends", sender.child.errors())


def check_order(checks, command, folder, row, sender_first):
    what = f"{row[0]}, {'sender' if sender_first else 'receiver'} first"
    sender, receiver = End(command, folder, "sender", row[1]), End(command, folder, "receiver", row[2])
    first, second = (sender, receiver) if sender_first else (receiver, sender)
    try:
        first.start()
        # It is up once its statistics tick, without the other.
        checks.that(poll_until(lambda: first.newest(), AGAIN), f"{what}: the first one waits", first.child.errors())
        second.start()
        flows(checks, receiver, what)
        check_restarts(checks, what, sender, receiver)
        check_end(checks, what, sender, receiver)
    finally:
        for end in (sender, receiver):
            if end.child:
                end.child.end()


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        for row in roles(folder):
            for sender_first in (True, False):
                check_order(checks, command, folder, row, sender_first)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
