"""`./dev package check`: lintian, and what the packages do on a fresh Debian 12: installed by its apt, the command, a hub, a program of one's own."""
import shutil
import sys

import booted
import fresh

sys.path.insert(0, str(fresh.ROOT / "tests/support"))
from command import Checks, Child, poll_until, run  # noqa: E402

PACKAGES = fresh.ROOT / "build/packages"
CONTROL = "/run/glimt/control.sock"


def files(*names):
    """As the system sees them."""
    return [f"/packages/{next(PACKAGES.glob(name + '_*.deb')).name}" for name in names]


def check_lintian(checks):
    code, out, errors = run(["lintian", "--allow-root", "--fail-on", "error", *sorted(PACKAGES.glob("*.deb"))], 500)
    print(out.decode())
    checks.equal(code, 0, "lintian finds no error", out.decode() + errors)


def check_files(checks, system):
    missing = [f for f in ("usr/bin/glimt", "etc/glimt/hub.toml", "lib/systemd/system/glimt-hub.service", "usr/share/man/man1/glimt.1.gz",
                           "usr/share/bash-completion/completions/glimt", "usr/share/zsh/vendor-completions/_glimt",
                           "usr/share/doc/libglimt0/copyright") if not (system.folder / f).exists()]
    checks.equal(missing, [], "command, unit, man page and completions are there")
    code, out, errors = run(system.inside("dpkg", "--verify", "glimt", "libglimt0"))
    # Debian's slim systems leave documents out; that is no fault.
    checks.equal((code, out), (0, b""), "every file is as it was packed", out.decode() + errors)


def check_streams(checks, system):
    code, out, errors = run(system.inside("glimt", "--version"))
    checks.that(code == 0 and out.startswith(b"glimt "), "glimt --version", errors)
    for address in "unix:///tmp/cam.sock", "tcp://127.0.0.1:5999":
        with Child(system.inside("glimt", "send", "test:?size=320x240&fps=60", address + ("" if address[0] == "u" else "?listen"))) as sender:
            code, _, errors = run(system.inside("glimt", "recv", address, "null:?verify", "--frames", "30", "--seconds", "20"))
            checks.that(code == 0 and "verified 30 pictures, wrong 0" in errors, f"pictures over {address}", errors + sender.errors())


def check_recommended(checks, system):
    """Nothing of it is installed: it is asked for by name."""
    code, _, errors = run(system.inside("glimt", "send", "/dev/video9", "unix:///tmp/none.sock"))
    checks.that(code != 0 and "install libopencv-videoio" in errors, "without what is recommended: a camera names its package", errors)


def check_hub(checks, system):
    with Child(system.inside("sh", "-c", "mkdir -p /run/glimt && exec glimt hub --config /etc/glimt/hub.toml")) as hub:
        ctl = system.inside("glimt", "ctl", "--address", CONTROL)
        checks.that(poll_until(lambda: run([*ctl, "info"])[0] == 0, every=0.2), "the hub starts with the packaged configuration", hub.errors())
        code, _, errors = run([*ctl, "add", "cam1", "test:?size=320x240", "--to", "unix:///run/glimt/cam1.sock"])
        checks.equal(code, 0, "it is steered", errors + hub.errors())
        code, _, errors = run(system.inside("glimt", "recv", "unix:///run/glimt/cam1.sock", "null:?verify", "--frames", "10", "--seconds", "20"))
        checks.that(code == 0 and "verified 10 pictures, wrong 0" in errors, "its pictures come", errors + hub.errors())


def check_service(checks, system):
    """By systemd, with all that the unit takes from it."""
    config = system.folder / "etc/glimt/hub.toml"
    packaged = config.read_text()
    stream = '\n[[stream]]\nname = "door"\nsource = "test:?size=320x240"\ndestinations = ["unix:///run/glimt/door.sock?mode=666"]\n'
    ctl = ["glimt", "ctl", "--address", CONTROL]
    with booted.Booted(system.folder) as machine:
        if not checks.that(machine.running(), "systemd runs", machine.child.errors()):
            return

        def why():
            return machine.inside("systemctl", "status", "--no-pager", "--full", "glimt-hub")[1]

        checks.that(machine.inside("systemctl", "is-enabled", "glimt-hub")[1] == "disabled\n", "the service is not started by itself")
        checks.equal(machine.inside("systemctl", "start", "glimt-hub")[0], 0, "the service starts", why())
        checks.that(poll_until(lambda: machine.inside(*ctl, "info")[0] == 0, every=0.3), "root may ask it", why())
        process = machine.inside("systemctl", "show", "--property=MainPID", "--value", "glimt-hub")[1].strip()
        status = dict(line.split(":\t", 1) for line in machine.inside("cat", f"/proc/{process}/status")[1].splitlines() if ":\t" in line)
        checks.that(status.get("Uid", "0").split()[0] != "0" and status["CapEff"] == "0" * 16 and status["Seccomp"] == "2",
                    "it is a user of its own, without capabilities, its system calls filtered", status)
        config.write_text(packaged + stream)
        checks.equal(machine.inside("systemctl", "reload", "glimt-hub")[0], 0, "it is reloaded", why())
        checks.that(poll_until(lambda: "door" in machine.inside(*ctl, "streams", "--names")[1], every=0.3), "and has what was added to its file", why())
        watch = ["setpriv", "--reuid=61001", "--regid=61001", "--clear-groups", "glimt", "recv", "unix:///run/glimt/door.sock", "null:?verify"]
        code, _, errors = machine.inside(*watch, "--frames", "10", "--seconds", "20")
        checks.that(code == 0 and "verified 10 pictures, wrong 0" in errors, "another user receives in shared memory", errors + why())
        code, _, errors = machine.inside(*ctl, "add", "yard", "test:", "--to", "tcp://127.0.0.1:5001?listen")
        checks.equal(code, 0, "it is steered", errors + why())
        checks.equal(machine.inside("systemctl", "restart", "glimt-hub")[0], 0, "it is started again", why())
        checks.that(poll_until(lambda: "yard" in machine.inside(*ctl, "streams", "--names")[1], every=0.3), "and has what was added by ctl", why())
        checks.equal(machine.inside("systemctl", "stop", "glimt-hub")[0], 0, "it stops", why())
        checks.that("Result=success" in machine.inside("systemctl", "show", "--property=Result", "glimt-hub")[1], "of its own will", why())
    config.write_text(packaged)  # or purge would ask


def check_development(checks, system):
    for name in "consumer.cpp", "CMakeLists.txt":
        shutil.copy(fresh.ROOT / "tests/support/consumer" / name, system.folder / "tmp" / name)
    ways = {"pkg-config": "g++ -std=c++20 /tmp/consumer.cpp -o /tmp/by-pkg-config $(pkg-config --cflags --libs glimt)",
            "find_package": "cmake -S /tmp -B /tmp/built -G Ninja >/dev/null && cmake --build /tmp/built >/dev/null && mv /tmp/built/consumer /tmp/by-find_package"}
    for way, script in ways.items():
        code, out, errors = run(system.inside("sh", "-c", script), 300)
        checks.equal(code, 0, f"a program is built by {way}", out.decode() + errors)
        with Child(system.inside("glimt", "send", "test:?size=64x48", f"unix:///tmp/{way}.sock")) as sender:
            code, out, errors = run(system.inside(f"/tmp/by-{way}", "receive", f"unix:///tmp/{way}.sock"))
            checks.equal((code, out.split()), (0, [b"64x48"] * 10), f"built by {way}: it receives", errors + sender.errors())


def check_removal(checks, system):
    code, out, errors = run(system.inside("apt-get", "purge", "-y", "-qq", "glimt", "libglimt0", "libglimt-dev"), 120)
    checks.equal(code, 0, "they are purged", out.decode() + errors)
    elsewhere = [word for place in ("packages", "proc", "tmp", "run") for word in ("-path", system.folder / place, "-prune", "-o")]
    left = fresh.run(["find", system.folder, *elsewhere, "-name", "*glimt*", "-print"], 60)
    checks.equal(left, "", "and nothing of them is left")


def main():
    fresh.alone()
    checks = Checks()
    check_lintian(checks)
    with fresh.fresh_system() as system:
        (system.folder / "packages").mkdir()
        system.mount("--bind", "-o", "ro", PACKAGES, place="/packages")
        for recommended in True, False:
            takes = system.would_take(*files("glimt", "libglimt0"), recommended=recommended)
            print(f"command and library would take {takes} {'with' if recommended else 'without'} what they recommend")
        before = fresh.megabytes(system.folder)
        system.install(*files("glimt", "libglimt0"))
        print(f"fresh system {before} MB, with command and library {fresh.megabytes(system.folder)} MB")
        check_files(checks, system)
        check_streams(checks, system)
        check_recommended(checks, system)
        check_hub(checks, system)
        system.install("systemd", "dbus")
        check_service(checks, system)
        system.install(*files("libglimt-dev"), "g++", "pkgconf", "cmake", "ninja-build")
        print(f"with development files and a compiler {fresh.megabytes(system.folder)} MB")
        check_development(checks, system)
        check_removal(checks, system)
    return checks.finish()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RuntimeError as why:
        sys.exit(f"package check: {why}")
