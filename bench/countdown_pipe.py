#!/usr/bin/env python3
"""Ancestor A between pipes: raw I420 pictures of its standard input as the script sends them, or what its receiver would show as I420.

  countdown_pipe.py send|receive HOST:PORT WIDTHxHEIGHT

The receiver's socket has room for some pictures, which the script's has not: what is lost is what was lost on the way."""
import os
import socket
import sys

import cv2
import numpy as np

import table

sys.path.insert(0, os.path.join(table.ROOT, "tests", "interop", "ancestors", "peers"))
from countdown import receive_picture, send_picture, skip_to_a_beginning  # noqa: E402


def send(s, address, width, height):
    while len(data := sys.stdin.buffer.read(width * height * 3 // 2)) == width * height * 3 // 2:
        planes = np.frombuffer(data, np.uint8).reshape(height * 3 // 2, width)
        send_picture(lambda datagram: s.sendto(datagram, address), cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420))


def receive(s, address, width, height):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    s.bind(address)
    skip_to_a_beginning(s.recv)
    while True:
        picture = receive_picture(s.recv)
        if picture is not None and picture.shape == (height, width, 3):
            sys.stdout.buffer.write(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420).data)
            sys.stdout.buffer.flush()


def main():
    end, where, size = sys.argv[1:]
    host, port = where.split(":")
    width, height = (int(side) for side in size.split("x"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        {"send": send, "receive": receive}[end](s, (host, int(port)), width, height)


if __name__ == "__main__":
    main()
