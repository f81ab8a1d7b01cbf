#!/usr/bin/env python3
"""Writes NAME.bin beside each NAME.json, by docs/wire-format.md; with --check only compares."""
import json
import struct
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
TYPES = {"HELLO": 1, "DATA": 2, "PARITY": 3, "FEEDBACK": 4, "CLOCK": 5, "CLOSE": 6, "SKIP": 7, "FRAMES": 8}


def crc32c(data, crc=0):
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def short_field(kind, value):
    return struct.pack("<BB", kind, len(value)) + value


def hello(h):
    body = short_field(1, struct.pack("<IIB", h["session"], h["echo"], {"sender": 1, "receiver": 2}[h["role"]]))
    body += short_field(2, struct.pack("<BI", {"latest": 0, "every": 1}[h["mode"]], h["latency_ms"]))
    body += short_field(3, struct.pack("<I", h["symbol_bytes"]))
    body += short_field(4, struct.pack("<Q", int(h["clock_id"])))
    body += short_field(5, h["agent"].encode())
    if "shares" in h:
        body += short_field(6, struct.pack("<B", h["shares"]))
    return body + short_field(0, bytes(128 - len(body) - 2))


def data(d):
    payload = bytes.fromhex(d["payload"])
    return struct.pack("<IIBBBBBBHHBB", d["frame"], d["captured_us"], d["index"], d["block"], d["blocks"], d["k"], d["m"],
                       d["strips"], d["age_16us"], len(payload), d["strip"], d["flags"]) + payload


def multiply(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return product


def inverse(a):
    return next(b for b in range(256) if multiply(a, b) == 1)


def parity_row(row, symbols):
    sums = bytearray(max(map(len, symbols)))
    for index, symbol in enumerate(symbols):
        coefficient = inverse((255 - row) ^ index)
        for i, byte in enumerate(symbol):
            sums[i] ^= multiply(coefficient, byte)
    return bytes(sums)


def parity(p):
    symbols = [data(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["body"])[16:]
               for name in ("data_first", "data_last")]
    symbol = parity_row(p["row"], symbols)
    if symbol.hex() != p["symbol"]:
        sys.exit(f"the row over data_first and data_last is {symbol.hex()}")
    return struct.pack("<IIBBBBBBH", p["frame"], p["captured_us"], 255 - p["row"], p["block"], p["blocks"], p["k"], p["m"],
                       p["strips"], p["age_16us"]) + symbol


def feedback(f):
    body = struct.pack("<IIQIIIHH", f["report"], f["sent_at_us"], int(f["highest_number"]), f["packets"], f["kernel_drops"],
                       f["taken"], f["decode_queue_16us"], 0)
    fates = b"".join(struct.pack("<IBH", x["frame"], x["fate"], x["spread_16us"]) for x in f["fates"])
    times = f["arrivals"]["before_16us"]
    arrivals = struct.pack("<QH", int(f["arrivals"]["first"]), len(times)) + struct.pack(f"<{len(times)}H", *times)
    sections = [(1, fates), (2, arrivals)]
    if "deficits" in f:
        sections.append((3, b"".join(struct.pack("<IBBB", d["frame"], d["block"], d["have"],
                                                 d["round"] | 64 * d["last_round"] | 128 * d["every_block"])
                                     for d in f["deficits"])))
    if "key_wanted_after" in f:
        sections.append((4, struct.pack("<I", f["key_wanted_after"])))
    for kind, value in sections:
        body += struct.pack("<BBH", kind, 0, len(value)) + value
    return body


def clock(c):
    return struct.pack("<Iqqq", 1 if c["is_answer"] else 0, int(c["asked_us"]), int(c["received_us"]), int(c["answered_us"]))


def close(c):
    return struct.pack("<I", c["reason"])


def skip(s):
    return struct.pack("<II", s["first"], s["count"])


def frames(_):
    return b""


def packet(p):
    h = p["header"]
    head = struct.pack("<BBBBIQ", 4, TYPES[h["type"]], h["epoch"], h["stream"], h["session"], int(h["number"]))
    whole = head + globals()[h["type"].lower()](p["body"])
    headers = 32 if h["type"] in ("DATA", "PARITY") else 16
    return whole + struct.pack("<I", crc32c(whole[:headers], crc32c(whole[headers:]))) + bytes(12)


def main():
    wrong = []
    for source in sorted(FOLDER.glob("*.json")):
        made = packet(json.loads(source.read_text(encoding="utf-8")))
        target = source.with_suffix(".bin")
        if "--check" not in sys.argv:
            target.write_bytes(made)
        elif target.read_bytes() != made:
            wrong.append(target.name)
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
