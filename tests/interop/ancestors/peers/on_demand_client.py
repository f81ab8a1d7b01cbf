"""D: connects to HOST:PORT and asks for what menu item 1 (image) or 2 (video) asks for; 0 leaves without a word."""
import pickle
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "support"))
import stand_ins  # noqa: E402
from length_prefixed import Messages  # noqa: E402
from live import host_and_port  # noqa: E402


def show_image(s, window):
    s.sendall(b"get_image")
    picture = pickle.loads(Messages(s, "i").next())
    if picture is None:
        print("no picture", file=sys.stderr, flush=True)
    else:
        window.show(picture)


def show_clip(s, window):
    s.sendall(b"get_video")
    messages = Messages(s, "i")
    while (message := messages.next()) is not None:
        picture = pickle.loads(message)
        if isinstance(picture, bytes) and picture == b"end":
            print("the end", file=sys.stderr, flush=True)
            return
        window.show(picture)


def main():
    o = stand_ins.arguments(__doc__, "address", "item")
    window = stand_ins.window_of(o)
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.connect(host_and_port(o.address))
    if o.item == "1":
        show_image(s, window)
    elif o.item == "2":
        show_clip(s, window)
    s.close()


if __name__ == "__main__":
    main()
