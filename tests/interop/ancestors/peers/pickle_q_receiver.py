"""C, who connects: binds a HOST:PORT of its own first, as the script does, then connects to the streamer's."""
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "support"))
import stand_ins  # noqa: E402
from live import host_and_port, show  # noqa: E402


def main():
    o = stand_ins.arguments(__doc__, "own", "address")
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(host_and_port(o.own))
    s.connect(host_and_port(o.address))
    show(s, o)


if __name__ == "__main__":
    main()
