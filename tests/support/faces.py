"""A face that a Haar cascade takes for one, painted: no photograph is in Debian without a hundred megabytes around it."""
import cv2
import numpy as np

CASCADE = "/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml"
SKIN, SHADE, LIGHT, DARK = (150, 180, 215), (105, 130, 165), (170, 200, 235), (35, 40, 50)


class Painter:
    """Draws in units of the face's width around its middle."""

    def __init__(self, picture, center, width):
        self.picture, self.center, self.width = picture, center, width

    def oval(self, x, y, half_width, half_height, color):
        at = tuple(round(c + d * self.width) for c, d in zip(self.center, (x, y)))
        axes = tuple(max(1, round(a * self.width)) for a in (half_width, half_height))
        cv2.ellipse(self.picture, at, axes, 0, 0, 360, color, -1, cv2.LINE_AA)

    def face(self):
        self.oval(0, -.08, .58, .72, DARK)  # hair
        self.oval(0, 0, .5, .66, SKIN)
        for side in (-1, 1):
            self.oval(.22 * side, -.12, .15, .09, SHADE)  # eye socket
            self.oval(.22 * side, -.22, .15, .03, DARK)   # brow
            self.oval(.22 * side, -.11, .09, .045, (230, 235, 235))
            self.oval(.22 * side, -.11, .045, .045, DARK)
            self.oval(.3 * side, .12, .12, .1, LIGHT)     # cheek
            self.oval(.055 * side, .19, .035, .02, SHADE)  # nostril
        self.oval(0, .02, .05, .17, LIGHT)                # ridge of the nose
        self.oval(0, .36, .17, .05, (75, 80, 150))        # mouth
        self.oval(0, .35, .15, .012, (40, 40, 80))


def picture_with_face(size=(640, 480), center=(320, 240), width=180):
    width_px, height_px = size
    y, x = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    picture = np.dstack([90 + 20 * np.sin(x / 90 + c) + 15 * np.cos(y / 70) for c in range(3)]).astype(np.uint8)
    Painter(picture, center, width).face()
    return cv2.GaussianBlur(picture, (5, 5), 0)


def faces_in(picture):
    """As the ancestor looks for them: (x, y, width, height) of each."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return [tuple(int(n) for n in face) for face in cv2.CascadeClassifier(CASCADE).detectMultiScale(grey, 1.1, 5)]


def green_frame(picture, slack=0):
    """(x, y, width, height) around what is green as a drawn frame is; None where nothing is."""
    blue, green, red = (picture[:, :, c].astype(int) for c in range(3))
    rows, columns = np.nonzero((green >= 255 - slack) & (blue <= slack) & (red <= slack))
    if len(rows) == 0:
        return None
    left, top = int(columns.min()), int(rows.min())
    return left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top
