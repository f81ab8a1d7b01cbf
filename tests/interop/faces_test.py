"""--filter faces, end to end: what Python's OpenCV finds in the picture is framed in green, or rides beside it as a box."""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, glimt_path, poll_until, read_exactly, run  # noqa: E402
from faces import faces_in, green_frame, picture_with_face  # noqa: E402
from pictures import split_jpegs  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

SIZE = (640, 480)


class World:
    def __init__(self, command, folder):
        self.command, self.folder = command, folder
        self.face = picture_with_face(SIZE)
        self.boxes = faces_in(self.face)
        self.png = f"{folder}/face.png"
        cv2.imwrite(self.png, self.face)
        self.jpeg = cv2.imencode(".jpg", self.face, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
        self.address = f"unix://{folder}/faces.sock"

    def send(self, source, *options, **more):
        return Child([self.command, "send", source, self.address, *options], **more)

    def receive(self, *options):
        return Child([self.command, "recv", self.address, "-", *options], stdout=subprocess.PIPE)


def read_picture(receiver, size=SIZE):
    data = read_exactly(receiver.stdout, size[0] * size[1] * 3)
    return np.frombuffer(data, np.uint8).reshape(size[1], size[0], 3) if len(data) == size[0] * size[1] * 3 else None


def framed_picture(receiver, slack=0):
    """The first picture that has something green in it."""
    return poll_until(lambda: (p := read_picture(receiver)) is not None and green_frame(p, slack) and [p])


def check_drawn(checks, world):
    with world.send(world.png, "--filter", "faces", "--codec", "raw", "--fps", "20") as sender, world.receive() as receiver:
        found = framed_picture(receiver)
        if checks.that(found, "drawn: a picture with a green frame comes", sender.errors() + receiver.errors()):
            x, y, width, height = frame = green_frame(found[0])
            checks.equal([frame], world.boxes, "drawn: it stands where Python's OpenCV finds the face")
            inside = (slice(y + 2, y + height - 2), slice(x + 2, x + width - 2))
            checks.that((found[0][inside] == world.face[inside]).all(), "drawn: it is two pixels wide")
            checks.that((found[0][:y] == world.face[:y]).all(), "drawn: and the rest of the picture as it was")


def check_metadata(checks, world):
    with world.send(world.png, "--filter", "faces:metadata", "--codec", "raw", "--fps", "20") as sender:
        check_boxes(checks, world, "metadata")
        with world.receive("--frames", "5") as receiver:
            pictures = [read_picture(receiver) for _ in range(5)]
        same = all(p is not None and (p == world.face).all() for p in pictures)
        checks.that(same, "metadata: the picture is untouched", sender.errors())


def check_boxes(checks, world, what):
    """Read by a program of the public API."""
    example = Path(world.command).parent / "example_metadata_boxes"
    drawn = f"{world.folder}/drawn.png"
    code, out, errors = run([example, "receive", world.address, drawn, "30"])
    checks.equal(code, 0, f"{what}: pictures come", errors)
    found = re.findall(r"face at (\d+), (\d+)", out.decode())
    if checks.that(found, f"{what}: boxes come with them", out.decode()[-300:]):
        near = np.abs(np.array(found[-1], int) - np.array(world.boxes[0][:2])).max()
        checks.that(near <= 4, f"{what}: where Python's OpenCV finds the face", (found[-1], world.boxes))


def feed(sender, jpeg):
    """One more picture on its standard input."""
    sender.stdin.write(jpeg)
    sender.stdin.flush()


def check_encoded(checks, world):
    """MJPEG on standard input: drawn into, it is encoded anew; with metadata it stays as it is, byte for byte."""
    how = ("--format", "mjpeg", "--filter")
    with world.send("-", *how, "faces", stdin=subprocess.PIPE) as sender, world.receive() as receiver:
        def framed():
            feed(sender, world.jpeg)
            return (p := read_picture(receiver)) is not None and green_frame(p, 60)
        checks.that(poll_until(framed), "mjpeg: drawn", sender.errors() + receiver.errors())
    with world.send("-", *how, "faces:metadata", stdin=subprocess.PIPE) as sender, world.receive("--format", "mjpeg") as receiver:
        data = b""
        for _ in range(20):
            feed(sender, world.jpeg)
            data += read_exactly(receiver.stdout, len(world.jpeg))
        checks.that(split_jpegs(data)[0] == [world.jpeg] * 20, "mjpeg: as it was", sender.errors())
    mjpeg = f"{world.folder}/clip.mjpeg"
    Path(mjpeg).write_bytes(world.jpeg * 600)
    pump = f"import time\nd=open({mjpeg!r},'rb').read({len(world.jpeg)})\nwhile True: open(1,'wb',0,closefd=False).write(d); time.sleep(.02)"
    with Child([sys.executable, "-c", pump], stdout=subprocess.PIPE) as pumping:
        with world.send("-", *how, "faces:metadata", stdin=pumping.stdout):
            pumping.stdout.close()
            check_boxes(checks, world, "mjpeg")


def check_slow_detector(checks, world):
    """A look takes many frames' time here, and still every picture of the stream comes, in order."""
    slow = ("test:?size=1920x1080&fps=30", "--filter", "faces?min_size=24", "--frames", "60")
    with world.send(*slow) as sender:
        code, _, errors = run([world.command, "recv", world.address + "?mode=every", "null:?verify", "--once"])
        checks.equal(code, 0, "slow detector: every number and time is right", errors)
        checks.equal(sender.wait(), 0, "slow detector: the sender ends by itself", sender.errors())
        sent = re.search(r"sent (\d+) frames.*dropped (\d+)", sender.errors())
        received = re.search(r"received (\d+) frames", errors)
        if checks.that(sent and received, "slow detector: both ends sum up", sender.errors() + errors):
            # The newest picture from before the receiver came is kept for it, and was counted as unwatched.
            checks.that(int(received[1]) - int(sent[1]) in (0, 1), "slow detector: what was sent is received", (received[1], sent[1]))


def check_errors(checks, world):
    damaged = f"{world.folder}/damaged.onnx"
    Path(damaged).write_bytes(b"\x08\x07\x12\x07pytorch" * 50)
    for what, spec, words in (
            ("an unknown filter", "blur", ["unknown filter 'blur'", "faces:metadata"]),
            ("an unknown option", "faces?size=3", ["unknown option 'size'", "min_size"]),
            ("a cascade that is not there", "faces?cascade=/nowhere.xml", ["/nowhere.xml", "apt install opencv-data"]),
            ("a cascade that is none", f"faces?cascade={world.png}", ["no cascade", "opencv-data"]),
            ("a model that is not there", "faces:metadata?model=/nowhere.onnx", ["/nowhere.onnx", "leave model= out"]),
            ("a model that is damaged", f"faces?model={damaged}", ["no YuNet model", "Leave model= out"])):
        code, _, errors = run([world.command, "send", "test:", world.address, "--filter", spec])
        checks.equal(code, 2, f"{what}: exit code", errors)
        checks.that(len(errors.splitlines()) == 1 and all(w in errors for w in words), f"{what}: one line with the cure", errors)


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        world = World(glimt_path(), folder)
        if checks.equal(len(world.boxes), 1, "Python's OpenCV finds the painted face") is not False:
            for check in (check_drawn, check_metadata, check_encoded, check_slow_detector, check_errors):
                check(checks, world)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
