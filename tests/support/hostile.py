"""A UDP relay between the two ends of a stream that slips in what nobody sent: damaged, forged, replayed packets."""
import random
import select
import socket
import struct
import time

from pictures import crc32c

HEADERS, TAG = 32, 16
CONTRADICTIONS = [(24, 200), (25, 255), (26, 0), (27, 129), (29, 0), (34, 9), (35, 0xE0), (32, 0xFF)]


def resealed(packet):
    """With a checksum that holds again: header last, as in docs/wire-format.md."""
    body = packet[HEADERS:-TAG]
    return packet[:-TAG] + struct.pack("<I", crc32c(body + packet[:HEADERS])) + bytes(TAG - 4)


def is_data(packet):
    return len(packet) >= HEADERS + TAG + 4 and packet[1] == 2


class Forger:
    """Hostile datagrams made of the stream's own; the same ones in every run with the same stream."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.makers = [self.noise, self.cut, self.stretched, self.other_version, self.flipped, self.contradicting,
                       self.other_epoch]

    def make(self, packet):
        return self.random.choice(self.makers)(packet)

    def noise(self, _):
        return self.random.randbytes(self.random.choice([0, 1, 15, 16, 31, 32, 48, 1200, 1201, 9000, 60000]))

    def cut(self, packet):
        return packet[: self.random.randrange(len(packet))]

    def stretched(self, packet):
        return packet + self.random.randbytes(self.random.choice([1, 100, 40000]))

    def other_version(self, packet):
        return bytes([self.random.choice([0, 1, 3, 5, 6, 7, 8, 128, 255])]) + packet[1:]

    def flipped(self, packet):
        bit = self.random.randrange(len(packet) * 8)
        damaged = bytearray(packet)
        damaged[bit // 8] ^= 1 << bit % 8
        return bytes(damaged)

    def contradicting(self, packet):
        """The checksum holds, the fields cannot be true together."""
        if not is_data(packet):
            return self.cut(packet)
        at, value = self.random.choice(CONTRADICTIONS)
        return resealed(packet[:at] + bytes([value]) + packet[at + 1:])

    def other_epoch(self, packet):
        return resealed(packet[:2] + b"\x07" + packet[3:]) if is_data(packet) else self.noise(packet)


class Relay:
    """Where the connecting end connects to; what it sends goes on to the listening end, and back."""

    KEPT = 200  # packets of each direction, to be replayed

    def __init__(self, listening_port, seed=1):
        self.target = ("127.0.0.1", listening_port)
        self.front, self.back, self.stranger = (self.open() for _ in range(3))
        self.port = self.front.getsockname()[1]
        self.forger, self.random = Forger(seed), random.Random(seed)
        self.peer, self.kept, self.hostile, self.replayed = None, {self.front: [], self.back: []}, 0, 0

    @staticmethod
    def open():
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        s.bind(("127.0.0.1", 0))
        return s

    def close(self):
        for s in (self.front, self.back, self.stranger):
            s.close()

    def run(self, seconds, hostile_a_packet, most):
        """Relays for so long; sends at most `most` hostile datagrams in all."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and (hostile_a_packet == 0 or self.hostile < most):
            for s in select.select([self.front, self.back], [], [], 0.05)[0]:
                self.pass_on(s, hostile_a_packet)

    def pass_on(self, s, hostile_a_packet):
        try:
            packet, source = s.recvfrom(65536)
        except ConnectionRefusedError:
            return  # speaks of an earlier packet: an end is not there yet
        if s is self.front:
            self.peer = source
        kept = self.kept[s]
        kept.append(packet)
        del kept[: -self.KEPT]
        self.onward(s, packet)
        for _ in range(hostile_a_packet):
            self.attack(s, packet)

    def onward(self, s, packet):
        """To whom `s` does not face."""
        if s is self.front:
            self.back.sendto(packet, self.target)
        elif self.peer:
            self.front.sendto(packet, self.peer)

    def attack(self, s, packet):
        self.hostile += 1
        if self.random.random() < 0.3:  # true packets, at the wrong time
            self.replayed += 1
            packet = self.random.choice(self.kept[s])
        else:
            packet = self.forger.make(packet)
        if self.random.random() < 0.2:
            self.stranger.sendto(packet, self.target)
        else:
            self.onward(s, packet)
