"""Strangers: peers made of bare sockets that say HELLO, or come in and never speak again."""
import resource
import socket
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "vectors"))
import make  # noqa: E402


def allow_descriptors():
    """As many as this process may ever have."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def hello(own, theirs=0):
    """A receiver's HELLO: `own` is its number, `theirs` the sender's where it is known."""
    return make.packet({"header": {"type": "HELLO", "epoch": 0, "stream": 0, "session": theirs, "number": 1 + (theirs > 0)},
                        "body": {"session": own, "echo": theirs, "role": "receiver", "mode": "latest", "latency_ms": 100,
                                 "symbol_bytes": 1152, "clock_id": "1", "agent": "stranger"}})


def send_hellos(port, ports):
    """One HELLO to the UDP port from each of so many ports; nobody hears the answers."""
    seen = set()
    while len(seen) < ports:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            if s.getsockname()[1] not in seen:
                seen.add(s.getsockname()[1])
                s.sendto(hello(len(seen)), ("127.0.0.1", port))


class Stranger:
    """Comes in, and from then on neither speaks nor reads; refused strangers are let be."""

    def __init__(self, scheme, port, own):
        self.stream = scheme == "tcp"
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM if self.stream else socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(0.5)
        self.admitted = False
        try:
            self.socket.connect(("127.0.0.1", port))
            self.write(hello(own))
            answer = self.read()
            if len(answer) > 22 and answer[1] == 1:
                self.write(hello(own, struct.unpack_from("<I", answer, 18)[0]))
                self.admitted = True
        except OSError:
            pass  # refused

    def write(self, packet):
        self.socket.sendall((struct.pack("<I", len(packet)) if self.stream else b"") + packet)

    def read(self):
        return self.socket.recv(4096)[4 if self.stream else 0:]

    def close(self):
        self.socket.close()
