"""C, who listens at HOST:PORT: one receiver, and dies when that one leaves."""
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "support"))
import stand_ins  # noqa: E402
from live import host_and_port, stream  # noqa: E402


def main():
    o = stand_ins.arguments(__doc__, "address")
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the tests start it again and again
    s.bind(host_and_port(o.address))
    s.listen(5)
    print("ready", file=sys.stderr, flush=True)
    connection, _ = s.accept()
    stream(connection, o)


if __name__ == "__main__":
    main()
