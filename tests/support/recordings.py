"""Recordings read back by other people's programs: FFmpeg and OpenCV."""
import json
import subprocess
from pathlib import Path

import cv2
import numpy as np

from pictures import read_time_code


def probe(path):
    """What ffprobe says: format and stream, and each packet's time in seconds."""
    argv = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-show_entries", "packet=pts_time", "-of", "json", path]
    found = json.loads(subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout)
    return found["format"], found["streams"][0], [float(p["pts_time"]) for p in found["packets"]]


def codes_by_ffmpeg(path):
    """The number and capture time burnt into each picture, in the file's order; None where there is none."""
    stream = probe(path)[1]
    size = stream["width"], stream["height"]
    argv = ["ffmpeg", "-v", "error", "-i", path, "-fps_mode", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    data = np.frombuffer(subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout, np.uint8)
    return [read_time_code(p) for p in data.reshape(-1, size[1], size[0])]


def codes_by_opencv(path):
    """The same, with the time in milliseconds at which OpenCV places each picture."""
    capture, found = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG), []
    while True:
        is_there, picture = capture.read()
        if not is_there:
            return found
        found.append((read_time_code(picture), capture.get(cv2.CAP_PROP_POS_MSEC)))


def newest_line(path):
    """The newest whole line of a --stats file."""
    lines = Path(path).read_text().split("\n")[:-1] if Path(path).exists() else []
    return json.loads(lines[-1]) if lines else {}
