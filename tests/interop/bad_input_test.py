"""Wrong command lines, addresses and files: an exit code and one line that names the cure; never a crash or a hang."""
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, free_port, glimt_path, run  # noqa: E402

NO_DISPLAY = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}
OK, FAILED, USAGE = 0, 1, 2


def make_files(folder):
    """Files that are wrong in every way."""
    clip = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=30", "-t", "3", "-c:v", "mpeg4"]
    subprocess.run([*clip, f"{folder}/whole.mp4"], check=True, timeout=60)
    subprocess.run([*clip, "-movflags", "+faststart", f"{folder}/index_first.mp4"], check=True, timeout=60)
    for name, cut in (("whole", "truncated"), ("index_first", "half")):
        data = Path(folder, f"{name}.mp4").read_bytes()
        Path(folder, f"{cut}.mp4").write_bytes(data[: len(data) // 2])
    Path(folder, "text.mp4").write_text("This is no video.\n" * 100)
    Path(folder, "empty.mp4").touch()
    Path(folder, "empty.png").touch()
    Path(folder, "corrupt.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    Path(folder, "occupied.sock").write_text("precious")
    os.mkdir(f"{folder}/folder")


def address_rows(port):
    send, recv = ["send", "test:"], ["recv"]
    here = f"127.0.0.1:{port}"
    return [
        ("unknown scheme to send to", [*send, f"sctp://{here}"], ["unknown scheme 'sctp'", "udp, tcp, unix"]),
        ("unknown scheme to receive from", [*recv, "carrier:pigeon", "null:"], ["unknown scheme 'carrier'", "udp, tcp, unix"]),
        ("a file to receive from", [*recv, "clip.mp4", "null:"], ["unknown scheme 'file'", "udp, tcp, unix"]),
        ("unknown option of a destination", [*send, f"udp://{here}?speed=9"], ["unknown option 'speed'", "codec, quality, pace"]),
        ("unknown option of a receiver", [*recv, f"udp://{here}?speed=9", "null:"], ["unknown option 'speed'", "mode, latency"]),
        ("unknown option of the test picture", ["send", "test:?colour=red", f"udp://{here}"], ["'colour'", "size, fps, format"]),
        ("unknown codec in the address", [*send, f"udp://{here}?codec=vp8"], ["unknown codec 'vp8'", "raw, jpeg, h264"]),
        ("two codecs", [*send, f"udp://{here}?codec=raw", f"tcp://{here}?codec=jpeg"], ["different codec", "second"]),
        ("quality out of range", [*send, f"udp://{here}?quality=0"], ["'0' is not a quality", "from 1 to 100"]),
        ("intra refresh neither on nor off", [*send, f"udp://{here}?intra_refresh=2"], ["intra_refresh is on or off"]),
        ("pace that is no bitrate", [*send, f"udp://{here}?pace=fast"], ["'fast' is not a bitrate", "500M"]),
        ("largest picture that is no size", [*send, f"udp://{here}?max_frame=big"], ["'big' is not a number of bytes", "256M"]),
        ("largest picture of nothing", [*recv, f"udp://{here}?max_frame=0", "null:"], ["'0' is not a number of bytes", "256M"]),
        ("two largest pictures", [*send, f"udp://{here}?max_frame=1M", f"tcp://{here}?max_frame=2M"], ["different max_frame"]),
        ("latency without a unit", [*recv, f"udp://{here}?latency=40", "null:"], ["'40' is not a time", "40ms"]),
        ("latency out of range", [*recv, f"udp://{here}?latency=2h", "null:"], ["from 1ms to 1h"]),
        ("unknown mode", [*recv, f"udp://{here}?mode=newest", "null:"], ["unknown mode 'newest'", "latest, every"]),
        ("the receiver's mode at the sender", [*send, f"udp://{here}?mode=every"], ["is the receiver's to choose"]),
        ("file mode that is none", [*send, "unix:///tmp/x.sock?mode=999"], ["'999' is no file mode", "mode=660"]),
        ("a key, to send", [*send, f"udp://{here}?key=secret"], ["keys are not built yet", "ssh or WireGuard"]),
        ("a key, to receive", [*recv, f"udp://{here}?key=secret", "null:"], ["keys are not built yet", "ssh or WireGuard"]),
        ("a wire that nobody speaks", [*send, f"udp://{here}?wire=morse"], ["unknown wire 'morse'", "native, countdown, pickle-q"]),
        ("countdown over TCP", [*send, f"tcp://{here}?wire=countdown"], ["udp:// or unix://"]),
        ("pickles over UDP", [*recv, f"udp://{here}?wire=pickle-q&listen", "null:"], ["goes over tcp://"]),
        ("a countdown sender that listens", [*send, "udp://:5000?wire=countdown"], ["the receiver listens", "name the receiver"]),
        ("a countdown receiver that connects", [*recv, f"udp://{here}?wire=countdown", "null:"], ["the receiver listens", "?listen"]),
        ("a live stream of requests", [*send, f"tcp://{here}?wire=pickle-i"], ["`glimt serve`", "wire=pickle-q"]),
        ("another codec than the wire's", [*send, f"tcp://{here}?wire=pickle-q&codec=jpeg"], ["carries raw only"]),
        ("two wires of different codecs", [*send, f"tcp://{here}?wire=pickle-q", f"udp://{here}?wire=countdown"], ["different codec", "second"]),
        ("both ends of one", [*send, f"udp://{here}?listen&connect"], ["exclude each other"]),
        ("port 0", [*send, "udp://127.0.0.1:0"], ["'0' is not a port", "1 to 65535"]),
        ("port 70000", [*recv, "tcp://127.0.0.1:70000", "null:"], ["'70000' is not a port", "1 to 65535"]),
        ("port in words", [*recv, "tcp://127.0.0.1:http", "null:"], ["'http' is not a port", "1 to 65535"]),
        ("no port", [*send, "udp://127.0.0.1"], ["the port is missing", "udp://host:port"]),
        ("no slashes", [*send, "udp:127.0.0.1:5000"], ["expected udp://host:port"]),
        ("IPv6 without brackets", [*send, "udp://::1:5000"], ["in brackets", "udp://[::1]:5000"]),
        ("a name that does not resolve", [*send, f"udp://a..b:{port}"], ["does not resolve", "spelling"]),
        ("a broadcast address", [*send, f"udp://127.255.255.255:{port}"], ["permission denied", "name one host"]),
        ("an address of another machine to listen on", [*recv, f"tcp://192.0.2.200:{port}?listen", "null:"],
         ["no such address", "ip addr"]),
        ("an empty address", [*send, ""], ["an address is empty", "udp://127.0.0.1:5000"]),
        ("a Unix path that is too long", [*send, "unix:///tmp/" + "x" * 108], ["at most 107 bytes", "shorter"]),
        ("no Unix path", [*send, "unix://"], ["the path is missing", "unix:///run/cam.sock"]),
    ]


def source_and_sink_rows(folder, port):
    to, at = f"udp://127.0.0.1:{port}", f"udp://127.0.0.1:{port}"
    camera = next(n for n in range(90, 200) if not os.path.exists(f"/dev/video{n}"))
    return [
        ("unknown source", ["send", "gopher:hole", to], ["unknown kind of source 'gopher'", "test:"]),
        ("missing file", ["send", f"{folder}/missing.mp4", to], ["No such file", "check its name"]),
        ("missing image", ["send", f"{folder}/missing.png", to], ["No such file", "check its name"]),
        ("a folder", ["send", f"{folder}/folder", to], ["is a folder", "name a file in it"]),
        ("text as video", ["send", f"{folder}/text.mp4", to], ["cannot open it as a video", "ffprobe"]),
        ("an empty video", ["send", f"{folder}/empty.mp4", to], ["cannot open it as a video", "ffprobe"]),
        ("a video without its index", ["send", f"{folder}/truncated.mp4", to], ["cannot open it as a video", "ffprobe"]),
        ("a corrupt image", ["send", f"{folder}/corrupt.png", to], ["no image that OpenCV can decode"]),
        ("an empty image", ["send", f"{folder}/empty.png", to], ["no image that OpenCV can decode"]),
        ("unknown option of a file", ["send", f"{folder}/whole.mp4?speed=2", to], ["unknown option 'speed'", "loop"]),
        ("a camera that is not there", ["send", str(camera), to], [f"there is no /dev/video{camera}", "test:"]),
        ("what has no beginning, in a loop", ["send", "test:", to, "--loop"], ["loop is for a file"]),
        ("raw input without a size", ["send", "-", to], ["need their size", "--size 1280x720"]),
        ("size that is none", ["send", "-", to, "--size", "1280"], ["'1280' is not a size", "1280x720"]),
        ("size of nothing", ["send", "-", to, "--size", "0x720"], ["'0x720' is not a size", "1280x720"]),
        ("raw input beyond the limit", ["send", "-", to, "--size", "8000x8000"], ["8000x8000", "67108864"]),
        ("test picture beyond the limit in the address", ["send", "test:?size=640x480", f"{to}?max_frame=500k"], ["640x480", "500000"]),
        ("test picture beyond the limit", ["send", "test:?size=9000x9000", to], ["9000x9000", "67108864"]),
        ("unknown input format", ["send", "-", to, "--format", "rgb565"], ["'rgb565'", "gray8, bgr24, bgra32, i420", "mjpeg"]),
        ("unknown output format", ["recv", at, "-", "--format", "yuyv"], ["'yuyv'", "gray8, bgr24, bgra32, i420", "mjpeg"]),
        ("unknown codec", ["send", "test:", to, "--codec", "vp9"], ["unknown codec 'vp9'", "raw, jpeg, h264"]),
        ("mjpeg to what wants pixels", ["recv", at, "-", "null:?verify", "--format", "mjpeg"], ["use it with - or null:"]),
        ("pictures and statistics in one pipe", ["recv", at, "-", "--stats", "-"], ["write one of them to a file"]),
        ("unknown sink", ["recv", at, "speaker:"], ["unknown kind of sink 'speaker'", "window:, null:"]),
        ("unknown option of a sink", ["recv", at, "null:?check"], ["unknown option 'check'", "verify"]),
        ("a window without a display", ["recv", at, "window:"], ["no display", "DISPLAY"]),
        ("an image of no kind", ["recv", at, "image:now.doc"], ["no image format", "now.png"]),
        ("a recording of no kind", ["recv", at, "--record", f"{folder}/out.avi"], [".mkv or .mp4"]),
        ("a recording into no folder", ["recv", at, "--record", f"{folder}/none/out.mkv"], ["No such file", "create the folder"]),
        ("a segment of no length", ["recv", at, "--record", f"{folder}/o.mkv", "--segment", "10"], ["'10' is not a time", "10m"]),
        ("a segment that is too short", ["recv", at, f"{folder}/o.mkv?segment=10ms"], ["at least 1s", "10m"]),
        ("unknown option of a recording", ["recv", at, f"record:{folder}/o.mkv?every=1s"], ["unknown option 'every'", "segment"]),
        ("two recordings", ["recv", at, f"{folder}/o.mkv", f"{folder}/o.mp4"], ["one recording at a time"]),
        ("pictures every never", ["recv", at, "image:now.png?every=soon"], ["'soon' is not a time"]),
        ("statistics into no folder, sending", ["send", "test:", to, "--stats", f"{folder}/none/s"], ["--stats", "folder that exists"]),
        ("statistics into no folder, receiving", ["recv", at, "null:", "--stats", f"{folder}/folder"], ["--stats", "Is a directory"]),
        ("a Unix socket in no folder", ["send", "test:", f"unix://{folder}/none/s.sock"], ["no such folder", "create the folder"]),
    ]


USAGE_ROWS = [
    ("nothing at all", [], ["Usage: glimt", "send", "recv", "demo", "Exit codes:"]),
    ("help with an unknown verb", ["help", "transmit"], ["'transmit'", "known: send, recv, serve, get, demo, bench, doctor"]),
    ("unknown subcommand", ["transmit"], ["transmit", "send, recv, serve, get, demo, bench, doctor"]),
    ("segments of nothing", ["recv", "udp://:5000", "--segment", "10m"], ["--segment requires --record"]),
    ("unknown flag", ["recv", "udp://:5000", "--colour"], ["--colour"]),
    ("no destination", ["send", "test:"], ["destinations", "required"]),
    ("no address", ["recv"], ["address", "required"]),
    ("unknown log level", ["--log", "loud", "recv", "udp://:5000"], ["--log", "debug"]),
    ("quality in words", ["send", "test:", "udp://:5000", "--quality", "good"], ["--quality"]),
    ("no frames a second", ["send", "test:", "udp://:5000", "--fps", "0"], ["--fps"]),
]


def check_rows(checks, command, rows, one_line, code=USAGE):
    for what, argv, words in rows:
        got, out, errors = run([command, *argv], 20, env=NO_DISPLAY)
        checks.equal(got, code, f"{what}: exit code {code}", errors)
        missing = [w for w in words if w not in errors]
        checks.equal(missing, [], f"{what}: says {words}", errors)
        checks.equal(out, b"", f"{what}: nothing on standard output")
        if one_line:
            lines = [line for line in errors.splitlines() if not line.startswith("libpng ")]  # it speaks for itself
            checks.equal(len(lines), 1, f"{what}: in one line", errors)


def check_in_use(checks, command, folder):
    port, path = free_port(), f"{folder}/used.sock"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp, \
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as unix:
        udp.bind(("127.0.0.1", port))
        tcp.bind(("127.0.0.1", port))
        tcp.listen()
        unix.bind(path)
        unix.listen()
        rows = [(f"{kind} port in use, {' '.join(argv[:1])}", argv, ["the port is in use", f"ss -l{kind[0]}np"])
                for kind in ("udp", "tcp")
                for argv in (["recv", f"{kind}://127.0.0.1:{port}?listen", "null:"], ["send", "test:", f"{kind}://:{port}"])]
        rows.append(("Unix path in use", ["send", "test:", f"unix://{path}"], ["another program listens there", "another path"]))
        check_rows(checks, command, rows, True)
    file = Path(folder, "occupied.sock")
    row = ("Unix path that a file holds", ["send", "test:", f"unix://{file}"], ["no socket is in the way", "another path"])
    check_rows(checks, command, [row], True)
    checks.equal(file.read_text(), "precious", "the file in the way survives")


def check_no_route(checks, command, port):
    """In a network of its own whose loopback is down there is no route to anywhere: it is said, and waited for."""
    alone = ["unshare", "--map-root-user", "--net", "--"]
    code, _, errors = run([*alone, "true"])
    checks.equal(code, 0, "this machine lets a user have a network namespace of his own", errors)
    script = f"""
        "$1" send test:?size=320x240 udp://127.0.0.1:{port} 2>"$2/sent" & sender=$!
        "$1" recv udp://:{port} null:?verify --frames 10 --seconds 20 2>"$2/received" & receiver=$!
        until grep -q "no way to it yet" "$2/sent" || ! kill -0 $sender; do sleep 0.05; done
        ip link set lo up
        wait $receiver; code=$?
        kill $sender; wait $sender
        cat "$2/sent" "$2/received" >&2; exit $code"""
    with tempfile.TemporaryDirectory() as folder:
        code, _, errors = run([*alone, "sh", "-c", script, "sh", command, folder], seconds=40, env=NO_DISPLAY)
    checks.equal(code, 0, "no route at the start: exit code", errors)
    checks.that("no way to it yet" in errors and "received 10 frames" in errors, "no route at the start: pictures once there is one", errors)


def check_while_running(checks, command, folder):
    """What can only be seen when pictures flow."""
    path = f"unix://{folder}/s.sock"
    with Child([command, "send", "test:?size=320x240", path]):
        row = ("an image into no folder", ["recv", path, f"image:{folder}/none/now.png"], ["cannot be written", "folder"])
        check_rows(checks, command, [row], False, FAILED)
    with Child([command, "send", f"{folder}/half.mp4", path, "--fast"]) as sender:
        code, _, errors = run([command, "recv", path + "?mode=every", "null:", "--once"])
        said = f"{errors}\n{sender.errors()}"
        checks.that(code == OK and sender.wait() in (OK, FAILED), "half a video: both ends end", said)
        whole = any(f"received {n} frames" in errors for n in range(1, 90))
        checks.that(whole, "half a video: the pictures that are there arrive", said)
    with Child([command, "send", path, f"{folder}/x"]) as wrong_way:
        checks.equal(wrong_way.wait(), USAGE, "source and destination exchanged", wrong_way.errors())


def main():
    checks, command, port = Checks(), glimt_path(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        make_files(folder)
        check_rows(checks, command, address_rows(port), True)
        check_rows(checks, command, source_and_sink_rows(folder, port), True)
        check_rows(checks, command, USAGE_ROWS, False)
        check_in_use(checks, command, folder)
        check_no_route(checks, command, port)
        check_while_running(checks, command, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
