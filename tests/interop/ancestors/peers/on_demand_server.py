"""D: serves STILL and CLIP at HOST:PORT, one client after another."""
import pickle
import socket
import time
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "support"))
import stand_ins  # noqa: E402
from length_prefixed import send_message  # noqa: E402
from live import host_and_port  # noqa: E402

import cv2  # noqa: E402


def send_clip(connection, path):
    clip = cv2.VideoCapture(path)
    while clip.isOpened():
        there, picture = clip.read()
        if not there:
            break
        send_message(connection, "i", pickle.dumps(picture))
        time.sleep(0.016)
    send_message(connection, "i", pickle.dumps(b"end"))


def serve(connection, o):
    request = connection.recv(4096)
    if request == b"get_image":
        send_message(connection, "i", pickle.dumps(cv2.imread(o.still)))
    elif request == b"get_video":
        send_clip(connection, o.clip_file)
    connection.close()


def main():
    o = stand_ins.arguments(__doc__, "address", "still", "clip_file")
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(host_and_port(o.address))
    s.listen(1)
    print("ready", file=sys.stderr, flush=True)
    while True:
        connection, _ = s.accept()
        serve(connection, o)


if __name__ == "__main__":
    main()
