"""Stills and clips on disk for D, and what OpenCV makes of each of their pictures."""
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import cv2

from stand_ins import Camera, Judge, make_clip


class Sources(NamedTuple):
    folder: Path
    still: Path
    clip: Path


def make_sources(folder, size=(640, 480), frames=60, clip_name="video.mp4"):
    folder = Path(folder) / f"sources-{size[0]}x{size[1]}"
    folder.mkdir(exist_ok=True)
    sources = Sources(folder, folder / "imagem.png", folder / clip_name)
    camera = Camera(make_clip(*size), 0)
    cv2.imwrite(str(sources.still), camera.read()[1])
    code = "mp4v" if clip_name.endswith("mp4") else "MJPG"
    writer = cv2.VideoWriter(str(sources.clip), cv2.VideoWriter_fourcc(*code), 30, size)
    for _ in range(frames):
        writer.write(camera.read()[1])
    writer.release()
    return sources


def pictures_of(path):
    if path is None:
        return
    if Path(path).suffix == ".png":
        yield cv2.imread(str(path))
        return
    clip = cv2.VideoCapture(str(path))
    while True:
        there, picture = clip.read()
        if not there:
            return
        yield picture


@lru_cache
def digests_of(path):
    """One a picture, as a script with --check digest tells them."""
    judge = Judge([], "digest")
    return [judge.judge(picture).verdict for picture in pictures_of(path)]
