"""A camera's pictures: MJPEG passed on byte for byte, other formats in their colours, what was granted against what was asked."""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from camera import FakeCamera, has_tables, without_tables, write_jpegs  # noqa: E402
from command import Checks, Child, free_port, glimt_path, poll_until, run  # noqa: E402
from pictures import split_jpegs  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

FORMATS = "YUYV:640x480@30/15,YUYV:1280x720@10,MJPG:640x480@30/15,MJPG:1280x720@30/15"
WIDTH, HEIGHT, FRAMES = 640, 480, 8

PYTHON = """
import cv2, numpy as np, sys
camera = cv2.VideoCapture(sys.argv[1], cv2.CAP_V4L2)
there, picture = camera.read()
assert there and picture.shape == (480, 640, 3), "YUYV"
assert abs(picture[5, 5].astype(int) - (0, 0, 255)).max() < 8, "left is red"
assert abs(picture[5, -5].astype(int) - (255, 0, 0)).max() < 8, "right is blue"
camera.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*"MJPG"))
camera.set(cv2.CAP_PROP_FRAME_WIDTH, 1280), camera.set(cv2.CAP_PROP_FRAME_HEIGHT, 720), camera.set(cv2.CAP_PROP_FPS, 15)
assert (camera.get(3), camera.get(4), camera.get(5)) == (1280, 720, 15), "size and rate"
camera.set(cv2.CAP_PROP_CONVERT_RGB, 0)
jpegs = [camera.read()[1].tobytes() for _ in range(4)]
assert all(open(f, "rb").read() in jpegs for f in sys.argv[2:]), "JPEGs as they are"
"""


def check_fake_is_faithful(checks, camera, jpegs_folder):
    files = sorted(str(f) for f in Path(jpegs_folder).iterdir())
    code, _, errors = run(["/usr/bin/python3", "-c", PYTHON, camera.node, *files], env=camera.env)
    checks.equal(code, 0, "this distribution's OpenCV opens the fake camera as a camera", errors)


class Transfer:
    """`glimt send camera` into `glimt recv -` until so many pictures have come."""

    def __init__(self, command, camera, pixel_format, arguments=(), source=None, options="", frames=FRAMES):
        here = f"tcp://127.0.0.1:{free_port()}"
        stats = tempfile.NamedTemporaryFile("r")
        positional = [] if source == "" else [source or f"camera:{camera.node}"]
        with Child([command, "send", *positional, *arguments, f"{here}?listen{options}", "--stats", stats.name],
                   env=camera.env) as sender:
            self.code, self.out, self.errors = run(
                [command, "recv", here, "-", "--format", pixel_format, "--frames", str(frames)])
            poll_until(lambda: Path(stats.name).stat().st_size > 0)
            self.sender_code, self.said = sender.signal(15), sender.errors()
        lines = Path(stats.name).read_text().splitlines()
        self.stats = json.loads(lines[-1]) if lines else {}

    def came(self, checks, what):
        checks.equal(self.sender_code, 0, f"{what}: the sender's exit code", self.said)
        return checks.equal(self.code, 0, f"{what}: {FRAMES} pictures came", self.errors + self.said)


def check_passes_through(checks, command, camera, folder):
    jpegs = write_jpegs(f"{folder}/whole", WIDTH, HEIGHT)
    camera.set(pictures=f"{folder}/whole")
    check_fake_is_faithful(checks, camera, f"{folder}/whole")
    for what, padding in (("MJPEG", 0), ("MJPEG with padding behind it", 1000)):
        camera.set(padding=padding)
        transfer = Transfer(command, camera, "mjpeg")
        if transfer.came(checks, what):
            got, rest = split_jpegs(transfer.out)
            checks.equal((len(got), rest), (FRAMES, b""), f"{what}: whole pictures")
            checks.that(all(jpeg in jpegs for jpeg in got), f"{what}: each is the camera's own, byte for byte")
            checks.that(len(set(got)) > 1, f"{what}: not the same one again and again")
        checks.that("MJPG 640x480 at 30 fps, passed on as it is" in transfer.said, f"{what}: said", transfer.said)
        checks.equal(transfer.stats["source"]["state"], "flowing", f"{what}: statistics of the source", transfer.stats)
    camera.set(padding=0)


def check_tables(checks, command, camera, folder):
    bare = write_jpegs(f"{folder}/bare", WIDTH, HEIGHT, change=without_tables)
    checks.that(not any(has_tables(jpeg) for jpeg in bare), "the camera's JPEGs have no Huffman tables")
    camera.set(pictures=f"{folder}/bare")
    transfer = Transfer(command, camera, "mjpeg")
    if not transfer.came(checks, "without tables"):
        return
    whole = [cv2.imread(str(f)) for f in sorted(Path(folder, "whole").iterdir())]
    for jpeg in split_jpegs(transfer.out)[0]:
        pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        if not has_tables(jpeg) or not any(np.array_equal(pixels, w) for w in whole):
            return checks.that(False, "without tables: they were put in, and the picture decodes as before")
    checks.that(True, "without tables: they were put in, and the pictures decode as before")


def check_damaged_are_left_out(checks, command, camera, folder):
    good = write_jpegs(f"{folder}/mixed", WIDTH, HEIGHT)
    for i, jpeg in enumerate(good):
        Path(folder, "mixed", f"{i:03}-torn.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    Path(folder, "mixed", "none.jpg").write_bytes(b"")
    camera.set(pictures=f"{folder}/mixed")
    transfer = Transfer(command, camera, "mjpeg")
    if transfer.came(checks, "damaged in between"):
        got = split_jpegs(transfer.out)[0]
        checks.that(len(got) == FRAMES and all(jpeg in good for jpeg in got), "damaged in between: the whole ones come")
        checks.that(transfer.stats["source"]["refused"] > 0, "damaged in between: counted as refused", transfer.stats)
    camera.set(pictures=f"{folder}/whole")


def check_colours(checks, command, camera):
    transfer = Transfer(command, camera, "bgr24", source=f"camera:{camera.node}?format=YUYV")
    if transfer.came(checks, "YUYV"):
        picture = np.frombuffer(transfer.out[-WIDTH * HEIGHT * 3:], np.uint8).reshape(HEIGHT, WIDTH, 3).astype(int)
        left, right = picture[:, :300].mean(axis=(0, 1)), picture[:, -300:].mean(axis=(0, 1))
        checks.that(abs(left - (0, 0, 254)).max() < 8, "YUYV: the left half is red", left)
        checks.that(abs(right - (255, 0, 0)).max() < 8, "YUYV: the right half is blue", right)


def check_pixels_are_needed(checks, command, camera, folder):
    """Whoever names a quality, or raw, wants our encoder."""
    camera.set(formats="MJPG:640x480@30")
    whole = [cv2.imread(str(f)) for f in sorted(Path(folder, "whole").iterdir())]
    transfer = Transfer(command, camera, "bgr24", options="&codec=raw")
    if transfer.came(checks, "raw from an MJPEG camera"):
        picture = np.frombuffer(transfer.out[: WIDTH * HEIGHT * 3], np.uint8).reshape(HEIGHT, WIDTH, 3)
        checks.that(any(np.array_equal(picture, w) for w in whole), "raw from an MJPEG camera: the JPEG's pixels")
    quality = Transfer(command, camera, "mjpeg", arguments=["--quality", "20"])
    if quality.came(checks, "--quality from an MJPEG camera"):
        least = min(f.stat().st_size for f in Path(folder, "whole").iterdir())
        checks.that(len(split_jpegs(quality.out)[0][0]) < least, "--quality from an MJPEG camera: encoded anew")
    camera.set(formats=FORMATS)


def check_granted(checks, command, camera):
    node = camera.node
    rows = [
        ("a size", f"camera:{node}?size=1920x1080", [], "does not give 1920x1080 but 1280x720", "MJPG 1280x720"),
        ("a rate", f"camera:{node}?fps=60", [], "does not give 60 fps but 30 fps", "at 30 fps"),
        ("a format", f"camera:{node}?format=nv12", [], "does not give NV12 but", "640x480"),
        ("all that it can", f"camera:{node}?size=1280x720&fps=15&format=MJpeg", [], "", "MJPG 1280x720 at 15 fps"),
        ("options beside the address", f"camera:{node}", ["--size", "1280x720", "--fps", "10", "--format", "yuyv"], "",
         "YUYV 1280x720 at 10 fps"),
        ("ustreamer's flags", "", ["--device", node, "--resolution", "1280x720", "--desired-fps", "15", "--format", "MJPEG"],
         "", "MJPG 1280x720 at 15 fps"),
        ("ustreamer's short flags", "", ["-d", node, "-r", "640x480", "-f", "15", "-q", "70", "-m", "YUYV"], "",
         "YUYV 640x480 at 15 fps"),
    ]
    for what, source, arguments, refused, granted in rows:
        transfer = Transfer(command, camera, "mjpeg", arguments, source, frames=2)
        transfer.came(checks, what)
        checks.that(granted in transfer.said, f"{what}: said what the camera gives", transfer.said)
        if refused:
            checks.that(refused in transfer.said and "glimt doctor" in transfer.said, f"{what}: refused is said", transfer.said)
        else:
            checks.that("does not give" not in transfer.said, f"{what}: nothing was refused", transfer.said)


def check_endless_driver(checks, command, camera):
    """A driver that lists formats, sizes and rates without end holds nobody up."""
    camera.set(state="endless")
    Transfer(command, camera, "mjpeg").came(checks, "a driver that lists without end")
    camera.set(state="ok")


def check_wrong_options(checks, command, camera):
    for options, words in (("siez=1x1", "known here: size, fps, format"), ("size=big", "is not a size"),
                           ("fps=0", "from 1 to 1000"), ("format=motionjpeg", "try mjpeg or yuyv")):
        code, _, errors = run([command, "send", f"camera:{camera.node}?{options}", "udp://127.0.0.1:9"], env=camera.env)
        checks.that(code == 2 and words in errors, f"?{options} is refused with its cure", f"{code}\n{errors}")
    code, _, errors = run([command, "send", "--device", camera.node], env=camera.env)
    checks.that(code == 2 and "destinations" in errors, "--device without a destination is refused", f"{code}\n{errors}")


def captured_decoded(command, camera):
    """p50 in milliseconds of a receiver that decodes, and what the sender said."""
    here = f"tcp://127.0.0.1:{free_port()}"
    with Child([command, "send", f"camera:{camera.node}", f"{here}?listen"], env=camera.env) as sender:
        _, out, _ = run([command, "recv", here, "null:", "--frames", "30", "--stats", "-"], stdin=subprocess.DEVNULL)
        return json.loads(out.splitlines()[-1])["total_ms"]["captured_decoded"]["p50"], sender.errors()


def check_capture_time(checks, command, camera):
    camera.set(delay_ms=50)
    p50, _ = captured_decoded(command, camera)
    checks.that(p50 >= 50, "capture time is the driver's: its 50 ms are in captured→decoded", p50)
    for kind in ("zero", "realtime"):
        camera.set(delay_ms=0, timestamp=kind)
        p50, said = captured_decoded(command, camera)
        checks.that(p50 < 10_000, f"a {kind} time stamp is not taken for a capture time", p50)
        checks.equal(said.count("time stamps are not of the monotonic clock"), 1, f"a {kind} time stamp is said once", said)
    camera.set(timestamp="driver")


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        camera = FakeCamera(command, folder, formats=FORMATS)
        check_passes_through(checks, command, camera, folder)
        check_tables(checks, command, camera, folder)
        check_damaged_are_left_out(checks, command, camera, folder)
        check_colours(checks, command, camera)
        check_pixels_are_needed(checks, command, camera, folder)
        check_granted(checks, command, camera)
        check_endless_driver(checks, command, camera)
        check_wrong_options(checks, command, camera)
        check_capture_time(checks, command, camera)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
