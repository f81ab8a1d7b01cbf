"""Viewers of a hub's /live/NAME: a WebSocket of RFC 6455 over a bare socket, and the messages of docs/websocket.md in it."""
import base64
import os
import socket
import struct

UNIT, CLOCK, TAKEN = 1, 2, 3


class Refused(Exception):
    """The answer to the handshake is another status than 101."""


class LiveViewer:
    def __init__(self, port, name, query="", protocol="glimt.1", headers=(), seconds=10, receive_buffer=None, tls=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(seconds)
        self.socket.connect(("127.0.0.1", port))
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self.received, self.closed = b"", None
        lines = [f"GET /live/{name}{query} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                 f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}", *headers]
        lines += [f"Sec-WebSocket-Protocol: {protocol}"] if protocol else []
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.received:
            self.receive()
        head, self.received = self.received.split(b"\r\n\r\n", 1)
        self.head = head.decode()
        if " 101 " not in self.head.splitlines()[0]:
            raise Refused(int(self.head.split()[1]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def receive(self):
        piece = self.socket.recv(1 << 16)
        if not piece:
            raise ConnectionError("the server has ended the connection")
        self.received += piece

    def take(self, size):
        while len(self.received) < size:
            self.receive()
        taken, self.received = self.received[:size], self.received[size:]
        return taken

    def send(self, payload, opcode=2):
        mask = os.urandom(4)
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | len(payload)) if len(payload) < 126 else struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, len(payload))
        self.socket.sendall(head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def message(self):
        """The next binary message; None once the server has closed, whose code is then in `closed`. Pings are answered."""
        while True:
            first, length = self.take(2)
            if length == 126:
                length = struct.unpack("!H", self.take(2))[0]
            elif length == 127:
                length = struct.unpack("!Q", self.take(8))[0]
            payload = self.take(length)
            opcode = first & 15
            if opcode == 8:
                self.closed = struct.unpack("!H", payload[:2])[0] if payload else 1005
                self.send(payload[:2], 8)
                return None
            if opcode == 9:
                self.send(payload, 10)
            elif opcode == 2 and first & 0x80:
                return payload

    def unit(self):
        """(frame, flags, integrity, sent_us, descriptor, access unit) of the next UNIT."""
        while (message := self.message()) is not None:
            if message[0] == UNIT:
                _, flags, integrity, frame, sent_us = struct.unpack("<BBHIq", message[:16])
                size = struct.unpack("<I", message[16:20])[0]
                return frame, flags, integrity, sent_us, message[20:20 + size], message[20 + size:]
        return None

    def silent(self, seconds):
        """Whether no message comes for so long."""
        before = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            return self.message() is None
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(before)

    def taken(self, frame):
        self.send(struct.pack("<B3xI", TAKEN, frame))

    def ask_clock(self, asked_us):
        self.send(struct.pack("<B3xIqqq", CLOCK, 0, asked_us, 0, 0))

    def clock(self):
        """(asked, received, answered) of the next answer."""
        while (message := self.message()) is not None:
            if message[0] == CLOCK:
                kind, *stamps = struct.unpack("<Iqqq", message[4:])
                assert kind == 1, kind
                return tuple(stamps)
        return None


def fields_of(descriptor):
    """Its fields by type."""
    fields, at = {}, 0
    while at < len(descriptor):
        kind, size = descriptor[at], int.from_bytes(descriptor[at + 1:at + 4], "little")
        fields[kind] = descriptor[at + 4:at + 4 + size]
        at += 4 + size
    return fields
