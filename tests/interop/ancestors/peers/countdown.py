"""The countdown that A and B share: one byte, how many datagrams are still to come with this one counted, and a piece of JPEG."""
import math
import struct

import cv2
import numpy as np

MAX_SEGMENT = 65536 - 64


def send_picture(send, picture):
    """As `send` takes datagrams, one after the other."""
    jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
    count = math.ceil(len(jpeg) / MAX_SEGMENT)
    at = 0
    while count:
        send(struct.pack("B", count) + jpeg[at:at + MAX_SEGMENT])
        at += MAX_SEGMENT
        count -= 1


def skip_to_a_beginning(receive):
    """Throws away until the last datagram of some picture has been seen."""
    while True:
        datagram = receive(65536)
        if datagram and struct.unpack("B", datagram[:1])[0] == 1:
            return


def receive_picture(receive):
    """The next one, or None where OpenCV cannot make one of what came: nothing tells this format that a datagram is missing."""
    jpeg = b""
    while True:
        datagram = receive(65536)
        jpeg += datagram[1:]
        if struct.unpack("B", datagram[:1])[0] == 1:
            return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
