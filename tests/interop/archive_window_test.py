"""glimt get on a screen and a terminal: a still stays until a key, a clip's window ends with it, the bar, the menu."""
import os
import pty
import select
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from clips import Get, Server, burn_time_code, make_clip  # noqa: E402
from command import DEADLINE, Checks, glimt_path, poll_until  # noqa: E402
from pictures import read_time_code  # noqa: E402
from screen import Screen  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

FRAMES = 45


class Terminal:
    """`glimt` on a terminal of its own."""

    def __init__(self, argv, env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], [str(a) for a in argv], {**os.environ, **env})
        self.text, self.code = "", None

    def says(self, words, seconds=DEADLINE):
        deadline = time.monotonic() + seconds
        while words not in self.text and time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    piece = os.read(self.fd, 65536)
                except OSError:  # its other end is closed
                    break
                self.text += piece.decode(errors="replace")
        return words in self.text

    def type(self, text):
        self.text = ""
        os.write(self.fd, text.encode())

    def ended(self):
        """The exit code; None where it goes on."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code is not None

    def end(self):
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


def check_still(checks, command, server, screen):
    with Get(command, "image", "photo.png", server.address, env=screen.env) as getter:
        window = screen.window()
        if not checks.that(window, "a still: a window opens", getter.errors()):
            return
        shown = poll_until(lambda: (p := screen.picture(window[0])) is not None and read_time_code(p))
        checks.equal(shown, (7, 0), "a still: it is that one")
        checks.that(poll_until(lambda: not getter.running(), 2) is False, "a still: it stays")
        screen.press(window[0], "space")
        checks.equal(getter.wait(), 0, "a still: any key ends it", getter.errors())


def check_clip(checks, command, server, screen):
    with Get(command, "video", "clip.avi", server.address, env=screen.env) as getter:
        window = screen.window()
        checks.that(window, "a clip: a window opens", getter.errors())
        checks.equal(getter.wait(), 0, "a clip: its window ends with it", getter.errors())
        checks.that(f"received {FRAMES} pictures" in getter.errors(), "a clip: every picture was shown", getter.errors())
    with Get(command, "video", "clip.avi", server.address, env=screen.env) as getter:
        window = screen.window()
        screen.press(window[0], "q")
        checks.equal(getter.wait(), 0, "a clip: q ends it", getter.errors())


def check_menu(checks, command, server, screen):
    terminal = Terminal([command, "get", server.address, "null:"], {"DISPLAY": "", "WAYLAND_DISPLAY": ""})
    checks.that(terminal.says("0  leave\r\n> "), "the menu: image, video, leave", terminal.text)
    terminal.type("2\n")
    checks.that(terminal.says("which one? "), "the menu: 2 lists the clips", terminal.text)
    checks.that("1  clip.avi" in terminal.text and "photo" not in terminal.text, "the menu: and only those", terminal.text)
    terminal.type("1\n")
    checks.that(terminal.says(f"received {FRAMES} pictures"), "the menu: the chosen one is played", terminal.text)
    checks.that("#" in terminal.text and "0:01 of 0:01" in terminal.text, "the bar: with time and size", terminal.text)
    checks.that(terminal.says("0  leave\r\n> "), "the menu: and it comes again", terminal.text)
    terminal.type("1\n")
    checks.that(terminal.says("which one? ") and "1  photo.png" in terminal.text, "the menu: 1 lists the stills", terminal.text)
    terminal.type("photo.png\n")
    checks.that(terminal.says("received 1 picture"), "the menu: one can be named", terminal.text)
    terminal.says("0  leave\r\n> ")
    terminal.type("0\n")
    checks.that(poll_until(terminal.ended) and terminal.code == 0, "the menu: 0 leaves with exit code 0", terminal.code)
    terminal.end()


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as name, Screen() as screen:
        folder = Path(name)
        still = burn_time_code(np.full((240, 320, 3), 90, np.uint8), 7)
        cv2.imwrite(str(folder / "photo.png"), still)
        make_clip(folder / "clip.avi", FRAMES)
        with Server(command, folder) as server:
            check_still(checks, command, server, screen)
            check_clip(checks, command, server, screen)
            check_menu(checks, command, server, screen)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
