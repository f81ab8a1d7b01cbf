"""Streams of a hub in a WebSocket and as JPEG behind JPEG: what viewers see, at what pace, and what becomes of those that are slow or wrong."""
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, free_port, glimt_path, poll_until, run  # noqa: E402
from http_peers import fetch  # noqa: E402
from live_viewers import LiveViewer, Refused, fields_of  # noqa: E402
from pictures import read_time_code  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

CONFIG = """
[[stream]]
name = "cam0"
source = "test:?size=640x360"

[[stream]]
name = "film"
source = "test:?size=640x360"
codec = "h264"

[[stream]]
name = "gone"
source = "test:?size=160x120"
"""


def number_in(jpeg):
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    code = None if picture is None else read_time_code(picture)
    return None if code is None else code[0]


def metric(base, name):
    return next((float(line.split()[1]) for line in fetch(base + "metrics")[2].decode().splitlines() if line.startswith(name + " ")), None)


def check_live(checks, base, port):
    checks.equal(metric(base, 'glimt_stream_frames_total{stream="cam0"}'), 0.0, "with no viewer nothing is encoded")
    with LiveViewer(port, "cam0") as viewer:
        checks.that("sec-websocket-protocol: glimt.1" in viewer.head.lower(), "the subprotocol is agreed", viewer.head)
        numbers, frames = [], []
        for _ in range(20):
            frame, flags, integrity, sent_us, descriptor, jpeg = viewer.unit()
            viewer.taken(frame)
            numbers.append(number_in(jpeg))
            frames.append(frame)
        fields = fields_of(descriptor)
        checks.that(None not in numbers and numbers == sorted(set(numbers)), "each picture has its number, none twice", numbers)
        checks.that(frames == sorted(set(frames)), "frames count up", frames)
        checks.equal((flags & 1, integrity), (1, 65535), "a JPEG is a key frame, and whole")
        checks.that(1 in fields and len(fields) >= 2, "the descriptor has its fields", fields)
        checks.that(abs(sent_us - time.monotonic_ns() // 1000) < 5_000_000, "the time is the server's clock", sent_us)
        viewer.ask_clock(1234567)
        asked, received, answered = viewer.clock()
        checks.that(asked == 1234567 and received <= answered, "CLOCK is answered", (asked, received, answered))
        checks.equal(metric(base, "glimt_web_viewers"), 1.0, "a viewer is counted")
    checks.that(poll_until(lambda: metric(base, "glimt_web_viewers") == 0), "one that has gone is not")


def check_credit(checks, base, port):
    with LiveViewer(port, "cam0") as viewer:
        first, second = viewer.unit(), viewer.unit()
        before = metric(base, "glimt_web_dropped_frames_total")
        checks.that(viewer.silent(1), "two units are on their way, and no third before one is taken")
        checks.that(poll_until(lambda: metric(base, "glimt_web_dropped_frames_total") > before + 10), "those left out are counted")
        viewer.taken(first[0])
        third = viewer.unit()
        checks.that(third[0] > second[0] + 10 and third[1] & 2, "then comes the newest, which says that others are missing", (second[0], third[0], third[1]))


def taken_units(viewer, count):
    units = []
    for _ in range(count):
        units.append(viewer.unit())
        viewer.taken(units[-1][0])
    return units


def check_h264(checks, port):
    met = []

    def nothing_left_out():  # a viewer that is away for two frame times does not keep up
        with LiveViewer(port, "film") as viewer:
            met.append(taken_units(viewer, 10))
        return met[-1][-1][0] == met[-1][0][0] + 9

    checks.that(poll_until(nothing_left_out), "H.264 leaves nothing out for one that keeps up", [[u[0] for u in units] for units in met])
    checks.that(all(units[0][1] & 1 and units[0][5][:3] in (b"\0\0\0", b"\0\0\1") for units in met), "and begins with a key frame", [units[0][:2] for units in met])
    with LiveViewer(port, "film") as viewer:
        last = [viewer.unit()[0] for _ in range(2)][-1]  # which are not taken
        time.sleep(1)
        viewer.taken(last)
        behind = viewer.unit()
        while behind and not behind[1] & 1:
            viewer.taken(behind[0])
            behind = viewer.unit()
        checks.that(behind and behind[1] & 3 == 3, "behind what was left out comes a key frame", behind and behind[:2])
    with LiveViewer(port, "film", "?codec=jpeg") as viewer:
        checks.that(number_in(viewer.unit()[5]) is not None, "?codec=jpeg of H.264: JPEG")


def check_refusals(checks, base, port):
    def status(*arguments, **options):
        try:
            with LiveViewer(port, *arguments, **options):
                return 101
        except Refused as refused:
            return refused.args[0]

    checks.equal(status("nowhere"), 404, "an unknown stream")
    checks.equal(status("cam0", headers=["Origin: http://evil.example"]), 403, "a page of another site")
    checks.equal(status("cam0", headers=[f"Origin: http://127.0.0.1:{port}"]), 101, "a page of this hub")
    checks.equal(status("cam0", protocol=None), 400, "without the subprotocol")
    checks.equal(fetch(base + "live/cam0")[0], 426, "without an upgrade")
    for what, payload, opcode, code in [("noise", b"\xff" * 20, 2, 1008), ("text", b"hello", 1, 1008), ("a number that was never sent", b"\3\0\0\0\xff\xff\xff\x7f", 2, 1008),
                                        ("more than 64 bytes", bytes(500), 2, 1009)]:
        with LiveViewer(port, "cam0") as viewer:
            viewer.unit()
            viewer.send(payload, opcode)
            while viewer.unit():
                pass
            checks.equal(viewer.closed, code, f"{what}: closed")


def check_removal(checks, command, folder, port):
    with LiveViewer(port, "gone") as viewer:
        viewer.unit()
        checks.equal(run([command, "ctl", "--address", f"unix://{folder}/control.sock", "remove", "gone"])[0], 0, "a stream is removed")
        while viewer.unit():
            pass
        checks.equal(viewer.closed, 4404, "its viewers are told")


def part_of(text):
    """(fields, length, body), as far as they came."""
    fields, _, body = text.partition(b"\r\n\r\n")
    return fields, int(fields.split(b"Content-Length: ")[1].split()[0]) if body else 0, body


def check_players(checks, base):
    for target in ("stream", "stream/cam0", "stream?cam0", "?action=stream", "?action=stream&stream=film"):
        player = cv2.VideoCapture(base + target, cv2.CAP_FFMPEG)
        numbers = [read_time_code(player.read()[1]) for _ in range(5)] if player.isOpened() else []
        checks.that(len(numbers) == 5 and None not in numbers, f"cv2.VideoCapture reads /{target}", numbers)
        player.release()
    done = subprocess.run(["ffmpeg", "-v", "error", "-f", "mpjpeg", "-i", base + "stream/cam0", "-frames:v", "5", "-f", "null", "-"], capture_output=True, timeout=60, check=False)
    checks.equal((done.returncode, done.stderr), (0, b""), "FFmpeg reads /stream")
    done = subprocess.run(["curl", "--silent", "--max-time", "3", base + "stream/cam0"], capture_output=True, timeout=60, check=False)
    head, *parts, cut = done.stdout.split(b"--glimt-next\r\n")
    fields, size, body = part_of(parts[0])
    _, whole, begun = part_of(cut)
    checks.that(len(parts) > 10 and (whole == 0 or len(begun) < whole), "the boundary behind a picture comes with it", (len(parts), len(begun), whole))
    checks.that(b"X-Timestamp: " in fields and number_in(body[:size]) is not None and body[size:] == b"\r\n", "each part has its length and time", fields)
    for target in ("snapshot", "?action=snapshot"):
        status, _, body = fetch(base + target)
        checks.that(status == 200 and number_in(body) is not None, f"/{target}: the first stream's", status)
    status, fields, _ = fetch(base + "stream/cam0", method="HEAD")
    checks.that(status == 200 and fields["Content-Type"].startswith("multipart/x-mixed-replace"), "HEAD of a stream", (status, fields))
    checks.equal(fetch(base + "stream/nowhere")[0], 404, "an unknown stream")


def check_slow(checks, base, port):
    """A reader that sleeps sees what is new, and delays nobody."""
    import socket
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", port))
    slow.sendall(f"GET /stream/cam0 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    with LiveViewer(port, "cam0") as viewer:
        encoded = 'glimt_stream_frames_total{stream="cam0"}'
        before, seen = metric(base, encoded), len(taken_units(viewer, 60))
        of = metric(base, encoded) - before
        checks.that(seen >= of / 2, "beside one that sleeps, another keeps its pictures", (seen, of))
    slow.close()
    checks.that(poll_until(lambda: metric(base, "glimt_web_viewers") == 0), "it is let go once it has gone")


def main():
    checks, command = Checks(), glimt_path()
    folder = tempfile.mkdtemp()
    port = free_port()
    base = f"http://127.0.0.1:{port}/"
    config = Path(folder) / "hub.toml"
    config.write_text(CONFIG)
    argv = [command, "hub", "--config", config, "--listen", f"127.0.0.1:{port}", "--state", "none", "--control", f"{folder}/control.sock"]

    def serves():
        try:
            return all(fetch(f"{base}snapshot/{name}")[0] == 200 for name in ("cam0", "film", "gone"))
        except OSError:
            return False

    try:
        with Child(argv) as hub:
            if checks.that(poll_until(lambda: serves() or not hub.running()) and hub.running(), "the hub serves", hub.errors()):
                check_live(checks, base, port)
                check_credit(checks, base, port)
                check_h264(checks, port)
                check_refusals(checks, base, port)
                check_removal(checks, command, folder, port)
                check_players(checks, base)
                check_slow(checks, base, port)
                with LiveViewer(port, "cam0") as viewer:
                    viewer.unit()
                    hub.end()
                    while viewer.unit():
                        pass
                    checks.equal(viewer.closed, 1001, "a hub that ends says so")
    finally:
        shutil.rmtree(folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
