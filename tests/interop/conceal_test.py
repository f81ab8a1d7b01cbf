"""A JPEG that has lost strips for good: shown with those of the picture before, told, left out where only whole ones are wanted."""
import json
import signal
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, free_port, glimt_path, run  # noqa: E402
from lossy_relay import LossyRelay  # noqa: E402
from pictures import read_time_code, split_jpegs  # noqa: E402
import numpy as np  # noqa: E402

WIDTH, HEIGHT, STRIP_ROWS, STRIPS = 640, 480, 64, 8
DATA, PARITY = 2, 3
FRAMES = 150


class StripRelay(LossyRelay):
    """Of each tenth frame neither one strip comes through nor what could replace it. Strip 0 lacks all but its first packet."""

    def __init__(self, target, strip):
        super().__init__(target, 0)
        self.strip, self.hit = strip, set()

    def loses(self, data):
        kind, frame = data[1], struct.unpack_from("<I", data, 16)[0] if len(data) > 40 else 0
        if kind not in (DATA, PARITY) or frame % 10 != 5:
            return False
        self.hit.add(frame)
        begins = kind == DATA and self.strip == 0 and data[35] & 1
        return kind == PARITY or (data[34] == self.strip and not begins)


def pictures_of(data):
    """Number -> luma; the number is burnt into the first strip."""
    size = WIDTH * HEIGHT
    frames = [np.frombuffer(data, np.uint8, size, at).reshape(HEIGHT, WIDTH) for at in range(0, len(data) - size + 1, size)]
    return [(read_time_code(f), f) for f in frames]


def receive_into(path, *argv):
    with open(path, "wb") as out:
        return Child(argv, stdout=out)


def send_past(command, folder, strip, *options, form="gray8"):
    """What a receiver that loses nothing shows, what one behind the relay does, and its statistics."""
    whole, torn, stats, port = f"{folder}/whole", f"{folder}/torn", f"{folder}/stats.jsonl", free_port()
    Path(stats).unlink(missing_ok=True)
    with StripRelay(port, strip) as relay:
        receivers = [receive_into(whole, command, "recv", f"unix://{folder}/s.sock", "-", "--format", form),
                     receive_into(torn, command, "recv", f"udp://127.0.0.1:{port}?listen&latency=200ms", "-", "--format", form,
                                  "--stats", stats, *options)]
        run([command, "send", f"test:?size={WIDTH}x{HEIGHT}&fps=30", f"unix://{folder}/s.sock?codec=jpeg",
             f"udp://127.0.0.1:{relay.port}", "--frames", str(FRAMES)])
        for receiver in receivers:
            receiver.signal(signal.SIGINT)
            receiver.end()
    counted = json.loads(Path(stats).read_text().splitlines()[-1])
    return Path(whole).read_bytes(), Path(torn).read_bytes(), counted, len(relay.hit), receivers[1].errors()


def rows_of(picture, strip):
    return picture[strip * STRIP_ROWS:(strip + 1) * STRIP_ROWS]


def check_concealed(checks, command, folder, strip):
    what = f"strip {strip}"
    whole, torn, counted, hit, errors = send_past(command, folder, strip)
    theirs = {code[0]: picture for code, picture in pictures_of(whole) if code}
    ours = pictures_of(torn)
    checks.that(hit >= 5 and counted["concealed"] >= 5, f"{what}: pictures lack it", (hit, counted["concealed"]))
    checks.equal(counted["strip_map"], "".join("0" if i == strip else "1" for i in range(STRIPS)), f"{what}: the map says which")
    checks.that("lack strips" in errors, f"{what}: the summary says so", errors)
    checks.equal(counted["refused"], 0, f"{what}: nothing is refused")
    concealed = wrong = 0
    for (code, before), (next_code, picture) in zip(ours, ours[1:]):
        number = code[0] + 1 if code else None
        again = strip == 0 and code and next_code == code  # the number stands in what is missing
        if number not in theirs or not (again or (next_code and next_code[0] == number)):
            continue
        own = theirs[number]
        lacks = not np.array_equal(rows_of(picture, strip), rows_of(own, strip))
        concealed += lacks
        wrong += lacks and not np.array_equal(rows_of(picture, strip), rows_of(before, strip))
        wrong += any(not np.array_equal(rows_of(picture, i), rows_of(own, i)) for i in range(STRIPS) if i != strip)
    checks.that(concealed >= 5, f"{what}: pictures differ from the whole ones there", concealed)
    checks.equal(wrong, 0, f"{what}: it is that of the picture before, and every other strip is the picture's own")


def check_whole_only(checks, command, folder):
    whole, torn, counted, hit, _ = send_past(command, folder, 3, "--whole-only")
    theirs = {code[0]: picture for code, picture in pictures_of(whole) if code}
    ours = {code[0]: picture for code, picture in pictures_of(torn) if code}
    checks.equal(counted["concealed"], 0, "--whole-only: none is concealed")
    checks.that(counted["lost"] >= 5 and hit >= 5, "--whole-only: they are lost", counted["lost"])
    common = set(ours) & set(theirs)
    checks.that(len(common) > FRAMES // 2 and all(np.array_equal(ours[n], theirs[n]) for n in common),
                "--whole-only: each picture is whole", len(common))


def check_encoded(checks, command, folder):
    """What is recorded or handed on encoded is whole."""
    record = f"{folder}/out.mkv"
    _, torn, counted, hit, _ = send_past(command, folder, 3, record, form="mjpeg")
    jpegs, rest = split_jpegs(torn)
    checks.that(len(rest) == 0 and len(jpegs) > FRAMES // 2 and counted["concealed"] == 0, "mjpeg: whole JPEGs alone come out",
                (len(jpegs), len(rest), counted["concealed"]))
    checks.that(counted["dropped"] >= 5 and hit >= 5, "mjpeg: those that lack a strip are dropped", counted["dropped"])
    code, out, errors = run(["ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of",
                             "csv=p=0", record])
    checks.that(code == 0 and FRAMES // 2 < int(out) <= FRAMES - hit,
                "a recording holds the whole ones", (out, hit, errors))


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        for strip in (3, 0, STRIPS - 1):
            check_concealed(checks, command, folder, strip)
        check_whole_only(checks, command, folder)
        check_encoded(checks, command, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
