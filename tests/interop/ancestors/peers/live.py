"""What C and E have in common, whoever listens: pickled pictures behind 8 bytes of length."""
import pickle
import sys

import stand_ins
from length_prefixed import Messages, send_message


def stream(connection, o):
    """The camera is opened for this receiver; it ends when the camera gives nothing, which goes out too."""
    camera = stand_ins.camera_of(o)
    try:
        while camera.isOpened():
            there, picture = camera.read()
            send_message(connection, "Q", pickle.dumps(picture))
            if not there:
                break
    finally:
        connection.close()


def show(connection, o):
    window, messages = stand_ins.window_of(o), Messages(connection, "Q")
    print("ready", file=sys.stderr, flush=True)
    while not o.frames or window.shown < o.frames:
        message = messages.next()
        if message is None:
            break
        picture = pickle.loads(message)
        if picture is not None:
            window.show(picture)
    connection.close()


def host_and_port(text):
    host, port = text.split(":")
    return host, int(port)
