"""glimt serve and glimt get: the list, stills to the pixel, clips to the picture, files to the byte; breaks in the middle."""
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from clips import Get, Server, as_frames, decoded, make_clip, numbers_in  # noqa: E402
from command import Checks, Child, free_port, glimt_path, poll_until, run  # noqa: E402
from pictures import psnr, smooth, split_jpegs  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

SIZE = (320, 240)
FRAMES = 90
OUT = ["--save", "-", "--format", "bgr24"]


def fill(folder):
    make_clip(folder / "short.avi", FRAMES)
    make_clip(folder / "exact.mkv", FRAMES, codec="FFV1", fps=25)
    cv2.imwrite(str(folder / "photo.png"), smooth(301, 203, 1))
    cv2.imwrite(str(folder / "grey.png"), smooth(64, 48, 2)[:, :, 0])
    cv2.imwrite(str(folder / "photo.jpg"), smooth(320, 240, 3))
    (folder / "notes.txt").write_text("not offered")
    (folder / "broken.mp4").write_bytes(os.urandom(5000))
    (folder / "large.avi").write_bytes((folder / "short.avi").read_bytes() + os.urandom(60_000_000))


def get(command, server, *words):
    return run([command, "get", *words[:-1], server.address, *words[-1]], seconds=60)


def check_list(checks, command, server):
    code, out, errors = run([command, "get", "list", server.address])
    checks.equal(code, 0, "list: exit code", errors)
    names = [line.split()[1] for line in out.decode().splitlines()]
    checks.equal(names, ["exact.mkv", "grey.png", "large.avi", "photo.jpg", "photo.png", "short.avi"], "list: what can be had, by name", out)
    line = next(line for line in out.decode().splitlines() if "exact.mkv" in line)
    checks.that("video" in line and "320x240" in line and "0:03" in line and "25 fps" in line, "list: size, time and rate of a clip", line)
    line = next(line for line in out.decode().splitlines() if "photo.png" in line)
    checks.that("image" in line and "301x203" in line, "list: size of a still", line)


def check_stills(checks, command, server, folder):
    for name, shape in (("photo.png", (203, 301)), ("photo.jpg", (240, 320)), ("grey.png", (48, 64))):
        code, out, errors = run([command, "get", "image", name, server.address, *OUT])
        checks.equal(code, 0, f"{name}: exit code", errors)
        expected = cv2.imread(str(folder / name))
        got = np.frombuffer(out, np.uint8)
        if checks.equal(got.size, expected.size, f"{name}: one picture", errors):
            got = got.reshape(*shape, 3)
            like = np.inf if np.array_equal(got, expected) else psnr(got, expected)
            checks.that(like > (30 if name.endswith("jpg") else 1e3), f"{name}: as OpenCV reads it", like)
    code, out, errors = run([command, "get", "image", "photo.jpg", server.address, "--save", "-", "--format", "mjpeg"])
    checks.that(out == (folder / "photo.jpg").read_bytes(), "a JPEG that is not decoded is the stored one, byte by byte", errors)


def check_clips(checks, command, server, folder):
    code, out, errors = run([command, "get", "video", "short.avi", server.address, "--fast", *OUT])
    checks.equal((code, numbers_in(out)), (0, list(range(FRAMES))), "a clip: every picture once, and its end", errors)
    code, out, errors = run([command, "get", "video", "exact.mkv", server.address, "--fast", "--codec", "raw", *OUT])
    checks.equal(code, 0, "a clip sent raw: exit code", errors)
    checks.that(np.array_equal(as_frames(out), decoded(folder / "exact.mkv")), "a clip sent raw: as OpenCV decodes it, to the pixel")
    began = time.monotonic()
    code, out, errors = run([command, "get", "video", "short.avi", server.address, "--from", "2s", "--save", "-", "--format", "gray8"])
    checks.equal((code, numbers_in(out, channels=1)), (0, list(range(60, FRAMES))), "--from 2s of 30 pictures a second: from the 60th on", errors)
    checks.that(time.monotonic() - began > 0.8, "at its own pace a second takes no less", time.monotonic() - began)
    for start in (0.04, 1.0, 2.36, 3.56):
        code, out, errors = run([command, "get", "video", "exact.mkv", server.address, "--fast", "--from", f"{int(start * 1000)}ms", *OUT])
        checks.equal((code, numbers_in(out)), (0, list(range(round(start * 25), FRAMES))), f"--from {start} s: picture {round(start * 25)} is first", errors)
    code, out, errors = run([command, "get", "video", "short.avi", server.address, "--fast", "--save", "-", "--format", "mjpeg"])
    pictures, rest = split_jpegs(out)
    checks.equal((code, len(pictures), rest), (0, FRAMES, b""), "as JPEGs that are not decoded", errors)
    code, out, errors = run([command, "get", "video", "short.avi", server.address, "--fast", "--save", "-", "--format", "i420"])
    checks.equal((code, len(out)), (0, FRAMES * 320 * 240 * 3 // 2), "as i420", errors)


def check_uneven(checks, command, server, folder):
    """A clip whose pictures do not come at an even rate begins where its own times say."""
    for name in ("uneven.mp4", "uneven.mkv"):
        uneven = "setpts='if(lt(N,60),N*2,120+(N-60)*5)/30/TB'"  # 15 pictures a second for 4 s, then 6
        done = run(["ffmpeg", "-v", "error", "-i", folder / "short.avi", "-vf", uneven, "-fps_mode", "vfr", "-c:v", "mpeg4", "-q:v", "2", folder / name])
        checks.equal(done[0], 0, f"{name}: FFmpeg writes it", done[2])
        for start, first in ((1, 15), (3, 45), (5, 66), (8, 84)):
            code, out, errors = run([command, "get", "video", name, server.address, "--fast", "--from", f"{start}s", *OUT])
            checks.equal((code, numbers_in(out)), (0, list(range(first, FRAMES))), f"{name} --from {start}s: picture {first} is first", errors)
        (folder / name).unlink()


def check_errors(checks, command, server, folder):
    taken = folder / "taken.png"
    taken.write_bytes(b"mine")
    for words, code, said in (
        (["video", "shirt.avi", server.address, "null:"], 2, "near to it: short.avi"),
        (["video", "photo.png", server.address, "null:"], 2, "glimt get image"),
        (["video", "broken.mp4", server.address, "null:"], 2, "cannot open it as a video"),
        (["video", "short.avi", server.address, "null:", "--from", "9s"], 2, "its last picture is at 3.0 s"),
        (["image", server.address, "null:"], 2, "glimt get list"),
        (["image", "photo.png", server.address, "--save", str(taken)], 2, "exists already"),
        (["image", "photo.png", server.address, "--save", f"{folder}/none/x.png"], 2, "No such file"),
        (["image", "photo.png", server.address, "out.mkv"], 2, "--save FILE"),
        (["image", "photo.png", server.address, "-", "--format", "mjpeg"], 2, "not stored as JPEG"),
        (["film", "x", server.address], 2, "known are list, image and video"),
        (["list"], 2, "address is missing"),
        (["list", "udp://127.0.0.1:9"], 2, "over tcp://"),
        (["list", "tcp://:9"], 2, "Name a host"),
        (["video", "tcp://127.0.0.1:9?wire=pickle-i", "--save", "x.mkv"], 2, "--save - --format bgr24 | ffmpeg"),
        ([server.address], 2, "wants a terminal"),
        (["list", f"tcp://127.0.0.1:{free_port()}"], 2, "is `glimt serve` running there"),
    ):
        got, out, errors = run([command, "get", *words])
        checks.that(got == code and said in errors, f"get {' '.join(map(str, words))[:60]}: code {code}, {said!r}", (got, errors))
    checks.equal(taken.read_bytes(), b"mine", "what is there is not overwritten")
    taken.unlink()


def check_save(checks, command, server, folder, to):
    for name, kind in (("short.avi", "video"), ("photo.png", "image")):
        code, _, errors = run([command, "get", kind, name, server.address, "--save", to / name])
        checks.equal(code, 0, f"--save {name}: exit code", errors)
        checks.that((to / name).read_bytes() == (folder / name).read_bytes(), f"--save {name}: byte by byte")
        checks.equal([f for f in os.listdir(to) if f.startswith(name) and f != name], [], f"--save {name}: and nothing beside")


def part_size(path):
    return path.stat().st_size if path.exists() else 0


def interrupted_save(command, server, to):
    """A save of large.avi that was killed in the middle; how much had come."""
    part = to.with_name(to.name + ".part")
    with Child([command, "get", "video", "large.avi", server.address, "--save", to]) as getter:
        poll_until(lambda: part_size(part) > 1_000_000, every=0.001)
        getter.signal(signal.SIGKILL)
    return part_size(part)


def check_resume(checks, command, folder, to):
    """The getter is killed, then the file changes; the server is killed while another goes on."""
    large = folder / "large.avi"
    with Server(command, folder) as server:
        at = interrupted_save(command, server, to / "a.avi")
        checks.that(0 < at < large.stat().st_size, "the getter was killed in the middle", at)
        code, _, errors = run([command, "get", "video", "large.avi", server.address, "--save", to / "a.avi"])
        checks.equal(code, 0, "killed: the next call ends it", errors)
        checks.that(f"going on at byte {at} " in errors, "killed: it goes on where it was", errors)
        checks.that((to / "a.avi").read_bytes() == large.read_bytes(), "killed: byte by byte")
        interrupted_save(command, server, to / "b.avi")
        large.write_bytes(os.urandom(20_000_000))
        code, _, errors = run([command, "get", "video", "large.avi", server.address, "--save", to / "b.avi"])
        checks.that(code == 0 and "beginning anew" in errors, "changed meanwhile: said, and begun anew", (code, errors))
        checks.that((to / "b.avi").read_bytes() == large.read_bytes(), "changed meanwhile: byte by byte")


def check_server_killed(checks, command, folder, to):
    large = folder / "large.avi"
    large.write_bytes(os.urandom(80_000_000))
    part = to / "c.avi.part"
    server = Server(command, folder)
    with Child([command, "get", "video", "large.avi", server.address, "--save", to / "c.avi"]) as getter:
        poll_until(lambda: part_size(part) > 1_000_000, every=0.001)
        server.signal(signal.SIGKILL)
        checks.that(getter.says("trying again"), "the server is killed: said", getter.errors())
        with Server(command, folder, port=server.port):
            checks.equal(getter.wait(), 0, "the server is killed and restarted: it ends", getter.errors())
        checks.that("going on at byte" in getter.errors(), "the server is killed: it goes on where it was", getter.errors())
        checks.that((to / "c.avi").read_bytes() == large.read_bytes(), "the server is killed: byte by byte")
    server = Server(command, folder)
    with Get(command, "video", "short.avi", server.address, *OUT) as getter:
        frame = SIZE[0] * SIZE[1] * 3
        data = getter.read(frame * 20)
        server.signal(signal.SIGKILL)
        with Server(command, folder, port=server.port):
            data += getter.read(frame * FRAMES)
            checks.equal(getter.wait(), 0, "a clip whose server is killed: it ends", getter.errors())
        checks.equal(numbers_in(data), list(range(FRAMES)), "a clip whose server is killed: every picture once", getter.errors())


def check_end(checks, command, server):
    """Ctrl-C ends both ends cleanly."""
    with Get(command, "video", "short.avi", server.address, *OUT) as getter:
        getter.read(1000)
        checks.equal(getter.signal(signal.SIGINT), 0, "Ctrl-C in the middle of a clip: exit code 0", getter.errors())
    with Get(command, "video", "short.avi", server.address, *OUT) as getter:
        getter.read(1000)
        checks.equal(server.signal(signal.SIGINT), 0, "Ctrl-C at a server that is playing: exit code 0", server.errors())
        checks.that("answered" in server.errors(), "and it counts its answers", server.errors())


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as name:
        folder, to = Path(name) / "in", Path(name) / "out"
        folder.mkdir()
        to.mkdir()
        fill(folder)
        with Server(command, folder) as server:
            check_list(checks, command, server)
            check_stills(checks, command, server, folder)
            check_clips(checks, command, server, folder)
            check_uneven(checks, command, server, folder)
            check_errors(checks, command, server, folder)
            check_save(checks, command, server, folder, to)
            check_end(checks, command, server)
        check_resume(checks, command, folder, to)
        check_server_killed(checks, command, folder, to)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
