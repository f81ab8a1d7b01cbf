"""Little is linked: what the command and libglimt.so need, transitively, holds nothing of video, windows or codecs."""
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, glimt_path  # noqa: E402

UNWANTED = ["opencv_videoio", "opencv_imgcodecs", "opencv_highgui", "opencv_objdetect", "opencv_dnn", "avcodec", "avformat", "avutil", "gtk", "gdk", "Qt",
            "gstreamer", "gst", "avahi", "dbus", "grpc", "protobuf", "ssl", "crypto"]
MODULES = {"glimt_videoio.so": "opencv_videoio", "glimt_imgcodecs.so": "opencv_imgcodecs",
           "glimt_highgui.so": "opencv_highgui", "glimt_objdetect.so": "opencv_objdetect", "glimt_libav.so": "avformat",
           "glimt_avahi.so": "avahi-client", "glimt_grpc.so": "grpc++"}


def needed(file):
    """Name -> path of every library that the loader would load."""
    listing = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=True, timeout=60).stdout
    return dict(re.findall(r"^\s*(\S+) => (.+?)(?: \(0x[0-9a-f]+\))?$", listing, re.M))


def check_little(checks, file):
    libraries = needed(file)
    missing = [name for name, path in libraries.items() if path == "not found"]
    checks.equal(missing, [], f"{file.name}: every library it needs is there")
    checks.that(any("opencv_core" in name for name in libraries), f"{file.name}: its libraries were read", libraries)
    for word in UNWANTED:
        found = [name for name in libraries if re.match(rf"lib{word}", name, re.I)]
        checks.equal(found, [], f"{file.name}: needs no {word} ({len(libraries)} libraries)")


def main():
    checks, command = Checks(), Path(glimt_path())
    library = next((Path(p) for name, p in needed(command).items() if name.startswith("libglimt.so")), None)
    if checks.that(library and library.exists(), "the command is linked with libglimt.so", library):
        check_little(checks, command)
        check_little(checks, library)
        for module, wanted in MODULES.items():
            libraries = needed(library.resolve().parent / module)
            checks.that(any(wanted in name for name in libraries), f"{module} is where {wanted} is needed", libraries)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
