"""Shared frames: `kill -9` of either end at random moments. The survivors go on, no picture is torn, and what the long-lived end
holds is what it held before. `--kills 1000` is the full proof."""
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, parse_arguments, poll_until  # noqa: E402
from ends import Sender, Viewer  # noqa: E402
from footprint import footprint  # noqa: E402

AGAIN = 10  # seconds until pictures must flow
LIVES = 0.25  # seconds between a start and its kill, at most
# Beyond what it was before: of 8 slots of 300 kB two have memory then, and the allocator keeps some of what was freed.
BOUNDS = {"descriptors": 6, "memfds": 6, "mapped memfds": 6, "RssShmem": 2048, "RssAnon": 8 * 1024}


class Verifier(Child):
    """Reads every number that is burnt in, and holds it against the picture's own."""

    def __init__(self, command, address):
        super().__init__([command, "recv", address, "null:?verify"])

    def ends_well(self):
        return self.signal(signal.SIGTERM) == 0 and "wrong 0, without a number 0" in self.errors()


def is_back(before, after):
    return all(after[what] <= before[what] + bound for what, bound in BOUNDS.items())


def check_footprint(checks, pid, before, what):
    poll_until(lambda: is_back(before, footprint(pid)), AGAIN)
    after = footprint(pid)
    checks.that(is_back(before, after), f"{what} holds what it held before: {before} → {after}")


def flows(viewer):
    """Five pictures more."""
    seen = len(viewer.pictures)
    return poll_until(lambda: len(viewer.pictures) >= seen + 5, AGAIN)


def kill_receivers(checks, o, folder, rng):
    """A sender and two receivers live on while others come and are killed."""
    address = f"unix://{folder}/sender.sock"
    with Sender(o.command, address, f"{folder}/sent.jsonl", fps=60) as sender, \
            Viewer(o.command, address, f"{folder}/seen.jsonl") as viewer, Verifier(o.command, address) as verifier:
        checks.that(flows(viewer), "pictures flow", sender.errors())
        with Verifier(o.command, address) as first:  # once, so that what is made for the first of its kind is there
            time.sleep(LIVES)
            first.signal(signal.SIGKILL)
        flows(viewer)
        before, stuck = footprint(sender.pid), 0
        for _ in range(o.kills // 2):
            with Verifier(o.command, address + rng.choice(("", "?mode=every"))) as victim:
                time.sleep(rng.uniform(0, LIVES))  # the random moment of this proof, not a wait for a result
                victim.signal(signal.SIGKILL)
            stuck += not flows(viewer)
        checks.equal(stuck, 0, f"pictures flow after each of {o.kills // 2} kills of a receiver", viewer.errors())
        check_footprint(checks, sender.pid, before, "the sender")
        checks.equal(viewer.unreadable, 0, "no picture of the others was torn")
        checks.that(verifier.ends_well(), "nor of the one that verifies each", verifier.errors())


def kill_senders(checks, o, folder, rng):
    """Two receivers live on while senders come and are killed."""
    address = f"unix://{folder}/killed.sock"
    with Viewer(o.command, address, f"{folder}/seen.jsonl") as viewer, Verifier(o.command, address) as verifier:
        before, stuck = {}, 0
        for i in range(o.kills // 2 + 1):
            with Sender(o.command, address, f"{folder}/sent.jsonl", fps=60) as sender:
                stuck += not viewer.captured_since(sender.started, AGAIN)
                viewer.pictures = viewer.pictures[-100:]
                time.sleep(rng.uniform(0, LIVES))  # the random moment of this proof, not a wait for a result
                before = before or {who.pid: footprint(who.pid) for who in (viewer, verifier)}
                if i < o.kills // 2:
                    sender.signal(signal.SIGKILL)
                    continue
                for who, what in ((viewer, "a receiver"), (verifier, "the receiver that verifies")):
                    check_footprint(checks, who.pid, before[who.pid], what)
        checks.equal(stuck, 0, f"pictures of the next sender after each of {o.kills // 2} kills", viewer.errors())
        checks.equal(viewer.unreadable, 0, "no picture was torn")
        checks.that(verifier.ends_well(), "nor for the one that verifies each", verifier.errors())


def main():
    o = parse_arguments(__doc__, kills=40, seed=random.randrange(1 << 31))
    print(f"seed {o.seed}", flush=True)
    checks, rng = Checks(), random.Random(o.seed)
    with tempfile.TemporaryDirectory() as folder:
        kill_receivers(checks, o, folder, rng)
        kill_senders(checks, o, folder, rng)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
