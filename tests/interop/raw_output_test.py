"""What `recv -` writes, read by Python and by FFmpeg: whole pictures in order, each the one that was sent, and nothing else."""
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, addresses, glimt_path, read_exactly, run  # noqa: E402
from pictures import luminance, packed_size, read_time_code, split_jpegs  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

WIDTH, HEIGHT, FRAMES = 640, 360, 6
SOURCE = f"test:?size={WIDTH}x{HEIGHT}&fps=60"
RAW = ["bgr24", "gray8", "i420", "bgra32"]


def pictures_of(data, pixel_format):
    """Pictures and what is left over."""
    if pixel_format == "mjpeg":
        jpegs, rest = split_jpegs(data)
        return [cv2.imdecode(np.frombuffer(j, np.uint8), cv2.IMREAD_GRAYSCALE) for j in jpegs], rest
    size = packed_size(pixel_format, WIDTH, HEIGHT)
    whole = len(data) // size
    frames = [luminance(data[i * size:(i + 1) * size], pixel_format, WIDTH, HEIGHT) for i in range(whole)]
    return frames, data[whole * size:]


def check_pictures(checks, pictures, rest, count, what):
    checks.equal(len(rest), 0, f"{what}: nothing but whole pictures stands on standard output")
    checks.that(len(pictures) == count if count else len(pictures) > 0, f"{what}: {count or 'some'} pictures", len(pictures))
    codes = [read_time_code(p) for p in pictures]
    if checks.that(None not in codes, f"{what}: each picture's number can be read", codes):
        numbers, times = [c[0] for c in codes], [c[1] for c in codes]
        checks.that(all(a < b for a, b in zip(numbers, numbers[1:])), f"{what}: numbers increase", numbers)
        checks.that(all(a < b for a, b in zip(times, times[1:])), f"{what}: capture times increase", times)


def check_format(checks, command, transport, listening, connecting, pixel_format):
    what = f"{transport} {pixel_format}"
    with Child([command, "send", SOURCE, listening]):
        code, out, errors = run([command, "recv", connecting, "-", "--format", pixel_format, "--frames", str(FRAMES)])
    checks.equal(code, 0, f"{what}: exit code", errors)
    checks.that(f"received {FRAMES} frames" in errors, f"{what}: summary on standard error", errors)
    check_pictures(checks, *pictures_of(out, pixel_format), FRAMES, what)


def check_signal(checks, command, listening, connecting, number):
    what = f"bgr24 until {signal.Signals(number).name}"
    size = packed_size("bgr24", WIDTH, HEIGHT)
    with Child([command, "send", SOURCE, listening]) as sender, \
            Child([command, "recv", connecting, "-"], stdout=subprocess.PIPE) as receiver:
        data = read_exactly(receiver.stdout, 3 * size)
        receiver.process.send_signal(number)
        data += read_exactly(receiver.stdout, 1 << 40)
        checks.equal(receiver.wait(), 0, f"{what}: exit code", receiver.errors())
        checks.that("received" in receiver.errors(), f"{what}: summary on standard error", receiver.errors())
        check_pictures(checks, *pictures_of(data, "bgr24"), 0, what)
        checks.equal(sender.signal(number), 0, f"{what}: the sender's exit code", sender.errors())
        checks.that("sent" in sender.errors(), f"{what}: the sender's summary", sender.errors())


def check_stalled_reader(checks, command, listening, connecting):
    """A pipe that nobody reads holds up write(); the request to stop must still be heard."""
    with Child([command, "send", SOURCE, listening]), \
            Child([command, "recv", connecting, "-"], stdout=subprocess.PIPE) as receiver:
        checks.equal(len(read_exactly(receiver.stdout, 1000)), 1000, "stalled reader: the stream runs", receiver.errors())
        checks.equal(receiver.signal(signal.SIGTERM, 10), 0, "stalled reader: SIGTERM ends recv", receiver.errors())
        if receiver.running():
            receiver.signal(signal.SIGKILL)


def check_ffmpeg_reads(checks, command, listening, connecting, pixel_format):
    what = f"ffmpeg reads {pixel_format}"
    layout = {"bgr24": "bgr24", "gray8": "gray", "i420": "yuv420p", "bgra32": "bgra"}.get(pixel_format)
    reading = ["-f", "rawvideo", "-pixel_format", layout, "-video_size", f"{WIDTH}x{HEIGHT}"] if layout else ["-f", "mjpeg"]
    ffmpeg = ["ffmpeg", "-v", "error", *reading, "-i", "-", "-frames:v", str(FRAMES), "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    with Child([command, "send", SOURCE, listening]), \
            Child([command, "recv", connecting, "-", "--format", pixel_format], stdout=subprocess.PIPE) as receiver:
        code, out, errors = run(ffmpeg, stdin=receiver.stdout)
        receiver.stdout.close()  # ours: the pipe breaks, as behind `head`
        checks.equal(code, 0, f"{what}: its exit code", errors)
        check_pictures(checks, *pictures_of(out, "gray8"), FRAMES, what)
        checks.equal(receiver.wait(), 0, f"{what}: recv ends when its reader has gone", receiver.errors())


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        for pixel_format in [*RAW, "mjpeg"]:
            for ends in addresses(folder):
                check_format(checks, command, *ends, pixel_format)
        _, listening, connecting = addresses(folder)[1]
        for pixel_format in [*RAW, "mjpeg"]:
            check_ffmpeg_reads(checks, command, listening, connecting, pixel_format)
        for number in (signal.SIGTERM, signal.SIGINT):
            check_signal(checks, command, listening, connecting, number)
        check_stalled_reader(checks, command, listening, connecting)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
