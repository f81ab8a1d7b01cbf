"""--log json: every line on standard error is one object with time, level and message, in whole runs and in every way to fail."""
import json
import os
import pty
import re
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, addresses, glimt_path, poll_until, run  # noqa: E402

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
LEVELS = {"debug", "info", "warning", "error"}


def is_good(line):
    try:
        object = json.loads(line)
    except ValueError:
        return False
    return list(object) == ["time", "level", "message"] and TIME.fullmatch(object["time"]) and object["level"] in LEVELS


def objects(checks, text, what):
    """The objects of standard error; each line that is none is a failed check."""
    lines = text.splitlines()
    wrong = [line for line in lines if not is_good(line)]
    checks.that(lines and not wrong, f"{what}: {len(lines)} lines, each an object", "\n".join(wrong) or "nothing was said")
    return [json.loads(line) for line in lines if is_good(line)]


def says(objects, words, level):
    return any(words in o["message"] and o["level"] == level for o in objects)


def check_whole_run(checks, command, kind, listening, connecting):
    with Child([command, "send", "test:?size=320x240", listening, "--log", "json:debug"]) as sender:
        code, out, errors = run([command, "--log", "json", "recv", connecting, "null:?verify", "--frames", "20"])
        checks.equal((code, out), (0, b""), f"{kind}: received", errors)
        received = objects(checks, errors, f"{kind}: receiver")
        checks.that(says(received, "received 20 frames", "info"), f"{kind}: the summary is among them", errors)
        checks.that(says(received, "captured→decoded", "info"), f"{kind}: and the stages", errors)
        checks.equal(sender.signal(signal.SIGTERM), 0, f"{kind}: sender ends", sender.errors())
        sent = objects(checks, sender.errors(), f"{kind}: sender")
        checks.that(says(sent, "on the other side: glimt recv", "info"), f"{kind}: the other side's command", sender.errors())
        checks.that(says(sent, "frames; captured→encoded", "info"), f"{kind}: the sender's summary", sender.errors())


def check_failures(checks, command, folder):
    odd = os.path.join(folder, 'a "quoted"\n\\name').encode() + b"\xff.mp4"
    rows = [
        ("missing file with an odd name", ["send", odd, "udp://127.0.0.1:9"], 2, "check its name"),
        ("unknown scheme", ["recv", "carrier:pigeon", "null:"], 2, "unknown scheme"),
        ("unknown flag", ["recv", "udp://:5000", "--colour"], 2, "--colour"),
        ("unknown verb", ["transmit"], 2, "transmit"),
        ("no verb", [], 2, "a verb is missing"),
        ("flag without its value", ["send", "test:", "udp://127.0.0.1:9", "--frames"], 2, "--frames"),
        ("help with an unknown verb", ["help", "transmit"], 2, "transmit"),
        ("missing clip for the demo", ["demo", "no-such-clip.mp4"], 2, "there is no such file"),
    ]
    for what, argv, code, words in rows:
        for place in ([command, "--log", "json:off", *argv], [command, *argv, "--log=json:error"]):
            got, out, errors = run(place)
            checks.equal((got, out), (code, b""), f"{what}: exit code", errors)
            said = objects(checks, errors, what)
            checks.that(len(said) == 1 and says(said, words, "error"), f"{what}: one error that says so", errors)


def check_failure_while_running(checks, command, folder):
    path = f"unix://{folder}/s.sock"
    with Child([command, "send", "test:?size=320x240", path]):
        code, _, errors = run([command, "recv", path, f"image:{folder}/none/now.png", "--log", "json"])
        checks.equal(code, 1, "an image into no folder: exit code", errors)
        said = objects(checks, errors, "an image into no folder")
        checks.that(says(said, "cannot be written", "error"), "an image into no folder: an error among the lines", errors)


def read_terminal(terminal):
    """All that was written to it, once nobody has it open any more."""
    data = b""
    while True:
        try:
            data += os.read(terminal.fileno(), 1 << 16)
        except OSError:  # EIO: its end
            return data


def check_terminal(checks, command, folder):
    """On a terminal there would be a progress line."""
    path = f"unix://{folder}/t.sock"
    ours, theirs = pty.openpty()
    with Child([command, "send", "test:?size=320x240", path]), os.fdopen(ours, "rb", buffering=0) as terminal:
        poll_until(lambda: os.path.exists(f"{folder}/t.sock"))
        receiver = Child(["sh", "-c", 'exec "$@" 2>&0', "sh", command, "recv", path, "null:", "--seconds", "2.5", "--log", "json"],
                         stdin=theirs)
        with receiver:
            checks.equal(receiver.wait(), 0, "on a terminal: exit code")
        os.close(theirs)
        text = read_terminal(terminal).decode().replace("\r\n", "\n")
    checks.that("\r" not in text and "\033" not in text, "on a terminal: no progress line", text)
    objects(checks, text, "on a terminal")


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        for row in addresses(folder):
            check_whole_run(checks, command, *row)
        check_failures(checks, command, folder)
        check_failure_while_running(checks, command, folder)
        check_terminal(checks, command, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
