"""E, who connects: sends its camera to whoever displays at HOST:PORT."""
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "support"))
import stand_ins  # noqa: E402
from live import host_and_port, stream  # noqa: E402


def main():
    o = stand_ins.arguments(__doc__, "address")
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.connect(host_and_port(o.address))
    stream(s, o)


if __name__ == "__main__":
    main()
