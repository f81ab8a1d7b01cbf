"""`glimt hub` as its user starts it: alone, with a file, changed while pictures flow, killed, in trouble; exit codes and what is said."""
import json
import os
import re
import signal
import stat
import sys
import tempfile
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, free_port, glimt_path, poll_until, run  # noqa: E402
from ends import Viewer  # noqa: E402
from hubs import SMALL, Hub, own, stream_toml, write  # noqa: E402

QUIET = "announce = false\n"


def check_alone(checks, command, folder):
    """Zero configuration, and each command that it prints does what it says."""
    page = f"127.0.0.1:{free_port()}"
    with Hub(command, folder, page=page) as hub:
        checks.that(hub.ready(), "alone: it starts", hub.errors())
        checks.that(hub.says(f"curl http://{page}/health"), "alone: it says how it is", hub.errors())
        receive = re.search(r"on the other side: (glimt recv unix://\S+)", hub.errors())
        if checks.that(receive, "alone: it says how to receive", hub.errors()):
            words = receive[1].split()[1:]
            code, _, errors = run([command, *words, "null:", "--frames", "10"])
            checks.equal(code, 0, "alone: pictures come so", errors)
        checks.that("steer it: glimt ctl streams" in hub.errors(), "alone: the user's own socket needs no address", hub.errors())
        checks.equal(list(hub.streams()), ["cam0"], "alone: one stream, cam0", hub.ctl("streams"))
        with urllib.request.urlopen(f"http://{page}/health", timeout=10) as answer:
            checks.equal(answer.status, 200, "alone: all is well")
        with urllib.request.urlopen(f"http://{page}/metrics", timeout=10) as answer:
            checks.that("glimt_control_calls_total" in answer.read().decode(), "alone: metrics have the control service too")
        mode = stat.S_IMODE(os.stat(hub.socket).st_mode)
        checks.equal(mode, 0o600, "alone: the socket is the user's only")
        checks.equal(hub.signal(signal.SIGTERM), 0, "alone: ended when asked", hub.errors())
        checks.that("the hub has ended" in hub.errors(), "alone: and says so", hub.errors())
        checks.that(not os.path.exists(hub.socket), "alone: its socket is gone")


def check_reload(checks, command, folder, how):
    """What the file says otherwise is done; a stream that it says nothing new of does not notice."""
    what = f"reload by {how}"
    places = {name: f"unix://{folder}/{name}.sock" for name in "ab"}
    kept = stream_toml("a", destinations=[places["a"]])
    with Hub(command, folder, config=QUIET + kept + stream_toml("b", destinations=[places["b"]]) + stream_toml("d")) as hub, \
            Viewer(command, places["a"], f"{folder}/a.jsonl") as viewer:
        checks.that(hub.ready(), f"{what}: it starts", hub.errors())
        checks.that(poll_until(lambda: len(viewer.pictures) > 5), f"{what}: pictures flow", hub.errors() + viewer.errors())
        write(hub.config, QUIET + kept + stream_toml("b", destinations=[places["b"]], quality=61) + stream_toml("c"))
        if how == "SIGHUP":
            os.kill(hub.pid, signal.SIGHUP)
        else:
            answer = hub.ask("reload")
            checks.equal(answer, {"added": ["c"], "changed": ["b"], "removed": ["d"]}, f"{what}: it tells what changed", hub.errors())
        done = hub.waits_for(lambda all: list(all) == ["a", "b", "c"] and all["b"]["settings"]["encoding"]["quality"] == 61)
        checks.that(done, f"{what}: it is as the file says", hub.ctl("streams")[1] + hub.errors())
        seen = len(viewer.pictures)
        checks.that(poll_until(lambda: len(viewer.pictures) > seen + 5), f"{what}: the other stream flows on", hub.errors())
        checks.that(poll_until(lambda: viewer.newest().get("sessions") == 1), f"{what}: and its receiver keeps its session", viewer.newest())
        numbers = [p.number for p in viewer.pictures]
        checks.equal(viewer.newest().get("lost"), 0, f"{what}: without a frame lost", f"{len(numbers)} seen")
        before = hub.settings()
        write(hub.config, QUIET + stream_toml("a", qualty=3))
        if how == "SIGHUP":
            os.kill(hub.pid, signal.SIGHUP)
            checks.that(hub.says("everything stays as it was"), f"{what}: a wrong file changes nothing", hub.errors())
            checks.that("'quality' is the nearest" in hub.errors(), f"{what}: and is told with line and cure", hub.errors())
        else:
            code, _, errors = hub.ctl("reload")
            checks.that(code == 1 and "'quality' is the nearest" in errors, f"{what}: a wrong file is refused with the cure", errors)
        checks.equal(hub.settings(), before, f"{what}: all is as it was")


def check_state(checks, command, folder):
    """What ctl changed is there after any end; with --state none it is not."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with Hub(command, folder, config=QUIET + stream_toml("a")) as hub:
            checks.that(hub.ready(), f"{how.name}: it starts", hub.errors())
            added = hub.ctl("add", f"extra{how}", SMALL, "quality=55", "--to", "udp://127.0.0.1:9")
            checks.equal(added[0], 0, f"{how.name}: a stream is added", added)
            checks.equal(hub.ctl("set", "a", "fps=7")[0], 0, f"{how.name}: another changed", hub.errors())
            before = hub.settings()
            hub.signal(how)
        with Hub(command, folder, config=QUIET + stream_toml("a")) as again:
            checks.that(again.ready(), f"{how.name}: it starts again", again.errors())
            checks.equal(again.settings(), before, f"{how.name}: all is as it was", again.errors())
            checks.that(f"extra{how}" in before, f"{how.name}: with what was added", before)
    for _ in range(2):
        with Hub(command, folder, "--state", "none", config=QUIET + stream_toml("a")) as hub:
            checks.that(hub.ready(), "--state none: it starts", hub.errors())
            checks.equal(list(hub.streams()), ["a"], "--state none: nothing is kept", hub.errors())
            checks.equal(hub.ctl("add", "b", SMALL)[0], 0, "--state none: a stream is added")


def check_damaged_state(checks, command, folder):
    write(f"{folder}/hub.json", '{"version": 1, "stre')
    with Hub(command, folder, config=QUIET + stream_toml("a")) as hub:
        checks.that(hub.ready(), "a damaged state file: it starts", hub.errors())
        kept = [name for name in os.listdir(folder) if name.startswith("hub.json.damaged")]
        checks.that(len(kept) == 1 and kept[0] in hub.errors(), "a damaged state file is kept aside, and said", hub.errors())


def check_refusals(checks, command, folder):
    """It does not start: exit code 2 and the cure."""
    port, taken = free_port(), f"{folder}/taken.sock"
    rows = [
        ("no such file", ["--config", f"{folder}/none.toml"], "none.toml"),
        ("an unknown key", ["--config", "KEY"], "'quality' is the nearest"),
        ("no TOML", ["--config", "NONSENSE"], "NONSENSE"),
        ("an address that is none", ["--config", "ADDRESS"], "port"),
        ("a page's port that is in use", ["--listen", f"127.0.0.1:{port}"], "--listen"),
        ("a socket that is in use", ["--control", taken], "taken.sock"),
        ("a page's address that is none", ["--listen", "somewhere"], "--listen"),
        ("a folder for the state", ["--state", str(folder)], str(folder)),
    ]
    texts = {"KEY": stream_toml("a", qualty=3), "NONSENSE": "[[stream", "ADDRESS": stream_toml("a", destinations=["udp://10.0.0.5"])}
    for name, text in texts.items():
        write(f"{folder}/{name}", text)
    with Hub(command, folder, "--control", taken, page=f"127.0.0.1:{port}") as hub:
        checks.that(hub.ready(), "one that has port and socket", hub.errors())
        for what, options, words in rows:
            options = [f"{folder}/{o}" if o in texts else o for o in options]
            argv = [command, "hub", "--control", f"{folder}/free.sock", "--listen", "none", "--state", "none"]
            for name, value in zip(options[::2], options[1::2]):
                if name in argv:
                    argv[argv.index(name) + 1] = value
                else:
                    argv += [name, value]
            code, _, errors = run(argv, env=own(folder))
            checks.equal(code, 2, f"{what}: exit code", errors)
            checks.that(words in errors, f"{what}: is said with the cure", errors)
        checks.that(hub.running(), "the one that was there runs on", hub.errors())


def check_log(checks, command, folder):
    with Hub(command, folder, "--log", "json", config=QUIET + stream_toml("a")) as hub:
        checks.that(hub.ready(), "--log json: it starts", hub.errors())
        checks.equal(hub.signal(signal.SIGINT), 0, "--log json: Ctrl-C ends it", hub.errors())
        lines = [json.loads(line) for line in hub.errors().splitlines()]
        checks.that(lines and all(list(o) == ["time", "level", "message"] for o in lines), "--log json: each line is an object", hub.errors())


def check_certificate(checks, command, folder):
    argv = [command, "hub", "--make-cert", f"{folder}/certificates"]
    code, out, errors = run(argv, env=own(folder))
    files = [line.split()[-1] for line in out.decode().splitlines()]
    checks.that(code == 0 and len(files) == 2 and all(map(os.path.exists, files)), "--make-cert: certificate and key are there", out + errors.encode())
    checks.equal(stat.S_IMODE(os.stat(files[1]).st_mode) if len(files) == 2 else 0, 0o600, "--make-cert: the key is the user's only")
    code, _, errors = run(argv, env=own(folder))
    checks.that(code == 1 and "certificates" in errors, "--make-cert: nothing is overwritten", errors)


def check_control_of_send(checks, command, folder):
    """`glimt send … --control`: the same service on a single send."""
    place, stats = f"unix://{folder}/single.sock", f"{folder}/single.jsonl"
    argv = [command, "send", "test:", place, "--size", "320x240", "--fps", "30", "--quality", "90", "--codec", "jpeg"]
    with Child([*argv, "--control", "--stats", stats], env=own(folder)) as sender:
        checks.that(sender.says("steer it:"), "send --control: it starts", sender.errors())
        found = re.search(r"steer it: glimt ctl --address (\S+) streams", sender.errors())
        address = found[1] if checks.that(found, "send --control: it says how to steer it", sender.errors()) else ""
        ctl = lambda *words: run([command, "ctl", "--address", address, *words], env=own(folder))
        code, out, errors = run([command, "recv", place, "null:?verify", "--frames", "10"])
        checks.equal(code, 0, "send --control: pictures flow", errors + sender.errors())
        shown = json.loads(ctl("show", "send", "--json")[1] or b"{}")
        checks.equal((shown.get("width"), shown.get("settings", {}).get("encoding", {}).get("quality")), (320, 90),
                     "send --control: its flags hold", shown)
        further = f"udp://127.0.0.1:{free_port()}?listen"
        checks.equal(ctl("route", "send", further)[0], 0, "send --control: a further destination", sender.errors())
        code, _, errors = run([command, "recv", further.partition("?")[0], "null:?verify", "--frames", "10"])
        checks.equal(code, 0, "send --control: gets pictures", errors)
        newest = lambda: json.loads((Path(stats).read_text().splitlines() or ["{}"])[-1])
        checks.that(poll_until(lambda: len(newest().get("destinations", [])) == 2), "send --control: --stats counts both", newest())
        checks.equal(sender.signal(signal.SIGTERM), 0, "send --control: ended when asked", sender.errors())
        checks.that("frames; captured→encoded" in sender.errors(), "send --control: with its summary", sender.errors())
    code, _, errors = run([*argv, f"--control={folder}/own.sock", "--seconds", "1"], env=own(folder))
    checks.that(code == 0 and f"--address unix://{folder}/own.sock" in errors, "send --control=PATH --seconds: ends by itself", errors)
    for refused in ("--show", "--fast", "--frames=3"):
        code, _, errors = run([*argv, "--control", refused], env=own(folder))
        checks.that(code == 2 and "leave --control" in errors, f"send --control {refused}: refused with the cure", errors)


def main():
    checks, command = Checks(), glimt_path()
    for check in (check_alone, lambda *a: check_reload(*a, "SIGHUP"), lambda *a: check_reload(*a, "ctl"), check_state, check_damaged_state,
                  check_refusals, check_log, check_certificate, check_control_of_send):
        with tempfile.TemporaryDirectory() as folder:
            check(checks, command, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
