"""The pages of a hub, as curl, Prometheus and OpenCV read them; and under peers that are slow, many or hostile."""
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, free_port, glimt_path, poll_until, run  # noqa: E402
from http_peers import fetch, hostile_requests, send_raw, statuses  # noqa: E402
from pictures import read_time_code  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

CONFIG = """
[[stream]]
name = "cam0"
source = "test:?size=640x360"

  [[stream.destination]]
  id = "viewers"
  url = "unix://{folder}/viewers.sock"

  [[stream.destination]]
  id = "lost"
  url = "udp://127.0.0.1:{port}"

[[stream]]
name = "broken"
source = "{folder}/no-such-clip.mkv"
"""


def read_picture(url):
    """The number burnt into the picture of a snapshot; None where there is none."""
    status, _, body = fetch(url)
    picture = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR) if status == 200 else None
    code = None if picture is None else read_time_code(picture)
    return None if code is None else code[0]


def check_health(checks, base):
    status, fields, body = fetch(base + "health")
    said = json.loads(body)
    checks.equal((status, fields["Content-Type"]), (200, "application/json"), "/health: 200 and JSON", body)
    checks.equal({s["name"]: s["state"] for s in said["streams"]}, {"broken": "trouble", "cam0": "flowing"}, "/health: each stream's state")
    checks.equal(said["status"], "trouble", "/health: a stream in trouble is said")
    checks.equal(fetch(base + "health?strict")[0], 503, "/health?strict: 503 where a stream is in trouble")


def check_snapshot(checks, base):
    status, fields, _ = fetch(base + "snapshot/cam0.jpg")
    checks.equal((status, fields["Content-Type"], fields["Cache-Control"]), (200, "image/jpeg", "no-store"), "/snapshot/cam0.jpg: a JPEG that nobody keeps")
    checks.equal(fields["X-Content-Type-Options"], "nosniff", "nobody guesses at types")
    first = read_picture(base + "snapshot/cam0")
    checks.that(first is not None, "a snapshot has the number that is burnt into it")
    newer = poll_until(lambda: (n := read_picture(base + "snapshot/cam0")) is not None and n > (first or 0) and n)
    checks.that(newer, "a later snapshot is a newer picture", (first, newer))
    status, _, body = fetch(base + "snapshot/cam7")
    checks.that(status == 404 and b"cam0" in body and b"broken" in body, "an unknown stream: 404 and the known ones", (status, body))
    status, _, body = fetch(base + "snapshot/broken")
    checks.equal(status, 503, "a stream without a picture: 503", body)


def check_metrics(checks, base, command, viewers):
    status, _, body = fetch(base + "metrics")
    checks.equal(status, 200, "/metrics: 200")
    done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, timeout=60, check=False)
    checks.equal((done.returncode, done.stdout + done.stderr), (0, b""), "promtool finds nothing to say of /metrics")
    lines = body.decode().splitlines()
    for line in ("glimt_hub_streams 2", 'glimt_stream_state{stream="broken",state="trouble"} 1', 'glimt_stream_state{stream="cam0",state="flowing"} 1',
                 'glimt_destination_state{stream="cam0",destination="lost",state="connecting"} 1', 'glimt_stream_width_pixels{stream="cam0"} 640'):
        checks.that(line in lines, f"/metrics has: {line}", body.decode()[:3000])

    def frames():
        at = 'glimt_stream_frames_total{stream="cam0"} '
        return next(float(line[len(at):]) for line in fetch(base + "metrics")[2].decode().splitlines() if line.startswith(at))

    with Child([command, "recv", viewers, "null:"]):
        before = frames()
        checks.that(poll_until(lambda: frames() > before), "frames are counted while somebody receives", before)


def check_curl(checks, base):
    code, out, errors = run(["curl", "--fail", "--silent", "--show-error", "--head", base + "health"])
    checks.that(code == 0 and b"200 OK" in out, "curl --head", (out, errors))
    code, out, errors = run(["curl", "--silent", "--http2", base, base + "health"])
    checks.that(code == 0 and out.startswith(b"<!doctype html>") and b'"streams"' in out, "curl twice over one connection, an upgrade offered", (out, errors))
    code, out, _ = run(["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--data", "x=1", base + "health"])
    checks.that(out in (b"405", b"413"), "curl --data is refused", (code, out))
    checks.equal(fetch(base + "health", headers={"Host": "evil.example"})[0], 421, "another site's name for 127.0.0.1 is refused")


def check_slow_loris(checks, base, port):
    slow = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(200)]
    for s in slow:
        s.sendall(b"GET /health HTTP/1.1\r\nX-Slow: ")
    checks.equal(fetch(base + "health")[0], 200, "200 connections that send half a header: /health answers")
    deadline = time.monotonic() + 60
    while slow and time.monotonic() < deadline:
        slow = [s for s in slow if drips(s)]
        time.sleep(0.1)
    checks.equal(len(slow), 0, "all of them are ended, although each goes on sending")


def drips(connection):
    """Sends one more byte; False where the server has ended it."""
    try:
        connection.sendall(b"x")
        connection.setblocking(False)
        try:
            return connection.recv(1) != b""
        except BlockingIOError:
            return True
        finally:
            connection.setblocking(True)
    except OSError:
        connection.close()
        return False


def check_hostile(checks, base, port, hub):
    before, wrong, hangs = hub.rss_kb(), [], 0
    for data in hostile_requests(seed=7):
        received = send_raw(port, data)
        hangs += received is None
        wrong += [(data[:60], s) for s in statuses(received or b"") if s not in (200, 400, 404, 405, 413, 421, 431)]
    checks.equal((hangs, wrong), (0, []), "hostile bytes get an answer that fits, or an end")
    checks.equal(statuses(send_raw(port, b"GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n" * 200)), [200] * 200, "200 requests sent ahead: 200 answers")
    checks.that(hub.running() and fetch(base + "health")[0] == 200, "the hub serves on", hub.errors())
    checks.that(hub.rss_kb() < before + 65536, "and has not grown", (before, hub.rss_kb()))


def main():
    checks, command = Checks(), glimt_path()
    folder = tempfile.mkdtemp()
    port = free_port()
    base = f"http://127.0.0.1:{port}/"
    config = Path(folder) / "hub.toml"
    config.write_text(CONFIG.format(folder=folder, port=free_port()))
    argv = [command, "hub", "--config", config, "--listen", f"127.0.0.1:{port}", "--state", "none", "--control", f"{folder}/control.sock"]

    def serves():
        try:
            return fetch(base + "snapshot/cam0")[0] == 200 and b'"trouble"' in fetch(base + "health")[2]
        except OSError:
            return False

    try:
        with Child(argv) as hub:
            if checks.that(poll_until(lambda: serves() or not hub.running()) and hub.running(), "the hub serves", hub.errors()):
                check_health(checks, base)
                check_snapshot(checks, base)
                check_metrics(checks, base, command, f"unix://{folder}/viewers.sock")
                check_curl(checks, base)
                check_hostile(checks, base, port, hub)
                check_slow_loris(checks, base, port)
            second = run([*argv[:-1], f"{folder}/other.sock"])
            checks.that(second[0] not in (0, "hangs") and "ss -ltnp" in second[2], "a second hub on the same port says who has it", second)
    finally:
        shutil.rmtree(folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
