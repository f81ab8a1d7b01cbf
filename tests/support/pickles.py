"""Pickles as Python and numpy write them, for tests; run as a script it writes the golden ones into a folder.

numpy 1 and numpy 2 differ in the names of two modules: as_numpy(2) gives whichever numpy is installed the other's names
while it pickles, so that the real pickler writes both. What only numpy 2 writes (an array whose axes were exchanged, in
protocol 5) is written by numpy 2's reduction in the words of this file.
"""
import contextlib
import pickle
import sys
import types
from pathlib import Path

import numpy as np

try:
    from numpy._core import multiarray, numeric
except ImportError:
    from numpy.core import multiarray, numeric

PROTOCOLS = (2, 3, 4, 5)


def picture(height, width, channels=3, shift=0):
    """Every pixel says where it is; the C++ tests know the formula too."""
    y, x, c = np.indices((height, width, channels))
    return (y * 37 + x * 11 + c * 101 + shift).astype(np.uint8)


@contextlib.contextmanager
def as_numpy(major):
    core = "numpy._core" if major == 2 else "numpy.core"
    functions = {f"{core}.multiarray": multiarray._reconstruct, f"{core}.numeric": numeric._frombuffer}
    names = [function.__module__ for function in functions.values()]
    modules = {name: sys.modules.get(name) for name in (core, *functions)}
    try:
        sys.modules[core] = types.ModuleType(core)
        for name, function in functions.items():
            function.__module__ = name
            sys.modules[name] = types.ModuleType(name)
            setattr(sys.modules[name], function.__name__, function)
        yield
    finally:
        for function, name in zip(functions.values(), names):
            function.__module__ = name
        for name, module in modules.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def dumps(value, protocol, numpy_major=1):
    with as_numpy(numpy_major):
        return pickle.dumps(value, protocol)


class Exchanged:
    """array.transpose(axes), as numpy 2 reduces it in protocol 5: its memory, and which axis is which."""

    def __init__(self, array, axes):
        self.array, self.axes = array, axes

    def __reduce_ex__(self, protocol):
        buffer = pickle.PickleBuffer(self.array)
        return numeric._frombuffer, (buffer, self.array.dtype, self.array.shape, "K", self.axes)


class Runs:
    """What a stranger may send: a pickle that runs `function` where it is loaded."""

    def __init__(self, function, *arguments):
        self.reduced = function, arguments

    def __reduce__(self):
        return self.reduced


def read_only(array):
    array.flags.writeable = False
    return array


def variants(height, width, shift=0):
    """(name, array) of every layout that numpy writes on its own."""
    color = picture(height, width, shift=shift)
    return [("c", color), ("f", np.asfortranarray(color)), ("gray", color[:, :, 0].copy()),
            ("gray1", picture(height, width, 1, shift)), ("bgra", picture(height, width, 4, shift)),
            ("columns", picture(height, 2 * width, shift=shift)[:, ::2]), ("flipped", color[::-1]),
            ("gray_f", np.asfortranarray(color[:, :, 1])), ("exchanged", picture(width, height, shift=shift).transpose(1, 0, 2)),
            ("read_only", read_only(color.copy()))]


def golden():
    """Name, then the pickle's bytes."""
    for protocol in PROTOCOLS:
        for major in (1, 2):
            for name, array in (("c", picture(5, 7)), ("f", np.asfortranarray(picture(5, 7))), ("gray", picture(5, 7, 1)[:, :, 0])):
                yield f"numpy{major}_protocol{protocol}_{name}", dumps(array, protocol, major)
        yield f"protocol{protocol}_end", dumps(b"end", protocol)
        yield f"protocol{protocol}_none", dumps(None, protocol)
        yield f"protocol{protocol}_empty", dumps(b"", protocol)
    yield "numpy1_protocol4_gray1", dumps(picture(5, 7, 1), 4)
    yield "numpy1_protocol4_bgra", dumps(picture(5, 7, 4), 4)
    yield "numpy1_protocol5_read_only", dumps(read_only(picture(5, 7)), 5)
    yield "numpy2_protocol5_exchanged", dumps(Exchanged(picture(7, 5), (1, 0, 2)), 5, 2)


if __name__ == "__main__":
    for file_name, content in golden():
        Path(sys.argv[1], file_name).write_bytes(content)
