"""Shared frames: a receiver with hostile senders. What breaks the rules ends the channel and is counted; its memory and descriptors
stay bounded, and it goes on with the next, honest sender."""
import fcntl
import os
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, glimt_path, poll_until  # noqa: E402
from ends import End, Sender  # noqa: E402
from footprint import footprint, open_files  # noqa: E402
from shared_peers import SEALS, Giver, ask, frame, held, memory, release, slot  # noqa: E402

PAGE = 4096
SIZE = 16 * PAGE
FLOOD = 20_000  # messages
CHANNELS = 300
# Beyond what it was before: ten pictures of 1 MiB, and what is mapped while a channel is there.
BOUNDS = {"descriptors": 4, "memfds": 0, "RssShmem": 12 * 1024, "RssAnon": 16 * 1024}


def with_memory(size=SIZE, said=None, seals=SEALS, place=0):
    """SLOT and its descriptor."""
    return slot(place, size if said is None else said), [memory(size, seals)[0]]


def regular_file():
    fd = os.open("/proc/self/exe", os.O_RDONLY)
    return slot(0, PAGE), [fd]


def pipe():
    out, into = os.pipe()
    os.close(into)
    return slot(0, PAGE), [out]


GOOD = with_memory
# What ends a channel: messages, each alone or with descriptors.
BREACHES = {"unsealed memory": lambda: [with_memory(seals=0)],
            "memory that could shrink": lambda: [with_memory(seals=SEALS & ~0x2)],
            "memory that could be unsealed": lambda: [with_memory(seals=SEALS & ~0x1)],
            "memory that is too small": lambda: [with_memory(said=SIZE + 1)],
            "a regular file": lambda: [regular_file()], "a pipe": lambda: [pipe()],
            "no descriptor": lambda: [(slot(0, SIZE), [])],
            "a slot out of range": lambda: [with_memory(place=64)],
            "another slot out of range": lambda: [with_memory(place=255)],
            "no bytes": lambda: [with_memory(said=0)],
            "a picture in a slot never announced": lambda: [GOOD(), (frame(1, 1), [])],
            "a picture outside of its memory": lambda: [GOOD(), (frame(1, 0, 512, 512), [])],
            "metadata outside of its memory": lambda: [GOOD(), (frame(1, 0, metadata=65536), [])],
            "a picture of no pixels": lambda: [GOOD(), (frame(1, 0, 0, 48), [])],
            "a picture of no format": lambda: [GOOD(), (frame(1, 0, kind=99), [])],
            "metadata beyond their limit": lambda: [GOOD(), (frame(1, 0, metadata=1 << 31), [])],
            "what a receiver says": lambda: [(release(1), [])], "a question": lambda: [(ask(), [])],
            "garbage": lambda: [(b"\xff" * 77, [])], "a short message": lambda: [(b"\x02", [])],
            "a message too long by far": lambda: [(b"\x07" * 50_000, [])]}


class Victim(End):
    def __init__(self, command, address, stats):
        super().__init__([command, "recv", address, "null:"], stats)

    def count(self, name):
        return self.newest().get(name, 0)

    def comes_to(self, name, goal):
        return poll_until(lambda: self.count(name) >= goal)


def close_all(fds):
    for fd in fds:
        os.close(fd)


def check_breaches(checks, giver, victim):
    for name, made in BREACHES.items():
        giver.pass_channel()
        for message, fds in made():
            giver.put(message, fds)
            close_all(fds)
        checks.that(giver.is_cut_off(), f"{name}: hung up on", victim.errors())
    checks.that(victim.comes_to("refused", len(BREACHES)), f"each of {len(BREACHES)} is counted", victim.newest())
    giver.pass_channel()
    with open("/dev/null", "rb") as file:
        giver.put(b"", [file.fileno()])
    checks.that(giver.is_cut_off(), "an empty message is a hang-up")


def check_oddities(checks, giver, victim):
    """What is no breach: it is left out, and the stream goes on."""
    giver.pass_channel()
    message, fds = GOOD()
    giver.put(message, fds)
    giver.put(frame(1, 0, 7680, 4320, 2))
    checks.that(giver.answers(release(1)), "a picture over max_frame is given back at once", victim.errors())
    huge = os.memfd_create("stranger", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(huge, 1 << 40)  # of which no page is ever taken
    fcntl.fcntl(huge, fcntl.F_ADD_SEALS, SEALS)
    giver.put(slot(1, 1 << 40), [huge])
    giver.put(frame(2, 1))
    checks.that(giver.answers(release(2)), "and one in memory over its limit, which is not mapped")
    giver.put(frame(3, 0))
    seen = giver.answers(release(3))
    checks.that(seen, "what keeps to the rules is read", victim.errors())
    for i in range(200):  # other memory behind the slot while pictures wait
        anew = GOOD()
        giver.put(*anew)
        giver.put(frame(10 + i, 0))
        close_all(anew[1])
    checks.that(giver.answers(release(209)), "memory may change behind a slot", victim.errors())
    close_all([*fds, huge])


def check_floods(checks, giver, victim):
    message, fds = GOOD()
    giver.pass_channel()
    checks.that(not all(giver.put(message, fds) for _ in range(FLOOD)), "memory without end ends the channel")
    giver.pass_channel()
    giver.put(message, fds)
    giver.channel.settimeout(0.5)
    taken = sum(giver.put(frame(i, 0)) for i in range(1, 500))
    checks.that(taken > 0, f"pictures without credit, {taken} of them")
    giver.pass_channel()
    giver.put(message, fds)
    giver.channel.settimeout(0.5)
    taken = sum(giver.put(held()) for _ in range(2000))
    checks.that(taken > 0, f"a newer one is held back without end, {taken} times")
    for _ in range(CHANNELS):
        giver.pass_channel()
    for _ in range(CHANNELS):  # no sockets at all
        giver.send("FRAMES", {}, fds)
    for _ in range(CHANNELS):  # more than one
        giver.send("FRAMES", {}, fds * 60)
    close_all(fds)


def attack_receiver(checks, command, folder):
    path = f"{folder}/hostile.sock"
    address = f"unix://{path}"
    with Victim(command, f"{address}?connect&max_frame=1Mi", f"{folder}/seen.jsonl") as victim:
        with Sender(command, address, f"{folder}/sent.jsonl", fps=60):
            checks.that(victim.comes_to("frames", 60), "pictures flow before", victim.errors())
            before = footprint(victim.pid)
        for name, attack in (("breaches", check_breaches), ("oddities", check_oddities), ("floods", check_floods)):
            giver = Giver(path)
            attack(checks, giver, victim)
            giver.close()
            bounded = lambda: all(footprint(victim.pid)[k] <= before[k] + v for k, v in BOUNDS.items())
            checks.that(poll_until(bounded), f"{name}: memory and descriptors are bounded: {before} → {footprint(victim.pid)}",
                        open_files(victim.pid))
        Path(path).unlink(missing_ok=True)
        goal = victim.count("frames") + 60
        with Sender(command, address, f"{folder}/sent.jsonl", fps=60):
            checks.that(victim.comes_to("frames", goal), "an honest sender's pictures flow after", victim.errors())
        checks.equal(victim.signal(signal.SIGTERM), 0, "the receiver ends well", victim.errors())


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        attack_receiver(checks, command, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
