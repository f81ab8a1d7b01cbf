"""Either end is killed at random moments and comes back: pictures each time. `--kills 200` is the full proof; times are told, not judged."""
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, free_port, parse_arguments  # noqa: E402
from ends import Sender, Viewer  # noqa: E402
from times import markdown, summary  # noqa: E402

AGAIN = 10     # seconds until pictures must flow
PAUSE = 1.5    # seconds that a killed end is away, at most
RUNNING = 0.7  # seconds between a return and the next kill, at most


class Stream:
    """A sender and a viewer, either of which can be killed and come back."""

    def __init__(self, command, folder, scheme, sender_listens):
        here = f"unix://{folder}/restart.sock" if scheme == "unix" else f"{scheme}://127.0.0.1:{free_port()}"
        roles = ("?listen", "?connect") if sender_listens else ("?connect", "?listen")
        self.command, self.folder = command, folder
        self.addresses = dict(zip(("sender", "receiver"), (here + role for role in roles)))
        self.ends, self.unreadable = {}, 0

    def start(self, who):
        made = Sender if who == "sender" else Viewer
        self.ends[who] = made(self.command, self.addresses[who], f"{self.folder}/{who}.jsonl")

    def kill(self, who):
        end = self.ends[who]
        end.signal(signal.SIGKILL)
        end.end()
        self.unreadable += getattr(end, "unreadable", 0)

    def picture_since_return(self, who):
        """The first one that only the end that came back can have brought."""
        since = self.ends[who].started if who == "sender" else 0
        return self.ends["receiver"].captured_since(since, AGAIN)

    def errors(self):
        return "\n".join(f"{who}: {end.errors()[-800:]}" for who, end in self.ends.items())

    def end(self):
        for end in self.ends.values():
            end.end()
        self.unreadable += self.ends["receiver"].unreadable


def kill_and_return(checks, stream, who, rng, what):
    """(seconds since the start, seconds since its socket) of the first picture; None where none came."""
    time.sleep(rng.uniform(0, RUNNING))  # the random moment of this proof, not a wait for a result
    stream.kill(who)
    time.sleep(rng.uniform(0, PAUSE))
    stream.start(who)
    open_at = stream.ends[who].wait_for_socket(AGAIN)
    picture = stream.picture_since_return(who)
    if not picture or not open_at:
        checks.that(False, f"{what}: pictures within {AGAIN} s", stream.errors())
        return None
    return picture.arrived - stream.ends[who].started, picture.arrived - open_at


def check_kills(checks, command, folder, scheme, sender_listens, kills, rng):
    """Rows of the table: one for each end that was killed."""
    listening = "sender" if sender_listens else "receiver"
    what = f"{scheme}, {listening} listens"
    stream, times = Stream(command, folder, scheme, sender_listens), {"sender": [], "receiver": []}
    try:
        stream.start("sender")
        stream.start("receiver")
        checks.that(stream.picture_since_return("receiver"), f"{what}: pictures", stream.errors())
        for i in range(kills):
            who = rng.choice(("sender", "receiver"))
            taken = kill_and_return(checks, stream, who, rng, f"{what}, kill {i + 1}, of the {who}")
            if taken:
                times[who].append(taken)
    finally:
        stream.end()
    checks.equal(sum(map(len, times.values())), kills, f"{what}: pictures after each of {kills} kills")
    checks.equal(stream.unreadable, 0, f"{what}: no picture was torn")
    return [[scheme, listening, who, *summary([t[0] for t in of]), *summary([t[1] for t in of])[1:]]
            for who, of in times.items()]


def main():
    o = parse_arguments(__doc__, kills=15, seed=random.randrange(1 << 31))
    print(f"seed {o.seed}", flush=True)
    checks, rng, rows = Checks(), random.Random(o.seed), []
    with tempfile.TemporaryDirectory() as folder:
        for scheme in ("udp", "tcp", "unix"):
            for sender_listens, kills in ((True, (o.kills + 1) // 2), (False, o.kills // 2)):
                rows += check_kills(checks, o.command, folder, scheme, sender_listens, kills, rng)
    columns = ["transport", "listens", "came back", "n", "started → picture p50 ms", "p95", "max",
               "its socket → picture p50 ms", "p95", "max"]
    print(markdown(columns, rows))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
