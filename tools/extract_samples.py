#!/usr/bin/env python3
"""extract_samples.py DOCUMENT FOLDER: writes each ```cpp block of a document into a file of its own, so that it is compiled."""
import pathlib
import re
import sys


def main():
    document, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    blocks = re.findall(r"^```cpp\n(.*?)^```", document.read_text(), re.M | re.S)
    for number, block in enumerate(blocks):
        path = folder / f"sample_{number}.cpp"
        if not path.exists() or path.read_text() != block:
            path.write_text(block)
        print(path)


if __name__ == "__main__":
    main()
