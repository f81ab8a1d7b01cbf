"""`glimt doctor`: exit code, JSON and cures on this machine as it is, and under conditions made odd."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, glimt_path, run  # noqa: E402

GROUPS = ["cameras", "displays", "sockets", "codecs", "modules", "clock", "processor"]
FACTS = {"receive_buffer": {"asked_bytes": int, "granted_bytes": int}, "send_buffer": {"asked_bytes": int, "granted_bytes": int},
         "gso": {"works": bool}, "gro": {"works": bool}, "ipv6": {"works": bool},
         "descriptors": {"limit": int, "raisable_to": int},
         "jpeg": {"turbo": bool, "version": str, "simd_forbidden": bool, "encode_720p_ms": float},
         "videoio": {"opens": bool}, "imgcodecs": {"opens": bool}, "highgui": {"opens": bool}, "objdetect": {"opens": bool}, "libav": {"opens": bool},
         "steady_clock": {"resolution_ns": int, "source": str, "sources": str},
         "cores": {"cores": int, "cpu": str, "kernel": str},
         "camera": {"path": str, "state": str, "card": str, "driver": str, "formats": list},
         "x11": {"name": str, "answers": bool}, "wayland": {"name": str, "answers": bool}}
NO_DISPLAY = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}


def check_schema(checks, report, what):
    checks.equal(sorted(report), ["findings", "glimt", "notes", "problems"], f"{what}: the fields of the report")
    groups = list(dict.fromkeys(f["group"] for f in report["findings"]))
    checks.equal(groups, GROUPS, f"{what}: every group, in order")
    for level, field in (("problem", "problems"), ("note", "notes")):
        counted = sum(f["level"] == level for f in report["findings"])
        checks.equal(report[field], counted, f"{what}: {field} are counted")
    for f in report["findings"]:
        name = f"{what}: {f['group']}/{f['name']}"
        good = sorted(f) == ["cure", "facts", "group", "level", "name", "text"] and f["level"] in ("ok", "note", "problem") \
            and f["text"] and "\n" not in f["text"] + f["cure"]
        facts = all(isinstance(f["facts"].get(fact), kind) for fact, kind in FACTS.get(f["name"], {}).items())
        cured = f["level"] != "problem" or f["cure"]
        checks.that(good and facts and cured, f"{name}: has its fields and facts, and a cure where it is a problem", f)


def doctor(checks, what, argv, env=None):
    """Findings by name, after the schema and the exit code were checked."""
    code, out, errors = run([*argv, "doctor", "--json"], env={**NO_DISPLAY, **(env or {})})
    try:
        report = json.loads(out)
    except ValueError:
        checks.that(False, f"{what}: prints JSON", f"exit code {code}\n{out}\n{errors}")
        return {}
    check_schema(checks, report, what)
    checks.equal(code, 1 if report["problems"] else 0, f"{what}: exit code as there are problems or none", errors)
    checks.equal(errors, "", f"{what}: nothing on standard error")
    return {f["name"] if f["name"] != "none" else f"no {f['group']}": f for f in report["findings"]}


def check_plain(checks, command):
    found = doctor(checks, "as it is", [command])
    checks.equal(found["no displays"]["level"], "note", "no display is a note")
    for module in ("videoio", "imgcodecs", "highgui", "objdetect", "libav", "h264"):
        checks.equal(found[module]["level"], "ok", f"the module {module} opens", found[module])
    checks.equal(found["jpeg"]["facts"]["turbo"], True, "libjpeg-turbo is known by its own word")
    checks.that("libx264" in found["h264_encoders"]["facts"]["encoders"], "x264 encodes", found["h264_encoders"])
    checks.equal(len(found["h264_encoders"]["facts"]["encoders"]) + len(found["h264_encoders"]["facts"]["others"]), 5, "and the others say why not")
    checks.equal(found["descriptors"]["facts"]["limit"], int(subprocess.check_output(["sh", "-c", "ulimit -n"])), "the limit of files")
    checks.equal(found["cores"]["facts"]["cores"], len(os.sched_getaffinity(0)), "cores")
    if not list(Path("/dev").glob("video*")):
        checks.equal(found["no cameras"]["level"], "note", "no camera is a note")
    return sum(f["level"] == "problem" for f in found.values())


def check_table(checks, command):
    code, out, errors = run([command, "doctor"], env={**NO_DISPLAY, "DISPLAY": ":1987"})
    lines = out.decode().splitlines()
    checks.equal(code, 1, "a display that is not there: exit code of the table", errors)
    checks.equal([line for line in lines if line in GROUPS], GROUPS, "the table has every group", out)
    at = next((i for i, line in enumerate(lines) if line.startswith("  problem  X11 display :1987")), None)
    checks.that(at is not None and lines[at + 1].startswith("             cure: "), "the problem and its cure beneath", out)
    checks.that("\033" not in out.decode(), "no colours where there is no terminal")


def check_odd(checks, command, plain_problems):
    def problems(found):
        return sum(f["level"] == "problem" for f in found.values())

    found = doctor(checks, "a display that is not there", [command], {"DISPLAY": ":1987"})
    checks.equal(found["x11"]["level"], "problem", "a display that does not answer is a problem")
    checks.equal(problems(found), plain_problems + 1, "and the only further one", found)
    with tempfile.TemporaryDirectory() as folder:
        found = doctor(checks, "a Wayland that is not there", [command], {"WAYLAND_DISPLAY": "none", "XDG_RUNTIME_DIR": folder})
    checks.equal(found["wayland"]["level"], "problem", "a Wayland display that is not there is a problem")
    found = doctor(checks, "few files", ["sh", "-c", 'ulimit -n 60; exec "$0" "$@"', command])
    checks.equal((found["descriptors"]["level"], found["descriptors"]["facts"]["limit"]), ("problem", 60), "few open files are a problem")
    checks.equal(problems(found), plain_problems + 1, "and the only further one", found)
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    found = doctor(checks, "loopback down", ["unshare", *as_root, "--net", command])
    checks.equal(found["udp"]["level"], "problem", "a loopback that is down is a problem")
    checks.that("ip link set lo up" in found["udp"]["cure"] and "gso" not in found, "and nothing is said of what was not tried", found)
    found = doctor(checks, "one core", ["taskset", "-c", str(min(os.sched_getaffinity(0))), command])
    checks.equal((found["cores"]["level"], found["cores"]["facts"]["cores"]), ("note", 1), "one core is a note")
    found = doctor(checks, "no vector instructions", [command], {"JSIMD_FORCENONE": "1"})
    checks.equal(found["jpeg"]["level"], "note", "a libjpeg without its vector instructions is a note")


def check_lone_library(checks, command):
    """The command and its library without the modules, as where a package is missing."""
    listing = subprocess.run(["ldd", command], capture_output=True, text=True, check=True).stdout
    library = next(line.split()[2] for line in listing.splitlines() if "libglimt.so" in line)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / Path(library).name).write_bytes(Path(library).resolve().read_bytes())
        copy = Path(folder) / "glimt"
        copy.write_bytes(Path(command).read_bytes())
        copy.chmod(0o755)
        found = doctor(checks, "without modules", [str(copy)], {"LD_LIBRARY_PATH": folder})
        loaded = subprocess.run(["ldd", str(copy)], capture_output=True, text=True, env={**os.environ, "LD_LIBRARY_PATH": folder}).stdout
    if not checks.that(folder in loaded, "without modules: the copied library is the one in use", loaded):
        return
    for module in ("videoio", "imgcodecs", "highgui", "objdetect", "libav", "h264"):
        f = found[module]
        package = {"libav": "libavformat", "h264": "libavcodec"}.get(module, f"libopencv-{module}")
        checks.that(f["level"] == "problem" and package in f["cure"], f"without {module}: its package is named", f)


def main():
    checks, command = Checks(), glimt_path()
    plain_problems = check_plain(checks, command)
    check_table(checks, command)
    check_odd(checks, command, plain_problems)
    check_lone_library(checks, command)
    code, _, errors = run([command, "doctor", "me"], env=NO_DISPLAY)
    checks.equal(code, 2, "an argument too many: exit code", errors)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
