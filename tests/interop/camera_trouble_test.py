"""A camera's troubles: each is told apart and said once, and the receiver's session rides them all out."""
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from camera import FakeCamera, black, write_jpegs  # noqa: E402
from command import Checks, Child, free_port, glimt_path, poll_until, run  # noqa: E402

SIZE = (320, 240)
YUYV, MJPG = "YUYV:320x240@30", "MJPG:320x240@30"


class Stream:
    """A camera's sender and one receiver, each with its statistics."""

    def __init__(self, command, folder, camera):
        here = f"udp://127.0.0.1:{free_port()}"
        self.files = {name: os.path.join(folder, f"{name}-{os.path.basename(camera.node)}.jsonl") for name in ("sender", "receiver")}
        self.sender = Child([command, "send", f"camera:{camera.node}", f"{here}?listen", "--stats", self.files["sender"]],
                            env=camera.env)
        self.receiver = Child([command, "recv", here, "null:", "--stats", self.files["receiver"]])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sender.end()
        self.receiver.end()

    def newest(self, name):
        if not os.path.exists(self.files[name]):
            return {}
        lines = Path(self.files[name]).read_text().split("\n")[:-1]
        return json.loads(lines[-1]) if lines else {}

    def source(self):
        return self.newest("sender").get("source", {})

    def frames(self):
        return self.newest("receiver").get("frames", 0)

    def is_in(self, state):
        return poll_until(lambda: self.source().get("state") == state)

    def flows(self, checks, what):
        before = self.frames()
        checks.that(self.is_in("flowing"), f"{what}: its state is flowing", self.sender.errors())
        checks.that(poll_until(lambda: self.frames() > before), f"{what}: pictures", self.sender.errors())

    def told(self, checks, state, words, what):
        """The state in the statistics, and its words once since it was told before."""
        checks.that(self.is_in(state), f"{what}: its state is {state}", f"{self.source()}\n{self.sender.errors()}")
        checks.that(self.sender.says(words, 5), f"{what}: said", self.sender.errors())


def check_start(checks, command, folder):
    """What cannot be used at the start is an error, with its cure."""
    camera = FakeCamera(command, folder, "video7", formats=YUYV)
    sending = [command, "send", f"camera:{camera.node}", f"tcp://127.0.0.1:{free_port()}?listen"]
    camera.set(state="busy")
    code, _, errors = run(sending, env=camera.env)
    checks.that(code == 2 and "is used by another program" in errors, "busy at the start: exit code and cure", errors)
    camera.set(state="metadata")
    code, _, errors = run(sending, env=camera.env)
    checks.that(code == 2 and "is no camera" in errors, "a metadata node: exit code and cure", errors)
    camera.set(state="ok", formats="H264:320x240@30")
    code, _, errors = run(sending, env=camera.env)
    checks.that(code == 2 and "glimt doctor" in errors, "no format that can be used: exit code and cure", errors)
    code, _, errors = run(sending)
    checks.that(code == 2 and "is no camera" in errors, "an ordinary file: exit code and cure", errors)
    camera.pull_out()
    code, _, errors = run(sending, env=camera.env)
    checks.that(code == 2 and f"there is no {camera.node}; plug the camera in" in errors, "absent at the start: exit code and cure", errors)


def check_pulled_out(checks, stream, camera):
    before = stream.source().get("reopened")
    camera.pull_out()
    stream.told(checks, "gone", "was pulled out; plug it in again", "pulled out")
    old = stream.source()["age_ms"]
    checks.that(poll_until(lambda: stream.source()["age_ms"] > old + 500), "pulled out: the last picture's age grows")
    camera.set(state="busy")
    camera.plug_in()
    stream.told(checks, "busy", "is used by another program; close that one", "put back, but busy")
    camera.set(state="ok")
    stream.flows(checks, "put back and free")
    checks.that("pictures again after" in stream.sender.errors(), "put back and free: said", stream.sender.errors())
    checks.equal(stream.source()["reopened"], before + 1, "put back and free: counted as reopened")


def check_stalled(checks, stream, camera):
    before = stream.source()["reopened"]
    camera.set(state="stall")
    stream.told(checks, "stalled", "is open but gives no picture", "stalled")
    camera.set(state="ok")
    stream.flows(checks, "after a stall")
    camera.set(state="stall")
    checks.that(poll_until(lambda: stream.source()["reopened"] > before), "after a long stall it is opened anew", stream.source())
    camera.set(state="ok")
    stream.flows(checks, "after a long stall")


def check_black(checks, stream, camera, darken, lighten):
    darken()
    stream.told(checks, "black", "gives black pictures; is the lens cap", "black")
    before = stream.frames()
    checks.that(poll_until(lambda: stream.frames() > before), "black pictures are sent all the same")
    lighten()
    stream.flows(checks, "after black")


def check_once(checks, stream, words, times):
    checks.equal(stream.sender.errors().count(words), times, f"'{words}' is said once an occurrence", stream.sender.errors())


def check_end(checks, stream, what):
    checks.equal(stream.newest("receiver")["sessions"], 1, f"{what}: all in one session of the receiver", stream.receiver.errors())
    checks.equal(stream.sender.signal(signal.SIGTERM), 0, f"{what}: the sender ends when it is asked to", stream.sender.errors())


def check_yuyv(checks, command, folder):
    camera = FakeCamera(command, folder, "video0", formats=YUYV)
    with Stream(command, folder, camera) as stream:
        stream.flows(checks, "YUYV")
        check_pulled_out(checks, stream, camera)
        check_stalled(checks, stream, camera)
        check_black(checks, stream, camera, lambda: camera.set(state="black"), lambda: camera.set(state="ok"))
        for words, times in (("was pulled out", 1), ("is used by another", 1), ("gives no picture", 2), ("gives black", 1)):
            check_once(checks, stream, words, times)
        camera.pull_out()
        stream.told(checks, "gone", "was pulled out", "pulled out again")
        check_once(checks, stream, "was pulled out", 2)
        check_end(checks, stream, "YUYV, at last without a camera")


def check_mjpg(checks, command, folder):
    write_jpegs(f"{folder}/light", *SIZE)
    write_jpegs(f"{folder}/dark", *SIZE, picture=black)
    write_jpegs(f"{folder}/torn", *SIZE, change=lambda jpeg: jpeg[:-100])
    camera = FakeCamera(command, folder, "video1", formats=MJPG, pictures=f"{folder}/light")
    with Stream(command, folder, camera) as stream:
        stream.flows(checks, "MJPG")
        check_black(checks, stream, camera, lambda: camera.set(pictures=f"{folder}/dark"),
                    lambda: camera.set(pictures=f"{folder}/light"))
        camera.set(pictures=f"{folder}/torn")
        stream.told(checks, "damaged", "gives damaged pictures only", "torn JPEGs")
        checks.that(stream.source()["refused"] > 0, "torn JPEGs are counted", stream.source())
        camera.set(pictures=f"{folder}/light")
        stream.flows(checks, "after torn JPEGs")
        camera.pull_out()
        stream.told(checks, "gone", "was pulled out", "MJPG pulled out")
        camera.set(formats=YUYV)
        camera.plug_in()
        stream.flows(checks, "another camera in its place, of another format")
        check_end(checks, stream, "MJPG")


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        check_start(checks, command, folder)
        check_yuyv(checks, command, folder)
        check_mjpg(checks, command, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
