#!/usr/bin/env python3
"""Pickles of pictures between Python and Glimt: what Python writes is read pixel by pixel, what Glimt writes loads in Python, and
what would run something is refused and runs nothing."""
import builtins
import os
import pickle
import pickletools
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import numpy as np

from command import Checks
from pickles import PROTOCOLS, Exchanged, Runs, dumps, golden, picture, variants

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "pickle_fuzz"


class Probe:
    def __init__(self, command, folder):
        self.program, self.folder = Path(command).resolve().parent / "pickle_probe", Path(folder)

    def read(self, pickles):
        """For each pickle: an array, bytes, None, or an Error."""
        for i, content in enumerate(pickles):
            (self.folder / f"{i}").write_bytes(content)
        files = [str(self.folder / f"{i}") for i in range(len(pickles))]
        lines = subprocess.run([self.program, "read", *files], check=True, capture_output=True, text=True).stdout.splitlines()
        return [meaning(line) for line in lines]

    def write(self, *arguments, content=b""):
        path = self.folder / "content"
        path.write_bytes(content)
        files = [] if arguments == ("none",) else [str(path)]
        return subprocess.run([self.program, "write", *map(str, arguments), *files], check=True, capture_output=True).stdout


class Refused(str):
    pass


def meaning(line):
    kind, _, rest = line.partition(" ")
    if kind == "none":
        return None
    if kind == "bytes":
        return bytes.fromhex(rest)
    if kind == "refused":
        return Refused(rest)
    height, width, channels, order, pixels = rest.split(" ")
    return np.frombuffer(bytes.fromhex(pixels), np.uint8).reshape((int(height), int(width), int(channels)), order=order)


def equal(read, written):
    if not isinstance(read, np.ndarray):
        return False
    return np.array_equal(read, written.reshape(*written.shape[:2], -1))


def reads_what_python_writes(checks, probe):
    for height, width in ((5, 7), (1, 1), (300, 260)):  # the last beyond 64 KB, where pickles are written in other pieces
        for protocol in PROTOCOLS:
            for major in (1, 2):
                names, arrays = zip(*variants(height, width, shift=protocol))
                read = probe.read([dumps(array, protocol, major) for array in arrays])
                for name, array, got in zip(names, arrays, read):
                    checks.that(equal(got, array), f"numpy {major}'s {name} of {width}x{height} in protocol {protocol}", got)


def reads_what_other_picklers_write(checks, probe):
    array = picture(9, 4)
    for protocol in PROTOCOLS:
        kinds = {"Python's own pickler": pickle._dumps(array, protocol), "a shortened pickle": pickletools.optimize(dumps(array, protocol))}
        for (what, _), got in zip(kinds.items(), probe.read(list(kinds.values()))):
            checks.that(equal(got, array), f"{what} in protocol {protocol}", got)
    for axes in ((1, 0, 2), (0, 1, 2), (2, 0, 1), (1, 2, 0)):
        memory = np.ascontiguousarray(picture(6, 4).transpose(np.argsort(axes)))
        got = probe.read([dumps(Exchanged(memory, axes), 5, 2)])[0]
        checks.that(equal(got, memory.transpose(axes)), f"numpy 2's exchanged axes {axes}", got)


def reads_ends(checks, probe):
    for protocol in PROTOCOLS:
        values = [b"end", b"", bytes(range(256)), None]
        checks.equal(probe.read([pickle.dumps(v, protocol) for v in values]), values, f"bytes and None of protocol {protocol}")


def writes_what_python_loads(checks, probe):
    for height, width, channels in ((5, 7, 3), (5, 7, 1), (5, 7, 4), (1, 1, 3), (480, 640, 3), (1, 70000, 1)):
        expected = picture(height, width, channels)
        written = probe.write(height, width, channels, content=expected.tobytes())
        expected = expected if channels > 1 else expected[:, :, 0]
        for what, load in (("C", pickle.loads), ("Python", pickle._loads)):
            got = load(written)
            checks.that(got.dtype == np.uint8 and got.shape == expected.shape and np.array_equal(got, expected),
                        f"{width}x{height}x{channels} loads with the pickler in {what}", got.shape)
    for content in (b"end", b"", bytes(range(256)) * 300):
        checks.equal(pickle.loads(probe.write("bytes", content=content)), content, f"{len(content)} bytes load")
    checks.equal(pickle.loads(probe.write("none")), None, "None loads")


def refuses_what_would_run(checks, probe, folder):
    target = Path(folder, "was_run")
    attacks = [(os.system, f"touch {target}"), (builtins.eval, f"open({str(target)!r}, 'w')"), (builtins.exec, f"open({str(target)!r}, 'w')"),
               (subprocess.Popen, ["touch", str(target)]), (np.load, str(target)),
               (builtins.bytes, 10**9)]
    for function, *arguments in attacks:
        for protocol in PROTOCOLS:
            hostile = pickle.dumps(Runs(function, *arguments), protocol)
            got = probe.read([hostile, pickle.dumps(picture(2, 2), protocol)[:-1] + hostile[2:]])
            checks.that(all(isinstance(g, Refused) and "nothing of it was run" in g for g in got),
                        f"{function.__name__} in protocol {protocol} is refused", got)
    checks.that(not target.exists(), "nothing was run")


def refuses_what_is_no_picture(checks, probe):
    cases = {"a list": [1], "a dict": {1: 2}, "a float": 1.5, "a set": {1}, "text": "end", "a number": 7, "True or False": True,
             "a tuple": (1, 2), "'f8'": np.zeros((2, 2)), "'i1'": np.zeros((2, 2), np.int8), "'u2'": np.zeros((2, 2), np.uint16),
             "1 dimensions": np.zeros(3, np.uint8), "0 dimensions": np.array(3, np.uint8), "4 dimensions": np.zeros((1, 1, 1, 3), np.uint8),
             "channels": np.zeros((2, 2, 2), np.uint8), "0 x 3": np.zeros((0, 3), np.uint8), "'O'": np.array([[None]]),
             "numpy.matrix": np.asmatrix(np.zeros((2, 2), np.uint8)), "'b1'": np.zeros((2, 2), bool)}
    for protocol in PROTOCOLS:
        for (what, value), got in zip(cases.items(), probe.read([dumps(v, protocol) for v in cases.values()])):
            named = isinstance(got, Refused) and (what in got or (what == "numpy.matrix" and "matrix" in got) or what in ("a set", "'O'"))
            checks.that(named, f"{what} is refused by name in protocol {protocol}", got)
    apart = pickle.dumps(picture(2, 2), 5, buffer_callback=lambda _: None)
    checks.that("sent apart" in probe.read([apart])[0], "a picture whose buffer is sent apart is refused")


def main(command):
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        probe = Probe(command, folder)
        reads_what_python_writes(checks, probe)
        reads_what_other_picklers_write(checks, probe)
        reads_ends(checks, probe)
        writes_what_python_loads(checks, probe)
        refuses_what_would_run(checks, probe, folder)
        refuses_what_is_no_picture(checks, probe)
    changed = [name for name, content in golden() if (CORPUS / name).read_bytes() != content]
    checks.equal(changed, [], "the golden pickles are what Python writes")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
