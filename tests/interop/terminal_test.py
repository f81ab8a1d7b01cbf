"""What send and recv ask for at a terminal; without one they end with the usage."""
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import DEADLINE, Checks, free_port, glimt_path, poll_until, run  # noqa: E402

NO_DISPLAY = {**os.environ, "DISPLAY": "", "WAYLAND_DISPLAY": ""}


class Typist:
    """A command at a terminal of its own, and what it wrote there."""

    def __init__(self, argv):
        self.terminal, end = pty.openpty()
        os.set_blocking(self.terminal, False)
        self.process = subprocess.Popen([str(a) for a in argv], stdin=end, stdout=subprocess.DEVNULL, stderr=end,
                                        env=NO_DISPLAY)
        os.close(end)
        self.text = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE)
        os.close(self.terminal)

    def sees(self, words):
        def look():
            try:
                self.text += os.read(self.terminal, 65536).decode(errors="replace")
            except (BlockingIOError, OSError):
                pass
            return words in self.text
        return poll_until(look)

    def types(self, line):
        os.write(self.terminal, (line + "\n").encode())

    def code(self, number=None):
        if number:
            self.process.send_signal(number)
        try:
            return self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            return "hangs"


def check_send(checks, command, port):
    with Typist([command, "send", "--quality", "90"]) as typist:
        checks.that(typist.sees("Send what?"), "send asks for the source", typist.text)
        typist.types("test:")
        checks.that(typist.sees("Where to?"), "and for the address", typist.text)
        typist.types("127.0.0.1:99999")
        checks.that(typist.sees("99999"), "says what is wrong with it, and asks again", typist.text)
        typist.types(f"tcp://127.0.0.1:{port}?listen")
        said = f"the same without questions: glimt send --quality 90 test: 'tcp://127.0.0.1:{port}?listen'"
        checks.that(typist.sees(said), "prints the command that says the same", typist.text)
        checks.that(typist.sees("sending test picture"), "and sends", typist.text)
        check_recv(checks, command, port)
        checks.equal(typist.code(signal.SIGINT), 0, "Ctrl-C ends it", typist.text)


def check_recv(checks, command, port):
    with Typist([command, "recv", "--frames", "5"]) as typist:
        checks.that(typist.sees("From where?"), "recv asks for the address", typist.text)
        typist.types(f"tcp://127.0.0.1:{port}")
        checks.that(typist.sees(f"glimt recv --frames 5 tcp://127.0.0.1:{port}"), "prints the command", typist.text)
        checks.that(typist.sees("received 5 frames"), "and receives", typist.text)
        checks.equal(typist.code(), 0, "its exit code", typist.text)


def check_given_up(checks, command):
    with Typist([command, "recv"]) as typist:
        typist.sees("From where?")
        os.write(typist.terminal, b"\x04")
        checks.equal(typist.code(), 2, "the end of input instead of an answer is a wrong command line", typist.text)


def check_without_terminal(checks, command):
    for words in (["send"], ["send", "test:"], ["recv"]):
        code, _, errors = run([command, *words])
        checks.equal(code, 2, f"glimt {' '.join(words)} without a terminal ends", errors)
        checks.that("--help" in errors and "?" not in errors, "with the usage, asking nothing", errors)


def main():
    checks, command, port = Checks(), glimt_path(), free_port()
    check_send(checks, command, port)
    check_given_up(checks, command)
    check_without_terminal(checks, command)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
