"""`glimt ctl`: every verb on a hub whose pictures flow: what it prints for people and for programs, what it changes, how it refuses."""
import json
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import cv2  # noqa: E402
import numpy as np  # noqa: E402
from command import Checks, Child, free_port, glimt_path, poll_until, run, verbs_of  # noqa: E402
from hubs import SMALL, Hub, own, stream_toml  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
CONFIG = "announce = false\n"


def keys_of(value):
    """Every key of a document, however deep."""
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


def check_looks(checks, hub):
    flows = hub.waits_for(lambda all: all.get("cam1", {}).get("state") == "flowing")
    checks.that(flows, "the stream flows", hub.ctl("streams"))
    code, out, errors = hub.ctl("streams")
    lines = out.splitlines()
    checks.equal((code, errors), (0, ""), "streams: exit code, nothing on standard error")
    checks.that(lines[0].split() == ["NAME", "STATE", "FPS", "SIZE", "CODEC", "DESTINATIONS", "RECEIVERS", "SOURCE"], "streams: its columns", out)
    checks.that(lines[1].split()[:2] == ["cam1", "flowing"] and lines[1].endswith(SMALL), "streams: a row a stream", out)
    checks.equal(lines[0].index("SOURCE"), lines[1].index(SMALL), "streams: columns stand below each other", out)
    checks.equal(hub.ctl("streams", "--names")[1], "cam1\n", "streams --names")
    code, out, errors = hub.ctl("show", "cam1")
    checks.that(code == 0 and out.startswith("cam1  flowing") and "ID  " in out and SMALL in out, "show: all of one stream", out + errors)
    info = hub.ask("info") or {}
    checks.that(info.get("calls", 0) > 0 and info.get("version"), "info: version and calls", info)
    checks.that("calls" in hub.ctl("info")[1], "info: for people")


def check_add(checks, hub, command):
    address = f"udp://127.0.0.1:{free_port()}"
    add = ("add", "cam2", SMALL, "quality=60", "--to", address + "?listen")
    code, out, errors = hub.ctl(*add)
    checks.that(code == 0 and out.startswith("cam2: added") and f"cam2: d1, {address}?listen, connecting" in out, "add: tells what is there", out + errors)
    checks.equal(run([command, "recv", address, "null:?verify", "--frames", "10"])[0], 0, "add: its pictures come", hub.errors())
    code, out, errors = hub.ctl(*add)
    checks.equal((code, out.splitlines()[0]), (0, "cam2: is there already, exactly so"), "add: again changes nothing", errors)
    code, _, errors = hub.ctl("add", "cam2", SMALL, "quality=61")
    checks.that(code == 1 and "cam2" in errors, "add: another of that name is refused", errors)
    answer = hub.ask("add", "cam3", SMALL)
    checks.that(answer and answer["changed"] is True and answer["stream"]["name"] == "cam3", "add --json", answer)
    code, out, errors = hub.ctl("remove", "cam3")
    checks.equal((code, out), (0, "cam3: removed\n"), "remove", errors)
    for what, words, wanted in [("a name that is none", ("a/b", SMALL), 1), ("a destination that is none", ("x", SMALL, "--to", "udp://here"), 1),
                                ("source= twice", ("x", SMALL, "source=0"), 2), ("no source", ("x",), 2)]:
        code, out, errors = hub.ctl("add", *words)
        checks.that(code == wanted and errors and not out, f"add: {what} is refused, code {wanted}", errors)
    checks.equal(sorted(hub.streams()), ["cam1", "cam2"], "add: what was refused is not there")


def check_routes(checks, hub, command):
    port = free_port()
    code, out, errors = hub.ctl("route", "cam2", f"tcp://127.0.0.1:{port}?listen")
    checks.equal((code, out), (0, f"cam2: d2 added, tcp://127.0.0.1:{port}?listen, connecting: nobody is there yet; start `glimt recv "
                              f"tcp://127.0.0.1:{port}`\n"), "route: tells what is there", errors)
    checks.equal(run([command, "recv", f"tcp://127.0.0.1:{port}", "null:?verify", "--frames", "10"])[0], 0, "route: pictures go there", hub.errors())
    for expected in "added", "is there already":
        code, out, errors = hub.ctl("route", "cam2", "udp://127.0.0.1:9", "--id", "hall")
        checks.that(code == 0 and out.startswith(f"cam2: hall {expected}, udp://127.0.0.1:9"), f"route --id: {expected}", out + errors)
    answer = hub.ask("route", "cam2", "udp://127.0.0.1:9", "--id", "hall")
    checks.that(answer and answer["changed"] is False and answer["destination"]["id"] == "hall", "route --json", answer)
    code, _, errors = hub.ctl("route", "cam2", "udp://127.0.0.1:10", "--id", "hall")
    checks.that(code == 1 and "hall" in errors, "route: an id that is taken is refused", errors)
    hub.ctl("route", "cam2", "udp://127.0.0.1:9", "--id", "twin")
    code, _, errors = hub.ctl("unroute", "cam2", "udp://127.0.0.1:9")
    checks.that(code == 1 and "hall" in errors and "twin" in errors, "unroute: an address that two have is refused, both named", errors)
    checks.equal(hub.ctl("unroute", "cam2", "twin")[1], "cam2: twin removed, udp://127.0.0.1:9\n", "unroute by id")
    answer = hub.ask("unroute", "cam2", "udp://127.0.0.1:9")
    checks.equal(answer, {"stream": "cam2", "removed": {"id": "hall", "url": "udp://127.0.0.1:9"}}, "unroute by address, --json")
    code, _, errors = hub.ctl("unroute", "cam2", "hall")
    checks.that(code == 1 and "d2 (tcp://" in errors, "unroute: one that is not there is refused, the others named", errors)


def check_set(checks, hub):
    code, out, errors = hub.ctl("set", "cam2", "quality=70", "size=160x120", "fps=15", "codec=jpeg", "chroma=444", "loop=off")
    said = "cam2: codec default -> jpeg\ncam2: quality 60 -> 70\ncam2: chroma 420 -> 444\ncam2: size default -> 160x120\ncam2: fps default -> 15\n"
    checks.equal((code, out), (0, said), "set: tells what changed, and nothing else", errors)
    smaller = hub.waits_for(lambda all: all["cam2"]["width"] in (0, 160))
    checks.that(smaller, "set: pictures are so from then on", hub.ctl("show", "cam2"))
    checks.equal(hub.ctl("set", "cam2", "quality=70")[1], "cam2: nothing changed\n", "set: what is so already")
    answer = hub.ask("set", "cam2", "size=", "fps=")
    changed = [{"key": "size", "before": "160x120", "after": "default"}, {"key": "fps", "before": "15", "after": "default"}]
    checks.equal(answer and answer["changed"], changed, "set: back to the default, --json", answer)
    encoding = hub.streams()["cam2"]["settings"]["encoding"]
    checks.equal((encoding["quality"], encoding["width"], encoding["chroma"]), (70, None, "444"), "set: the rest stays")
    hub.ctl("set", "cam2", "source=test:?size=64x48&fps=30")
    checks.that(hub.waits_for(lambda all: all["cam2"]["settings"]["source"] == "test:?size=64x48&fps=30"), "set: another source")
    rows = [("qualty=70", "'quality' is the nearest"), ("name=x", "known: source, format"), ("quality", "KEY=VALUE"), ("quality=0", "quality=0"),
            ("codec=gif", "codec=gif"), ("size=big", "size=big"), ("fps=fast", "fps=fast"), ("loop=yes", "on or off")]
    before = hub.settings()
    for word, words in rows:
        code, out, errors = hub.ctl("set", "cam2", word)
        checks.that(code == 2 and words in errors and not out, f"set {word}: wrong command line, with the cure", errors)
    for words in ("set", "nobody", "quality=3"), ("set", "cam2", "source="):
        code, out, errors = hub.ctl(*words)
        checks.that(code == 1 and errors and not out, f"{' '.join(words)}: refused", errors)
        checks.equal(hub.settings(), before, f"{' '.join(words)}: changes nothing")


def check_pause(checks, hub):
    for words, said, state in [("pause", "paused", "paused"), ("pause", "was paused already", "paused"), ("resume", "resumed", None),
                               ("resume", "was resumed already", None)]:
        code, out, errors = hub.ctl(words, "cam1")
        checks.equal((code, out), (0, f"cam1: {said}\n"), f"{words}: {said}", errors)
        if state:
            checks.that(hub.waits_for(lambda all: all["cam1"]["state"] == state), f"{words}: it is {state}", hub.ctl("streams"))
    checks.that(hub.waits_for(lambda all: all["cam1"]["state"] == "flowing"), "resume: it flows again", hub.ctl("streams"))


def check_snapshot(checks, hub, folder):
    path = f"{folder}/now.jpg"
    with Child([hub.command, "recv", f"unix://{folder}/cam1.sock", "null:"]) as receiver:
        checks.that(poll_until(lambda: hub.ctl("snapshot", "cam1", path)[0] == 0), "snapshot: taken", hub.errors() + receiver.errors())
        checks.equal(cv2.imread(path).shape, (240, 320, 3), "snapshot: a picture of that size")
        code, out, _ = run([hub.command, "ctl", "snapshot", "cam1", "-"], env=own(folder))
        picture = cv2.imdecode(np.frombuffer(out, np.uint8), cv2.IMREAD_COLOR)
        checks.that(code == 0 and picture is not None and picture.shape == (240, 320, 3), "snapshot -: to standard output")
        answer = hub.ask("snapshot", "cam1", path)
        checks.equal(answer and (answer["width"], answer["height"], answer["bytes"]), (320, 240, os.path.getsize(path)), "snapshot --json", answer)
        os.makedirs(f"{folder}/folder.jpg")
        rows = [(f"{folder}/now.png", 2), (f"{folder}/folder.jpg", 2), (f"{folder}/none/now.jpg", 1)]
        for place, wanted in rows:
            code, out, errors = hub.ctl("snapshot", "cam1", place)
            checks.that(code == wanted and place in errors and not out, f"snapshot into {place}: refused, code {wanted}", errors)
        checks.equal(hub.ctl("snapshot", "nobody", path)[0], 1, "snapshot: a stream that is not there")
        checks.equal([n for n in os.listdir(folder) if n.startswith(".part")], [], "snapshot: nothing is left beside it")


def read_lines(child, condition):
    """Standard output of a child as far as it has come, once the condition holds of it."""
    text = ""
    os.set_blocking(child.stdout.fileno(), False)

    def look():
        nonlocal text
        text += (child.stdout.read() or b"").decode()
        return condition(text)

    poll_until(look)
    return text


def check_watch(checks, hub, folder):
    argv = [hub.command, "ctl", "watch", "--interval", "100ms"]
    for options, good in ([["cam1"], lambda line: line.startswith("cam1 flowing")], [["--json"], lambda line: len(json.loads(line)["streams"]) == 2]):
        with Child([*argv, *options], stdout=subprocess.PIPE, env=own(folder)) as watcher:
            text = read_lines(watcher, lambda t: t.count("\n") >= 3)
            lines = text.splitlines()[: text.count("\n")]
            checks.that(len(lines) >= 3 and all(map(good, lines)), f"watch {options[0]}: line by line", text + watcher.errors())
            checks.equal(watcher.signal(signal.SIGINT), 0, f"watch {options[0]}: Ctrl-C ends it", watcher.errors())
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 120))
    os.set_blocking(ours, False)
    with Child(argv, stdout=theirs, env=own(folder)) as watcher:
        os.close(theirs)
        text = b""

        def redrawn():
            nonlocal text
            try:
                text += os.read(ours, 65536)
            except BlockingIOError:
                pass
            return text.count(b"NAME") >= 2

        checks.that(poll_until(redrawn) and re.search(rb"\033\[\d+A", text), "watch: a table on a terminal, redrawn in place", text + watcher.errors().encode())
        checks.equal(watcher.signal(signal.SIGINT), 0, "watch: Ctrl-C ends it there", watcher.errors())
    os.close(ours)
    for words in (["watch", "--interval", "1ms"], ["watch", "--interval", "5"]):
        code, _, errors = hub.ctl(*words)
        checks.that(code == 2 and "--interval" in errors, f"{' '.join(words)}: wrong command line", errors)
    checks.equal(hub.ctl("watch", "nobody")[0], 1, "watch: a stream that is not there")


def check_events(checks, hub, folder):
    with Child([hub.command, "ctl", "events", "--from", "1", "--json"], stdout=subprocess.PIPE, env=own(folder)) as watcher:
        hub.ctl("route", "cam1", "udp://127.0.0.1:9", "--id", "seen")
        text = read_lines(watcher, lambda t: '"destination":"seen"' in t and t.endswith("\n"))
        events = [json.loads(line) for line in text.splitlines()]
        checks.that(any((e["kind"], e["destination"]) == ("destination_added", "seen") for e in events), "events: as it happens", text + watcher.errors())
        checks.that(any((e["kind"], e["stream"]) == ("stream_removed", "cam3") for e in events), "events --from 1: and what was before", text)
        numbers = [e["number"] for e in events]
        checks.equal(numbers, list(range(numbers[0], numbers[0] + len(numbers))) if numbers else [0], "events: each once, in order")
        checks.equal(watcher.signal(signal.SIGINT), 0, "events: Ctrl-C ends it", watcher.errors())
    with Child([hub.command, "ctl", "events", "--from", "1"], stdout=subprocess.PIPE, env=own(folder)) as watcher:
        text = read_lines(watcher, lambda t: "destination_added cam1 seen udp://127.0.0.1:9" in t)
        checks.that("destination_added cam1 seen udp://127.0.0.1:9" in text, "events: for people", text)
    hub.ctl("unroute", "cam1", "seen")
    return events


def check_refusals(checks, hub, command, folder):
    code, out, errors = run([command, "ctl", "streams"], env={**own(folder), "GLIMT_CONTROL": f"{folder}/nobody.sock"})
    checks.that(code == 1 and "glimt hub" in errors and out == b"", "nobody answers: exit code, and the cure; GLIMT_CONTROL is looked at", errors)
    code, out, errors = run([command, "ctl", "--address", hub.socket, "streams", "--names"], env={**own(folder), "GLIMT_CONTROL": "/nobody"})
    checks.equal((code, out), (0, b"cam1\ncam2\n"), "--address goes before it", errors)
    code, _, errors = hub.ctl("reload")
    checks.that(code == 1 and "--config" in errors, "reload without a file is refused with the cure", errors)
    for words, said in (((), "streams, show"), (("stream",), "streams, show"), (("show",), "name"), (("show", "a", "b"), "b"), (("set", "cam1"), "settings")):
        code, out, errors = hub.ctl(*words)
        checks.that(code == 2 and said in errors, f"ctl {' '.join(words)}: wrong command line", errors)
    for words in ("show", "nobody"), ("remove", "nobody"), ("pause", "nobody"), ("route", "nobody", "udp://:5"), ("unroute", "nobody", "d1"):
        code, out, errors = hub.ctl(*words)
        checks.that(code == 1 and "nobody" in errors and not out, f"{' '.join(words)}: refused, and said which", errors)


def check_documents(checks, hub, events):
    """docs/ctl.md names every key that is printed, and every verb."""
    page = (ROOT / "docs/ctl.md").read_text()
    keys = keys_of(hub.ask("streams")) | keys_of(hub.ask("info")) | keys_of(events)
    checks.equal([key for key in sorted(keys) if f"`{key}`" not in page], [], "docs/ctl.md explains each key")
    verbs = verbs_of(hub.command, "ctl")
    checks.that(len(verbs) >= 13, "the verbs were read", verbs)
    checks.equal([verb for verb in verbs if f"`glimt ctl {verb}" not in page], [], "docs/ctl.md explains each verb")


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        config = CONFIG + stream_toml("cam1", destinations=[f"unix://{folder}/cam1.sock?codec=jpeg"], codec="jpeg")
        with Hub(command, folder, config=config) as with_file:
            checks.that(with_file.ready(), "a hub with a file starts", with_file.errors())
            checks.equal(with_file.ctl("reload")[:2], (0, "nothing changed\n"), "reload: nothing changed", with_file.errors())
        with Hub(command, folder, "--state", "none") as hub:
            checks.that(hub.ready(), "a hub starts", hub.errors())
            hub.ctl("remove", "cam0")
            added = hub.ctl("add", "cam1", SMALL, "codec=jpeg", "--to", f"unix://{folder}/cam1.sock")
            checks.equal(added[0], 0, "a stream is added", added)
            check_looks(checks, hub)
            check_add(checks, hub, command)
            check_routes(checks, hub, command)
            check_set(checks, hub)
            check_pause(checks, hub)
            check_snapshot(checks, hub, folder)
            check_watch(checks, hub, folder)
            events = check_events(checks, hub, folder)
            check_refusals(checks, hub, command, folder)
            check_documents(checks, hub, events)
            checks.that({"hub", "ctl", "completion"} <= set(verbs_of(command)), "the verbs stand in --help")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
