"""Every program of examples/ runs, against another one or against the command, and ends by itself."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, free_port, glimt_path, run  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


class World:
    """Where the examples were built, and a folder for what they write."""

    def __init__(self, command, folder):
        self.command, self.folder = command, folder

    def example(self, name):
        return str(Path(self.command).parent / f"example_{name}")

    def udp(self):
        return f"udp://127.0.0.1:{free_port()}"

    def file(self, name):
        return os.path.join(self.folder, name)


def send_mat(checks, world):
    """The pictures of send_mat, and that receive_newest reads them."""
    address = world.udp()
    with Child([world.example("send_mat"), address, "200"]) as sender:
        code, _, errors = run([world.command, "recv", address + "?listen", f"image:{world.file('mat.png')}"])
        checks.equal(code, 0, "send_mat: glimt recv keeps a picture", errors)
        picture = cv2.imread(world.file("mat.png"))
        checks.that(picture is not None and picture.shape == (480, 640, 3), "send_mat: 640x480 in colour")
        orange = (np.abs(picture.astype(int) - (0, 200, 255)).max(axis=2) < 40).sum()
        checks.that(4000 < orange < 9000, "send_mat: the disc is in it", f"{orange} pixels")
        code, out, errors = run([world.example("receive_newest"), address + "?listen", "10"])
        checks.equal(code, 0, "receive_newest: exit code", errors)
        checks.equal(out.decode().count("640x480, captured"), 10, "receive_newest: ten pictures", out.decode())
        checks.equal(sender.wait(), 0, "send_mat: ends by itself", sender.errors())


def receive_newest(checks, world):
    """The other way round: it waits for `glimt send`, and says who was not there."""
    address = world.udp()
    with Child([world.example("receive_newest"), address + "?listen", "5"]) as receiver:
        with Child([world.command, "send", "test:?size=320x240", address]):
            checks.equal(receiver.wait(), 0, "receive_newest: reads from glimt send", receiver.errors())
    code, _, errors = run([world.example("receive_newest"), world.udp(), "5"])
    checks.that(code == 1 and "no sender has answered" in errors, "receive_newest: says that nobody sends", errors)


def many_viewers(checks, world):
    address, second = world.udp(), f"unix://{world.file('second.sock')}"
    log = open(world.file("viewers.txt"), "wb")
    with log, Child([world.example("many_viewers"), address + "?listen", second, "240"], stdout=log) as sender:
        viewers = [Child([world.command, "recv", a, "null:", "--frames", n]) for a, n in ((address, 60), (address, 60), (second, 20))]
        for viewer in viewers:
            with viewer:
                checks.equal(viewer.wait(), 0, "many_viewers: a viewer sees its pictures", viewer.errors())
        checks.equal(sender.wait(), 0, "many_viewers: ends by itself", sender.errors())
    lines = Path(world.file("viewers.txt")).read_text().splitlines()
    checks.that(any(address in line and "2 watching" in line for line in lines), "many_viewers: says that two watch", lines)
    checks.that(any(second in line for line in lines), "many_viewers: the second address was added", lines)
    checks.that(lines and second not in lines[-1], "many_viewers: and removed", lines)


def metadata_boxes(checks, world):
    address, file = world.udp(), world.file("boxes.png")
    example = world.example("metadata_boxes")
    with Child([example, "send", address, "200"]) as sender:
        code, out, errors = run([example, "receive", address + "?listen", file, "15"])
        checks.equal(code, 0, "metadata_boxes: received", errors)
        checks.equal(out.decode().count("ball at"), 15, "metadata_boxes: a box with each picture", out.decode())
        check_box(checks, cv2.imread(file))
        checks.equal(sender.wait(), 0, "metadata_boxes: the sender ends by itself", sender.errors())
    checks.equal(run([example])[0], 2, "metadata_boxes: without arguments its usage")


def check_box(checks, picture):
    """The green frame lies around the white disc that rode with it."""
    green = np.argwhere((picture == (0, 255, 0)).all(axis=2))
    white = np.argwhere((picture > 200).all(axis=2))
    if not checks.that(len(green) > 400 and len(white) > 5000, "metadata_boxes: box and ball are in the picture"):
        return
    (top, left), (bottom, right) = green.min(axis=0), green.max(axis=0)
    checks.that(118 <= bottom - top <= 126 and 118 <= right - left <= 126, "metadata_boxes: the box is 120 by 120 pixels")
    center_of_box, center_of_ball = np.array([(top + bottom) / 2, (left + right) / 2]), white.mean(axis=0)
    checks.that(np.abs(center_of_box - center_of_ball).max() < 2, "metadata_boxes: the ball is in its middle",
                f"box {center_of_box}, ball {center_of_ball}")


def camera_to_network(checks, world):
    address = world.udp()
    with Child([world.example("camera_to_network"), "test:?size=320x240", address + "?listen", "150"]) as sender:
        code, _, errors = run([world.command, "recv", address, "null:?verify", "--frames", "20"])
        checks.equal(code, 0, "camera_to_network: the test picture arrives", errors)
        checks.equal(sender.wait(), 0, "camera_to_network: ends after so many frames", sender.errors())
    clip = world.file("clip.mp4")
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=30", "-t", "1", "-c:v", "mpeg4", clip],
                   check=True, timeout=60)
    with Child([world.example("camera_to_network"), clip, address + "?listen"]) as sender:
        code, _, errors = run([world.command, "recv", address + "?mode=every", "null:", "--once"])
        checks.that(code == 0 and "received 30 frames" in errors, "camera_to_network: a file, every picture of it", errors)
        checks.equal(sender.wait(), 0, "camera_to_network: ends with the file", sender.errors())
    code, _, errors = run([world.example("camera_to_network"), "/dev/video-none", address])
    checks.that(code == 1 and "there is no /dev/video-none" in errors, "camera_to_network: no such camera", errors)


def record(checks, world):
    address, file = world.udp(), world.file("out.mkv")
    with Child([world.command, "send", "test:?size=320x240", address + "?listen"]):
        code, out, errors = run([world.example("record"), address, file, "2"])
    checks.equal(code, 0, "record: exit code", errors)
    frames = int(out.split()[0]) if out else 0
    probe = ["ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", file]
    checks.that(frames > 0 and int(run(probe)[1]) == frames, "record: the file holds as many pictures as it says", out)


def snapshot(checks, world):
    address, file = world.udp(), world.file("snapshot.png")
    with Child([world.command, "send", "test:?size=320x240", address + "?listen"]):
        code, _, errors = run([world.example("snapshot"), address, file])
    checks.equal(code, 0, "snapshot: exit code", errors)
    checks.that((picture := cv2.imread(file)) is not None and picture.shape == (240, 320, 3), "snapshot: the picture")


KNOWN = {run_it.__name__: run_it for run_it in (send_mat, receive_newest, many_viewers, metadata_boxes, camera_to_network,
                                             record, snapshot)}


def main():
    checks, command = Checks(), glimt_path()
    found = {path.stem for path in EXAMPLES.glob("*.cpp")}
    checks.equal(found - set(KNOWN), set(), "every file of examples/ is run here; write a function of its name for a new one")
    checks.equal(set(KNOWN) - found, set(), "what is run here stands in examples/")
    with tempfile.TemporaryDirectory() as folder:
        for name in sorted(found & set(KNOWN)):
            KNOWN[name](checks, World(command, folder))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
