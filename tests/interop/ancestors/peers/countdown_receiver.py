"""A (udp HOST:PORT) and B (unix PATH): shows what comes, whatever that is."""
import os
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "support"))
import stand_ins  # noqa: E402
from countdown import receive_picture, skip_to_a_beginning  # noqa: E402


def open_receiver(kind, address):
    if kind == "unix":
        if os.path.exists(address):
            os.remove(address)
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(address)
        return s.recv
    host, port = address.split(":")
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((host, int(port)))
    return s.recv


def main():
    o = stand_ins.arguments(__doc__, "kind", "address")
    window, receive = stand_ins.window_of(o), open_receiver(o.kind, o.address)
    print("ready", file=sys.stderr, flush=True)
    skip_to_a_beginning(receive)
    while not o.frames or window.shown < o.frames:
        picture = receive_picture(receive)
        if picture is not None:
            window.show(picture)


if __name__ == "__main__":
    main()
