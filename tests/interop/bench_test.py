"""`glimt bench`: over each transport, elsewhere, lied to, alone, stopped; its JSON and its drawings."""
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import DEADLINE, Checks, Child, free_port, glimt_path, run  # noqa: E402
import cv2  # noqa: E402

SMALL = ["--size", "320x240"]
STAGES = ["captured_encoded", "encoded_sent", "sent_arrived", "arrived_whole", "whole_decoded", "captured_decoded"]
SVG = "{http://www.w3.org/2000/svg}"


def check_percentiles(checks, p, what):
    checks.that(p["n"] > 0 and 0 <= p["p50"] <= p["p95"] <= p["p99"] <= p["max"], f"{what}: percentiles are in order", p)


def check_report(checks, report, what):
    check_percentiles(checks, report["painted_read_ms"], f"{what}, painted_read")
    for stage in STAGES:
        check_percentiles(checks, report["stages_ms"][stage], f"{what}, {stage}")
    checks.that(report["painted_read_ms"]["p50"] > 0, f"{what}: light is not that fast", report)
    codes, bins = report["time_codes"], report["bins_ms"]
    checks.equal((codes["wrong"], codes["missing"]), (0, 0), f"{what}: every time code held", codes)
    checks.that(codes["held"] > report["painted_read_ms"]["n"], f"{what}: the first second is left out", codes)
    checks.equal(sum(bins["counts"]) + bins["above"], report["painted_read_ms"]["n"], f"{what}: each picture stands in one bin", bins)
    checks.that(bins["width"] > 0 and bins["begin"] <= report["painted_read_ms"]["p50"], f"{what}: bins begin below the median", bins)
    checks.that(report["fps"] > 0 and report["mbit_per_s"] > 0, f"{what}: rates", report)
    checks.equal((report["width"], report["height"]), (320, 240), f"{what}: size of the pictures")


def check_svg(checks, path, address):
    root = xml.etree.ElementTree.parse(path).getroot()
    words = " ".join(t.text for t in root.iter(f"{SVG}text"))
    checks.equal(root.tag, f"{SVG}svg", "the SVG is one")
    checks.that(len(list(root.iter(f"{SVG}rect"))) > 5, "the SVG has bars", words)
    for word in ("p50", "p95", "p99", "max", "n = ", "from: ", "to: ", address, os.uname().nodename):
        checks.that(word in words, f"the SVG says {word}", words)


def check_png(checks, path):
    picture = cv2.imread(str(path))
    if checks.that(picture is not None, "the PNG opens"):
        height, width = picture.shape[:2]
        ink = (picture.min(axis=2) < 200)
        checks.that(0.01 < ink.mean() < 0.7, "the PNG has something drawn on it, and is not all ink", ink.mean())
        thirds = [ink[:, width * i // 3: width * (i + 1) // 3].any() for i in range(3)]
        checks.that(all(thirds) and width >= 800 and height >= 400, "from left to right", (width, height, thirds))


def check_alone(checks, command, folder):
    svg, png = Path(folder) / "out.svg", Path(folder) / "out.png"
    for over in ("udp", "tcp", "unix"):
        plots = ["--plot", svg, "--plot", png] if over == "unix" else []
        code, out, errors = run([command, "bench", "--over", over, "--seconds", "2", "--json", *SMALL, *plots],
                                env={"TMPDIR": folder})
        if checks.equal(code, 0, f"{over}: exit code", errors + out.decode()):
            report = json.loads(out)
            check_report(checks, report, over)
            checks.that(report["address"].startswith(f"{over}://"), f"{over}: the address is its own", report["address"])
    check_svg(checks, svg, report["address"])
    check_png(checks, png)
    checks.equal(sorted(os.listdir(folder)), ["out.png", "out.svg"], "no socket is left behind")


def check_text(checks, command):
    code, out, errors = run([command, "bench", "--seconds", "2", "--codec", "raw", *SMALL])
    text = out.decode()
    checks.equal(code, 0, "for people: exit code", errors + text)
    for word in ("from  ", "to    ", "whole→decoded", "painted→read", "p50", "p95", "p99", "max", "◂", "█", "lost 0", "0 wrong"):
        checks.that(word in text, f"for people: says {word.strip()}", text)
    wide = [line for line in text.splitlines() if len(line) > 80 and os.uname().nodename not in line]
    checks.equal(wide, [], "for people: 80 columns are enough")


def check_elsewhere(checks, command):
    """The command that is printed for the other side is what measures the link."""
    address = f"udp://127.0.0.1:{free_port()}?listen"
    bench = Child([command, "bench", address, "--seconds", "2", "--fps", "50", "--json", *SMALL], stdout=subprocess.PIPE)
    with bench:
        checks.that(bench.says("on the other side: glimt send"), "elsewhere: prints the other side's command", bench.errors())
        words = bench.errors().partition("on the other side: glimt ")[2].splitlines()[0].split()
        with Child([command, *words]):
            code, out = bench.wait(), bench.stdout.read()
        if checks.equal(code, 0, "elsewhere: exit code", bench.errors()):
            check_report(checks, json.loads(out), "elsewhere")


def check_liar(checks, command, folder):
    clip, address = f"{folder}/clip.avi", f"tcp://127.0.0.1:{free_port()}"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=30:duration=2", "-c:v", "mjpeg", clip],
                   check=True, timeout=60)
    with Child([command, "send", clip, address + "?listen", "--loop"]) as sender:
        code, out, errors = run([command, "bench", address, "--seconds", "1", "--json"])
        checks.equal(code, 1, "no time code: exit code", errors + sender.errors())
        checks.that("carry no time code" in errors and "send test:" in errors, "no time code: said, with the cure", errors)
        report = json.loads(out)
        checks.that(report["time_codes"]["missing"] > 0 and report["painted_read_ms"]["n"] == 0, "no time code: no figure", report)


def check_replay(checks, command, folder):
    """A recording of the test picture: its numbers and times are true of another day."""
    clip, address = f"{folder}/old.mjpeg", f"tcp://127.0.0.1:{free_port()}"
    with Child([command, "send", "test:?size=320x240", address + "?listen"]):
        code, out, errors = run([command, "recv", address, "-", "--format", "mjpeg", "--frames", "60"])
        checks.equal(code, 0, "a recording of the test picture was made", errors)
        Path(clip).write_bytes(out)
    argv = [command, "send", "-", address + "?listen", "--format", "mjpeg", "--fps", "30"]
    with Child(argv, stdin=open(clip, "rb")) as sender:
        code, _, errors = run([command, "bench", address, "--seconds", "1"])
        checks.equal(code, 1, "a recording: exit code", errors + sender.errors())
        checks.that("another number or time than their stream" in errors, "a recording: its times are found out", errors)


def check_absent(checks, command):
    code, out, errors = run([command, "bench", f"udp://127.0.0.1:{free_port()}", "--wait", "0.5", "--json"])
    checks.equal((code, out), (1, b""), "nobody there: exit code, and no figures", errors)
    checks.that("no picture within 500 ms" in errors and "is `glimt send` running there" in errors, "nobody there: the cure", errors)


def children_of(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def read_until(terminal, words):
    """What a program wrote to its terminal, until `words` are among it or the deadline has passed."""
    said, deadline = "", time.monotonic() + DEADLINE
    while words not in said and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            said += os.read(terminal, 4096).decode(errors="replace")
    return said


def check_stopped(checks, command):
    """On a terminal, whose progress line tells when there is something to print."""
    terminal, its_end = os.openpty()
    bench = subprocess.Popen([command, "bench", "--seconds", "3600", "--json", *SMALL], stdout=subprocess.PIPE, stderr=its_end)
    os.close(its_end)
    try:
        said = read_until(terminal, "pictures in the last second")
        checks.that("painted→read p50" in said, "Ctrl-C: a progress line while it runs", said)
        sender = children_of(bench.pid)
        os.kill(bench.pid, signal.SIGINT)
        out, _ = bench.communicate(timeout=DEADLINE)
    finally:
        bench.kill()
        bench.wait()
        os.close(terminal)
    checks.equal(bench.returncode, 0, "Ctrl-C: exit code", said)
    check_report(checks, json.loads(out), "Ctrl-C")
    checks.equal(len(sender), 1, "Ctrl-C: there was a sender")
    checks.that(not any(Path(f"/proc/{pid}").exists() for pid in sender), "Ctrl-C: the sender has ended too", sender)


def check_usage(checks, command):
    for what, argv, words in [
            ("too small", ["--size", "100x100"], ["too small", "224x32"]),
            ("no size", ["--size", "big"], ["1280x720"]),
            ("no transport", ["--over", "pigeon"], ["--over", "udp"]),
            ("no codec", ["--codec", "gif"], ["unknown codec", "jpeg"]),
            ("no drawing", ["--plot", "out.pdf"], [".svg or .png"]),
            ("no folder", ["--plot", "/nowhere/out.svg"], ["no such folder"]),
            ("no address", ["--plot", "out.svg", "elsewhere"], ["known: udp, tcp, unix"])]:
        code, _, errors = run([command, "bench", *argv])
        checks.equal(code, 2, f"{what}: exit code", errors)
        checks.that(all(word in errors for word in words), f"{what}: the cure", errors)


def main():
    checks, command = Checks(), glimt_path()
    check_usage(checks, command)
    check_absent(checks, command)
    with tempfile.TemporaryDirectory() as folder:
        check_alone(checks, command, folder)
    check_text(checks, command)
    check_elsewhere(checks, command)
    with tempfile.TemporaryDirectory() as folder:
        check_liar(checks, command, folder)
        check_replay(checks, command, folder)
    check_stopped(checks, command)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
