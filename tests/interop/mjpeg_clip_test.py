"""Stored MJPEG passes through untouched: from clips of FFmpeg's to the receiver byte for byte, unless something needs pixels."""
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, free_port, glimt_path  # noqa: E402
from pictures import split_jpegs  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

FRAMES = 12


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True, timeout=120)


def through_glimt(checks, command, clip, *options, frames=FRAMES):
    port = free_port()
    with Child([command, "recv", f"tcp://:{port}", "-", "--format", "mjpeg", "--frames", str(frames)],
               stdout=subprocess.PIPE) as receiver:
        with Child([command, "send", clip, f"tcp://127.0.0.1:{port}", "--fast", *options]) as sender:
            data = receiver.stdout.read()
            checks.equal(receiver.wait(), 0, f"{clip.name} {' '.join(options)}: received", sender.errors())
    pictures, rest = split_jpegs(data)
    checks.equal(len(rest), 0, f"{clip.name}: whole pictures only")
    return pictures


def without_tables(jpeg):
    """As many cameras write it: no Huffman tables."""
    while (at := jpeg.find(b"\xff\xc4")) >= 0:
        length = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        jpeg = jpeg[:at] + jpeg[at + 2 + length :]
    return jpeg


def opencv_jpeg(number, interval):
    y, x = np.mgrid[0:480, 0:640]
    picture = np.dstack([(x + number * 3) % 256, (y + number) % 256, (x + y) % 256]).astype(np.uint8)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85, cv2.IMWRITE_JPEG_RST_INTERVAL, interval])[1].tobytes()


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stored = folder / "stored.mjpeg"
        ffmpeg("-f", "lavfi", "-i", "testsrc2=size=640x480:rate=25", "-frames:v", FRAMES, "-c:v", "mjpeg", "-q:v", 4, stored)
        expected, _ = split_jpegs(stored.read_bytes())
        checks.equal(len(expected), FRAMES, "FFmpeg made the pictures")
        for ending in ("mkv", "avi", "mov", "mp4"):
            clip = folder / f"clip.{ending}"
            ffmpeg("-f", "mjpeg", "-framerate", 25, "-i", stored, "-c", "copy", clip)
            pictures = through_glimt(checks, command, clip)
            checks.that(pictures == expected, f"{ending}: each picture byte for byte", [len(p) for p in pictures])
        looped = through_glimt(checks, command, folder / "clip.mkv", "--loop", frames=2 * FRAMES + 3)
        checks.that(looped == (expected * 3)[: len(looped)], "a loop begins anew with the first, byte for byte")
        anew = through_glimt(checks, command, folder / "clip.mkv", "--quality", "10")
        checks.that(len(anew) == FRAMES and all(len(a) < len(e) / 2 for a, e in zip(anew, expected)),
                    "a quality that is asked for: encoded anew", [len(p) for p in anew])

        for interval, what in ((0, "without restart markers"), (40, "a marker a row"), (80, "a marker each two rows"), (7, "odd markers")):
            jpegs = [opencv_jpeg(n, interval) for n in range(FRAMES)]
            stored.write_bytes(b"".join(jpegs))
            clip = folder / "restarts.mkv"
            ffmpeg("-f", "mjpeg", "-framerate", 25, "-i", stored, "-c", "copy", clip)
            checks.that(through_glimt(checks, command, clip) == jpegs, f"OpenCV's pictures {what}: byte for byte")

        jpegs = [opencv_jpeg(n, 0) for n in range(FRAMES)]
        stored.write_bytes(b"".join(without_tables(j) for j in jpegs))
        clip = folder / "bare.avi"
        ffmpeg("-f", "mjpeg", "-framerate", 25, "-i", stored, "-c", "copy", clip)
        pictures = through_glimt(checks, command, clip)
        same = [np.array_equal(cv2.imdecode(np.frombuffer(a, np.uint8), 1), cv2.imdecode(np.frombuffer(b, np.uint8), 1))
                for a, b in zip(pictures, jpegs)]
        checks.that(len(same) == FRAMES and all(same) and all(b"\xff\xc4" in p for p in pictures),
                    "Huffman tables that are left out are put in")

        torn = bytearray((folder / "clip.avi").read_bytes())
        at = torn.find(expected[5])
        torn[at : at + 200] = bytes(200)
        (folder / "torn.avi").write_bytes(torn)
        pictures = through_glimt(checks, command, folder / "torn.avi", frames=FRAMES - 1)
        checks.that(pictures == expected[:5] + expected[6:], "a stored picture that is none is left out, the others come")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
