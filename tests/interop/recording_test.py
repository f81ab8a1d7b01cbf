"""Recordings: each picture once, in order, at its time; whole after kill -9; a disk that fails costs the stream nothing."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, glimt_path, poll_until, run  # noqa: E402
from pictures import read_time_code, split_jpegs  # noqa: E402
from recordings import codes_by_ffmpeg, codes_by_opencv, newest_line, probe  # noqa: E402
from screen import Screen  # noqa: E402
import cv2  # noqa: E402

NO_DISPLAY = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}
SOURCE = "test:?size=640x360&fps=60"
BY_TIME = re.compile(r"out-\d{8}-\d{6}(-\d+)?\.(mkv|mp4)")


class Stream:
    """A sender, a recording receiver and its statistics, in a folder of their own."""

    def __init__(self, command, name, *how, source=SOURCE, mode="every", wrap=()):
        self.folder = tempfile.mkdtemp(prefix=f"glimt-{name}-")
        self.address, self.stats = f"unix://{self.folder}/s.sock", f"{self.folder}/stats.jsonl"
        self.command, self.source = command, source
        argv = [command, "recv", f"{self.address}?mode={mode}", "--stats", self.stats, *(a.format(f=self.folder) for a in how)]
        self.receiver = Child([*wrap, *argv], env=NO_DISPLAY)
        self.sender = self.start_sender(source)

    def start_sender(self, source):
        return Child([self.command, "send", source, self.address])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in (self.receiver, self.sender):
            child.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def now(self):
        return newest_line(self.stats)

    def reaches(self, counter, value):
        return poll_until(lambda: self.now().get(counter, 0) >= value or not self.receiver.running())

    def stop(self):
        return self.receiver.signal(signal.SIGINT)

    def recorded(self):
        """What the summary says."""
        found = re.search(r"recorded (\d+) frames, not recorded (\d+)", self.receiver.errors())
        return (int(found[1]), int(found[2])) if found else (-1, -1)

    def received(self):
        return int(re.search(r"received (\d+) frames", self.receiver.errors())[1])

    def files(self):
        return sorted(str(p) for p in Path(self.folder).iterdir() if p.suffix in (".mkv", ".mp4"))


def check_order(checks, codes, what):
    """A busy machine's sender leaves pictures out; check_nothing_missing() has one that waits."""
    if checks.that(codes and None not in codes, f"{what}: each picture has its number", codes):
        n = [c[0] for c in codes]
        checks.that(all(a < b for a, b in zip(n, n[1:])), f"{what}: in order, each once", n)


def check_times(checks, placed, within_ms, what):
    first, origin = placed[0]
    off = [abs((code[1] - first[1]) / 1000 - (at - origin)) for code, at in placed]
    checks.that(max(off) <= within_ms, f"{what}: capture times are kept within {within_ms} ms", max(off))


def check_readers(checks, path, count, what):
    form, stream, times = probe(path)
    checks.equal(len(times), count, f"{what}: ffprobe counts what was recorded")
    checks.equal((stream["codec_name"], stream["width"], stream["height"]), ("mjpeg", 640, 360), f"{what}: as it was sent")
    began = datetime.fromisoformat(form["tags"]["creation_time"].replace("Z", "+00:00")).timestamp()
    checks.that(abs(time.time() - began) < 120, f"{what}: creation time is the wall clock's", form["tags"])
    placed = codes_by_opencv(path)
    codes = [code for code, _ in placed]
    checks.equal(codes_by_ffmpeg(path), codes, f"{what}: ffmpeg and OpenCV see the same pictures")
    checks.equal(len(codes), count, f"{what}: OpenCV reads all of them")
    check_order(checks, codes, what)
    check_times(checks, placed, 1.001 if path.endswith(".mkv") else 0.02, what)
    checks.that(float(form["duration"]) >= times[-1] - 0.001, f"{what}: the duration is known", form)


def check_whole(checks, command, ending):
    what = f"whole {ending}"
    with Stream(command, "whole", "--record", "{f}/out." + ending) as s:
        s.reaches("recorded", 100)
        checks.equal(s.stop(), 0, f"{what}: Ctrl-C, exit code", s.receiver.errors())
        recorded, not_recorded = s.recorded()
        # The last picture may have been on its way to both when the recording ended.
        checks.that(recorded + 1 >= s.received() >= 100 and not_recorded == 0, f"{what}: the summary counts", s.receiver.errors())
        checks.equal([Path(p).name for p in s.files()], [f"out.{ending}"], f"{what}: one file, named as given")
        checks.equal(s.now()["total_ms"]["whole_decoded"]["n"], 0, f"{what}: a recording alone decodes nothing")
        check_readers(checks, f"{s.folder}/out.{ending}", recorded, what)


def check_killed(checks, command, ending):
    what = f"killed {ending}"
    with Stream(command, "killed", "--record", "{f}/out." + ending) as s:
        s.reaches("recorded", 120)
        s.receiver.signal(signal.SIGKILL)
        killed_at = time.time()
        lines = [json.loads(line) for line in Path(s.stats).read_text().split("\n")[:-1]]
        path = f"{s.folder}/out.{ending}"
        codes = codes_by_ffmpeg(path)
        checks.that(len(codes) >= lines[-1]["recorded"], f"{what}: what was counted as recorded is there",
                    (len(codes), lines[-1]["recorded"]))
        before = [line["frames"] for line in lines if line["time_s"] <= killed_at - 1]
        checks.that(len(codes) >= before[-1] > 0, f"{what}: all that came up to a second before is there", (len(codes), before))
        check_order(checks, codes, what)
        placed = codes_by_opencv(path)
        checks.equal([code for code, _ in placed], codes, f"{what}: OpenCV plays it too")
        check_times(checks, placed, 1.001 if ending == "mkv" else 0.02, what)


def check_segments(checks, command):
    with Stream(command, "segments", "--record", "{f}/out.mkv", "--segment", "1s") as s:
        s.reaches("recorded", 200)
        checks.equal(s.stop(), 0, "segments: exit code", s.receiver.errors())
        files = s.files()
        checks.that(len(files) >= 3, "segments: several files", files)
        checks.that(all(BY_TIME.fullmatch(Path(p).name) for p in files), "segments: named by time", files)
        codes = sorted((code for p in files for code in codes_by_ffmpeg(p)), key=lambda c: c[0])
        checks.equal(len(codes), s.recorded()[0], "segments: together they hold what was recorded")
        check_order(checks, codes, "segments: together")


def check_nothing_missing(checks, command):
    """A sender that waits for its receiver: what it was given is what stands in the file, byte for byte."""
    with Stream(command, "every", "--frames", "1", "null:") as s:
        s.receiver.wait()
        code, data, errors = run([command, "recv", s.address, "-", "--format", "mjpeg", "--frames", "150"])
        checks.equal(code, 0, "nothing missing: pictures to send", errors)
        s.sender.end()
        s.receiver = Child([command, "recv", f"{s.address}?mode=every", "--record", f"{s.folder}/out.mkv", "--once"], env=NO_DISPLAY)
        code, _, errors = run([command, "send", "-", s.address, "--format", "mjpeg"], stdin=in_file(data))
        checks.equal(code, 0, "nothing missing: the sender's exit code", errors)
        checks.equal(s.receiver.wait(), 0, "nothing missing: exit code", s.receiver.errors())
        argv = ["ffmpeg", "-v", "error", "-i", f"{s.folder}/out.mkv", "-c", "copy", "-f", "mjpeg", "-"]
        recorded = subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout
        checks.equal(len(split_jpegs(recorded)[0]), 150, "nothing missing: as many pictures as were sent")
        checks.that(recorded == data, "nothing missing: byte for byte", (len(recorded), len(data)))


def in_file(data):
    file = tempfile.TemporaryFile()
    file.write(data)
    file.seek(0)
    return file


def check_latest_with_slow_viewer(checks, command):
    """Writing each picture as PNG takes longer than a frame time: the viewer skips, the recording does not."""
    with Stream(command, "latest", "--record", "{f}/out.mkv", "{f}/shot%04d.png", mode="latest",
                source="test:?size=1280x720&fps=60") as s:
        s.reaches("dropped", 20)
        checks.equal(s.stop(), 0, "slow viewer: exit code", s.receiver.errors())
        shots, codes = len(list(Path(s.folder).glob("shot*.png"))), codes_by_ffmpeg(f"{s.folder}/out.mkv")
        checks.that(0 < shots < len(codes), "slow viewer: more was recorded than shown", (shots, len(codes)))
        check_order(checks, codes, "slow viewer")
        checks.that(len(codes) >= shots + s.now()["dropped"], "slow viewer: also what it never saw", (shots, len(codes), s.now()))


def check_size_change(checks, command):
    with Stream(command, "size", "--record", "{f}/out.mkv") as s:
        s.reaches("recorded", 60)
        s.sender.signal(signal.SIGTERM)
        before = s.now()["recorded"]
        s.sender = s.start_sender("test:?size=320x240&fps=60")
        s.reaches("recorded", before + 90)
        checks.equal(s.stop(), 0, "size change: exit code", s.receiver.errors())
        sizes = [(probe(p)[1]["width"], probe(p)[1]["height"]) for p in s.files()]
        checks.equal(sorted(sizes), [(320, 240), (640, 360)], "size change: a file for each size")
        checks.equal(sum(len(codes_by_ffmpeg(p)) for p in s.files()), s.recorded()[0], "size change: together they hold it all")


def check_goes_on(checks, s, what):
    """The stream goes on although nothing is recorded."""
    line = s.now()
    frames, missed = line.get("frames", 0), line.get("not_recorded", 0)
    checks.that(s.reaches("frames", frames + 60), f"{what}: the stream goes on", s.receiver.errors())
    checks.that(s.reaches("not_recorded", missed + 60), f"{what}: what is not recorded is counted", s.now())


def check_comes_back(checks, s, words, what):
    before = s.now()["recorded"]
    checks.that(s.receiver.says("recording again, into"), f"{what}: recorded again, and said", s.receiver.errors())
    checks.that(s.reaches("recorded", before + 30), f"{what}: frames are counted as recorded again", s.now())
    checks.equal(s.receiver.errors().count(words), 1, f"{what}: was said once", s.receiver.errors())


def check_full_disk(checks, command):
    """A disk of 40 MB of its own, in a mount namespace of its own."""
    inside = ["unshare", "-m" if os.geteuid() == 0 else "-rm", "sh", "-c",
              'd=$(mktemp -d) && mount -t tmpfs -o size=40m tmpfs "$d" && cd "$d" && exec "$@"', "sh"]
    with Stream(command, "full", "--record", "out.mkv", source="test:?size=1280x720&fps=60", wrap=inside) as s:
        disk = Path(f"/proc/{s.receiver.pid}/cwd")
        words = "No space left on device; make room on the disk"
        checks.that(s.receiver.says(words), "full disk: is said with its cure", s.receiver.errors())
        check_goes_on(checks, s, "full disk")
        kept = shutil.copy(disk / "out.mkv", s.folder)
        codes = codes_by_ffmpeg(kept)
        check_order(checks, codes, "full disk: what was recorded until then")
        checks.equal([p.name for p in disk.iterdir()], ["out.mkv"], "full disk: no litter")
        (disk / "out.mkv").unlink()
        check_comes_back(checks, s, words, "full disk")
        checks.that(BY_TIME.fullmatch(next(disk.iterdir()).name), "full disk: then in a file named by time", list(disk.iterdir()))
        checks.equal(s.stop(), 0, "full disk: exit code", s.receiver.errors())


def check_removed_folder(checks, command):
    with Stream(command, "removed", "--record", "{f}/out.mp4") as s:
        inner = Path(s.folder, "inner")
        s.receiver.end()
        inner.mkdir()
        s.receiver = Child([command, "recv", s.address, "--record", inner / "out.mp4", "--stats", s.stats], env=NO_DISPLAY)
        s.reaches("recorded", 30)
        shutil.rmtree(inner)
        words = "its folder was removed; create it again"
        checks.that(s.receiver.says(words), "removed folder: is said with its cure", s.receiver.errors())
        check_goes_on(checks, s, "removed folder")
        inner.mkdir()
        check_comes_back(checks, s, words, "removed folder")
        checks.equal(s.stop(), 0, "removed folder: exit code", s.receiver.errors())
        codes = [code for p in inner.iterdir() for code in codes_by_ffmpeg(str(p))]
        check_order(checks, codes, "removed folder: what was recorded afterwards")


def check_existing_file(checks, command):
    with Stream(command, "exists", "--frames", "1", "null:") as s:
        s.receiver.wait()
        Path(s.folder, "out.mkv").write_text("precious")
        code, _, errors = run([command, "recv", s.address, f"{s.folder}/out.mkv", "--frames", "30"], env=NO_DISPLAY)
        checks.equal(code, 0, "existing file: exit code", errors)
        checks.that("exists and is not overwritten" in errors, "existing file: is said", errors)
        checks.equal(Path(s.folder, "out.mkv").read_text(), "precious", "existing file: is not touched")
        other = [p for p in s.files() if BY_TIME.fullmatch(Path(p).name)]
        checks.that(len(other) == 1 and len(codes_by_ffmpeg(other[0])) >= 30, "existing file: the recording has another", s.files())


def check_raw(checks, command):
    with Stream(command, "raw", "--record", "{f}/out.mkv", source="test:?size=320x240") as s:
        s.sender.end()
        s.sender = Child([command, "send", "test:?size=320x240", s.address, "--codec", "raw"])
        checks.that(s.receiver.says("?codec=jpeg"), "raw: is refused with its cure", s.receiver.errors())
        check_goes_on(checks, s, "raw")
        checks.equal(s.receiver.errors().count("uncompressed pictures are not recorded"), 1, "raw: was said once", s.receiver.errors())
        checks.equal(s.stop(), 0, "raw: exit code", s.receiver.errors())


def check_damaged(checks, command):
    """JPEGs whose markers are right and whose picture is noise: recorded as they came, refused by the decoder, no harm."""
    picture = cv2.imencode(".jpg", cv2.randn(cv2.UMat(240, 320, cv2.CV_8UC3), (128,) * 3, (60,) * 3).get())[1].tobytes()
    begin = picture.index(b"\xff\xda") + 14
    noise = bytes(b % 255 for b in os.urandom(len(picture) - begin - 2))
    damaged = picture[:begin] + noise + b"\xff\xd9"
    assert split_jpegs(damaged)[0] == [damaged]
    with Stream(command, "damaged", "--record", "{f}/out.mkv", "null:") as s:
        s.sender.end()
        source = Child([command, "send", "-", s.address, "--format", "mjpeg"], stdin=subprocess.PIPE)
        with source:
            source.stdin.write(damaged * 40)
            source.stdin.flush()
            poll_until(lambda: s.now().get("refused", 0) >= 40)
        line = s.now()
        checks.that(line["refused"] >= 40 and s.receiver.running(), "damaged: refused by the decoder", line)
        checks.equal(s.stop(), 0, "damaged: exit code", s.receiver.errors())
        checks.that(s.recorded()[0] >= 40, "damaged: recorded as it came", s.receiver.errors())
        checks.that(len(probe(s.files()[-1])[2]) >= 40, "damaged: and packets can be read", s.files())


def check_snapshots(checks, command):
    with Stream(command, "snapshots", "--frames", "1", "null:") as s:
        s.receiver.wait()
        shot = f"{s.folder}/now.png"
        code, _, errors = run([command, "recv", s.address, "--snapshot", shot], env=NO_DISPLAY)
        checks.equal(code, 0, "snapshot: alone it ends by itself", errors)
        first = read_time_code(cv2.imread(shot))
        checks.that(first, "snapshot: its number can be read", errors)
        with Child([command, "recv", s.address, "--snapshot", f"{shot}?every=100ms"], env=NO_DISPLAY) as receiver:
            for _ in range(2):
                before = read_time_code(cv2.imread(shot))
                later = poll_until(lambda: read_time_code(cv2.imread(shot)) > before)
                checks.that(later, "snapshot: every so often it is written anew", receiver.errors())
            checks.equal(receiver.signal(signal.SIGINT), 0, "snapshot: exit code", receiver.errors())


def check_all_at_once(checks, command):
    with Screen() as screen, Stream(command, "all", "--frames", "1", "null:") as s:
        s.receiver.wait()
        argv = [command, "recv", s.address, "--record", f"{s.folder}/out.mkv", "--snapshot", f"{s.folder}/now.png", "--stats", s.stats]
        s.receiver = Child(argv, env=screen.env)
        window = screen.window()
        checks.that(window, "all at once: a window opens", s.receiver.errors())
        checks.that(poll_until(lambda: Path(s.folder, "now.png").exists()), "all at once: a snapshot", s.receiver.errors())
        checks.that(s.reaches("recorded", 60), "all at once: a recording that goes on after the snapshot", s.receiver.errors())
        screen.press(window[0], "q")
        checks.equal(s.receiver.wait(), 0, "all at once: q ends it", s.receiver.errors())
        checks.that("wrote 1 image" in s.receiver.errors(), "all at once: one snapshot", s.receiver.errors())
        codes = codes_by_ffmpeg(f"{s.folder}/out.mkv")
        checks.equal(len(codes), s.recorded()[0], "all at once: the recording is whole")
        check_order(checks, codes, "all at once")


def main():
    checks, command = Checks(), glimt_path()
    for ending in ("mkv", "mp4"):
        check_whole(checks, command, ending)
        check_killed(checks, command, ending)
    for check in (check_nothing_missing, check_segments, check_latest_with_slow_viewer, check_size_change, check_full_disk, check_removed_folder,
                  check_existing_file, check_raw, check_damaged, check_snapshots, check_all_at_once):
        check(checks, command)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
