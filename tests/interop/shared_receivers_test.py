"""Shared frames: a sender with hostile receivers. They are refused or cut off, its memory and descriptors stay bounded, and the
honest one beside them gets every picture that it asks for, whole."""
import fcntl
import json
import mmap
import os
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, glimt_path, poll_until  # noqa: E402
from ends import Sender  # noqa: E402
from footprint import footprint, open_files  # noqa: E402
from shared_peers import Taker, ask, frame, held, release, slot  # noqa: E402

FLOOD = 20_000  # messages
BOUNDS = {"descriptors": 8, "memfds": 8, "RssShmem": 8 * 1024, "RssAnon": 16 * 1024}  # beyond what it was before


def flood(taker, message, fds=()):
    """True once the sender has cut it off."""
    return not all(taker.put(message, fds) for _ in range(FLOOD))


def never_releases(checks, taker):
    while taker.take()[:1] != b"\x03":  # HELD: its credit is used up
        pass
    checks.that(taker.memories, "one that never releases is held back")


def keeps_bound(message, what):
    def attack(checks, taker):
        checks.that(flood(taker, message), f"a flood of {what} is cut off")
    return attack


def sends_descriptors(checks, taker):
    with open("/dev/null", "rb") as file:
        for count in (1, 2, 3, 60):
            number = taker.take_frame()
            taker.put(number and release(int.from_bytes(number[12:16], "little")), [file.fileno()] * count)
        checks.that(flood(taker, release(1), [file.fileno()] * 60), "a flood of descriptors is cut off")


def is_refused(action):
    try:
        action()
    except OSError:
        return True
    return False


def touches_memory(checks, taker):
    taker.take_frame()
    fd, size = next(iter(taker.memories.values()))
    again = os.open(f"/proc/self/fd/{fd}", os.O_RDWR)
    for what, it in (("the descriptor", fd), ("the descriptor opened anew", again)):
        attempts = {"is not mapped to be written": lambda it=it: mmap.mmap(it, size),
                    "is not cut off": lambda it=it: os.ftruncate(it, 4096),
                    "does not grow": lambda it=it: os.ftruncate(it, 2 * size),
                    "is not written": lambda it=it: os.pwrite(it, b"x", 0),
                    "is not sealed further": lambda it=it: fcntl.fcntl(it, fcntl.F_ADD_SEALS, 0x8)}
        for outcome, attempt in attempts.items():
            checks.that(is_refused(attempt), f"{what} {outcome}")
    os.close(again)
    checks.that(not is_refused(lambda: mmap.mmap(fd, size, prot=mmap.PROT_READ)), "it is mapped to be read")


def shuts_a_half(how):
    def attack(checks, taker):
        taker.take_frame()
        taker.channel.shutdown(how)
        time.sleep(0.2)  # a dozen pictures; what must hold is judged by the caller
        checks.that(taker.memories, "half of it was shut down")
    return attack


def sends_nothing_and_a_descriptor(checks, taker):
    taker.take_frame()
    with open("/dev/null", "rb") as file:
        for _ in range(100):
            taker.put(b"", [file.fileno()])
    checks.that(taker.is_cut_off(), "an empty message is a hang-up")


def leaves_at_once(checks, taker):
    checks.that(taker.channel.fileno() >= 0, "it leaves with pictures on loan")


ATTACKS = {"never releases": never_releases,
           "bogus releases": keeps_bound(release(0xDEADBEEF), "bogus releases"),
           "asks": keeps_bound(ask(), "questions"),
           "garbage": keeps_bound(b"\xff" * 100, "garbage"),
           "long messages": keeps_bound(b"\xaa" * 60_000, "long messages"),
           "a sender's messages": keeps_bound(frame(1, 0), "pictures towards the sender"),
           "memory": keeps_bound(slot(0, 1 << 62), "memory towards the sender"),
           "held": keeps_bound(held(), "what only a sender says"),
           "descriptors": sends_descriptors, "empty messages": sends_nothing_and_a_descriptor,
           "the memory itself": touches_memory, "no more reading": shuts_a_half(socket.SHUT_RD),
           "no more writing": shuts_a_half(socket.SHUT_WR), "nothing at all": leaves_at_once}


class Neighbour(Child):
    """An honest receiver that verifies each picture."""

    def __init__(self, command, address, stats):
        self.stats = stats
        super().__init__([command, "recv", address, "null:?verify", "--stats", stats])

    def newest(self):
        lines = Path(self.stats).read_text().split("\n")[:-1] if os.path.exists(self.stats) else []
        return json.loads(lines[-1]) if lines else {}

    def gets(self, more):
        goal = self.newest().get("frames", 0) + more
        return poll_until(lambda: self.newest().get("frames", 0) >= goal)


def attack_sender(checks, command, folder):
    path = f"{folder}/attacked.sock"
    address = f"unix://{path}"
    with Sender(command, address, f"{folder}/sent.jsonl", fps=60) as sender, \
            Neighbour(command, address, f"{folder}/seen.jsonl") as neighbour:
        checks.that(neighbour.gets(60), "pictures flow before", neighbour.errors())
        before, strange = footprint(sender.pid), open_files(sender.pid).count("/dev/null")
        for name, attack in ATTACKS.items():
            seen = neighbour.newest().get("frames", 0)
            taker = Taker(path)
            attack(checks, taker)
            checks.that(neighbour.gets(30), f"{name}: the neighbour's pictures flow, {seen} before", neighbour.errors())
            bounded = lambda: all(footprint(sender.pid)[k] <= before[k] + v for k, v in BOUNDS.items())
            checks.that(poll_until(bounded), f"{name}: the sender's memory and descriptors are bounded", footprint(sender.pid))
            taker.close()
        checks.that(poll_until(lambda: open_files(sender.pid).count("/dev/null") == strange), "none of their descriptors stays open",
                    open_files(sender.pid))
        checks.that(poll_until(lambda: sender.newest()["destinations"][0]["refused"] > 100), "what was refused is counted",
                    sender.newest())
        checks.that(poll_until(lambda: sender.newest()["destinations"][0]["receivers"] == 1), "they are gone", sender.newest())
        seen = neighbour.newest()
        checks.equal(neighbour.signal(signal.SIGTERM), 0, "the neighbour verified every picture", neighbour.errors())
        checks.that("wrong 0, without a number 0" in neighbour.errors(), f"of {seen.get('frames')} none was torn", neighbour.errors())
        checks.equal(sender.signal(signal.SIGTERM), 0, "the sender ends well", sender.errors())


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        attack_sender(checks, command, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
