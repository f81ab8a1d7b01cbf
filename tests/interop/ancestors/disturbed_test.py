"""A's datagrams lost, doubled, late, spliced and from strangers on their way over a network from script to Glimt: such a picture is left out and counted, none is torn.

Not here: a late datagram that fits by chance where its namesake is expected. docs/decisions/0008 says what is left to the decoder."""
import collections
import random
import select
import socket
import threading
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))
from ancestor_ends import Ancestor, check_in_order, check_none_torn, counted, wait_for_shown  # noqa: E402
from command import Checks, glimt_path, poll_until  # noqa: E402
from network import enter, ip  # noqa: E402

SIZE = (1280, 720)  # several datagrams a picture
FPS = 60
DISTURBED = 60      # pictures that must have come through a disturbance
FAR = "10.7.0.1"    # no loopback address: what comes from it may have been lost without a word


class Relay:
    """Between the script and Glimt; what it does to each picture's datagrams is chosen by ."""

    def __init__(self, target):
        self.target, self.disturb, self.stopped = target, None, False
        self.front, self.back, self.stranger = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3))
        self.front.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.front.bind(("127.0.0.1", 0))
        self.back.bind((FAR, 0))
        self.address = "127.0.0.1:%d" % self.front.getsockname()[1]
        self.due = time.monotonic()
        self.before, self.random, self.disturbances, self.front_half = [], random.Random(1), 0, 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        picture, whole = [], collections.deque(maxlen=4)
        while not self.stopped:
            wait = max(0, self.due - time.monotonic()) if whole else 0.1
            if select.select([self.front], [], [], wait)[0]:
                datagram = self.front.recv(65536)
                picture = [datagram] if datagram[1:3] == b"\xff\xd8" else picture + [datagram]
                if datagram[0] == 1 and len(picture) == picture[0][0]:  # of what this socket lost nothing goes on
                    whole.append(picture)
            elif whole:
                self.send(whole.popleft())

    def send(self, picture):
        for datagram in self.disturb(self, picture) if self.disturb else picture:
            self.back.sendto(datagram, self.target)
        self.due = time.monotonic() + 1 / FPS
        self.before = picture

    def close(self):
        self.stopped = True
        self.thread.join()
        for s in (self.front, self.back, self.stranger):
            s.close()


def sometimes(disturbance):
    def disturb(relay, picture):
        if relay.random.random() < 0.4:
            relay.disturbances += 1
            return disturbance(relay, list(picture))
        return picture
    return disturb


def lose(relay, picture):
    del picture[relay.random.randrange(len(picture))]
    return picture


def lose_several(relay, picture):
    begin = relay.random.randrange(len(picture))
    return picture[:begin] + picture[begin + relay.random.randrange(1, 4):]


def double(relay, picture):
    at = relay.random.randrange(len(picture))
    return picture[: at + 1] + picture[at:]


def swap(relay, picture):
    at = relay.random.randrange(len(picture) - 1)
    picture[at], picture[at + 1] = picture[at + 1], picture[at]
    return picture


def late(relay, picture):
    """One of the picture before comes again in the midst of this one, where another one is expected."""
    at = relay.random.randrange(1, len(picture))
    others = [d for d in relay.before if d[0] != picture[at][0] and not d[1:].startswith(b"\xff\xd8")]
    return picture[:at] + relay.random.sample(others, min(1, len(others))) + picture[at:]


def cut(relay, picture):
    at = relay.random.randrange(len(picture))
    picture[at] = picture[at][: relay.random.randrange(1, len(picture[at]))]
    return picture


def strange(relay, picture):
    """Datagrams of somebody else between ours: a picture's own, noise, nothing at all."""
    for datagram in (picture[-1], relay.random.randbytes(1000), b"", b"\x01", b"\x00", bytes([255]) + relay.random.randbytes(65000)):
        relay.stranger.sendto(datagram, relay.target)
    return picture


def noise(relay, picture):
    """The same from the sender's own address."""
    at = relay.random.randrange(len(picture) + 1)
    return picture[:at] + [relay.random.randbytes(relay.random.choice((0, 1, 2, 1000, 65000)))] + picture[at:]


def splice(relay, picture):
    """Of one picture the tail is missing and of the next the front, so that the counters fit: one cycle of the count is gone."""
    if relay.front_half:
        at, relay.front_half = relay.front_half, 0
        relay.disturbances += 1
        return picture[at:]
    if relay.random.random() < 0.4:
        relay.front_half = relay.random.randrange(1, len(picture))
        return picture[:relay.front_half]
    return picture


DISTURBANCES = {"one lost": sometimes(lose), "several lost": sometimes(lose_several), "one doubled": sometimes(double),
                "two swapped": sometimes(swap), "a late one": sometimes(late), "one cut": sometimes(cut),
                "strangers": sometimes(strange), "noise": sometimes(noise), "spliced": splice}


def check_disturbance(checks, relay, receiver, what, disturbance):
    begin, before, count = relay.disturbances, counted(receiver), len(receiver.shown())
    relay.disturb = disturbance
    enough = lambda: relay.disturbances >= begin + DISTURBED and len(receiver.shown()) > count
    checks.that(poll_until(enough, 60), f"{what}: disturbed, and pictures come", receiver.errors())
    relay.disturb, relay.front_half = None, 0
    checks.that(wait_for_shown(receiver, len(receiver.shown()) + 20), f"{what}: pictures flow after", receiver.errors())
    more = lambda: sum(counted(receiver).values()) > sum(before.values())
    checks.that(poll_until(more, 10), f"{what}: it is counted", f"{before} -> {counted(receiver)}")
    print(f"  {what}: {before} -> {counted(receiver)}")


def main():
    enter()
    ip("link", "set", "lo", "up")
    ip("address", "add", f"{FAR}/24", "dev", "lo")
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        here = Ancestor("A", folder)
        here.here = f"{FAR}:{here.port}"
        relay = Relay((FAR, here.port))
        try:
            with here.receiver(command, folder, size=SIZE) as receiver:
                receiver.wait_for_socket(10)
                here.kind = ["udp", relay.address]
                with here.sender_script(size=SIZE, fps=FPS):
                    checks.that(wait_for_shown(receiver, 20), "pictures before", receiver.errors())
                    for what, disturbance in DISTURBANCES.items():
                        check_disturbance(checks, relay, receiver, what, disturbance)
                check_none_torn(checks, receiver.shown(), "disturbed", receiver.errors())
                check_in_order(checks, receiver.shown(), "disturbed")
        finally:
            relay.close()
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
