"""A (udp HOST:PORT) and B (unix PATH): a camera's pictures as JPEG in counted-down datagrams. B connects, and dies where nobody is."""
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "support"))
import stand_ins  # noqa: E402
from countdown import send_picture  # noqa: E402


def open_sender(kind, address):
    if kind == "unix":
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.connect(address)
        return s.send
    host, port = address.split(":")
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    return lambda datagram: s.sendto(datagram, (host, int(port)))


def main():
    o = stand_ins.arguments(__doc__, "kind", "address")
    camera, send = stand_ins.camera_of(o), open_sender(o.kind, o.address)
    while camera.isOpened():
        there, picture = camera.read()
        if not there:
            break
        send_picture(send, picture)


if __name__ == "__main__":
    main()
