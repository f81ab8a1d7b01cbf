"""D: a still pixel by pixel and a clip frame by frame up to b'end', from Glimt to the script and from the script to Glimt; and what hostile ones send."""
import hashlib
import os
import socket
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))
from ancestor_ends import SIZES, Script, start_when_ready  # noqa: E402
from stored_pictures import digests_of, make_sources, pictures_of  # noqa: E402
from command import Checks, Child, free_port, glimt_path, poll_until, run  # noqa: E402
from hostile_test import hostile_pickles, is_closed  # noqa: E402
from strangers import allow_descriptors  # noqa: E402

FRAMES = 300
GROWTH_KB = 64 * 1024
IDLE = 1000


def clip_name(size):
    """The odd size in a container that takes it."""
    return "video.avi" if size[1] % 2 else "video.mp4"


def serve(command, sources, port):
    server = Child([command, "serve", sources.folder, "--image", sources.still.name, "--video", sources.clip.name,
                    f"tcp://127.0.0.1:{port}?wire=pickle-i", "--fast"])
    poll_until(lambda: not server.running() or accepts(port))
    return server


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def get(command, what, port, *options):
    return run([command, "get", what, f"tcp://127.0.0.1:{port}?wire=pickle-i", *options], 60)


def check_served(checks, command, sources, what):
    """Glimt serves; the script asks for each item of its menu."""
    port = free_port()
    with serve(command, sources, port) as server:
        for item, path, end in (("0", None, ""), ("1", sources.still, ""), ("2", sources.clip, "the end"), ("1", sources.still, "")):
            with Script("on_demand_client", f"127.0.0.1:{port}", item, check="digest") as client:
                checks.equal(client.wait(60), 0, f"{what}, item {item}: the script ends", client.errors() + server.errors())
                checks.that([s.verdict for s in client.shown()] == digests_of(path), f"{what}, item {item}: every pixel",
                            f"{len(client.shown())} pictures {server.errors()}")
                checks.that(end in client.errors(), f"{what}, item {item}: up to its end", client.errors())


def raw_digests(data, path):
    """Of bgr24 pictures one behind the other, as large as those of this file."""
    height, width, _ = next(pictures_of(path)).shape
    length = width * height * 3
    return [f"{height}x{width}x3:" + hashlib.sha256(data[at:at + length]).hexdigest() for at in range(0, len(data), length)]


def check_got(checks, command, sources, what):
    """The script serves; Glimt gets."""
    port = free_port()
    with start_when_ready("on_demand_server", f"127.0.0.1:{port}", sources.still, sources.clip) as server:
        code, out, errors = get(command, "image", port, "--save", "-", "--format", "bgr24")
        checks.equal(code, 0, f"{what}, image: exit code", errors)
        checks.that(raw_digests(out, sources.still) == digests_of(sources.still), f"{what}, image: every pixel", len(out))
        code, out, errors = get(command, "video", port, "--save", "-", "--format", "bgr24")
        checks.equal(code, 0, f"{what}, video: exit code", errors + server.errors())
        checks.that(raw_digests(out, sources.clip) == digests_of(sources.clip), f"{what}, video: every frame, once, up to the end",
                    f"{len(out)} bytes {errors}")


def check_missing_still(checks, command, folder, sources):
    port = free_port()
    with start_when_ready("on_demand_server", f"127.0.0.1:{port}", Path(folder) / "none.png", sources.clip):
        code, out, errors = get(command, "image", port, "--save", "-", "--format", "bgr24")
        checks.that(code not in (0, "hangs") and out == b"" and errors.strip(), "D, a still that is missing: said, and no picture", (code, errors))


def check_several(checks, command, sources):
    """One who reads nothing holds up nobody."""
    port = free_port()
    with serve(command, sources, port) as server, socket.create_connection(("127.0.0.1", port)) as asleep:
        asleep.sendall(b"get_video")
        clients = [Script("on_demand_client", f"127.0.0.1:{port}", "2", check="digest") for _ in range(3)]
        expected = digests_of(sources.clip)
        for client in clients:
            with client:
                checks.equal(client.wait(60), 0, "D, three at once and one asleep: each ends", client.errors() + server.errors())
                checks.that([s.verdict for s in client.shown()] == expected, "D, three at once: every frame", len(client.shown()))


def check_requests(checks, command, sources):
    """What is no request is refused, in pieces or a megabyte long, and the next client is served."""
    port = free_port()
    with serve(command, sources, port) as server:
        memory = server.rss_kb()
        for what, request in (("1 MB", b"g" * (1 << 20)), ("a page", b"GET / HTTP/1.1\r\n\r\n"), ("a byte", b"x"),
                              ("more than a request", b"get_imageget_image"), ("noise", os.urandom(1000))):
            with socket.create_connection(("127.0.0.1", port), 5) as c:
                try:
                    c.sendall(request)
                except OSError:
                    pass  # let go of already
                checks.that(is_gone(c), f"D, {what} for a request: let go", server.errors())
        with socket.create_connection(("127.0.0.1", port), 5) as c:
            for piece in (b"get", b"_im", b"age"):
                c.sendall(piece)
            checks.equal(len(c.recv(4, socket.MSG_WAITALL)), 4, "D: a request in pieces is answered", server.errors())
        idle = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(IDLE)]
        try:
            with Script("on_demand_client", f"127.0.0.1:{port}", "1", check="digest") as client:
                checks.equal(client.wait(30), 0, f"D, {IDLE} idle ones: another is served", client.errors() + server.errors())
                checks.equal([s.verdict for s in client.shown()], digests_of(sources.still), f"D, {IDLE} idle ones: every pixel")
        finally:
            for c in idle:
                c.close()
        checks.that(server.rss_kb() - memory < GROWTH_KB, f"D: memory is bounded, it grew by {server.rss_kb() - memory} kB")


def is_gone(connection):
    """Let go without an answer, or with a pickle behind its length at most."""
    connection.settimeout(10)
    try:
        while connection.recv(1 << 16):
            pass
        return True
    except ConnectionError:
        return True
    except socket.timeout:
        return False


def hostile_answers(touched):
    framed = lambda message: struct.pack("<i", len(message)) + message
    for what, message in hostile_pickles(touched):
        yield what, framed(message)
    for length in (-1, -(1 << 31), 0, (1 << 31) - 1):
        yield f"a length of {length}", struct.pack("<i", length) + b"x" * 1000
    yield "nothing", b""


def check_hostile_server(checks, command, folder):
    """What glimt get meets is an answer that it refuses, each time with an error that ends it."""
    touched = Path(folder) / "touched-by-get"
    for what, answer in hostile_answers(touched):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(10)
            port = server.getsockname()[1]
            with Child([command, "get", "image", f"tcp://127.0.0.1:{port}?wire=pickle-i", "null:"]) as client:
                while client.running():
                    try:
                        c, _ = server.accept()
                    except socket.timeout:
                        break
                    with c:
                        c.recv(100)
                        c.sendall(answer)
                    server.settimeout(1)
                checks.that(client.wait(20) not in (0, "hangs"), f"D, {what} for an answer: an error ends it", client.errors())
    checks.that(not touched.exists(), "D: nothing was run")


def main():
    checks, command = Checks(), glimt_path()
    allow_descriptors()
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            sources = make_sources(folder, size, FRAMES, clip_name(size))
            what = f"D, {size[0]}x{size[1]}"
            checks.equal(len(list(pictures_of(sources.clip))), FRAMES, f"{what}: the clip has its frames")
            check_served(checks, command, sources, f"{what}, Glimt serves the script")
            check_got(checks, command, sources, f"{what}, the script serves Glimt")
        sources = make_sources(folder, (320, 240), 60)
        check_missing_still(checks, command, folder, sources)
        check_several(checks, command, sources)
        check_requests(checks, command, sources)
        check_hostile_server(checks, command, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
