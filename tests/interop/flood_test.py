"""HELLOs from 10 000 ports, and sessions that come in and never speak again: bounded, the viewer unmoved, newcomers admitted after."""
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, free_port, parse_arguments, poll_until  # noqa: E402
from ends import End, Sender, Viewer  # noqa: E402
from strangers import Stranger, allow_descriptors, send_hellos  # noqa: E402

SIZE = (240, 64)  # pixels: a thousand strangers are each sent the picture until their silence is noticed
AGAIN = 10        # seconds until a newcomer must have a picture
RECEIVERS = 1024  # that an address serves at most: docs/wire-format.md
GROWTH_KB = 64 * 1024
SPARE = 16        # descriptors more than one a receiver
MISSED = ("lost", "late", "repeated", "refused", "dropped", "skipped", "packets_lost", "kernel_drops")


class Flooded:
    """A sender that listens and one viewer of every picture, who was there before."""

    def __init__(self, command, folder, scheme):
        self.scheme, self.port = scheme, free_port()
        self.address = f"{scheme}://127.0.0.1:{self.port}"
        self.sender = Sender(command, self.address + "?listen", f"{folder}/{scheme}-sent.jsonl", size=SIZE)
        self.viewer = End([command, "recv", self.address + "?mode=every", "null:?verify"], f"{folder}/{scheme}-seen.jsonl")

    def seen(self):
        return self.viewer.newest().get("frames", 0)

    def wait_for_more(self, frames=30):
        goal = self.seen() + frames
        return poll_until(lambda: self.seen() >= goal)

    def destination(self):
        return (self.sender.newest().get("destinations") or [{}])[0]

    def cost(self):
        return self.sender.rss_kb(), len(self.sender.open_files())

    def end(self):
        self.viewer.end()
        self.sender.end()


def check_bounds(checks, stream, before, what):
    (memory, files), (memory_now, files_now) = before, stream.cost()
    allowed = RECEIVERS + SPARE if stream.scheme == "tcp" else 0
    checks.that(memory_now - memory < GROWTH_KB, f"{what}: the sender's memory is bounded, it grew by {memory_now - memory} kB")
    checks.that(files_now - files <= allowed, f"{what}: its descriptors are bounded, {files_now - files} more")


def check_viewer(checks, stream, what):
    checks.that(stream.wait_for_more(), f"{what}: the viewer sees on", stream.viewer.errors())
    missed = {name: stream.viewer.newest()[name] for name in MISSED if stream.viewer.newest()[name]}
    checks.equal(missed, {}, f"{what}: it has missed nothing, at {stream.viewer.newest()['fps']} frames/s", stream.viewer.errors())
    checks.equal(stream.viewer.newest()["sessions"], 1, f"{what}: in one session")


def check_silent(checks, stream, count, what):
    """Strangers that come in and hold their sockets open."""
    before, gone_before = stream.cost(), stream.destination().get("receivers_gone", 0)
    strangers = [Stranger(stream.scheme, stream.port, own + 1) for own in range(count)]
    try:
        admitted = sum(s.admitted for s in strangers)
        checks.that(admitted > RECEIVERS // 2, f"{what}: {admitted} came in", stream.destination())
        check_bounds(checks, stream, before, what)
        checks.that(stream.destination().get("receivers", 0) <= RECEIVERS, f"{what}: no more than {RECEIVERS} are served",
                    stream.destination())
        # Some of those that came late may have taken the room of others that were let go before.
        gone = lambda: stream.destination()["receivers_gone"] >= gone_before + min(admitted, RECEIVERS - 1)
        checks.that(poll_until(lambda: gone() and stream.destination()["receivers"] <= 1),
                    f"{what}: all of them are let go and counted", stream.destination())
        checks.equal(stream.destination()["receivers"], 1, f"{what}: the viewer stays")
        check_viewer(checks, stream, what)
    finally:
        for s in strangers:
            s.close()


def check_newcomer(checks, command, stream, folder, what):
    with Viewer(command, stream.address, f"{folder}/newcomer.jsonl", size=SIZE) as newcomer:
        picture = newcomer.captured_since(0, AGAIN)
        checks.that(picture, f"{what}: a newcomer is admitted", newcomer.errors())


def check(checks, command, folder, scheme, ports, silent):
    stream = Flooded(command, folder, scheme)
    try:
        checks.that(stream.wait_for_more(), f"{scheme}: pictures before", stream.viewer.errors())
        if scheme == "udp":
            what, before = f"udp, HELLOs from {ports} ports", stream.cost()
            send_hellos(stream.port, ports)
            check_bounds(checks, stream, before, what)
            check_viewer(checks, stream, what)
            check_newcomer(checks, command, stream, folder, what)
        what = f"{scheme}, {silent} that never speak again"
        check_silent(checks, stream, silent, what)
        check_newcomer(checks, command, stream, folder, what)
        checks.equal(stream.viewer.signal(15), 0, f"{scheme}: every picture was right", stream.viewer.errors())
    finally:
        stream.end()


def main():
    o, checks = parse_arguments(__doc__, ports=10_000, silent=1200), Checks()
    allow_descriptors()
    with tempfile.TemporaryDirectory() as folder:
        for scheme in ("udp", "tcp"):
            check(checks, o.command, folder, scheme, o.ports, o.silent)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
