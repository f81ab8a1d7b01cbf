"""What the scripts of tests/interop share: the command as a child process, ports, deadlines, and a list of checks."""
import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DEADLINE = 30  # seconds that anything may take before it counts as hanging


class Checks:
    """Each check is a sentence; finish() is the exit code. A script that checked nothing has failed."""

    def __init__(self):
        self.held, self.failed = 0, []

    def that(self, holds, what, detail=""):
        if holds:
            self.held += 1
            print(f"ok: {what}", flush=True)
        else:
            self.failed.append(what)
            print(f"FAILED: {what}\n  {str(detail).strip()[-2000:]}", flush=True)
        return bool(holds)

    def equal(self, got, expected, what, detail=""):
        return self.that(got == expected, what, f"got {got!r}, expected {expected!r}\n{detail}")

    def finish(self):
        print(f"{self.held} held, {len(self.failed)} failed", flush=True)
        for what in self.failed:
            print(f"  FAILED: {what}", flush=True)
        return 1 if self.failed or self.held == 0 else 0


def poll_until(condition, seconds=DEADLINE, every=0.01):
    """The first true value of `condition`, or its last one at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(every)


class Child:
    """A process that this test started; its standard error goes to a file, so that it never blocks on it."""

    def __init__(self, argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=None):
        self.argv = [str(a) for a in argv]
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(self.argv, stdin=stdin, stdout=stdout, stderr=self.log,
                                        env={**os.environ, **(env or {})})
        self.stdin, self.stdout, self.pid = self.process.stdin, self.process.stdout, self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def errors(self):
        return os.pread(self.log.fileno(), 1 << 20, 0).decode(errors="replace")

    def says(self, words, seconds=DEADLINE):
        return poll_until(lambda: words in self.errors() or not self.running(), seconds) and words in self.errors()

    def running(self):
        return self.process.poll() is None

    def wait(self, seconds=DEADLINE):
        """The exit code, or "hangs"."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return "hangs"

    def signal(self, number, seconds=DEADLINE):
        if self.running():
            os.kill(self.pid, number)
        return self.wait(seconds)

    def end(self):
        if self.running() and self.signal(signal.SIGTERM, 5) == "hangs":
            self.signal(signal.SIGKILL)
        for pipe in (self.stdin, self.stdout):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:  # what was written last is read by nobody
                    pass

    def rss_kb(self):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0


def run(argv, seconds=DEADLINE, **options):
    """(exit code, standard output, standard error) of a command that ends by itself."""
    with Child(argv, stdout=subprocess.PIPE, **options) as child:
        try:
            out, _ = child.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return "hangs", b"", child.errors()
        return child.process.returncode, out, child.errors()


def free_port():
    """Free at this moment for both UDP and TCP."""
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            try:
                tcp.bind(udp.getsockname())
                return udp.getsockname()[1]
            except OSError:
                continue
    raise OSError("no port is free for both UDP and TCP")


def read_exactly(pipe, size, seconds=DEADLINE):
    """`size` bytes of a pipe; fewer where it ended or the deadline passed."""
    data, deadline = bytearray(), time.monotonic() + seconds
    os.set_blocking(pipe.fileno(), False)
    while len(data) < size and time.monotonic() < deadline:
        try:
            piece = os.read(pipe.fileno(), min(size - len(data), 1 << 20))
        except BlockingIOError:
            time.sleep(0.002)
            continue
        if not piece:
            break
        data += piece
    return bytes(data)


def glimt_path():
    if len(sys.argv) != 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit(f"usage: {sys.argv[0]} COMMAND, the path of glimt")
    return os.path.abspath(sys.argv[1])


def parse_arguments(description, **numbers):
    """`command`, the path of glimt, and one option a number: kills=15 makes --kills N."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("command", type=os.path.abspath, help="the path of glimt")
    for name, otherwise in numbers.items():
        options.add_argument("--" + name, type=type(otherwise), default=otherwise, help=f"[{otherwise}]")
    return options.parse_args()


def verbs_of(command, verb=""):
    """The verbs that `glimt --help` lists, or those of a verb that has some: "ctl" has "add"."""
    text = run([command, *verb.split(), "--help"])[1].decode()
    return re.findall(r"^  (\w+)", text.partition("\nSubcommands:\n")[2].partition("\n\n")[0], re.M)


def all_verbs_of(command):
    """Those of verbs too: "ctl", "ctl add"."""
    verbs = verbs_of(command)
    return verbs + [f"{verb} {inner}" for verb in verbs for inner in verbs_of(command, verb)]


def flags_of(command, verb):
    """The long options that `glimt VERB --help` lists, as in "-h,--help"; without a verb those of all."""
    text = run([command, *verb.split(), "--help"])[1].decode()
    listed = re.findall(r"^  (-\S+)", text.partition("\nOptions:\n")[2].partition("\n\n")[0], re.M)
    return {name for names in listed for name in names.split(",") if name.startswith("--")}


def addresses(folder):
    """(transport, listening sender's address, address for the receiver to connect) over all three."""
    port, path = free_port(), os.path.join(folder, "stream.sock")
    return [("udp", f"udp://127.0.0.1:{port}?listen", f"udp://127.0.0.1:{port}"),
            ("tcp", f"tcp://127.0.0.1:{port}?listen", f"tcp://127.0.0.1:{port}"),
            ("unix", f"unix://{path}", f"unix://{path}")]
