"""wire=pickle-i both ways: Python asks `glimt serve`, and `glimt get` asks Python."""
import pickle
import socket
import struct
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from clips import Server, as_frames, decoded, make_clip  # noqa: E402
from command import Checks, glimt_path, poll_until, run  # noqa: E402
from pictures import smooth  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

FRAMES = 40
OUT = ["--save", "-", "--format", "bgr24"]


def ask(port, *pieces):
    """What comes in answer: unpickled objects, and whether the connection was closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        for piece in pieces:
            s.sendall(piece)
            if len(pieces) > 1:
                poll_until(lambda: False, 0.05)
        data = b""
        try:
            while piece := s.recv(1 << 20):
                data += piece
        except ConnectionResetError:
            pass
    found = []
    while len(data) >= 4:
        size = struct.unpack_from("<i", data)[0]
        found.append(pickle.loads(data[4 : 4 + size]))
        data = data[4 + size :]
    return found, data


def same(a, b):
    return isinstance(a, np.ndarray) and a.dtype == np.uint8 and np.array_equal(a, b)


def check_server(checks, command, folder):
    still, clip = cv2.imread(str(folder / "imagem.png")), decoded(folder / "video.avi")
    with Server(command, folder, "--image", "imagem.png", "--video", "video.avi", "--fast", wire="pickle-i") as server:
        for pieces in ((b"get_image",), (b"get", b"_ima", b"ge")):
            found, rest = ask(server.port, *pieces)
            checks.that(len(found) == 1 and same(found[0], still) and not rest, f"{pieces}: the still, to the pixel, then closed", len(found))
        found, rest = ask(server.port, b"get_video")
        checks.that(len(found) == FRAMES + 1 and found[-1] == b"end" and not rest, "get_video: its pictures and b'end', then closed", len(found))
        checks.that(all(same(a, b) for a, b in zip(found, clip)), "get_video: each to the pixel")
        socket.create_connection(("127.0.0.1", server.port)).close()  # 0 of the menu
        for wrong in (b"get_imagee", b"GET / HTTP/1.1\r\n\r\n", b"x" * 1_000_000):
            found, rest = ask_anyway(server.port, wrong)
            checks.that(not found and not rest, f"{wrong[:20]}: refused and closed", (found, rest))
        checks.that("Python" not in server.errors().split("refused")[0], "who leaves without a request is regular", server.errors())
        for kind in ("image", "video"):
            code, out, errors = run([command, "get", kind, server.address, *OUT])
            expected = still[None] if kind == "image" else clip
            checks.that(code == 0 and np.array_equal(as_frames(out, expected.shape[2:0:-1]), expected), f"get {kind}: the same", (code, errors))
        code, _, errors = run([command, "get", "list", server.host])
        checks.that(code == 2 and "wire=pickle-i" in errors, "asked in Glimt's own wire: says so", (code, errors))
    with Server(command, folder, "--image", "none.png", wire="pickle-i") as server:
        checks.equal(ask(server.port, b"get_image"), ([None], b""), "a still that is not there is a pickled None")
        checks.equal(ask(server.port, b"get_video"), ([b"end"], b""), "a clip that is not there is over at once")
    code, _, errors = run([command, "serve", folder, "tcp://127.0.0.1:9?wire=pickle-i"])
    checks.that(code == 2 and "--image and --video" in errors, "without --image and --video: says so", (code, errors))


def ask_anyway(port, data):
    try:
        return ask(port, data)
    except (ConnectionResetError, BrokenPipeError):
        return [], b""


class Script(threading.Thread):
    """A server as the Python script is: one after the other; `answer` gives the objects for a request."""

    def __init__(self, answer, protocol=pickle.DEFAULT_PROTOCOL):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        self.address = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}?wire=pickle-i"
        self.answer, self.protocol, self.asked = answer, protocol, []
        self.start()

    def run(self):
        while True:
            peer = self.listener.accept()[0]
            with peer:
                self.asked.append(peer.recv(1024))
                try:
                    for thing in self.answer(self.asked[-1]):
                        data = thing if isinstance(thing, Raw) else pickle.dumps(thing, self.protocol)
                        peer.sendall(data if isinstance(data, Raw) else struct.pack("<i", len(data)) + data)
                except OSError:
                    pass


class Raw(bytes):
    """Goes out as it is."""


class Evil:
    def __reduce__(self):
        return __import__("os").system, ("touch /tmp/glimt-was-here",)


def check_client(checks, command, folder):
    still, clip = smooth(321, 123, 5), decoded(folder / "video.avi")
    for protocol in range(2, 6):
        script = Script(lambda asked: [still] if asked == b"get_image" else [*clip, b"end"], protocol)
        code, out, errors = run([command, "get", "image", script.address, *OUT])
        checks.that(code == 0 and np.array_equal(as_frames(out, (321, 123))[0], still), f"protocol {protocol}: image to the pixel", (code, errors))
        code, out, errors = run([command, "get", "video", script.address, *OUT])
        checks.that(code == 0 and np.array_equal(as_frames(out), clip), f"protocol {protocol}: every picture of the clip", (code, errors))
        checks.equal(script.asked, [b"get_image", b"get_video"], f"protocol {protocol}: and nothing else was said")
    picture = folder / "got.png"
    script = Script(lambda _: [np.asfortranarray(still)])
    code, _, errors = run([command, "get", "image", script.address, "--save", picture])
    checks.that(code == 0 and np.array_equal(cv2.imread(str(picture)), still), "--save of a picture, column by column", (code, errors))
    for what, answer, expected, said in (
        ("None", [None], 1, "has no such picture"),
        ("code", [Evil()], 1, ""),
        ("a length of 2^31-1", [Raw(b"\xff\xff\xff\x7f")], 2, ""),
        ("a negative length", [Raw(b"\xff\xff\xff\xff")], 2, ""),
        ("a clip that breaks off", [clip[0]], 1, "closed"),
    ):
        script = Script(lambda _, answer=answer: answer)
        code, _, errors = run([command, "get", "video", script.address, "null:"])
        checks.that(code == expected and said in errors, f"{what}: code {expected}, said", (code, errors))
    checks.that(not Path("/tmp/glimt-was-here").exists(), "and nothing was run")


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cv2.imwrite(str(folder / "imagem.png"), smooth(320, 240, 4))
        make_clip(folder / "video.avi", FRAMES)
        check_server(checks, command, folder)
        check_client(checks, command, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
