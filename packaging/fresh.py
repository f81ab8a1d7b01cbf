"""A fresh Debian 12 by debootstrap, made once in build/debian, and a copy of it to install into. Needs root.

Packages come from where this machine's own apt has them; that is mounted into the copy and stays out of it."""
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build/debian"
RELEASE = "bookworm"
UPSTREAM = "http://deb.debian.org/debian"


def run(argv, seconds):
    """Its standard output; RuntimeError with what it said where it fails."""
    try:
        done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{' '.join(map(str, argv))}: not done after {seconds} s") from None
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, argv))}: {(done.stdout + done.stderr).strip()[-2000:]}")
    return done.stdout


def alone():
    """Runs this script anew in a mount namespace of its own: what it mounts vanishes with it."""
    if os.geteuid() != 0:
        sys.exit(f"{sys.argv[0]}: needs root: it makes and mounts a system of its own")
    if os.environ.get("GLIMT_ALONE") != str(os.getpid()):
        os.environ["GLIMT_ALONE"] = str(os.getpid())  # exec keeps the number
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "slave", sys.executable, *sys.argv])


def index_targets(form):
    """A line each of apt's package indexes that is Debian 12's."""
    argv = ["apt-get", "indextargets", "--format", f"$(RELEASE) {form}", "Created-By: Packages"]
    lines = run(argv, 60).splitlines()
    return [rest for release, _, rest in (line.partition(" ") for line in lines) if release.split("-")[0] == RELEASE]


def apt_sources():
    """A list of sources as this machine's apt has them; a proxy is taken from the environment."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    checks = [run(["apt-config", "shell", "value", f"Acquire::Check-{name}/b"], 60) for name in ("Valid-Until", "Date")]
    options = "[check-valid-until=no check-date=no] " if any("false" in said for said in checks) else ""
    lines = index_targets(f"deb {options}$(REPO_URI) $(RELEASE) $(COMPONENT)") or [f"deb {UPSTREAM} {RELEASE} main"]
    sources = FOLDER / "sources.list"
    sources.write_text("".join(line + "\n" for line in dict.fromkeys(lines)))
    return sources


def base():
    """The folder of a Debian 12 that nothing was installed into yet."""
    made, part = FOLDER / "base", FOLDER / "base.part"
    if not made.exists():
        shutil.rmtree(part, ignore_errors=True)
        FOLDER.mkdir(parents=True, exist_ok=True)
        mirror = next(iter(index_targets("$(REPO_URI)")), UPSTREAM)
        run(["debootstrap", "--variant=minbase", RELEASE, part, mirror], 600)
        (part / "etc/apt/sources.list").write_text(f"deb {UPSTREAM} {RELEASE} main\n")
        for name in "etc/resolv.conf", "etc/hostname", "var/log/bootstrap.log":
            (part / name).unlink(missing_ok=True)
        for cache in [*part.glob("var/lib/apt/lists/*"), *part.glob("var/cache/apt/archives/*.deb")]:
            shutil.rmtree(cache) if cache.is_dir() else cache.unlink()
        part.rename(made)
    return made


def megabytes(folder):
    """What its files take on the disk."""
    return int(run(["du", "-sxm", folder], 60).split()[0])


class System:
    """A copy of the fresh system, with /proc and this machine's apt; call alone() first. Devices are its own, of debootstrap."""

    def __init__(self, folder):
        self.folder, self.mounted = Path(folder), []
        run(["cp", "-a", base(), self.folder], 120)
        for file, place in [(apt_sources(), "/etc/apt/sources.list"), *((name, name) for name in ("/etc/resolv.conf", "/etc/hosts"))]:
            (self.folder / place[1:]).touch()
            self.mount("--bind", "-o", "ro", file, place=place)
        self.mount("-t", "proc", "proc", place="/proc")
        run(self.inside("apt-get", "update", "-qq"), 120)

    def mount(self, *words, place):
        run(["mount", *words, self.folder / place[1:]], 10)
        self.mounted.append(self.folder / place[1:])

    def inside(self, *argv):
        proxy = [f"{name}={os.environ[name]}" for name in ("http_proxy", "https_proxy") if name in os.environ]
        return ["chroot", str(self.folder), "env", "-i", *proxy, "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/root",
                "DEBIAN_FRONTEND=noninteractive", *map(str, argv)]

    def install(self, *packages, seconds=500):
        """Names, or files inside."""
        run(self.inside("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages), seconds)

    def would_take(self, *packages, recommended):
        """What apt says it would take, as in "276 MB"."""
        choice = "--install-recommends" if recommended else "--no-install-recommends"
        argv = self.inside("apt-get", "install", "--assume-no", choice, *packages)
        said = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120).stdout
        return said.partition("After this operation, ")[2].partition(" of")[0]


@contextlib.contextmanager
def fresh_system():
    """In a folder that is gone afterwards."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix="system-") as folder:
        system = System(Path(folder) / "root")
        try:
            yield system
        finally:
            for place in reversed(system.mounted):
                run(["umount", place], 10)
