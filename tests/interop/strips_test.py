"""JPEGs that were encoded in strips are read by everybody: what leaves `recv - --format mjpeg` is, byte for byte, what OpenCV's serial
encoder writes with the same restart interval, and FFmpeg, OpenCV and Pillow decode it to the pixels of the picture without any."""
import io
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, free_port, glimt_path  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

try:
    from PIL import Image
except ImportError:
    Image = None


def noisy_picture(width, height, channels):
    y, x = np.mgrid[0:height, 0:width]
    planes = [(x * 3 + y * (c + 1)) // 7 % 256 for c in range(channels)]
    noise = np.random.default_rng(7).integers(0, 24, (height, width, channels))
    return np.clip(np.dstack(planes) + noise, 0, 255).astype(np.uint8)


def through_glimt(checks, command, picture, *options):
    """The JPEG that a receiver writes of a picture that a sender reads."""
    port = free_port()
    pixel_format = "bgr24" if picture.shape[2] == 3 else "gray8"
    size = f"{picture.shape[1]}x{picture.shape[0]}"
    with Child([command, "recv", f"tcp://:{port}", "-", "--format", "mjpeg", "--once"], stdout=subprocess.PIPE) as receiver:
        sender = subprocess.run([command, "send", "-", f"tcp://127.0.0.1:{port}", "--format", pixel_format, "--size", size, *options],
                                input=picture.tobytes(), stderr=subprocess.PIPE, timeout=60, check=False)
        checks.equal(sender.returncode, 0, f"{size} {pixel_format} {' '.join(options)}: sent", sender.stderr.decode())
        return receiver.stdout.read()


def restart_interval(jpeg):
    at = jpeg.find(b"\xff\xdd")
    return 0 if at < 0 else int.from_bytes(jpeg[at + 4 : at + 6], "big")


def serial(picture, interval):
    grey = picture.shape[2] == 1
    _, jpeg = cv2.imencode(".jpg", picture[:, :, 0] if grey else picture,
                           [cv2.IMWRITE_JPEG_QUALITY, 80, cv2.IMWRITE_JPEG_RST_INTERVAL, interval])
    return jpeg.tobytes()


def by_ffmpeg(jpeg):
    done = subprocess.run(["ffmpeg", "-v", "error", "-xerror", "-f", "mjpeg", "-i", "-", "-f", "rawvideo", "-"], input=jpeg,
                          capture_output=True, timeout=60, check=False)
    return done.stdout if done.returncode == 0 and not done.stderr else b""


DECODERS = {"FFmpeg": by_ffmpeg,
            "OpenCV": lambda jpeg: cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_UNCHANGED).tobytes()}
if Image:
    DECODERS["Pillow"] = lambda jpeg: Image.open(io.BytesIO(jpeg)).tobytes()


def main():
    checks, command = Checks(), glimt_path()
    for width, height, channels in [(1920, 1080, 3), (1281, 723, 3), (640, 481, 1)]:
        picture = noisy_picture(width, height, channels)
        spliced = through_glimt(checks, command, picture)
        interval = restart_interval(spliced)
        what = f"{width}x{height}, {channels} channels"
        checks.that(interval > 0, f"{what}: in strips", len(spliced))
        checks.that(spliced == serial(picture, interval), f"{what}: byte for byte OpenCV's, restart interval {interval}",
                    (len(spliced), len(serial(picture, interval))))
        for name, decode in DECODERS.items():
            pixels = decode(spliced)
            checks.that(len(pixels) >= width * height and pixels == decode(serial(picture, 0)),
                        f"{what}: {name} sees the picture without restart markers")
    for chroma in ("422", "444"):
        picture = noisy_picture(1280, 720, 3)
        jpeg = through_glimt(checks, command, picture, "--chroma", chroma)
        decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        checks.that(cv2.PSNR(decoded, picture) > 28, f"chroma {chroma}: OpenCV sees the picture", cv2.PSNR(decoded, picture))
        checks.that(len(by_ffmpeg(jpeg)) == 1280 * 720 * (2 if chroma == "422" else 3), f"chroma {chroma}: FFmpeg reads it as such")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
