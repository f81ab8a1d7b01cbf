"""The rules of check_layers.py, each on a made-up tree: what must pass and what must be found."""
import tempfile
from pathlib import Path

# (what it shows, path, text, words of the violation and its line; None where there must be none)
ROWS = [
    ("ground includes itself and leaf headers", "src/base/a.cpp", '#include "base/b.hpp"\n#include "glimt/error.hpp"\n', None),
    ("ground may not look up", "src/base/a.cpp", '#include "media/frame.hpp"\n', (1, "may not include media")),
    ("values may not include each other", "src/wire/a.hpp", '\n#include "media/frame.hpp"\n', (2, "may not include media")),
    ("values include ground", "src/media/a.hpp", '#include "base/bytes.hpp"\n#include "media/b.hpp"\n', None),
    ("a stage includes values", "src/encode/a.cpp", '#include "media/frame.hpp"\n#include "wire/packet.hpp"\n', None),
    ("a stage may not include another", "src/encode/a.cpp", '#include "decode/decoder.hpp"\n', (1, "may not include decode")),
    ("a stage may not look up", "src/sink/a.cpp", '#include "pipeline/run.hpp"\n', (1, "may not include pipeline")),
    ("a stage's test is held to the same", "src/encode/a_test.cpp", '#include <gtest/gtest.h>\n#include "decode/decoder.hpp"\n',
     (2, "may not include decode")),
    ("a stage's test has gtest and tests/support", "src/encode/a_test.cpp",
     '#include <gmock/gmock.h>\n#include "support/p.hpp"\n#include "encode/encoder.hpp"\n', None),
    ("gtest in no product file", "src/encode/a.cpp", "#include <gtest/gtest.h>\n", (1, "gtest belongs")),
    ("tests/support in no product file", "src/encode/a.cpp", '#include "support/p.hpp"\n', (1, "may not include support")),
    ("pipeline includes every stage", "src/pipeline/a.cpp", '#include "sink/frame_sink.hpp"\n#include "wire/hello.hpp"\n', None),
    ("pipeline may not look up", "src/pipeline/a.cpp", '#include "api/mat_frame.hpp"\n', (1, "may not include api")),
    ("borders may not include each other", "src/web/a.cpp", '#include "pipeline/run.hpp"\n#include "archive/a.hpp"\n',
     (2, "may not include archive")),
    ("the surface includes everything", "src/api/a.cpp", '#include "glimt/frame.hpp"\n#include "pipeline/run.hpp"\n', None),
    ("what is no leaf header stays at the surface", "src/pipeline/a.cpp", '#include "glimt/frame.hpp"\n', (1, "only the leaf headers")),
    ("leaf headers include leaf headers", "include/glimt/url.hpp", '#include "glimt/error.hpp"\n', None),
    ("leaf headers include no others", "include/glimt/url.hpp", '#include "glimt/frame.hpp"\n', (1, "only the leaf headers")),
    ("the public API shows nothing of src/", "include/glimt/frame.hpp", '#include "media/frame.hpp"\n', (1, "may not include media")),
    ("the public API shows opencv_core only", "include/glimt/frame.hpp", "#include <opencv2/imgproc.hpp>\n", (1, "opencv_core only")),
    ("the command includes the pipeline", "apps/glimt/a.cpp", '#include "pipeline/run.hpp"\n#include "sink/frame_sink.hpp"\n', None),
    ("the command does not include the surface's inside", "apps/glimt/a.cpp", '#include "api/mat_frame.hpp"\n', (1, "may not include api")),
    ("examples see the public API only", "examples/a.cpp", '#include "glimt/glimt.hpp"\n#include "base/clock.hpp"\n',
     (2, "may not include base")),
    ("an unknown folder is no place", "src/helpers/a.hpp", "\n", (1, "stands in no layer")),
    ("includes are written from their root", "src/base/a.cpp", '#include "b.hpp"\n', (1, "write it from its root")),
    ("no OpenCV in wire", "src/wire/a.cpp", "#include <opencv2/core.hpp>\n", (1, "OpenCV never in wire")),
    ("no OpenCV in transport", "src/transport/a.cpp", "#include <opencv2/core.hpp>\n", (1, "OpenCV never in transport")),
    ("OpenCV's core in filter", "src/filter/a.cpp", "#include <opencv2/imgproc.hpp>\n", None),
    ("highgui in the window", "src/sink/window.cpp", "#include <opencv2/highgui.hpp>\n", None),
    ("objdetect in the detector", "src/filter/face_detector.cpp", "#include <opencv2/objdetect.hpp>\n", None),
    ("objdetect nowhere else", "src/filter/faces.cpp", "#include <opencv2/objdetect/face.hpp>\n", (1, "objdetect belongs")),
    ("highgui nowhere else", "src/sink/image.cpp", "#include <opencv2/highgui.hpp>\n", (1, "highgui belongs")),
    ("videoio in source", "src/source/capture.cpp", "#include <opencv2/videoio.hpp>\n", None),
    ("videoio nowhere else", "src/sink/recording.cpp", "#include <opencv2/videoio.hpp>\n", (1, "videoio belongs")),
    ("imgcodecs in image.cpp", "src/sink/image.cpp", "#include <opencv2/imgcodecs.hpp>\n", None),
    ("imgcodecs nowhere else", "src/encode/jpeg.cpp", "#include <opencv2/imgcodecs.hpp>\n", (1, "imgcodecs belongs")),
    ("all of OpenCV nowhere", "src/sink/window.cpp", "#include <opencv2/opencv.hpp>\n", (1, "every module")),
    ("libjpeg in the encoder", "src/encode/jpeg.cpp", '#include <jpeglib.h>\n#include "media/jpeg_error.hpp"\n', None),
    ("libjpeg nowhere else", "src/media/frame.cpp", "#include <jpeglib.h>\n", (1, "libjpeg belongs")),
    ("nor through its header", "src/encode/raw.cpp", '#include "media/jpeg_error.hpp"\n', (1, "libjpeg belongs")),
    ("sockets in transport", "src/transport/tcp.cpp", "#include <sys/socket.h>\n#include <netinet/tcp.h>\n", None),
    ("sockets nowhere else", "src/pipeline/a.cpp", "#include <netinet/in.h>\n", (1, "sockets belong")),
    ("FFmpeg outside its files", "src/source/a.cpp", "#include <libavcodec/avcodec.h>\n", (1, "FFmpeg belongs")),
    ("no clock in sans-IO", "src/reassemble/a.cpp", "int f() {\n  return g(now());\n}\n", (2, "is not asked")),
    ("a time that is passed in", "src/reassemble/a.cpp", "void f(Instant now);\nauto g = f(now);\n", None),
    ("comments and strings are no code", "src/wire/a.cpp", '// now()\n/* now()\n*/ const char* s = "udp:// now()";\n', None),
    ("code behind a string with slashes", "src/wire/a.cpp", 'f("udp://", now());\n', (1, "is not asked")),
    ("a clock where it may be", "src/pipeline/a.cpp", "auto t = now();\n", None),
    ("no thread in sans-IO", "src/packetize/a.hpp", "#include <thread>\n", (1, "no thread")),
    ("no lock in sans-IO", "src/feedback/a.hpp", '#include "base/mutex.hpp"\n', (1, "no thread")),
    ("no chance in sans-IO", "src/wire/a.hpp", '#include "base/random.hpp"\n', (1, "no thread")),
    ("the command steers hub and pipeline", "apps/glimt/a.cpp", '#include "hub/hub.hpp"\n#include "pipeline/run.hpp"\n', None),
    ("the command stops above the stages' borders", "apps/glimt/a.cpp", '#include "gateway/rtsp.hpp"\n', (1, "may not include gateway")),
    ("a border keeps to itself", "src/web/a.cpp", '#include "control/service.hpp"\n', (1, "may not include control")),
    ("both ask who may", "src/web/a.cpp", '#include "access/role.hpp"\n', None),
    ("the hub does not ask who may", "src/hub/a.cpp", '#include "access/role.hpp"\n', (1, "may not include access")),
    ("who may is below what a hub is", "src/access/a.cpp", '#include "hub/hub.hpp"\n', (1, "may not include hub")),
    ("OpenSSL where keys are read", "src/access/a.cpp", "#include <openssl/sha.h>\n", None),
    ("OpenSSL nowhere else", "src/hub/a.cpp", "#include <openssl/sha.h>\n", (1, "OpenSSL belongs")),
    ("Boost in the module beast", "src/web/beast_a.cpp", "#include <boost/beast/http.hpp>\n", None),
    ("Boost nowhere else", "src/web/site.cpp", "#include <boost/beast/http.hpp>\n", (1, "Boost belongs")),
    ("what is made of the proto in control", "src/control/a.cpp", '#include "glimt/control/v1/control.pb.h"\n', None),
    ("what is made of the proto nowhere else", "src/hub/a.cpp", '#include "glimt/control/v1/control.pb.h"\n',
     (1, "gRPC belongs")),
    ("a commented include is none", "src/wire/a.hpp", '// #include <thread>\n', None),
]


def violations(checker, path, text):
    with tempfile.TemporaryDirectory() as root:
        file = Path(root) / path
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
        found = checker(root)
        found.run()
        return found.violations


def judge(checker, path, text, expected):
    found = violations(checker, path, text)
    if expected is None:
        return not found
    line, words = expected
    return len(found) == 1 and found[0].startswith(f"{path}:{line}: ") and words in found[0]


def run(checker):
    failed = [what for what, *row in ROWS if not judge(checker, *row)]
    for what in failed:
        print(f"FAILED: {what}")
    print(f"check_layers: {len(ROWS) - len(failed)} of {len(ROWS)} rules hold")
    return 1 if failed else 0
