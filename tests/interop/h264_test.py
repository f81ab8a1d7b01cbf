"""H.264: what one receiver shows after losses is, bit for bit, what another shows without; FFmpeg reads what is recorded and put out."""
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, free_port, glimt_path, run  # noqa: E402
from lossy_relay import LossyRelay  # noqa: E402
from pictures import read_time_code  # noqa: E402
import numpy as np  # noqa: E402

WIDTH, HEIGHT = 320, 240
SOURCE = f"test:?size={WIDTH}x{HEIGHT}&fps=60"
I420_BYTES = WIDTH * HEIGHT * 3 // 2
SECONDS = 6


def pictures_of(data):
    """Number -> i420 picture; pictures without a number stand under None."""
    found = {}
    for at in range(0, len(data) - I420_BYTES + 1, I420_BYTES):
        luma = np.frombuffer(data, np.uint8, WIDTH * HEIGHT, at).reshape(HEIGHT, WIDTH)
        code = read_time_code(luma)
        found[code[0] if code else None] = data[at:at + I420_BYTES]
    return found


def receive_into(path, *argv):
    with open(path, "wb") as out:
        return Child(argv, stdout=out)


def check_losses(checks, command, folder, mode, outage):
    """What is lost here and there comes back; after an outage nothing is shown before the next key frame."""
    what, port = f"{'nothing for 0.3 s of each' if outage else '5 % of the packets lost'}, mode={mode}", free_port()
    whole, torn, stats = f"{folder}/whole", f"{folder}/torn", f"{folder}/stats.jsonl"
    with LossyRelay(port, 0 if outage else 0.05, outage) as relay:
        receivers = [receive_into(whole, command, "recv", f"unix://{folder}/s.sock", "-", "--format", "i420"),
                     receive_into(torn, command, "recv", f"udp://127.0.0.1:{port}?listen&mode={mode}", "-", "--format", "i420",
                                  "--stats", stats)]
        run([command, "send", SOURCE, f"unix://{folder}/s.sock", f"udp://127.0.0.1:{relay.port}", "--codec", "h264",
             "--quality", "95", "--seconds", str(SECONDS)])
        for receiver in receivers:
            receiver.signal(signal.SIGINT)
    ours, theirs = (pictures_of(Path(p).read_bytes()) for p in (torn, whole))
    counted = {name: int(re.findall(rf'"{name}":(\d+)', Path(stats).read_text())[-1])
               for name in ("lost", "recovered", "key_requests", "refused", "dropped")}
    checks.that(relay.lost > 20, f"{what}: packets were lost", relay.lost)
    checks.that(None not in ours, f"{what}: each picture has its number")
    common = set(ours) & set(theirs)
    checks.that(len(common) > 60, f"{what}: pictures went on", (len(ours), len(theirs), counted))
    wrong = [n for n in common if ours[n] != theirs[n]]
    checks.that(not wrong, f"{what}: every picture is bit for bit the one that came without loss", (len(wrong), len(common)))
    if outage:
        checks.that(counted["lost"] > 0 and counted["key_requests"] > 0, f"{what}: pictures were lost, key frames asked for", counted)
    else:
        checks.that(counted["recovered"] > 0, f"{what}: packets were recovered", counted)
    checks.equal(counted["refused"], 0, f"{what}: nothing reached the decoder that it could not decode")
    for receiver in receivers:
        receiver.end()


def decoded_by_ffmpeg(path):
    return subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-vsync", "passthrough", "-enc_time_base", "1:90000", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"],
                          capture_output=True, check=False)


def check_recording(checks, command, folder, name):
    """One receiver shows and records: both hold the same pictures."""
    address, shown, path = f"unix://{folder}/f.sock", f"{folder}/shown", f"{folder}/{name}"
    receiver = receive_into(shown, command, "recv", address, "-", path, "--format", "i420", "--once")
    run([command, "send", SOURCE, address, "--codec", "h264", "--seconds", "3"])
    receiver.wait()
    ours, ffmpeg = pictures_of(Path(shown).read_bytes()), decoded_by_ffmpeg(path)
    theirs = pictures_of(ffmpeg.stdout)
    checks.equal(ffmpeg.stderr, b"", f"{name}: FFmpeg reads it without a complaint")
    checks.that(len(theirs) > 60 and None not in theirs, f"{name}: FFmpeg sees its pictures", (len(theirs), len(ours)))
    checks.equal(sorted(set(ours) ^ set(theirs)), [], f"{name}: what was shown and nothing else")
    checks.that(all(theirs[n] == ours[n] for n in theirs if n in ours), f"{name}: bit for bit")
    receiver.end()


def check_output(checks, command, folder):
    path = f"{folder}/out.h264"
    receiver = receive_into(path, command, "recv", f"unix://{folder}/o.sock", "-", "--format", "h264", "--frames", "90")
    with Child([command, "send", SOURCE, f"unix://{folder}/o.sock", "--codec", "h264"]):
        checks.equal(receiver.wait(), 0, "--format h264: exit code", receiver.errors())
    ffmpeg = decoded_by_ffmpeg(path)
    theirs = pictures_of(ffmpeg.stdout)
    checks.equal((ffmpeg.stderr, len(theirs), None in theirs), (b"", 90, False), "--format h264: FFmpeg sees each picture")
    receiver.end()


def check_another_codec(checks, command, folder):
    """What is asked for as H.264 and comes as JPEG is no H.264."""
    address = f"unix://{folder}/j.sock"
    for sent, wanted in (("jpeg", "h264"), ("h264", "mjpeg")):
        with Child([command, "send", SOURCE, address, "--codec", sent]):
            code, output, errors = run([command, "recv", address, "-", "--format", wanted])
        codec = {"mjpeg": "jpeg"}.get(wanted, wanted)
        checks.equal((code, output), (1, b""), f"--format {wanted} of {sent}: exit code", errors)
        checks.that(f"the sender sends {sent}, not {codec}; start it with --codec {codec}" in errors, "and the cure", errors)


def check_restart(checks, command, folder):
    """A recording that begins in mid-stream begins at once: the key frame is asked for."""
    address = f"unix://{folder}/r.sock"
    with Child([command, "send", SOURCE, address, "--codec", "h264"]):
        code, _, errors = run([command, "recv", address, "null:?verify", f"{folder}/late.mkv", "--frames", "60"])
    checks.equal(code, 0, "a receiver that joins in mid-stream sees numbered pictures", errors)
    recorded = re.search(r"recorded (\d+) frames, not recorded (\d+)", errors)
    checks.that(recorded and int(recorded[1]) >= 60 and int(recorded[2]) == 0, "and its recording begins with the first", errors)


def check_refusals(checks, command):
    for argv, words in ((["--codec", "h264", "--encoder", "x265"], "unknown encoder 'x265'; known: libx264"),
                        (["--codec", "h264", "--encoder", "h264_nvenc"], "`glimt doctor` says which work"),
                        (["--codec", "h264", "--bitrate", "fast"], "bitrate"),
                        (["--codec", "h265"], "known: raw, jpeg, h264")):
        code, _, errors = run([command, "send", "test:", "udp://127.0.0.1:9", *argv, "--frames", "1"])
        checks.that(code == 2 and words in errors, f"{' '.join(argv)}: refused, and says what there is", (code, errors))


def main():
    checks, command = Checks(), glimt_path()
    losses = [lambda c, g, f, m=mode, o=outage: check_losses(c, g, f, m, o) for mode in ("latest", "every") for outage in (0, 0.3)]
    for check in (*losses,
                  lambda c, g, f: check_recording(c, g, f, "out.mkv"), lambda c, g, f: check_recording(c, g, f, "out.mp4"),
                  check_output, check_another_codec, check_restart):
        with tempfile.TemporaryDirectory(prefix="glimt-h264-") as folder:
            check(checks, command, folder)
    check_refusals(checks, command)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
