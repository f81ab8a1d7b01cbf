"""Multicast over a cable of the test's own: two receivers on one host, IPv4 and IPv6, a link that is cut, a host without a route."""
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import network  # noqa: E402
from command import Checks, glimt_path, run  # noqa: E402
from ends import Sender, Viewer  # noqa: E402

AGAIN = 20  # seconds until pictures must flow
HERE, THERE = network.HOSTS  # their interfaces have the hosts' names
GROUPS = {"IPv4": "udp://239.1.2.3:5000", "IPv6": "udp://[ff02::1:7]:5000"}


def check_group(checks, command, folder, cable, name):
    group = GROUPS[name]
    stats = f"{folder}/{name}"
    sender = Sender(command, f"{group}?interface={HERE}", f"{stats}-sender.jsonl", prefix=cable.at(HERE))
    viewers = [Viewer(command, f"{group}?listen&interface={THERE}", f"{stats}-{i}.jsonl", prefix=cable.at(THERE))
               for i in range(2)]
    try:
        for i, viewer in enumerate(viewers):
            checks.that(viewer.captured_since(0, AGAIN), f"{name}: receiver {i + 1} of the other host sees pictures",
                        viewer.errors() + sender.errors())
        cable.cut(THERE)
        time.sleep(1)  # the outage itself
        cable.mend(THERE)
        mended = time.monotonic()
        for i, viewer in enumerate(viewers):
            checks.that(viewer.captured_since(mended, AGAIN), f"{name}: receiver {i + 1} sees pictures again after its link was cut",
                        viewer.errors() + sender.errors())
            checks.equal(viewer.unreadable, 0, f"{name}: receiver {i + 1} saw nothing torn")
    finally:
        for end in (sender, *viewers):
            end.end()


def check_no_route(checks, command, cable):
    """Hosts of this network know their own cable only."""
    code, _, errors = run([*cable.at(THERE), command, "recv", f"{GROUPS['IPv4']}?listen", "null:"])
    checks.that(code == 2 and "&interface=eth0" in errors, "without a route a receiver says to name the interface", f"{code}\n{errors}")
    code, _, errors = run([*cable.at(HERE), command, "send", "test:?size=320x240", GROUPS["IPv4"], "--seconds", "1"])
    checks.that(code == 0 and "?interface=eth0 names one" in errors, "and a sender, which goes on trying", f"{code}\n{errors}")


def main():
    network.enter()
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        cable = network.Network(folder, ("10.77.0.1", "10.77.0.2"))
        check_no_route(checks, command, cable)
        for name in GROUPS:
            check_group(checks, command, folder, cable, name)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
