"""What hostile peers send instead of pictures: pickles that would run something, lengths beyond all memory, nothing at all from a thousand; refused, nothing run, and the next script is served."""
import os
import pickle
import socket
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))
from ancestor_ends import Ancestor, counted, shown_since  # noqa: E402
from command import Checks, glimt_path, poll_until, run  # noqa: E402
from strangers import allow_descriptors  # noqa: E402
import numpy as np  # noqa: E402

GROWTH_KB = 64 * 1024
SIZE = (320, 240)
IDLE = 1000


class Runs:
    """Pickles to a call of `function`."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class InArray:
    """An array's pickle that sets its state by way of os.system."""

    def __init__(self, touched):
        self.touched = touched

    def __reduce__(self):
        return np.core.multiarray._reconstruct, (np.ndarray, (0,), b"b"), Runs(os.system, f"touch {self.touched}")


def hostile_pickles(touched):
    """(what, pickle): each would make the file where it was unpickled by pickle.loads."""
    command = f"touch {touched}"
    script = f"cos\nsystem\n(S'{command}'\ntR."
    yield "os.system, protocol 0", script.encode()
    for protocol in (2, 3, 4, 5):
        yield f"os.system, protocol {protocol}", pickle.dumps(Runs(os.system, command), protocol)
        yield f"eval, protocol {protocol}", pickle.dumps(Runs(eval, f"__import__('os').system('{command}')"), protocol)
        yield f"in an array's state, protocol {protocol}", pickle.dumps(InArray(touched), protocol)
        yield f"before a picture, protocol {protocol}", pickle.dumps((Runs(os.system, command), np.zeros((8, 8, 3), np.uint8)), protocol)
    yield "INST", f"(S'{command}'\nios\nsystem\n.".encode()
    yield "OBJ", f"(cos\nsystem\nS'{command}'\no.".encode()


def refused_messages(touched):
    """(what, bytes of the connection)"""
    framed = lambda message: struct.pack("<Q", len(message)) + message
    for what, message in hostile_pickles(touched):
        yield what, framed(message)
    yield "a picture of other numbers", framed(pickle.dumps(np.zeros((8, 8, 3), np.float64)))
    yield "a list", framed(pickle.dumps([1, 2, 3]))
    yield "half a pickle", framed(pickle.dumps(np.zeros((8, 8, 3), np.uint8))[:100])
    for what, length in (("2^63", 1 << 63), ("2^64-1", (1 << 64) - 1), ("2^31-1", (1 << 31) - 1), ("0", 0)):
        yield f"a length of {what}", struct.pack("<Q", length) + b"x" * 1000
    yield "a request for a page", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def check_proof_is_sharp(checks, folder):
    """The pickles do what they are said to do where pickle.loads gets them."""
    for what, message in hostile_pickles(Path(folder) / "sharp"):
        code = "import pickle, sys; pickle.loads(sys.stdin.buffer.read())"
        with open(Path(folder) / "pickle", "w+b") as file:
            file.write(message)
            file.seek(0)
            run(["/usr/bin/python3", "-c", code], stdin=file)
        checks.that((Path(folder) / "sharp").exists(), f"stock Python would have run it: {what}")
        (Path(folder) / "sharp").unlink(missing_ok=True)


def connect(port):
    return socket.create_connection(("127.0.0.1", port), 5)


def is_closed(connection):
    """Whether the other side lets go of us."""
    connection.settimeout(5)
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True
    except socket.timeout:
        return False


def check_receiver_listens(checks, command, folder):
    """E's receiver, with one hostile camera after the other, then a script's."""
    here, touched = Ancestor("E", folder), Path(folder) / "touched"
    with here.receiver(command, folder, size=SIZE) as receiver:
        receiver.wait_for_socket(10)
        memory = receiver.rss_kb()
        for what, sent in refused_messages(touched):
            before = counted(receiver).get("refused", 0)
            with connect(here.port) as c:
                c.sendall(sent)
                c.shutdown(socket.SHUT_WR)
                checks.that(is_closed(c), f"E, {what}: the connection is let go", receiver.errors())
            checks.that(poll_until(lambda: counted(receiver).get("refused", 0) > before, 10), f"E, {what}: refused and counted",
                        f"{counted(receiver)} {receiver.errors()}")
        checks.that(not touched.exists(), "E: nothing was run")
        checks.that(receiver.rss_kb() - memory < GROWTH_KB, f"E: memory is bounded, it grew by {receiver.rss_kb() - memory} kB")
        checks.equal(receiver.shown(), [], "E: nothing was shown")
        with here.sender_script(size=SIZE) as script:
            checks.that(shown_since(receiver, script.started), "E: the next script is shown", receiver.errors())


def check_receiver_connects(checks, command, folder):
    """C's receiver meets a streamer that sends something else each time it comes back."""
    here, touched = Ancestor("C", folder), Path(folder) / "touched"
    messages = list(refused_messages(touched))
    with socket.create_server(("127.0.0.1", here.port)) as streamer, here.receiver(command, folder, size=SIZE) as receiver:
        streamer.settimeout(20)
        for what, sent in messages:
            c, _ = streamer.accept()
            with c:
                c.sendall(sent)
                c.shutdown(socket.SHUT_WR)
                checks.that(is_closed(c), f"C, {what}: Glimt lets go of it", receiver.errors())
        checks.that(poll_until(lambda: counted(receiver).get("refused", 0) >= len(messages), 10), "C: each is counted as refused",
                    f"{counted(receiver)} of {len(messages)}: {receiver.errors()}")
        checks.that(not touched.exists(), "C: nothing was run")
        checks.equal(receiver.shown(), [], "C: nothing was shown")
        streamer.close()
        with here.sender_script(size=SIZE) as script:
            checks.that(shown_since(receiver, script.started), "C: the next script is shown", receiver.errors())


def check_idle_at_receiver(checks, command, folder):
    here, idle = Ancestor("E", folder), []
    with here.receiver(command, folder, size=SIZE) as receiver:
        receiver.wait_for_socket(10)
        memory = receiver.rss_kb()
        try:
            idle += [connect(here.port) for _ in range(IDLE)]
            with here.sender_script(size=SIZE) as script:
                checks.that(shown_since(receiver, script.started), f"E, {IDLE} idle ones: a script among them is shown", receiver.errors())
            growth = receiver.rss_kb() - memory
            checks.that(growth < GROWTH_KB, f"E, {IDLE} idle ones: memory is bounded, it grew by {growth} kB")
        finally:
            for c in idle:
                c.close()


def check_idle_at_sender(checks, command, folder):
    """Connections that never read: each gets what its socket takes, and no more."""
    here, idle = Ancestor("C", folder), []
    with here.sender(command, folder, mode="latest", size=SIZE, frames=0) as sender:
        sender.wait_for_socket(10)
        sender.says("sending")
        memory = sender.rss_kb()
        try:
            idle += [connect(here.port) for _ in range(IDLE)]
            with here.receiver_script(size=SIZE) as script:
                checks.that(shown_since(script, script.started), f"C, {IDLE} that never read: a script among them sees", sender.errors())
            growth = sender.rss_kb() - memory
            checks.that(growth < GROWTH_KB, f"C, {IDLE} that never read: memory is bounded, it grew by {growth} kB")
        finally:
            for c in idle:
                c.close()


def check_talking_receiver(checks, command, folder):
    """A receiver of C that talks, though it has nothing to say."""
    here = Ancestor("C", folder)
    with here.sender(command, folder, mode="latest", size=SIZE, frames=0) as sender:
        sender.says("sending")
        with connect(here.port) as c:
            c.settimeout(5)
            try:
                for _ in range(64):
                    c.sendall(b"x" * (1 << 16))
            except OSError:
                pass  # it may be let go
            with here.receiver_script(size=SIZE) as script:
                checks.that(shown_since(script, script.started), "C: a receiver that talks disturbs no other", sender.errors())


def main():
    checks, command = Checks(), glimt_path()
    allow_descriptors()
    with tempfile.TemporaryDirectory() as folder:
        check_proof_is_sharp(checks, folder)
        check_receiver_listens(checks, command, folder)
        check_receiver_connects(checks, command, folder)
        check_idle_at_receiver(checks, command, folder)
        check_idle_at_sender(checks, command, folder)
        check_talking_receiver(checks, command, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
