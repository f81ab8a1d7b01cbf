"""A system of fresh.py with systemd as its first process, in namespaces: what a service does there is what it does on a machine of its own.
Needs root and a kernel with cgroup2; no network but a loopback."""
import os
import signal
import sys
from pathlib import Path

import fresh

sys.path.insert(0, str(fresh.ROOT / "tests/support"))
from command import Child, poll_until, run  # noqa: E402

BOOT = """echo $$ >"$2/cgroup.procs" && exec unshare --cgroup --pid --mount --fork --ipc --uts --net --kill-child sh -c '
set -e
mount --make-rprivate /
mount --bind "$0" "$0"
mount -t proc proc "$0/proc"
mount -t sysfs sysfs "$0/sys"
mount -t cgroup2 cgroup2 "$0/sys/fs/cgroup"
mount -t tmpfs tmpfs "$0/run"
mount -t tmpfs tmpfs "$0/tmp"
cd "$0"
pivot_root . mnt
exec env -i container=glimt PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . sh -c "umount -l /mnt; exec /lib/systemd/systemd --unit=basic.target --log-target=console"
' "$1" """


def cgroup2():
    """Where this machine has it."""
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    place = next((m[1] for m in mounts if m[2] == "cgroup2"), None)
    if not place:
        raise RuntimeError("no cgroup2 is mounted here: systemd cannot run in a system of its own")
    return Path(place)


class Booted:
    def __init__(self, folder):
        self.group = cgroup2() / f"glimt-check-{os.getpid()}"
        self.group.mkdir()
        self.child = Child(["sh", "-c", BOOT, "sh", folder, self.group])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.first():
            os.kill(int(self.first()), signal.SIGKILL)  # and with it all of its processes
        self.child.end()
        if not poll_until(self.removed, 10):
            raise RuntimeError(f"{self.group}: not empty")

    def removed(self):
        try:
            for inner in sorted(self.group.rglob("*/"), reverse=True):
                inner.rmdir()
            self.group.rmdir()
        except OSError:
            return not self.group.exists()
        return True

    def first(self):
        """The number of its first process."""
        try:
            return (Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text().split() or [None])[0]
        except OSError:
            return None

    def inside(self, *argv):
        """(exit code, output, errors)"""
        if not self.first():
            return "not running", "", self.child.errors()
        beside = ["nsenter", "--target", self.first(), "--mount", "--pid", "--ipc", "--uts", "--net", "--cgroup", "--root", "--wd"]
        code, out, errors = run([*beside, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *argv])
        return code, out.decode(), errors

    def running(self):
        return poll_until(lambda: self.inside("systemctl", "is-system-running")[1].strip() in ("running", "degraded"), 60, every=0.3)
