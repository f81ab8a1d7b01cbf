"""`glimt send SOURCE http://:PORT/`: a page, and what players ask for, beside other destinations."""
import json
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, free_port, glimt_path, poll_until, run  # noqa: E402
from http_peers import fetch  # noqa: E402
from hubs import own  # noqa: E402
from live_viewers import LiveViewer  # noqa: E402

SOURCE = ["test:", "--size", "320x240", "--fps", "30", "--quality", "90"]
JSON = {"Content-Type": "application/json"}


def answers(url):
    try:
        return fetch(url)[0] == 200
    except OSError:
        return False


def check_page(checks, command, folder):
    port, place, stats = free_port(), f"unix://{folder}/beside.sock?codec=jpeg", f"{folder}/stats.jsonl"
    base = f"http://127.0.0.1:{port}/"
    with Child([command, "send", *SOURCE, f"http://:{port}/", place, "--stats", stats], env=own(folder)) as sender:
        checks.that(poll_until(lambda: answers(base + "snapshot") or not sender.running()), "it listens", sender.errors())
        checks.that(sender.says(f"look at it: {base}; elsewhere"), "it says where to look", sender.errors())
        status, _, body = fetch(base)
        checks.that(status == 200 and b"<title>" in body, "the page is there", body)
        with LiveViewer(port, "send") as viewer:
            frames = []
            while len(frames) < 10:
                frames.append(viewer.unit()[0])
                viewer.taken(frames[-1])
        checks.equal(frames, sorted(set(frames)), "a WebSocket gets each picture once, in order")
        code, _, errors = run([command, "recv", place.partition("?")[0], "null:?verify", "--frames", "10"])
        checks.equal(code, 0, "another destination gets the same stream", errors)
        code, _, errors = run(["ffmpeg", "-v", "error", "-f", "mpjpeg", "-i", base + "?action=stream", "-frames:v", "5", "-f", "null", "-"])
        checks.equal(code, 0, "FFmpeg plays /?action=stream", errors)
        check_steering(checks, base)
        checks.that(poll_until(lambda: Path(stats).exists() and Path(stats).read_text().strip()), "--stats counts as ever")
        checks.equal(sender.signal(signal.SIGTERM), 0, "ended when asked", sender.errors())
        checks.that("frames; captured→encoded" in sender.errors(), "with its summary", sender.errors())


def check_steering(checks, base):
    import urllib.request
    asked = urllib.request.Request(base + "streams/send", method="PATCH", headers=JSON, data=b'{"quality": 40}')
    with urllib.request.urlopen(asked, timeout=10) as answer:
        checks.equal(json.loads(answer.read())["settings"]["encoding"]["quality"], 40, "its user steers it from the page")


def check_refusals(checks, command, folder):
    port = free_port()
    for words, cure in (([f"http://:{port}/cam0"], "no path"), ([f"https://:{port}/"], "glimt hub"), (["http://nowhere/"], "8080"),
                        ([f"http://:{port}/", "--fast"], "http:// out"), ([f"http://:{port}/", "--show"], "http:// out")):
        code, _, errors = run([command, "send", *SOURCE, *words], env=own(folder))
        checks.that(code == 2 and cure in errors, f"send {' '.join(words)}: refused with the cure", errors)
    with Child([command, "send", *SOURCE, f"http://127.0.0.1:{port}/"], env=own(folder)) as first:
        checks.that(poll_until(lambda: answers(f"http://127.0.0.1:{port}/health") or not first.running()), "a first one listens", first.errors())
        code, _, errors = run([command, "send", *SOURCE, f"http://127.0.0.1:{port}/"], env=own(folder))
        checks.that(code == 2 and f"127.0.0.1:{port}" in errors, "a port in use: refused with the cure", errors)
    code, _, errors = run([command, "send", "-", f"http://:{port}/", "--size", "320x240"], env=own(folder))
    checks.that(code == 2 and "standard input" in errors, "standard input: refused with the cure", errors)


def main():
    checks, command = Checks(), glimt_path()
    for check in check_page, check_refusals:
        with tempfile.TemporaryDirectory() as folder:
            check(checks, command, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
