"""A stored clip over UDP arrives complete, byte for byte, whatever the way loses."""
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, free_port, glimt_path  # noqa: E402
from lossy_relay import LossyRelay  # noqa: E402
from pictures import split_jpegs  # noqa: E402

FRAMES = 150


def check_complete(checks, command, clip, expected, loss):
    port = free_port()
    what = f"{loss * 100:.0f} % of the packets lost"
    with LossyRelay(port, loss) as relay, \
            Child([command, "recv", f"udp://127.0.0.1:{port}?listen&latency=2s", "-", "--format", "mjpeg", "--frames", FRAMES],
                  stdout=subprocess.PIPE) as receiver, \
            Child([command, "send", clip, f"udp://127.0.0.1:{relay.port}", "--fast"]) as sender:
        data = receiver.stdout.read()
        checks.equal(receiver.wait(), 0, f"{what}: received", receiver.errors() + sender.errors())
    pictures, rest = split_jpegs(data)
    checks.equal(len(rest), 0, f"{what}: whole pictures only")
    checks.that(relay.lost > FRAMES * 10 * loss, f"{what}: packets were lost", (relay.lost, relay.passed))
    checks.that(pictures == expected, f"{what}: every picture, in order, byte for byte", len(pictures))


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        stored, clip = Path(folder, "stored.mjpeg"), Path(folder, "clip.mkv")
        for arguments in (["-f", "lavfi", "-i", "testsrc2=size=640x480:rate=25", "-frames:v", str(FRAMES), "-c:v", "mjpeg", "-q:v", "4", stored],
                          ["-f", "mjpeg", "-framerate", "25", "-i", stored, "-c", "copy", clip]):
            subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True, timeout=120)
        expected, _ = split_jpegs(stored.read_bytes())
        checks.equal(len(expected), FRAMES, "FFmpeg made the pictures")
        for loss in (0.05, 0.29):
            check_complete(checks, command, clip, expected, loss)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
