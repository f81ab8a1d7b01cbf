"""Peers that hold a web server's connections and ask for nothing, or for answers that they do not read; whoever is ended comes back."""
import resource
import socket
import threading

ROUND_S = 0.1
MOST_RETURNS = 20  # a round: what comes back faster than a newcomer can say its header is a flood, which is not meant here

GET = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
DRIBBLES = GET + b"X: "
UPGRADES_NOTHING = b"GET /live/cam0 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX: "
SILENT = b""
IDLE = GET + b"\r\n"
DEAF = (GET.replace(b"health", b"metrics") + b"\r\n") * 1000  # which reads none of what it asked for
DRIBBLERS = (DRIBBLES, UPGRADES_NOTHING)


class SlowPeers:
    """`deaf` of them are DEAF, the others of the other kinds in turn; on a thread from enter to exit."""

    def __init__(self, port, count=500, deaf=40):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
        others = (DRIBBLES, UPGRADES_NOTHING, SILENT, IDLE)
        self.port, self.stopping = port, threading.Event()
        self.kinds = [DEAF] * deaf + [others[i % len(others)] for i in range(count - deaf)]
        self.sockets = [self.open(kind) for kind in self.kinds]
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()
        for s in self.sockets:
            if s:
                s.close()

    def open(self, kind):
        """None where nothing was to be had; the next round tries again."""
        s = socket.socket()
        try:
            if kind is DEAF:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", self.port))
            s.setblocking(False)
            s.send(kind)
            return s
        except OSError:
            s.close()
            return None

    def run(self):
        while not self.stopping.wait(ROUND_S):
            gone = [i for i, s in enumerate(self.sockets) if not (s and self.goes_on(s, self.kinds[i]))]
            for i in gone[:MOST_RETURNS]:
                if self.sockets[i]:
                    self.sockets[i].close()
                self.sockets[i] = self.open(self.kinds[i])

    @staticmethod
    def goes_on(s, kind):
        """One more byte of a header; False where the server has ended it."""
        try:
            if kind in DRIBBLERS:
                s.send(b"x")
            return kind is DEAF or s.recv(4096) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False
