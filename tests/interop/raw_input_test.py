"""What `send -` reads, written by Python and by FFmpeg: every byte of every frame comes out at the other end."""
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, addresses, glimt_path, run  # noqa: E402
from pictures import luminance, noise, packed_size, psnr, smooth, split_jpegs  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

FORMATS = ["bgr24", "gray8", "i420", "bgra32"]
FRAMES = 8


def feed(child, data):
    try:
        child.stdin.write(data)
        child.stdin.close()
    except BrokenPipeError:
        pass  # the exit code tells


def through(command, ends, data, sending, receiving):
    """Bytes into `send -`, out of `recv --once`: (out, receiver's code, sender's code, what both said)."""
    _, listening, connecting = ends
    with Child([command, "send", "-", listening, *sending], stdin=subprocess.PIPE) as sender:
        feeder = threading.Thread(target=feed, args=(sender, data))
        feeder.start()
        address = connecting + ("&" if "?" in connecting else "?") + "mode=every"
        code, out, errors = run([command, "recv", address, "-", "--once", *receiving])
        sent = sender.wait()
        sender.end()
        feeder.join()
        return out, code, sent, errors + sender.errors()


def shape(pixel_format, width, height):
    return ["--format", pixel_format, "--size", f"{width}x{height}"]


def check_raw(checks, command, ends, pixel_format, size, frames=FRAMES):
    what = f"raw {ends[0]} {pixel_format} {size[0]}x{size[1]}"
    data = b"".join(noise(pixel_format, *size, seed) for seed in range(frames))
    out, code, sent, errors = through(command, ends, data, [*shape(pixel_format, *size), "--codec", "raw"],
                                      ["--format", pixel_format])
    checks.equal((code, sent), (0, 0), f"{what}: exit codes", errors)
    checks.equal(len(out), len(data), f"{what}: exactly {frames} frames", errors)
    checks.that(out == data, f"{what}: every byte, in order", errors)


def packed_from_bgr(bgr, pixel_format):
    if pixel_format == "gray8":
        return cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).tobytes()
    if pixel_format == "bgra32":
        return cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA).tobytes()
    if pixel_format == "bgr24":
        return bgr.tobytes()
    yuv = cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb)
    half = lambda c: np.ascontiguousarray(yuv[::2, ::2, c]).tobytes()
    return yuv[:, :, 0].tobytes() + half(2) + half(1)


def check_jpeg(checks, command, ends, pixel_format, size, frames=4):
    what = f"jpeg {ends[0]} {pixel_format} {size[0]}x{size[1]}"
    pictures = [packed_from_bgr(smooth(*size, seed), pixel_format) for seed in range(frames)]
    out, code, sent, errors = through(command, ends, b"".join(pictures), shape(pixel_format, *size), ["--format", pixel_format])
    checks.equal((code, sent), (0, 0), f"{what}: exit codes", errors)
    n = packed_size(pixel_format, *size)
    if checks.equal(len(out), n * frames, f"{what}: exactly {frames} frames", errors):
        likeness = [worst_plane(out[i * n:(i + 1) * n], pictures[i], pixel_format, size) for i in range(frames)]
        checks.that(min(likeness) > 30, f"{what}: PSNR {min(likeness):.1f} dB > 30 dB", likeness)


def worst_plane(got, sent, pixel_format, size):
    """i420 has its chroma judged as well: planes swapped or shifted would pass by their luminance alone."""
    pixels = [psnr(luminance(got, pixel_format, *size), luminance(sent, pixel_format, *size))]
    if pixel_format == "i420":
        a, b = (np.frombuffer(x, np.uint8)[size[0] * size[1]:] for x in (got, sent))
        pixels += [psnr(p.reshape(1, -1), q.reshape(1, -1)) for p, q in zip(np.split(a, 2), np.split(b, 2))]
    return min(pixels)


def check_mjpeg(checks, command, ends, size, grey=False):
    what = f"mjpeg {ends[0]} {size[0]}x{size[1]}{' grey' if grey else ''}"
    pictures = [smooth(*size, seed) for seed in range(FRAMES)]
    pictures = [cv2.cvtColor(p, cv2.COLOR_BGR2GRAY) if grey else p for p in pictures]
    jpegs = [cv2.imencode(".jpg", p, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes() for p in pictures]
    out, code, sent, errors = through(command, ends, b"".join(jpegs), ["--format", "mjpeg"], ["--format", "mjpeg"])
    checks.equal((code, sent), (0, 0), f"{what}: exit codes", errors)
    checks.that(split_jpegs(out) == (jpegs, b""), f"{what}: each JPEG passes untouched, byte for byte", errors)
    out, code, _, errors = through(command, ends, b"".join(jpegs), ["--format", "mjpeg"], ["--format", "bgr24"])
    checks.equal((code, len(out)), (0, packed_size("bgr24", *size) * FRAMES), f"{what}: decoded to bgr24", errors)


def check_truncated(checks, command, ends, sending, data, whole, words):
    what = f"truncated {sending[1]}"
    out, code, sent, errors = through(command, ends, data, sending, ["--format", sending[1]])
    checks.equal(sent, 1, f"{what}: the sender's exit code", errors)
    checks.that(words in errors, f"{what}: says '{words}'", errors)
    checks.equal(code, 0, f"{what}: the receiver's exit code", errors)
    checks.that(out == whole, f"{what}: the whole pictures before it arrive", f"{len(out)} of {len(whole)} bytes\n{errors}")


def check_ffmpeg_writes(checks, command, ends, pixel_format, layout):
    what = f"ffmpeg writes {layout}"
    kind = ["-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p", "-f", "mjpeg"] if layout == "mjpeg" else \
        ["-pix_fmt", layout, "-f", "rawvideo"]
    argv = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=322x242:rate=30", "-frames:v", "40", *kind, "-"]
    _, expected, _ = run(argv)
    sending = ["--format", "mjpeg"] if layout == "mjpeg" else [*shape(pixel_format, 322, 242), "--codec", "raw"]
    _, listening, connecting = ends
    with Child(argv, stdout=subprocess.PIPE) as ffmpeg, \
            Child([command, "send", "-", listening, *sending], stdin=ffmpeg.stdout) as sender:
        code, out, errors = run([command, "recv", connecting, "-", "--once", "--format", pixel_format])
        checks.equal((code, sender.wait(), ffmpeg.wait()), (0, 0, 0), f"{what}: exit codes", errors + sender.errors())
    checks.that(len(expected) > 0 and out == expected, f"{what}: all of it arrives", f"{len(out)} of {len(expected)} bytes\n{errors}")


def check_sizes(checks, command, ends):
    for size in [(1, 1), (7, 5), (640, 2)]:
        for pixel_format in FORMATS:
            check_raw(checks, command, ends[1], pixel_format, size)
            check_jpeg(checks, command, ends[2], pixel_format, size)
    for pixel_format in ("bgr24", "i420"):
        check_raw(checks, command, ends[1], pixel_format, (4095, 2161), 2)
        check_raw(checks, command, ends[2], pixel_format, (4095, 2161), 2)
        check_jpeg(checks, command, ends[1], pixel_format, (4095, 2161), 2)


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        ends = addresses(folder)
        for pixel_format in FORMATS:
            for end in ends:
                check_raw(checks, command, end, pixel_format, (64, 48), 40)  # more than any queue holds
                check_jpeg(checks, command, end, pixel_format, (322, 242))
        for end in ends:
            check_mjpeg(checks, command, end, (322, 242))
        check_mjpeg(checks, command, ends[1], (33, 17), grey=True)
        check_sizes(checks, command, ends)
        frame = noise("bgr24", 64, 48, 1)
        check_truncated(checks, command, ends[1], [*shape("bgr24", 64, 48), "--codec", "raw"], frame * 3 + frame[:-7], frame * 3,
                        "7 bytes short of a whole frame")
        jpeg = cv2.imencode(".jpg", smooth(64, 48, 1))[1].tobytes()
        check_truncated(checks, command, ends[1], ["--format", "mjpeg"], jpeg * 3 + jpeg[:-7], jpeg * 3, "ended within a JPEG")
        for pixel_format, layout in [("bgr24", "bgr24"), ("gray8", "gray"), ("i420", "yuv420p"), ("mjpeg", "mjpeg")]:
            check_ffmpeg_writes(checks, command, ends[1], pixel_format, layout)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
