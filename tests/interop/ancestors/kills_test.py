"""Either end of a stream between Glimt and a script is killed in mid-stream and comes back: pictures each time, none torn. --kills 20 an end is the full proof."""
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))
from ancestor_ends import Ancestor, check_none_torn  # noqa: E402
from command import Checks, parse_arguments, poll_until  # noqa: E402
from times import markdown, summary  # noqa: E402

AGAIN = 10     # seconds until pictures must flow
RUNNING = 0.5  # seconds between a return and the next kill, at most
SIZE = (320, 240)


class Stream:
    """A sender and a receiver, one of them a script; a script that has ended because the other has gone is started again, as its user would."""

    def __init__(self, command, folder, letter, glimt_sends):
        self.ancestor, self.command, self.folder = Ancestor(letter, folder), command, folder
        self.script = "receiver" if glimt_sends else "sender"
        self.glimt = "sender" if glimt_sends else "receiver"
        self.ends, self.shown = {}, []

    def start(self, who):
        a = self.ancestor
        if who == self.script:
            made = a.receiver_script if who == "receiver" else a.sender_script
            self.ends[who] = made(size=SIZE)
        elif who == "sender":
            self.ends[who] = a.sender(self.command, self.folder, mode="latest", size=SIZE, frames=0)
        else:
            self.ends[who] = a.receiver(self.command, self.folder, size=SIZE)

    def kill(self, who):
        self.ends[who].signal(signal.SIGKILL)
        self.put_away(who)

    def put_away(self, who):
        if who == "receiver":
            self.shown += self.ends[who].shown()
        self.ends[who].end()

    def keep_script(self):
        if not self.ends[self.script].running():
            self.put_away(self.script)
            self.start(self.script)

    def picture_since(self, when):
        """The first that was painted after it, or None at the deadline."""
        def look():
            self.keep_script()
            return next((s for s in self.ends["receiver"].shown() if s.captured_us >= when * 1e6), None)
        return poll_until(look, AGAIN, every=0.02)

    def errors(self):
        return "\n".join(f"{who}: {end.errors()[-800:]}" for who, end in self.ends.items())

    def end(self):
        for who in list(self.ends):
            self.put_away(who)


def kill_and_return(checks, stream, who, rng, what):
    """Seconds from its start to the first picture that only a stream that came back can have brought."""
    time.sleep(rng.uniform(0, RUNNING))  # the random moment of this proof, not a wait for a result
    stream.kill(who)
    started = time.monotonic()
    stream.start(who)
    picture = stream.picture_since(started)
    checks.that(picture, f"{what}: pictures within {AGAIN} s", stream.errors())
    return picture.shown_us / 1e6 - started if picture else None


def check_kills(checks, o, folder, letter, glimt_sends, rng):
    direction = "Glimt to script" if glimt_sends else "script to Glimt"
    what, rows = f"{letter}, {direction}", []
    stream = Stream(o.command, folder, letter, glimt_sends)
    try:
        listening = "receiver" if stream.ancestor.receiver_listens else "sender"
        for who in (listening, "sender" if listening == "receiver" else "receiver"):
            stream.start(who)
        checks.that(stream.picture_since(0), f"{what}: pictures", stream.errors())
        for who, name in ((stream.glimt, "Glimt"), (stream.script, "the script")):
            taken = [kill_and_return(checks, stream, who, rng, f"{what}, kill {i + 1}, of {name}") for i in range(o.kills)]
            rows.append([letter, direction, name, *summary([t for t in taken if t])])
    finally:
        stream.end()
    if not (glimt_sends and letter in "AB"):  # their script shows what it has when its sender died within a picture
        check_none_torn(checks, stream.shown, what)
    return rows


def main():
    o = parse_arguments(__doc__, kills=3, seed=random.randrange(1 << 31))
    print(f"seed {o.seed}", flush=True)
    checks, rng, rows = Checks(), random.Random(o.seed), []
    with tempfile.TemporaryDirectory() as folder:
        for letter in "ABCE":
            for glimt_sends in (True, False):
                rows += check_kills(checks, o, folder, letter, glimt_sends, rng)
    print(markdown(["ancestor", "direction", "killed", "n", "started → picture p50 ms", "p95", "max"], rows))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
