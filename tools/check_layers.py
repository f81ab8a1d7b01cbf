#!/usr/bin/env python3
"""Holds the tree to "Who may include whom".

    check_layers.py ROOT         prints each violation as file:line; exit 1 where there is one
    check_layers.py --self-test  tries every rule on made-up trees

Looks at #include lines of src/, include/glimt, apps/ and examples/. In folders that decide without doing
(sans-IO) also at clocks.
"""
import re
import sys
from pathlib import Path

VALUES = {"media", "wire"}
STAGES = {"source", "filter", "encode", "packetize", "transport", "reassemble", "decode", "sink", "feedback", "seal"}
BORDERS = {"control", "web", "archive", "gateway"}
UP_TO_VALUES = {"base"} | VALUES
UP_TO_STAGES = UP_TO_VALUES | STAGES
UP_TO_PIPELINE = UP_TO_STAGES | {"pipeline"}
EVERYTHING = UP_TO_PIPELINE | {"hub"} | BORDERS | {"api"}

LEAF_HEADERS = {"error.hpp", "version.hpp", "url.hpp", "options.hpp", "stats.hpp", "boxes.hpp"}
NO_OPENCV = {"base", "media", "wire", "packetize", "transport", "reassemble", "feedback", "seal"}
SANS_IO = {"wire", "packetize", "reassemble", "feedback", "seal"}
WAITS_OR_GUESSES = re.compile(
    r"(thread|mutex|condition_variable|semaphore|shared_mutex|random|base/(thread|mutex|random)\.hpp)$")

# What stands in an include, and the only places where it may. A place is a regular expression on the path from ROOT.
ONLY_IN = [
    (r"opencv2/(highgui\.hpp|highgui/)", r"src/sink/window\.cpp", "highgui belongs to src/sink/window.cpp"),
    (r"opencv2/(videoio\.hpp|videoio/)", r"src/source/.*", "videoio belongs to src/source/"),
    (r"opencv2/(imgcodecs\.hpp|imgcodecs/)", r"(src/((source|sink)/image|source/camera_device)\.cpp|examples/.*)",
     "imgcodecs belongs to {source,sink}/image.cpp and source/camera_device.cpp"),
    (r"opencv2/(objdetect\.hpp|objdetect/)", r"src/filter/face_detector\.cpp",
     "objdetect belongs to src/filter/face_detector.cpp"),
    (r"opencv2/opencv\.hpp", r"(?!)", "opencv.hpp is every module of OpenCV; name the one that is needed"),
    (r"(jpeglib|jerror|jmorecfg|turbojpeg)\.h", r"src/(media/jpeg_error\.hpp|(en|de)code/jpeg\w*\.(cpp|hpp))",
     "libjpeg belongs to media/jpeg_error.hpp and {encode,decode}/jpeg"),
    (r"(media/jpeg_error\.hpp)", r"src/(media/jpeg_\w+_test\.cpp|(en|de)code/jpeg\w*\.(cpp|hpp))",
     "libjpeg belongs to {encode,decode}/jpeg and tests of media/jpeg_*"),
    (r"(sys/socket\.h|sys/un\.h|netdb\.h|arpa/|netinet/|linux/(udp|tcp|errqueue)\.h)",
     r"src/(transport|web|archive)/.*", "sockets belong to src/transport/"),
    (r"lib(avcodec|avformat|avutil|swscale)/", r"src/(media/libav\.hpp|((en|de)code/h264|sink/recording)\.cpp|gateway/.*)",
     "FFmpeg belongs to media/libav.hpp, {encode,decode}/h264.cpp, sink/recording.cpp and gateway/"),
    (r"(grpc|grpcpp|google/protobuf|glimt/control/v1)/", r"src/control/.*", "gRPC belongs to src/control/"),
    (r"openssl/", r"src/(access|control)/.*", "OpenSSL belongs to src/access/ and src/control/"),
    (r"boost/", r"src/web/beast_.*", "Boost belongs to src/web/beast_*"),
    (r"(gtest|gmock)/", r".*_test\.cpp", "gtest belongs to *_test.cpp"),
]

GENERATED = "glimt/control/v1/"  # from the proto
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
CLOCK = re.compile(r"\bnow\s*\(\s*\)")


def allowed_folders(folder):
    """Folders of src/ that `folder` of src/ may include; None where the table does not know it."""
    if folder == "base":
        return {"base"}
    if folder in VALUES:
        return {"base", folder}
    if folder in STAGES:
        return UP_TO_VALUES | {folder}
    if folder == "pipeline":
        return UP_TO_PIPELINE
    if folder == "hub":
        return UP_TO_PIPELINE | {"hub"}
    if folder == "access":
        return {"base", folder}
    if folder in BORDERS:
        return UP_TO_PIPELINE | {"access", "hub", folder}
    return EVERYTHING if folder == "api" else None


class Checker:
    def __init__(self, root):
        self.root = Path(root)
        self.violations = []

    def run(self):
        files = [p for top in ("src", "include/glimt", "apps", "examples")
                 for p in sorted((self.root / top).rglob("*")) if p.suffix in (".cpp", ".hpp", ".h", ".cc")]
        for path in files:
            self.check_file(path)
        return files

    def check_file(self, path):
        self.where = path.relative_to(self.root).as_posix()
        parts = Path(self.where).parts
        self.folder = parts[1] if parts[0] == "src" and len(parts) > 2 else ""
        if parts[0] == "src" and allowed_folders(self.folder) is None:
            self.report(1, f"the folder '{self.folder}' stands in no layer of the table")
            return
        for number, line in enumerate(without_comments(path.read_text(encoding="utf-8")), 1):
            found = INCLUDE.match(line)
            if found:
                self.check_include(number, found[1] == '"', found[2], path)
            elif self.folder in SANS_IO and CLOCK.search(line):
                self.report(number, f"{self.folder} decides without doing: the time is passed in, now() is not asked")

    def check_include(self, number, quoted, name, path):
        for what, place, why in ONLY_IN:
            if re.match(what, name) and not re.fullmatch(place, self.where):
                self.report(number, f"<{name}>: {why}")
        if name.startswith("opencv2/"):
            self.check_opencv(number, name)
        if self.folder in SANS_IO and WAITS_OR_GUESSES.match(name):
            self.report(number, f"<{name}>: {self.folder} decides without doing: no thread, lock or chance inside")
        if name.startswith(GENERATED):
            return
        if quoted or name.startswith("glimt/"):
            self.check_own(number, name, path)

    def check_opencv(self, number, name):
        if self.folder in NO_OPENCV:
            self.report(number, f"<{name}>: OpenCV never in {self.folder}")
        if self.where.startswith("include/") and not re.match(r"opencv2/core(\.hpp|/)", name):
            self.report(number, f"<{name}>: the public API shows opencv_core only")

    def check_own(self, number, name, path):
        top, _, rest = name.partition("/")
        if top == "glimt":
            self.check_public(number, rest)
        elif (top, path.name.endswith("_test.cpp")) == ("support", True):
            return
        elif not rest:
            if self.folder or self.where.startswith("include/") or not (path.parent / name).is_file():
                self.report(number, f'"{name}": write it from its root, as in "base/clock.hpp"')
        elif top not in self.may_include():
            self.report(number, f'"{name}": {self.home()} may not include {top}')

    def check_public(self, number, rest):
        from_leaf = self.where.startswith("include/") and Path(self.where).name in LEAF_HEADERS
        below_api = self.folder not in ("", "api")
        if (from_leaf or below_api) and rest not in LEAF_HEADERS:
            self.report(number, f'"glimt/{rest}": only the leaf headers ({", ".join(sorted(LEAF_HEADERS))}) may stand here')

    def home(self):
        return f"src/{self.folder}" if self.folder else str(Path(self.where).parent)

    def may_include(self):
        if self.folder:
            return allowed_folders(self.folder)
        if self.where.startswith("apps/"):
            return UP_TO_PIPELINE | {"hub", "control", "web", "archive"}
        return set()

    def report(self, number, text):
        self.violations.append(f"{self.where}:{number}: {text}")


TOKEN = re.compile(r"/\*.*?\*/|//[^\n]*|'(?:[^'\\]|\\.)'|\"(?:[^\"\\\n]|\\.)*\"", re.S)


def without_comments(text):
    """The lines of C++ with comments and, outside of includes, literals blanked."""
    def blank(token):
        begin = text.rfind("\n", 0, token.start()) + 1
        if token[0][0] == '"' and "#" in text[begin:token.start()]:
            return token[0]
        return re.sub(r"[^\n]", " ", token[0])

    return TOKEN.sub(blank, text).split("\n")


def main(argv):
    if argv[1:] == ["--self-test"]:
        import check_layers_self_test
        return check_layers_self_test.run(Checker)
    if len(argv) != 2 or not (Path(argv[1]) / "src").is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    checker = Checker(argv[1])
    files = checker.run()
    print("\n".join(checker.violations) if checker.violations else f"layers: {len(files)} files, no violation")
    return 1 if checker.violations else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main(sys.argv))
