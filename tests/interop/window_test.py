"""The windows of both ends, on a screen of their own (Xvfb): they show the picture, title it, and end on q and Esc."""
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, glimt_path, poll_until, run  # noqa: E402
from pictures import read_time_code  # noqa: E402
from faces import green_frame  # noqa: E402
from screen import Screen  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

SIZE = (640, 360)
CLOSE = Path(__file__).resolve().parents[1] / "support/close_window.py"
TITLE = re.compile(r"^glimt (?:send )?\S+ - (\d+\.\d) fps, captured (\d+\.\d) ms ago$")
SILENT = re.compile(r"^glimt \S+ - silent: last picture (\d+\.\d) s ago$")


def time_code_on(screen, window):
    picture = screen.picture(window)
    return read_time_code(picture) if picture is not None else None


def check_picture(checks, screen, window, what):
    first = poll_until(lambda: time_code_on(screen, window))
    if checks.that(first, f"{what}: the number burnt into the picture can be read off the screen"):
        later = poll_until(lambda: (time_code_on(screen, window) or first) > first)
        checks.that(later, f"{what}: and it goes on", first)
    picture = screen.picture(window)
    checks.equal(picture.shape[1::-1], SIZE, f"{what}: one pixel is one pixel")
    colours = len(np.unique(picture[64:].reshape(-1, 3), axis=0))
    checks.that(colours > 1000, f"{what}: the picture below the number is in colour", colours)


def check_window(checks, command, screen, address, how, end):
    what = f"window {' '.join(how) or 'by default'}"
    with Child([command, "recv", address, *how], env=screen.env) as receiver:
        found = screen.window()
        if not checks.that(found, f"{what}: opens", receiver.errors()):
            return
        titled = poll_until(lambda: TITLE.match(screen.title(found[0])))
        if checks.that(titled, f"{what}: its title has frame rate and age", screen.title(found[0])):
            checks.that(float(titled[1]) > 0, f"{what}: the frame rate is one", titled[0])
        check_picture(checks, screen, found[0], what)
        end(screen, found[0], receiver)
        checks.equal(receiver.wait(), 0, f"{what}: {end.__doc__} ends it with exit code 0", receiver.errors())
        checks.that("received" in receiver.errors(), f"{what}: and a summary", receiver.errors())


def press_q(screen, window, _):
    """q"""
    screen.press(window, "q")


def press_escape(screen, window, _):
    """Esc"""
    screen.press(window, "Escape")


def close_window(screen, window, _):
    """closing it"""
    screen.tool(sys.executable, CLOSE, window)


def terminate(_screen, _window, receiver):
    """SIGTERM"""
    receiver.process.send_signal(signal.SIGTERM)


def check_waiting(checks, command, screen, folder):
    """Where nobody sends there is nothing to show, and Ctrl-C must work all the same."""
    with Child([command, "recv", f"unix://{folder}/nobody.sock", "window:"], env=screen.env) as receiver:
        with Child([command, "send", f"test:?size={SIZE[0]}x{SIZE[1]}", f"unix://{folder}/nobody.sock"]):
            window = screen.window()
        checks.that(window, "the sender goes: the window stands", receiver.errors())
        silent = poll_until(lambda: SILENT.match(screen.title(window[0])))
        checks.that(silent, "the sender has gone: the title says how old the picture is", screen.title(window[0]))
        older = poll_until(lambda: (t := SILENT.match(screen.title(window[0]))) and float(t[1]) > float(silent[1]))
        checks.that(older, "the sender has gone: and the picture grows older", screen.title(window[0]))
        screen.press(window[0], "q")
        checks.equal(receiver.wait(), 0, "the sender has gone: q still ends it", receiver.errors())


def check_preview(checks, command, screen, folder, end):
    """--show: the sender's own window, with nobody receiving."""
    what = f"--show until {end.__doc__}"
    address = f"unix://{folder}/preview.sock"
    with Child([command, "send", f"test:?size={SIZE[0]}x{SIZE[1]}", address, "--show"], env=screen.env) as sender:
        window = screen.window()
        if checks.that(window, f"{what}: a window opens", sender.errors()):
            titled = poll_until(lambda: TITLE.match(screen.title(window[0])))
            checks.that(titled and titled[0].startswith(f"glimt send {address} - "), f"{what}: its title", screen.title(window[0]))
            check_picture(checks, screen, window[0], what)
            end(screen, window[0], sender)
        checks.equal(sender.wait(), 0, f"{what}: ends with exit code 0", sender.errors())
        checks.that("sent" in sender.errors(), f"{what}: and a summary", sender.errors())


def check_encoded_preview(checks, command, screen, folder):
    """A picture that is passed on encoded is decoded for the window alone; the receiver sees the stream end with it."""
    address = f"unix://{folder}/preview.sock"
    jpeg = cv2.imencode(".jpg", np.full((SIZE[1], SIZE[0], 3), 200, np.uint8))[1].tobytes()
    sending = Child([command, "send", "-", address, "--format", "mjpeg", "--show"], stdin=subprocess.PIPE, env=screen.env)
    with sending as sender, Child([command, "recv", address, "null:", "--once"]) as receiver:
        for _ in range(3):
            sender.stdin.write(jpeg)
        sender.stdin.flush()
        window = screen.window()
        if checks.that(window, "--show mjpeg: a window opens", sender.errors()):
            shown = poll_until(lambda: (p := screen.picture(window[0])) is not None and p.mean() > 150)
            checks.that(shown, "--show mjpeg: and shows it", sender.errors())
            screen.press(window[0], "q")
        checks.equal(sender.wait(), 0, "--show mjpeg: q ends it", sender.errors())
        checks.equal(receiver.wait(), 0, "--show mjpeg: and the receiver hears of it", receiver.errors())


def check_boxes(checks, command, screen, folder):
    """Boxes that ride with the picture are drawn into the window, and not into an image of the same stream."""
    address, image = f"unix://{folder}/boxes.sock", f"{folder}/boxes.png"
    example = Path(command).parent / "example_metadata_boxes"
    with Child([example, "send", address, "100000"]) as sender, \
            Child([command, "recv", address, "window:", f"image:{image}"], env=screen.env) as receiver:
        window = screen.window()
        if checks.that(window, "boxes: a window opens", sender.errors() + receiver.errors()):
            drawn = poll_until(lambda: (p := screen.picture(window[0])) is not None and green_frame(p, 60))
            checks.that(drawn and drawn[2:] == (120, 120), "boxes: the frame is 120 by 120 pixels", drawn)
            screen.press(window[0], "q")
        checks.equal(receiver.wait(), 0, "boxes: q ends it", receiver.errors())
        checks.equal(green_frame(cv2.imread(image), 60), None, "boxes: the image is as it came")


def check_formats(checks, command, screen, folder):
    """Whatever was sent raw, the window has a way to show it."""
    for pixel_format in ("gray8", "bgra32", "i420"):
        address = f"unix://{folder}/raw.sock"
        size = SIZE[0] * SIZE[1] * {"gray8": 2, "bgra32": 8, "i420": 3}[pixel_format] // 2
        raw = Child([command, "send", "-", address, "--format", pixel_format, "--size", f"{SIZE[0]}x{SIZE[1]}", "--codec",
                     "raw"], stdin=subprocess.PIPE)
        with raw, Child([command, "recv", address, "window:"], env=screen.env) as receiver:
            raw.stdin.write(bytes([200]) * size)
            raw.stdin.flush()
            window = screen.window()
            if checks.that(window, f"raw {pixel_format}: a window opens", receiver.errors()):
                shown = poll_until(lambda: (p := screen.picture(window[0])) is not None and p.mean() > 150)
                checks.that(shown, f"raw {pixel_format}: and shows it", receiver.errors())
                screen.press(window[0], "q")
            checks.equal(receiver.wait(), 0, f"raw {pixel_format}: exit code", receiver.errors())


def check_dead_display(checks, command):
    """A display that is named but does not answer is an error, not the end of the process by its toolkit."""
    env = {**os.environ, "DISPLAY": ":9876"}
    env.pop("WAYLAND_DISPLAY", None)
    code, _, errors = run([command, "recv", "udp://127.0.0.1:9", "window:"], env=env)
    checks.equal(code, 2, "a display that does not answer: exit code", errors)
    checks.that("does not answer" in errors, "a display that does not answer: is said", errors)
    code, _, errors = run([command, "send", "test:", "udp://127.0.0.1:9", "--show"], env={"DISPLAY": "", "WAYLAND_DISPLAY": ""})
    checks.that(code == 2 and "leave --show out" in errors, "--show without a display: the cure is said", errors)


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder, Screen() as screen:
        address = f"unix://{folder}/stream.sock"
        with Child([command, "send", f"test:?size={SIZE[0]}x{SIZE[1]}", address]) as sender:
            for how, end in (((), press_q), (("window:",), press_escape), (("window:",), close_window), (("window:",), terminate)):
                check_window(checks, command, screen, address, how, end)
            checks.equal(sender.signal(signal.SIGINT), 0, "the sender ends", sender.errors())
        check_waiting(checks, command, screen, folder)
        check_formats(checks, command, screen, folder)
        for end in (press_q, close_window, terminate):
            check_preview(checks, command, screen, folder, end)
        check_encoded_preview(checks, command, screen, folder)
        check_boxes(checks, command, screen, folder)
    check_dead_display(checks, command)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
