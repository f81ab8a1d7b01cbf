"""`./dev image check`: the image of `./dev image`, unpacked, run as an engine would run compose.yaml: each container with namespaces, a root
and a user of its own, on two hosts of one cable, sharing volumes and nothing else. No engine and no compose has run."""
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import fresh
import image

sys.path.insert(0, str(fresh.ROOT / "tests/support"))
import network  # noqa: E402
from command import Checks, Child, poll_until, run  # noqa: E402

USER = 900
SHARED = "/run/pictures"


class Running(Child):
    """What a container runs; its process 1 is the child of the one started here."""

    def first(self):
        """Its number; nothing where it has ended."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        poll_until(lambda: not self.running() or children.read_text())
        return children.read_text().split()[0] if self.running() else None

    def stop(self, number):
        """As an engine does: a signal to process 1. The exit code."""
        if first := self.first():
            os.kill(int(first), number)
        return self.wait(20)

    def end(self):
        if self.running():
            self.stop(signal.SIGKILL)
        super().end()


class Container:
    """One of the image, on a host of the network, with volumes: name inside -> folder here."""

    def __init__(self, folder, host, volumes, settings):
        self.folder, self.host, self.volumes, self.settings = Path(folder), host, volumes, settings

    def enter(self):
        """What a command is run by, to be the user in it: no capability, none to be gained."""
        env = [*self.settings["config"]["Env"], "HOME=/var/lib/glimt"]
        return ["chroot", str(self.folder), "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--bounding-set=-all",
                "--inh-caps=-all", "--no-new-privs", "env", "-i", *env]

    def start(self, *words):
        """Its entry point with these words, or with those of the image."""
        config = self.settings["config"]
        mounts = "".join(f'mount --bind "{outside}" "{self.folder}{inside}" && ' for inside, outside in self.volumes.items())
        script = f'{mounts}mount -t proc proc "{self.folder}/proc" && exec "$@"'
        alone = ["unshare", "--mount", "--pid", "--fork", "--ipc", "--uts", "--cgroup", "--kill-child"]
        return Running([*network.Network.at(self.host), *alone, "sh", "-c", script, "sh", *self.enter(), *config["Entrypoint"],
                      *(words or config["Cmd"])])

    def inside(self, child, *argv):
        """(exit code, output, errors) of a command beside the one that runs."""
        first = child.first()
        if not first:
            return "not started", b"", child.errors()
        beside = ["nsenter", "--target", first, "--mount", "--pid", "--ipc", "--uts", "--net", "--cgroup"]
        return run([*beside, *self.enter(), *argv])


def check_settings(checks, settings, folder):
    config = settings["config"]
    checks.equal(config["User"], "glimt", "it runs as a user of its own")
    passwd = dict(line.split(":")[0:3:2] for line in (folder / "etc/passwd").read_text().splitlines())
    checks.equal(passwd.get("glimt"), str(USER), "whose number is known to volumes")
    checks.equal((config["Entrypoint"], config["Cmd"]), (["glimt"], ["hub", "--config", "/etc/glimt/hub.toml"]), "it is a hub")
    checks.equal(sorted(config["ExposedPorts"]), ["5000/tcp", "5000/udp", "8080/tcp"], "its ports are told")
    unwanted = [name for name in ("usr/bin/g++", "usr/bin/cmake", "usr/include/glimt", "src", "packages/glimt") if (folder / name).exists()]
    checks.equal(unwanted, [], "nothing that builds is in it")
    sources = (folder / "etc/apt/sources.list").read_text()
    checks.equal(sources, f"deb {fresh.UPSTREAM} {fresh.RELEASE} main\n", "nothing of this machine's apt is in it")


def check_health(checks, container, hub):
    command = container.settings["config"]["Healthcheck"]["Test"]
    checks.equal(command[0], "CMD", "the health check needs no shell")
    healthy = poll_until(lambda: container.inside(hub, *command[1:])[0] == 0, every=0.3)
    checks.that(healthy, "the health check succeeds beside the hub", (container.inside(hub, *command[1:]), hub.errors()))
    user = container.inside(hub, "sh", "-c", "id -u; grep -h ^CapEff /proc/1/status; stat -c %u /proc/1")[1].split()
    checks.equal(user, [str(USER).encode(), b"CapEff:", b"0" * 16, str(USER).encode()], "the hub is process 1, that user, without any capability")
    return command[1:]


def check_pictures(checks, what, receiver, address, hub):
    with receiver.start("recv", address, "null:?verify", "--frames", "60", "--seconds", "20") as child:
        child.wait()
        verified = re.search(r"verified (\d+) pictures, wrong 0, without a number 0", child.errors())
        checks.that(verified and int(verified[1]) == 60, f"pictures {what}", child.errors() + hub.errors())


def check_page(checks, cable, host):
    url = f"http://{cable.addresses['left']}:8080/health"
    script = f"import urllib.request as u; print(u.urlopen({url!r}, timeout=5).status)"
    code, out, errors = run([*cable.at(host), "/usr/bin/python3", "-c", script])
    checks.equal((code, out), (0, b"200\n"), "the page's health answers on the published port", errors)


def check(checks, settings, folder):
    cable = network.Network(folder, ("10.77.0.1", "10.77.0.2"))
    volume, state = Path(folder) / "pictures", Path(folder) / "state"
    for place in volume, state:
        place.mkdir(mode=0o700)
        os.chown(place, USER, USER)
    with image.Unpacked("glimt-hub") as first, image.Unpacked("glimt-receiver") as second:
        check_settings(checks, settings, first.folder)
        hub_volumes = {SHARED: volume, "/var/lib/glimt": state}
        container = Container(first.folder, "left", hub_volumes, settings)
        receiver = Container(second.folder, "right", {SHARED: volume}, settings)
        with container.start() as hub:
            health = check_health(checks, container, hub)
            check_pictures(checks, "over UDP, from host to host", receiver, f"udp://{cable.addresses['left']}:5000", hub)
            check_pictures(checks, "over TCP, from host to host", receiver, f"tcp://{cable.addresses['left']}:5000", hub)
            check_pictures(checks, "in shared memory, by the socket in the volume", receiver, f"unix://{SHARED}/cam0.sock", hub)
            check_page(checks, cable, "right")
            code, _, errors = container.inside(hub, "glimt", "ctl", "add", "cam1", "test:?size=320x240", "--to", "tcp://:5001")
            checks.equal(code, 0, "a stream is added inside", errors)
            checks.equal(hub.stop(signal.SIGTERM), 0, "SIGTERM ends it", hub.errors())
        with container.start() as hub:
            checks.that(poll_until(lambda: container.inside(hub, *health)[0] == 0, every=0.3), "it starts again", hub.errors())
            checks.that(b"cam1" in container.inside(hub, "glimt", "ctl", "streams")[1], "what was added is kept in its volume", hub.errors())
            hub.stop(signal.SIGKILL)
        code, _, _ = run([*cable.at("left"), *container.enter(), *health])
        checks.that(code != 0, "without a hub the health check fails")


def main():
    network.enter()
    checks, settings = Checks(), image.inspect(image.IMAGE)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        check(checks, settings, folder)
    return checks.finish()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, subprocess.SubprocessError) as why:
        sys.exit(f"image check: {why}")
