"""Pictures as numpy arrays: the burnt-in time code, raw layouts, likeness."""
import struct

import cv2
import numpy as np

COLUMNS, ROWS = 28, 4


def make_crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


CRC_TABLE = make_crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def block_side(width, height):
    fits = min(width // COLUMNS, height // (ROWS * 4))
    return 8 if fits < 16 else min(fits // 16 * 16, 32)


def burn_time_code(picture, number, captured_us=0):
    """Into a grey, BGR or BGRA picture that is large enough, as src/media/time_code.hpp does."""
    payload = struct.pack("<Iq", number, captured_us)
    code = payload + struct.pack("<H", crc32c(payload) & 0xFFFF ^ 0x6C67)
    bits = np.unpackbits(np.frombuffer(code, np.uint8), bitorder="little").reshape(ROWS, COLUMNS) * np.uint8(255)
    side = block_side(picture.shape[1], picture.shape[0])
    blocks = bits.repeat(side, axis=0).repeat(side, axis=1)
    picture[: ROWS * side, : COLUMNS * side] = blocks if picture.ndim == 2 else blocks[:, :, None]
    return picture


def read_time_code(picture):
    """(number, captured in microseconds) burnt into a grey, BGR or BGRA picture; None where it does not check out."""
    grey = picture if picture.ndim == 2 else picture[:, :, 1]
    height, width = grey.shape
    side = block_side(width, height)
    if width < COLUMNS * 8 or height < ROWS * 8:
        return None
    blocks = grey[: ROWS * side, : COLUMNS * side].reshape(ROWS, side, COLUMNS, side)
    inner = blocks[:, side // 4 : side * 3 // 4, :, side // 4 : side * 3 // 4]
    bits = (inner.mean(axis=(1, 3)) > 127).astype(np.uint8).ravel()
    code = np.packbits(bits, bitorder="little").tobytes()
    number, captured_us, check = struct.unpack("<IqH", code)
    return (number, captured_us) if check == crc32c(code[:12]) & 0xFFFF ^ 0x6C67 else None


def packed_size(pixel_format, width, height):
    if pixel_format == "i420":
        return width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)
    return width * height * {"gray8": 1, "bgr24": 3, "bgra32": 4}[pixel_format]


def luminance(data, pixel_format, width, height):
    """What read_time_code() and a comparison want to see of packed bytes."""
    pixels = np.frombuffer(data, np.uint8)
    if pixel_format in ("gray8", "i420"):
        return pixels[: width * height].reshape(height, width)
    return pixels.reshape(height, width, -1)


def noise(pixel_format, width, height, seed):
    """Packed bytes that no two frames share and nothing compresses."""
    return np.random.default_rng(seed).integers(0, 256, packed_size(pixel_format, width, height), np.uint8).tobytes()


def smooth(width, height, seed):
    """A BGR picture like a photograph: JPEG keeps it well."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [128 + 90 * np.sin((x * (c + 1) + y * (3 - c)) / 60 + seed) for c in range(3)]
    return np.dstack(waves).astype(np.uint8)


def psnr(a, b):
    return cv2.PSNR(np.ascontiguousarray(a), np.ascontiguousarray(b))


def split_jpegs(data):
    """The whole JPEGs at the front of `data`: each from its SOI to its EOI."""
    pictures, at = [], 0
    while data[at : at + 2] == b"\xff\xd8":
        end = data.find(b"\xff\xd9", at)
        if end < 0:
            break
        pictures.append(data[at : end + 2])
        at = end + 2
    return pictures, data[at:]
