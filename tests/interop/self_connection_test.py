"""Whoever connects again and again to a port of this machine where nobody listens yet does not end up connected to itself, and the port stays free."""
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, glimt_path, poll_until  # noqa: E402
from ends import Sender, Viewer  # noqa: E402
from network import enter, ip  # noqa: E402

PORTS = (40000, 40003)  # all that the kernel may give to a connection: it meets itself within a few tries
ATTEMPTS = 20


def attempts():
    """How many connections of this network's were refused so far: each of them was a try."""
    names, numbers = (line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Tcp:"))
    return int(dict(zip(names, numbers))["AttemptFails"])


def check(checks, command, folder, sender_connects):
    what = "the sender connects" if sender_connects else "the receiver connects"
    here = f"tcp://127.0.0.1:{PORTS[0]}"
    sender = lambda role: Sender(command, here + role, f"{folder}/sent.jsonl")
    viewer = lambda role: Viewer(command, here + role, f"{folder}/seen.jsonl")
    first, second = (sender, viewer) if sender_connects else (viewer, sender)
    begin = attempts()
    with first("?connect") as one:
        checks.that(poll_until(lambda: attempts() >= begin + ATTEMPTS), f"{what}: it tries", one.errors())
        with second("?listen") as other:
            seeing = other if sender_connects else one
            checks.that(seeing.captured_since(other.started, 10), f"{what}: the port was free, and pictures come",
                        one.errors() + other.errors())


def main():
    enter()
    ip("link", "set", "lo", "up")
    Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(f"{PORTS[0]} {PORTS[1]}")
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        for sender_connects in (True, False):
            check(checks, command, folder, sender_connects)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
