"""500 peers that hold on to a hub's connections: who looks on keeps its pictures, and newcomers get in."""
import shutil
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, free_port, glimt_path, poll_until  # noqa: E402
from http_peers import fetch  # noqa: E402
from hubs import Hub, stream_toml  # noqa: E402
from live_viewers import LiveViewer  # noqa: E402
from slow_peers import SlowPeers  # noqa: E402

SEATS = 256
FRAMES = 300
MORE_MISSED = FRAMES // 20  # than a viewer of a hub that nobody troubles: both share the machine, not each moment of it


class Watching(threading.Thread):
    """A viewer that counts what it got of so many frames."""

    def __init__(self, port, frames):
        super().__init__()
        self.port, self.frames, self.got, self.ended = port, frames, 0, "not yet"
        self.begun = threading.Event()
        self.start()

    def run(self):
        try:
            with LiveViewer(self.port, "cam0") as viewer:
                first = last = viewer.unit()[0]
                while last < first + self.frames:
                    self.begun.set()
                    viewer.taken(last)
                    last = viewer.unit()[0]
                    self.got += 1
            self.ended = ""
        except Exception as why:  # what it saw of it is told by whoever joins it
            self.ended = repr(why)
        self.begun.set()

    def missed(self):
        self.join()
        return self.frames - self.got


def open_hub(command, folder):
    port = free_port()
    Path(folder).mkdir()
    return port, Hub(command, folder, config=stream_toml("cam0"), page=f"127.0.0.1:{port}")


def metric(port, name):
    """None where it cannot be had."""
    try:
        lines = fetch(f"http://127.0.0.1:{port}/metrics")[2].decode().splitlines()
    except OSError:
        return None
    return next((float(line.split()[1]) for line in lines if line.startswith(name + " ")), None)


def serves(port):
    try:
        return fetch(f"http://127.0.0.1:{port}/snapshot/cam0")[0] == 200
    except OSError:
        return False


def check_newcomers(checks, port):
    checks.equal([fetch(f"http://127.0.0.1:{port}/health")[0] for _ in range(20)], [200] * 20, "/health answers each time")
    sixth = Watching(port, 30)
    sixth.join()
    checks.equal(sixth.ended, "", "a sixth viewer gets in, and pictures")
    checks.equal(metric(port, "glimt_web_turned_away_total"), 0.0, "nobody was turned away")
    checks.that((metric(port, "glimt_web_made_room_total") or 0) > 200, "those who wait make room, which is counted")


def check_slow(checks, troubled, quiet):
    viewers = [Watching(troubled, FRAMES) for _ in range(5)]
    for viewer in viewers:
        viewer.begun.wait()
    with SlowPeers(troubled):
        checks.that(poll_until(lambda: metric(troubled, "glimt_web_connections") == SEATS), "500 slow peers: every seat is taken")
        beside = Watching(quiet, FRAMES)
        check_newcomers(checks, troubled)
        missed = [viewer.missed() for viewer in viewers]
        alone = beside.missed()
    checks.equal([v.ended for v in [*viewers, beside]], [""] * 6, "no viewer loses its seat")
    checks.that(max(missed) <= alone + MORE_MISSED, f"of {FRAMES} frames each gets what a viewer of another hub gets", (missed, alone))
    checks.that(poll_until(lambda: metric(troubled, "glimt_web_connections") == 1), "and once they have gone, their seats are free")


def main():
    checks, command = Checks(), glimt_path()
    folder = tempfile.mkdtemp()
    try:
        (troubled, hub), (quiet, other) = open_hub(command, f"{folder}/troubled"), open_hub(command, f"{folder}/quiet")
        with hub, other:
            if checks.that(poll_until(lambda: serves(troubled) and serves(quiet)), "both hubs serve", hub.errors() + other.errors()):
                check_slow(checks, troubled, quiet)
                checks.that(hub.running(), "the hub serves on", hub.errors())
    finally:
        shutil.rmtree(folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
