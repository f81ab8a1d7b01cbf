"""`glimt demo --seconds 4`: three receivers, pictures at each, exit code 0, and no process left behind."""
import os
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, glimt_path, run  # noqa: E402

NO_DISPLAY = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}
ROW = re.compile(r"^(UDP|Unix|TCP)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)"
                 r"\s+([\d.]+)$", re.M)


def processes_with(words):
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and words in (folder / "cmdline").read_bytes():
                found.append(folder.name)
        except OSError:
            continue  # it has ended
    return found


def check_table(checks, text):
    summary = text.partition("Summary")[2]
    rows = {row[0]: row[1:] for row in ROW.findall(summary)}
    checks.equal(sorted(rows), ["TCP", "UDP", "Unix"], "the summary has three rows", text)
    for name, (fps, p50, p95, p99, most, _lost, _late, _repeated, refused, _dropped, rate) in rows.items():
        # On one machine they lie in shared memory, and nothing is sent but their names.
        checks.that(float(fps) > 0 and (float(rate) > 0 or name == "Unix"), f"{name}: pictures flow", text)
        checks.that(0 < float(p50) <= float(p95) <= float(p99) <= float(most), f"{name}: percentiles are in order", text)
        checks.equal(refused, "0", f"{name}: nothing is refused", text)


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        code, out, errors = run([command, "demo", "--seconds", "8"], env={**NO_DISPLAY, "TMPDIR": folder})
        text = out.decode()
        checks.equal(code, 0, "exit code", errors + text)
        check_table(checks, text)
        checks.equal(os.listdir(folder), [], "no socket is left behind")
        checks.equal(processes_with(folder.encode()), [], "no process is left behind")
    code, _, errors = run([command, "demo", "no-such-clip.mp4"], env=NO_DISPLAY)
    checks.equal(code, 2, "a clip that is not there: exit code", errors)
    checks.that("there is no such file" in errors and "test picture" in errors, "a clip that is not there: the cure", errors)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
