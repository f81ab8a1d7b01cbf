"""A relay of UDP datagrams that loses some of those that go one way: the same ones for the same seed."""
import random
import socket
import threading
import time

CONTROL_BYTES = 200  # what is no larger is HELLO, CLOCK and the like


class LossyRelay:
    """From `port`, its own, to `target` on this machine. Answers go back to whoever was heard last and are not lost.
    `outage` s of every second nothing large comes through at all."""

    def __init__(self, target, loss, outage=0, seed=1):
        self.outage = outage
        self.target, self.loss, self.dice = ("127.0.0.1", target), loss, random.Random(seed)
        self.passed = self.lost = self.answers = 0
        self.near, self.far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self.near.bind(("127.0.0.1", 0))
        self.far.bind(("127.0.0.1", 0))
        self.port, self.client, self.stopping = self.near.getsockname()[1], None, False
        self.threads = [threading.Thread(target=run, daemon=True) for run in (self.forward, self.back)]
        for end in (self.near, self.far):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            end.settimeout(0.2)
        for thread in self.threads:
            thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping = True
        for thread in self.threads:
            thread.join()
        self.near.close()
        self.far.close()

    def receive(self, end):
        while not self.stopping:
            try:
                yield end.recvfrom(65536)
            except (TimeoutError, ConnectionError):
                continue

    def loses(self, data):
        return len(data) > CONTROL_BYTES and (self.dice.random() < self.loss or time.monotonic() % 1 < self.outage)

    def forward(self):
        for data, self.client in self.receive(self.near):
            if self.loses(data):
                self.lost += 1
                continue
            self.passed += 1
            self.far.sendto(data, self.target)

    def back(self):
        for data, _ in self.receive(self.far):
            self.answers += 1
            if self.client:
                self.near.sendto(data, self.client)
