"""Peers of shared frames made of bare sockets: they say HELLO as docs/wire-format.md has it, and then do on the frame channel what
a test wants."""
import fcntl
import mmap
import os
import socket
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "vectors"))
import make  # noqa: E402

SEALS = 0x1 | 0x2 | 0x4 | 0x10  # SEAL, SHRINK, GROW, FUTURE_WRITE
ROOM = 64  # descriptors beside one message, at most


def slot(number, size):
    return struct.pack("<BBHQ", 1, number, 0, size)


def frame(number, place, width=64, height=48, kind=1, metadata=0):
    return struct.pack("<BBHHHHHIIqq", 2, place, 0, kind, width, height, 0, number & 0xFFFFFFFF, metadata, 1, 1)


def held():
    return struct.pack("<BBH", 3, 0, 0)


def release(number):
    return struct.pack("<BBHI", 4, 0, 0, number)


def ask():
    return struct.pack("<BBH", 5, 0, 0)


def memory(size, seals=SEALS, filled=0):
    """(descriptor, mapping to write)"""
    fd = os.memfd_create("stranger", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, size)
    mapping = mmap.mmap(fd, size)
    mapping[:] = bytes([filled]) * size
    if seals:
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd, mapping


class Session:
    """The packets of one conversation."""

    def __init__(self, connection, role):
        self.socket, self.role, self.own, self.theirs, self.number = connection, role, 7000 + os.getpid() % 1000, 0, 0
        self.socket.settimeout(10)
        self.said = time.monotonic()

    def send(self, kind, body, fds=()):
        self.number += 1
        header = {"type": kind, "epoch": 0, "stream": 0, "session": self.theirs, "number": self.number}
        packet = make.packet({"header": header, "body": body})
        socket.send_fds(self.socket, [packet], list(fds)) if fds else self.socket.send(packet)

    def hello(self):
        self.said = time.monotonic()
        body = {"session": self.own, "echo": self.theirs, "role": self.role, "mode": "latest", "latency_ms": 100,
                "symbol_bytes": 32768, "clock_id": "1", "agent": "stranger"}
        self.send("HELLO", {**body, "shares": 1} if self.role == "receiver" else body)

    def receive(self):
        """(type, packet, descriptors)"""
        packet, fds, _, _ = socket.recv_fds(self.socket, 65536, ROOM)
        return (packet[1] if len(packet) > 1 else 0), packet, fds

    def note_hello(self, packet):
        self.theirs = struct.unpack_from("<I", packet, 18)[0]

    def stay(self):
        """Now and then, so that the other end does not take this one for gone."""
        if time.monotonic() - self.said > 0.5:
            self.hello()

    def close(self):
        self.socket.close()


class Taker(Session):
    """A receiver that has been given its end of a frame channel."""

    def __init__(self, path):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.connect(path)
        super().__init__(connection, "receiver")
        self.hello()
        self.channel = None
        while self.channel is None:
            kind, packet, fds = self.receive()
            if kind == 1 and not self.theirs:
                self.note_hello(packet)
                self.hello()
            elif kind == 8 and fds:
                self.channel = socket.socket(fileno=fds[0])
            elif not packet:
                raise OSError("the sender has hung up")
        self.channel.settimeout(10)
        self.memories = {}  # descriptor and size by slot

    def take(self):
        """The next message of the channel; empty where it has ended."""
        try:
            message, fds, _, _ = socket.recv_fds(self.channel, 4096, ROOM)
        except (ConnectionResetError, BrokenPipeError):
            return b""
        if message[:1] == b"\x01":
            self.memories[message[1]] = (fds[0], struct.unpack_from("<Q", message, 4)[0])
        return message

    def take_frame(self):
        while message := self.take():
            if message[0] == 2:
                return message
        return b""

    def is_cut_off(self, seconds=10):
        deadline = time.monotonic() + seconds
        self.channel.settimeout(0.1)
        while time.monotonic() < deadline:
            self.stay_if_able()
            try:
                if not self.take():
                    return True
            except TimeoutError:
                pass
        return False

    def stay_if_able(self):
        try:
            self.stay()
        except OSError:
            pass  # the session has been ended too

    def put(self, message, fds=()):
        """False where the channel has ended; waits for room."""
        try:
            socket.send_fds(self.channel, [message], list(fds)) if fds else self.channel.send(message)
            return True
        except TimeoutError:
            return True
        except OSError:
            return False

    def close(self):
        for fd, _ in self.memories.values():
            os.close(fd)
        self.channel.close()
        super().close()


class Giver(Session):
    """A sender that listens at `path`, has met a receiver and can pass it channels."""

    def __init__(self, path):
        Path(path).unlink(missing_ok=True)
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listening.bind(str(path))
        self.listening.listen(4)
        self.listening.settimeout(10)
        super().__init__(self.listening.accept()[0], "sender")
        kind, packet, _ = self.receive()
        while kind != 1:
            kind, packet, _ = self.receive()
        self.note_hello(packet)
        self.hello()
        while struct.unpack_from("<I", packet, 22)[0] != self.own:  # the receiver echoes this end's number
            kind, packet, _ = self.receive()
            if kind != 1:
                continue
        self.channel = None

    def pass_channel(self):
        """A new one; the former ends."""
        if self.channel:
            self.channel.close()
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.send("FRAMES", {}, [theirs.fileno()])
        theirs.close()
        self.channel.settimeout(10)

    def put(self, message, fds=()):
        """False where the receiver has hung up."""
        try:
            socket.send_fds(self.channel, [message], list(fds)) if fds else self.channel.send(message)
            return True
        except OSError:
            return False

    def is_cut_off(self, seconds=10):
        deadline = time.monotonic() + seconds
        self.channel.settimeout(0.1)
        while time.monotonic() < deadline:
            self.stay()
            try:
                if not self.channel.recv(4096):
                    return True
            except TimeoutError:
                pass
            except OSError:
                return True
        return False

    def answers(self, wanted, seconds=10):
        """Whether the receiver sends that message."""
        deadline = time.monotonic() + seconds
        self.channel.settimeout(0.1)
        while time.monotonic() < deadline:
            self.stay()
            try:
                message = self.channel.recv(4096)
            except TimeoutError:
                continue
            if message == wanted:
                return True
            if not message:
                return False
        return False

    def close(self):
        if self.channel:
            self.channel.close()
        self.listening.close()
        super().close()
