"""One way: a host that never answers, a multicast group on this machine; loss, restarts, late comers, addresses that are wrong."""
import os
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, free_port, glimt_path, poll_until, run  # noqa: E402
from ends import SIZE, Sender, Viewer  # noqa: E402
from lossy_relay import LossyRelay  # noqa: E402
import numpy as np  # noqa: E402
from pictures import burn_time_code  # noqa: E402
import subprocess  # noqa: E402

USAGE = 2
AGAIN = 20  # seconds until pictures must flow


def make_group():
    """An address of this process alone, by loopback."""
    pid = os.getpid()
    return f"udp://239.255.{pid // 250 % 250}.{1 + pid % 250}:{free_port()}?interface=lo"


def numbers_of(stats, *names):
    text = Path(stats).read_text()
    return {name: int(re.findall(rf'"{name}":(\d+)', text)[-1]) for name in names}


def lossy_run(checks, command, folder, parity):
    """What a verifying receiver has counted behind a way that loses 5 % of the packets."""
    what, port, stats = f"5 % lost, parity={parity}", free_port(), f"{folder}/lossy-{parity}.jsonl"
    with LossyRelay(port, 0.05) as relay:
        address = f"udp://127.0.0.1:{port}?listen&feedback=off"
        with Child([command, "recv", address, "null:?verify", "--stats", stats]) as receiver:
            run([command, "send", "test:?size=640x480&fps=60", f"udp://127.0.0.1:{relay.port}?feedback=off&parity={parity}",
                 "--seconds", "5"])
            checks.that(receiver.says("the stream has ended"), f"{what}: the receiver is told the end", receiver.errors())
            checks.equal(receiver.signal(signal.SIGINT), 0, f"{what}: every picture's number holds", receiver.errors())
        checks.that(relay.lost > 20, f"{what}: packets were lost", relay.lost)
        checks.equal(relay.answers, 0, f"{what}: not one datagram came back")
    counted = numbers_of(stats, "frames", "lost", "concealed", "recovered", "asked", "refused", "stray")
    checks.that(counted["frames"] > 0, f"{what}: pictures flowed", counted)
    checks.equal((counted["asked"], counted["refused"]), (0, 0), f"{what}: nothing asked, nothing refused", counted)
    checks.that(counted["stray"] <= 2, f"{what}: nothing stray but the good-bye's repetition", counted)
    checks.that('"one_way":true' in Path(stats).read_text(), f"{what}: the statistics say that it is one way")
    print(f"   {what}: {counted}")
    return counted


def check_loss(checks, command, folder):
    bare, covered = (lossy_run(checks, command, folder, parity) for parity in (0, 20))
    checks.equal(bare["recovered"], 0, "without parity nothing is recovered")
    checks.that(covered["frames"] > 60, "with parity most pictures are whole", covered)
    checks.that(covered["recovered"] > 20, "with parity packets are recovered", covered)
    share = lambda c: (c["lost"] + c["concealed"]) / (c["lost"] + c["frames"])
    checks.that(share(covered) < share(bare) / 4, "and far fewer pictures are lost or lack strips", (covered, bare))
    checks.that(bare["concealed"] > 20, "without parity most pictures lack strips, and are shown", bare)


def check_group(checks, command, folder):
    """Two receivers, one of them late; the sender is killed and restarted."""
    group = make_group()
    first = Viewer(command, f"{group}&listen", f"{folder}/first.jsonl")
    sender = Sender(command, group, f"{folder}/sender.jsonl")
    late = None
    try:
        checks.that(first.captured_since(0, AGAIN), "group: a receiver that was there first sees pictures", first.errors())
        late = Viewer(command, f"{group}&listen", f"{folder}/late.jsonl")
        checks.that(late.captured_since(0, AGAIN), "group: so does a second one that joins late", late.errors())
        first.process.send_signal(signal.SIGSTOP)
        time.sleep(1.5)  # the stop itself
        seen, goes_on = len(first.pictures), time.monotonic()
        first.process.send_signal(signal.SIGCONT)
        newer = first.captured_since(goes_on, AGAIN)
        checks.that(newer, "group: a receiver that was stopped goes on", first.errors())
        # One was decoded when it was stopped, and one may stand in the pipe.
        old = [p for p in first.pictures[seen:] if p.captured < goes_on]
        checks.that(len(old) <= 2, "group: and shows nothing of what came meanwhile", (old, goes_on))
        checks.that(sender.says(f"on the other side: glimt recv '{group.partition('?')[0]}?listen&interface=lo'"),
                    "group: the sender says what to run at the other side", sender.errors())
        sender.process.kill()
        sender.end()
        killed = time.monotonic()
        sender = Sender(command, group, f"{folder}/sender.jsonl")
        for viewer, name in ((first, "first"), (late, "late")):
            checks.that(viewer.captured_since(killed, AGAIN), f"group: the {name} one sees pictures of a sender that was restarted",
                        viewer.errors())
            checks.that(poll_until(lambda v=viewer: v.newest().get("sessions") == 2), f"group: the {name} one met two senders",
                        viewer.newest())
            checks.equal(viewer.unreadable, 0, f"group: the {name} one saw nothing torn")
        checks.that(poll_until(lambda: sender.newest().get("destinations")), "group: the sender counts")
        told = sender.newest()["destinations"][0]
        checks.equal((told["one_way"], told["parity_percent"], told["receivers"], told["stray"]), (True, 20, 1, 0),
                     "group: the statistics say that it is one way, and with what parity", told)
    finally:
        for end in (first, sender, late):
            if end:
                end.end()


def check_key_frames(checks, command, folder):
    """H.264: whoever joins finds a key frame soon, though nobody asks."""
    group, path = make_group(), f"{folder}/stream.h264"
    with Child([command, "send", "test:?size=320x240&fps=30", group, "--codec", "h264"]) as sender:
        for joins in range(2):
            with open(path, "wb") as out, Child([command, "recv", f"{group}&listen", "-", "--format", "h264", "--frames", "120"],
                                                stdout=out) as receiver:
                checks.equal(receiver.wait(60), 0, f"H.264, joining {joins + 1}: pictures come", receiver.errors() + sender.errors())
            kinds = re.findall(rb"\x00\x00\x01(.)", Path(path).read_bytes(), re.S)
            # Slices that begin a picture count from macroblock 0: the first bit behind the type is set.
            types = [kind[0] & 31 for kind in kinds if kind[0] & 31 in (1, 5, 7)]
            parameters = [i for i, kind in enumerate(types) if kind == 7]
            gaps = [b - a for a, b in zip(parameters, parameters[1:])]
            slices = max(1, sum(kind in (1, 5) for kind in types) / 120)
            checks.that(types and types[0] == 7, f"H.264, joining {joins + 1}: it begins with a key frame", types[:5])
            checks.that(len(gaps) >= 2 and max(gaps) / slices < 60,
                        f"H.264, joining {joins + 1}: a key frame comes at least every 60 pictures", (gaps, slices))


def check_still(checks, command, folder):
    """H.264: a picture after which none comes is shown to whoever joins afterwards."""
    group, size = make_group(), f"{SIZE[0]}x{SIZE[1]}"
    picture = burn_time_code(np.full((SIZE[1], SIZE[0]), 90, np.uint8), 7)
    with Child([command, "send", "-", group, "--size", size, "--format", "gray8", "--codec", "h264"],
               stdin=subprocess.PIPE) as sender:
        sender.stdin.write(picture.tobytes())
        sender.stdin.flush()
        for name in ("first", "second"):
            viewer = Viewer(command, f"{group}&listen", f"{folder}/still-{name}.jsonl")
            try:
                checks.that(viewer.first(lambda p: p.number == 7, AGAIN), f"H.264: the only picture is shown to the {name} that joins",
                            viewer.errors() + sender.errors())
            finally:
                viewer.end()


def check_quiet_sender(checks, command):
    """A sender goes on where nobody listens, and ends well."""
    code, _, errors = run([command, "send", "test:?size=320x240&fps=60", f"udp://127.0.0.1:{free_port()}?feedback=off",
                           "--frames", "60"])
    checks.equal(code, 0, "a sender to nobody ends well", errors)
    checks.that("60 frames one way, with 20 % parity: " in errors, "and says that it was one way", errors)


def check_mixed_up(checks, command):
    """One end says feedback=off and the other does not: said with the cure."""
    port = free_port()
    with Child([command, "recv", f"udp://127.0.0.1:{port}?listen&feedback=off", "null:"]) as receiver, \
            Child([command, "send", "test:", f"udp://127.0.0.1:{port}"]):
        checks.that(receiver.says("leave ?feedback=off out here, or say it there too"),
                    "a receiver that may not answer says who asks, and what to do", receiver.errors())
        checks.equal(receiver.signal(signal.SIGINT), 0, "and goes on until it is stopped", receiver.errors())


def check_wrong_addresses(checks, command):
    send, recv, group = ["send", "test:"], ["recv"], "udp://239.1.2.3:5000"
    rows = [
        ("feedback neither on nor off", [*send, "udp://127.0.0.1:9?feedback=no"], "feedback is on or off"),
        ("feedback of a group", [*send, f"{group}?feedback=on"], "leave feedback=on out"),
        ("feedback=off over TCP", [*send, "tcp://127.0.0.1:9?feedback=off"], "is for udp://"),
        ("feedback=off over a Unix socket", [*recv, "unix:///tmp/x.sock?feedback=off", "null:"], "is for udp://"),
        ("feedback=off in another wire", [*send, "udp://127.0.0.1:9?feedback=off&wire=countdown"], "Glimt's own wire"),
        ("a one-way sender that listens", [*send, "udp://:9?feedback=off"], "name the receiver's host"),
        ("a one-way receiver that connects", [*recv, "udp://127.0.0.1:9?feedback=off", "null:"], "udp://:9?feedback=off"),
        ("a group to receive from, without listening", [*recv, group, "null:"], "add ?listen"),
        ("a group to listen at for a sender", [*send, f"{group}?listen"], "leave ?listen out"),
        ("a group over TCP", [*send, "tcp://239.1.2.3:9"], "over udp://"),
        ("an interface without a group", [*send, "udp://127.0.0.1:9?interface=lo"], "is for groups"),
        ("no such interface, to send", [*send, f"{group}?interface=none7"], "there is no interface 'none7'"),
        ("no such interface, to receive", [*recv, f"{group}?listen&interface=none7", "null:"], "there is no interface 'none7'"),
        ("a group of a link without its interface", [*recv, "udp://[ff02::1:7]:5000?listen", "null:"], "?interface=eth0"),
        ("a group with a zone", [*recv, "udp://[ff02::1:7%lo]:5000?listen", "null:"], "its interface by ?interface=eth0"),
        ("parity with feedback", [*send, "udp://127.0.0.1:9?parity=20"], "is for one-way streams"),
        ("parity out of range", [*send, f"{group}?parity=101"], "from 0 to 100"),
        ("parity at the receiver", [*recv, f"{group}?listen&parity=20", "null:"], "unknown option 'parity'"),
    ]
    for what, argv, words in rows:
        code, _, errors = run([command, *argv])
        checks.that(code == USAGE and words in errors and len(errors.splitlines()) == 1, f"{what}: exit code 2 and the cure",
                    f"exit code {code}\n{errors}")


def main():
    checks, command = Checks(), glimt_path()
    check_wrong_addresses(checks, command)
    check_quiet_sender(checks, command)
    check_mixed_up(checks, command)
    with tempfile.TemporaryDirectory() as folder:
        check_loss(checks, command, folder)
        check_group(checks, command, folder)
        check_key_frames(checks, command, folder)
        check_still(checks, command, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
