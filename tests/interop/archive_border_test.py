"""glimt serve against whoever is not its friend: names that climb, floods, wrong ports, readers that read nothing."""
import os
import socket
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from clips import Get, Server, make_clip, numbers_in  # noqa: E402
from command import Checks, Child, free_port, glimt_path, poll_until, run  # noqa: E402
from strangers import allow_descriptors  # noqa: E402
import numpy as np  # noqa: E402
import cv2  # noqa: E402

PREFACE = b"GLIMTAR\x01"
LIST, PLAY, FETCH, FAILURE = 1, 2, 3, 21
FRAMES = 60
OUT = ["--save", "-", "--format", "bgr24"]


def message(kind, body=b""):
    return struct.pack("<IB", len(body) + 1, kind) + body


def play(name, fast=1):
    return message(PLAY, struct.pack("<BBBBQQ", 2, fast, 2, 90, 0, 0) + name)


class Stranger:
    def __init__(self, port, data=b"", buffer=None):
        self.socket = socket.socket()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(20)
        self.socket.connect(("127.0.0.1", port))
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # refused before all was said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def read(self):
        """All that comes until the other end closes; what came before it was reset."""
        data = b""
        try:
            while piece := self.socket.recv(65536):
                data += piece
        except ConnectionResetError:
            pass
        except TimeoutError:
            return data + b"(hangs)"
        return data

    def failure(self):
        """The kind and text of the first message after the preface, without waiting for the end."""
        data = b""
        while len(data) < 13 or len(data) < 12 + struct.unpack_from("<I", data, 8)[0]:
            piece = self.socket.recv(65536)
            if not piece:
                break
            data += piece
        return data[12:13] == bytes([FAILURE]) and data[14:].decode(errors="replace")


def check_border(checks, server, folder):
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    (folder / "inner.png").symlink_to("photo.png")
    os.mkfifo(folder / "fifo.png")
    (folder / ".hidden.png").write_bytes(b"x")
    for name in (b"link.png", b"inner.png", b"fifo.png"):
        with Stranger(server.port, PREFACE + message(FETCH, struct.pack("<BQ", 1, 0) + name)) as s:
            text = s.failure()
            checks.that(text and "there is no" in text, f"{name.decode()} is not there", text)
    for name in (b"../secret.png", b"..", b".hidden.png", b"/etc/passwd", bytes(str(folder / "photo.png"), "ascii"), b"a/b.png", b"x\0.png", b""):
        with Stranger(server.port, PREFACE + message(FETCH, struct.pack("<BQ", 1, 0) + name)) as s:
            data = s.read()
            checks.that(b"cannot be read" in data and b"secret" not in data, f"the name {name!r} is refused, and closed", data)


def check_lists_of_files(checks, command, server, folder):
    """What FFmpeg would take for a list of other files does not lead out of the folder."""
    make_clip(folder.parent / "secret.avi", 5)
    (folder / "concat.mp4").write_text(f"ffconcat version 1.0\nfile '{folder.parent}/secret.avi'\n")
    (folder / "hls.mp4").write_text(f"#EXTM3U\n#EXTINF:1,\nfile://{folder.parent}/secret.avi\n#EXT-X-ENDLIST\n")
    for name in ("concat.mp4", "hls.mp4"):
        code, out, errors = run([command, "get", "video", name, server.address, *OUT])
        checks.that(code == 2 and out == b"" and "cannot open" in errors, f"{name} gives nothing", (code, len(out), errors))


def check_garbage(checks, command, server):
    for what, data, said in (
        ("a megabyte", b"A" * 1_000_000, b"refused"),
        ("a long request", PREFACE + struct.pack("<I", 1_000_000) + b"A" * 1_000_000, b"too long"),
        ("a length of 2^32-1", PREFACE + b"\xff" * 4, b"too long"),
        ("an empty request", PREFACE + bytes(4), b"too long"),
        ("an unknown request", PREFACE + message(99), b"cannot be read"),
        ("an answer", PREFACE + message(20, bytes(8)), b"instead of a request"),
        ("two at once", PREFACE + play(b"clip.avi", 0) + message(LIST), b"before the last one"),
        ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.0 400"),
    ):
        with Stranger(server.port, data) as s:
            got = s.read()
            checks.that(b"(hangs)" not in got and (said in got or not got), f"{what}: refused and closed", got[-200:])
    checks.that("it seems to be a web browser" in server.errors(), "who speaks HTTP is named", server.errors())
    for pieces in ((PREFACE[:3], PREFACE[3:] + message(LIST)[:2], message(LIST)[2:]),):
        with Stranger(server.port) as s:
            for piece in pieces:
                s.socket.sendall(piece)
                poll_until(lambda: False, 0.05)
            checks.that(s.socket.recv(8, socket.MSG_WAITALL) == PREFACE, "a request in pieces is one")
    code, out, errors = run([command, "get", "video", "clip.avi", server.address, "--fast", *OUT])
    checks.equal((code, numbers_in(out)), (0, list(range(FRAMES))), "and others are served as before", errors)


def check_wrong_ports(checks, command, server, folder):
    """Each end says what it met."""
    port = free_port()
    with Child([command, "send", "test:?size=64x64", f"tcp://127.0.0.1:{port}?listen"]) as sender:
        sender.says("on the other side")
        code, _, errors = run([command, "get", "list", f"tcp://127.0.0.1:{port}"])
        checks.that(code == 2 and "glimt recv" in errors, "get at a live stream: says so", (code, errors))
        checks.that(sender.says("glimt serve or get"), "the live stream says so, too", sender.errors())
    with Child([command, "recv", server.host, "null:"]) as receiver:
        checks.that(receiver.says("glimt serve or get"), "recv at an archive: says so", receiver.errors())
        checks.that(server.says("a live stream"), "the archive says so, too", server.errors())
    web = socket.create_server(("127.0.0.1", 0))
    with Child([command, "get", "list", f"tcp://127.0.0.1:{web.getsockname()[1]}"]) as getter:
        peer = web.accept()[0]
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        checks.that(getter.wait() == 2 and "(HTTP)" in getter.errors(), "get at a web server: says so", getter.errors())
        peer.close()
    with Child([command, "get", "list", f"tcp://127.0.0.1:{web.getsockname()[1]}"]) as getter:
        peer = web.accept()[0]  # and says nothing
        checks.that(getter.wait() == 2 and "silent for 5 s" in getter.errors(), "get at a silent server: ends and says so", getter.errors())
        peer.close()
    with Child([command, "get", "list", f"tcp://127.0.0.1:{web.getsockname()[1]}"]) as getter:
        peer = web.accept()[0]
        peer.sendall(PREFACE + b"\xff\xff\xff\x7f")
        checks.that(getter.wait() != 0 and "are the bound" in getter.errors(), "a server that announces 2 GB is refused", getter.errors())
        peer.close()
    web.close()
    code, _, errors = run([command, "serve", folder, server.host])
    checks.that(code == 2 and "port is in use" in errors, "a port that is in use: says so", (code, errors))
    code, _, errors = run([command, "serve", folder / "none", f"tcp://127.0.0.1:{free_port()}"])
    checks.that(code == 2 and "No such file" in errors, "a folder that is not there: says so", (code, errors))
    code, _, errors = run([command, "serve", folder, "udp://:9"])
    checks.that(code == 2 and "over tcp://" in errors, "an address that is none of TCP: says so", (code, errors))


def check_many(checks, command, server):
    """Ten at once, and one that asks and reads nothing."""
    with Stranger(server.port, PREFACE + play(b"clip.avi"), buffer=4096):
        getters = [Get(command, "video", "clip.avi", server.address, "--fast", *OUT) for _ in range(10)]
        size = 320 * 240 * 3 * FRAMES
        for getter in getters:
            data = getter.read(size + 1)
            checks.equal((getter.wait(), numbers_in(data)), (0, list(range(FRAMES))), "one of ten: every picture", getter.errors())
            getter.end()
    checks.that(poll_until(lambda: threads(server) < 5), "who left has no thread left", threads(server))


def threads(server):
    return len(os.listdir(f"/proc/{server.pid}/task"))


def check_busy(checks, command, server):
    """More than 64 requests in work are turned away, and there is room again once they left."""
    held = [Stranger(server.port, PREFACE + play(b"clip.avi", 0), buffer=4096) for _ in range(64)]
    poll_until(lambda: threads(server) >= 64)
    code, _, errors = run([command, "get", "list", server.address])
    checks.that(code == 2 and "busy" in errors, "the 65th request: busy, said", (code, errors))
    code = poll_until(lambda: run([command, "get", "list", server.address])[0] == 0)
    checks.that(code, "who reads nothing gives up its place at last")
    for one in held:
        one.socket.close()
    checks.that(poll_until(lambda: threads(server) < 5), "once they left nothing of them is left", threads(server))


def check_idle(checks, command, server):
    """More connections than there are places, all idle: whoever asks is served."""
    allow_descriptors()
    before, idle = server.rss_kb(), []
    for _ in range(1100):
        idle.append(socket.create_connection(("127.0.0.1", server.port)))
    code, _, errors = run([command, "get", "list", server.address])
    checks.equal(code, 0, "among 1100 idle connections: served", errors)
    checks.that(server.rss_kb() - before < 30_000, "and they cost little memory", (before, server.rss_kb()))
    for one in idle:
        one.close()


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "in"
        folder.mkdir()
        cv2.imwrite(str(Path(name) / "secret.png"), np.zeros((8, 8, 3), np.uint8))
        cv2.imwrite(str(folder / "photo.png"), np.zeros((8, 8, 3), np.uint8))
        make_clip(folder / "clip.avi", FRAMES)
        with Server(command, folder) as server:
            check_border(checks, server, folder)
            check_lists_of_files(checks, command, server, folder)
            check_garbage(checks, command, server)
            check_wrong_ports(checks, command, server, folder)
            check_many(checks, command, server)
            check_busy(checks, command, server)
            check_idle(checks, command, server)
            checks.equal(server.signal(2), 0, "and it ends cleanly", server.errors())
            checks.that("refused" in server.errors(), "what was refused was counted", server.errors())
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
