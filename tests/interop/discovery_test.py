"""glimt://cam0 over two hosts of the test's own, each with an avahi-daemon of its own: found, followed, taken back, and what is said without a daemon."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import network  # noqa: E402
from command import Checks, Child, glimt_path, poll_until, run  # noqa: E402
from mdns import Mdns  # noqa: E402

HERE, THERE = network.HOSTS
WIDTHS = {HERE: 320, THERE: 160}  # of the test picture, by who sends it
SIZES = {host: width * width * 3 // 4 for host, width in WIDTHS.items()}
MISSES = "streams are not announced by name"


class Host:
    """One host: its daemon, what it announces, and what it sends."""

    def __init__(self, command, folder, name):
        self.command, self.folder, self.name = command, folder, name
        self.mdns = Mdns(folder, name)
        self.probe = os.path.join(os.path.dirname(command), "announcer_probe")
        self.home = os.path.join(folder, f"{name}.runtime")  # no hub of the tester's own is found there
        os.mkdir(self.home, 0o700)
        self.announcer, self.senders = None, []

    def environment(self):
        return {**self.mdns.environment, "XDG_RUNTIME_DIR": self.home}

    def at(self, *argv):
        return [*network.Network.at(self.name), *argv]

    def send(self, *addresses):
        width = WIDTHS[self.name]
        picture = f"test:?size={width}x{width * 3 // 4}&fps=30"
        self.senders.append(Child(self.at(self.command, "send", picture, *addresses)))

    def announce(self, streams):
        """These and no others from now on, as "cam0=udp://:5000"."""
        if not self.announcer:
            self.announcer = Child(self.at(self.probe), stdin=subprocess.PIPE, env=self.environment())
        self.announcer.stdin.write(f"{streams}\n".encode())
        self.announcer.stdin.flush()

    def receive(self, address, *argv):
        return run(self.at(self.command, "recv", address, *(argv or ("null:", "--frames", "5"))), env=self.environment())

    def size_of(self, address):
        """In pixels, of the first picture that is received from there; else what is said."""
        code, pixels, errors = self.receive(address, "-", "--format", "gray8", "--frames", "1")
        return len(pixels) if code == 0 else errors

    def end(self):
        for child in (*self.senders, self.announcer, self.mdns):
            if child:
                child.end()


def check_found(checks, here, there):
    here.send("udp://:5000", "tcp://:5000")
    here.announce("cam0=udp://:5000 cam0=tcp://:5000 cam1=tcp://:5000 own=udp://127.0.0.1:5000?listen")
    found = poll_until(lambda: there.size_of("glimt://cam0") == SIZES[HERE])
    checks.that(found, "a stream is found by its name from another host", here.announcer.errors())
    for address in ("glimt://cam0@left", "glimt://cam0@left.local", "glimt://cam1"):
        checks.equal(there.size_of(address), SIZES[HERE], f"{address}: received")
    checks.equal(here.size_of("glimt://cam0"), SIZES[HERE], "and on the host itself")
    code, _, errors = there.receive("glimt://cam0?mode=every&latency=200ms")
    checks.equal(code, 0, "options are carried over", errors)
    code, _, errors = there.receive("glimt://cam0?nonsense=1")
    checks.that(code == 2 and "unknown option 'nonsense'" in errors, "and one that is not known is refused", errors)
    example = os.path.join(os.path.dirname(there.command), "example_receive_newest")
    code, out, errors = run(there.at(example, "glimt://cam0", "3"), env=there.environment())
    checks.that(code == 0 and b"320x240" in out, "Subscriber finds it too", f"{out}{errors}")


def check_errors(checks, there):
    code, _, errors = there.receive("glimt://cam9")
    checks.that(code == 2 and "cam9" in errors and "glimt://cam0@left, glimt://cam1@left" in errors,
                "a name that nobody has: exit code 2, and the names that there are", errors)
    checks.that("own" not in errors, "what listens on loopback is not announced", errors)
    code, _, errors = there.receive("glimt://")
    checks.that(code == 2 and "name a stream" in errors and "glimt://cam0@left" in errors, "no name: those that there are", errors)
    code, _, errors = run([there.command, "send", "test:", "glimt://cam0"])
    checks.that(code == 2 and "udp://:5000" in errors, "a sender to a name is told what to do instead", errors)


def check_same_name(checks, here, there):
    there.send("udp://:5000")
    there.announce("cam0=udp://:5000")
    checks.that(poll_until(lambda: here.size_of("glimt://cam0@right") == SIZES[THERE]),
                "a second stream of that name is announced too", there.announcer.errors())
    checks.equal(here.size_of("glimt://cam0@left"), SIZES[HERE], "the host tells them apart")
    checks.equal(here.size_of("glimt://cam0"), SIZES[HERE], "without it, who had the name first is found")


def check_followed(checks, here, there):
    there.announce("cam2=udp://:5000")
    checks.that(poll_until(lambda: here.size_of("glimt://cam2") == SIZES[THERE]), "a stream that is added is announced")
    gone = poll_until(lambda: "cam0@right" not in here.receive("glimt://")[2])
    checks.that(gone, "one that is removed is taken back", here.receive("glimt://")[2])
    there.announcer.stdin.close()
    checks.equal(there.announcer.wait(), 0, "the announcer ends", there.announcer.errors())
    there.announcer = None
    gone = poll_until(lambda: "@right" not in here.receive("glimt://")[2])
    checks.that(gone, "and what it announced is taken back", here.receive("glimt://")[2])


def check_restart(checks, here, there):
    """What changed while the daemon was away tells what is announced anew from what others remember."""
    here.mdns.kill()
    checks.that(here.announcer.says(MISSES), "a daemon that is killed is missed", here.announcer.errors())
    code, _, errors = here.receive("glimt://cam0")
    checks.that(code == 2 and "avahi-daemon" in errors and "udp://HOST" in errors,
                "without a daemon a receiver says so, and what else there is", errors)
    here.announce("cam3=udp://:5000")
    checks.that(here.mdns.start(), "the daemon starts again", here.mdns.daemon.errors())
    checks.that(poll_until(lambda: there.size_of("glimt://cam3") == SIZES[HERE]), "what there is now is announced again",
                here.announcer.errors())
    checks.equal(here.announcer.errors().count(MISSES), 1, "and its absence was said once", here.announcer.errors())


def check_late(checks, here, there):
    """The daemon of `there` ends, and its bus; an announcer that finds neither announces once they are there."""
    there.mdns.end()
    there.announce("cam4=udp://:5000")
    checks.that(there.announcer.says(MISSES), "an announcer without a bus says so", there.announcer.errors())
    there.mdns = Mdns(there.folder, there.name)
    checks.that(there.mdns.start(), "bus and daemon start", there.mdns.daemon.errors())
    checks.that(poll_until(lambda: here.size_of("glimt://cam4") == SIZES[THERE]), "and it is announced", there.announcer.errors())
    checks.equal(there.announcer.errors().count(MISSES), 1, "their absence was said once", there.announcer.errors())


def main():
    network.enter()
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        network.Network(folder, ("10.77.0.1", "10.77.0.2"))
        here, there = (Host(command, folder, name) for name in network.HOSTS)
        try:
            for host in (here, there):
                checks.that(host.mdns.start(), f"{host.name}: its avahi-daemon runs",
                            host.mdns.daemon.errors() + host.mdns.bus.errors())
            check_found(checks, here, there)
            check_errors(checks, there)
            check_same_name(checks, here, there)
            check_followed(checks, here, there)
            check_restart(checks, here, there)
            check_late(checks, here, there)
        finally:
            here.end()
            there.end()
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
