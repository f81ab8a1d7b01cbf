"""What packaging/ says holds together: each installed file is in one Debian package, and these depend on what they must; unit, image and
compose file name what is there. Installing and running them are `./dev package check` and `./dev image check`."""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, free_port, glimt_path, run  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
COMPONENTS = ("command", "library", "development")
EXPOSURE = 15  # tenths, of `systemd-analyze security`; packaging/README.md states it


def installed(build, folder, *component):
    done = subprocess.run(["cmake", "--install", build, "--prefix", folder, *component], capture_output=True, text=True, timeout=60)
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir()} if done.returncode == 0 else {done.stderr}


def check_components(checks, build, folder):
    whole = installed(build, folder / "whole")
    parts = {c: installed(build, folder / c, "--component", c) for c in COMPONENTS}
    checks.equal(set().union(*parts.values()), whole, "each installed file is in a package")
    twice = [f for a in COMPONENTS for b in COMPONENTS if a < b for f in parts[a] & parts[b]]
    checks.equal(twice, [], "and in one only")


def check_packages(checks, build, folder):
    code, out, errors = run(["cpack", "--config", build / "CPackConfig.cmake", "-B", folder / "packages",
                              "-D", f"CPACK_OUTPUT_FILE_PREFIX={folder}/packages"], 100)
    packages = {p.name.partition("_")[0]: p for p in (folder / "packages").glob("*.deb")}
    if not checks.equal((code, set(packages)), (0, {"glimt", "libglimt0", "libglimt-dev"}), "three packages are made", out.decode() + errors):
        return
    names = ("Depends", "Recommends")
    fields = {name: {field: run(["dpkg-deb", "-f", deb, field])[1].decode() for field in names} for name, deb in packages.items()}
    for word in "opencv-videoio", "opencv-highgui", "avcodec", "avformat":
        checks.that(word in fields["libglimt0"]["Recommends"] and word not in fields["libglimt0"]["Depends"] + fields["glimt"]["Depends"],
                    f"{word} is recommended: a module opens it", fields)
    for word in "libgrpc++", "libssl", "libglimt0 (= ":
        checks.that(word in fields["glimt"]["Depends"], f"the command depends on {word}", fields["glimt"])
    checks.that("libopencv-core" in fields["libglimt0"]["Depends"], "the library depends on what it is linked with", fields["libglimt0"])


def check_unit(checks, command, folder):
    unit = folder / "glimt-hub.service"
    unit.write_text((PACKAGING / "systemd/glimt-hub.service").read_text().replace("/usr/bin/glimt", command))
    code, out, errors = run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit])
    checks.equal((code, out.decode() + errors), (0, ""), "systemd knows every word of the unit")
    code, out, errors = run(["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", unit])
    checks.equal(code, 0, f"its exposure is at most {EXPOSURE / 10}", out.decode() + errors)


def instructions(text):
    """(word, rest) of each line of a Containerfile, continued lines as one."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.M)).splitlines()
    return [tuple(line.split(None, 1)) for line in lines if line.strip()]


def check_image(checks, command):
    said = instructions((PACKAGING / "Containerfile").read_text())
    sources = [word for name, rest in said if name == "COPY" for word in rest.split()[:-1]]
    checks.that(len(sources) > 5, "the image's sources were read", sources)
    checks.equal([s for s in sources if not (ROOT / s).exists()], [], "they are there")
    last = dict(said)
    health = json.loads(last["HEALTHCHECK"].partition("CMD")[2])
    for words in (json.loads(last["ENTRYPOINT"]) + json.loads(last["CMD"]))[1:2], health[1:]:
        code, _, errors = run([command, *words, "--help"])
        checks.equal(code, 0, f"glimt {' '.join(words)}: the image calls what there is", errors)
    return last


def check_compose(checks, image):
    compose = yaml.safe_load((PACKAGING / "compose.yaml").read_text())
    hub, receiver = compose["services"]["hub"], compose["services"]["receiver"]
    inside = {re.sub(r"^.*:(\d+)(/udp|/tcp)?$", lambda m: m[1] + (m[2] or "/tcp"), port) for port in hub["ports"]}
    checks.equal(inside, set(image["EXPOSE"].split()), "it publishes the ports that the image exposes")
    checks.that("host" not in (hub.get("network_mode"), receiver.get("network_mode")), "no container has the host's network")
    named = {v.partition(":")[0] for s in compose["services"].values() for v in s.get("volumes", [])}
    checks.equal(named, set(compose["volumes"]), "every volume is declared and used")
    address = receiver["command"][1]
    config = (PACKAGING / "container.toml").read_text()
    checks.that(f'"{address}"' in config, "the receiver connects where the image's configuration listens", address)
    shared = address.removeprefix("unix://").rpartition("/")[0]
    checks.equal([s for s in (hub, receiver) if f"pictures:{shared}" not in s["volumes"]], [], "both have the volume there")


def check_configurations(checks, command, folder):
    """Each starts a hub, in a folder and with a page of the test's own."""
    for name in "hub.toml", "container.toml":
        own = folder / name.partition(".")[0]
        own.mkdir()
        text = (PACKAGING / name).read_text()
        config = own / name
        config.write_text(re.sub(r"(/var/lib/glimt|/run/glimt|/run/pictures)", str(own), text).replace(":5000", f":{free_port()}"))
        with Child([command, "hub", "--config", config, "--listen", "none"]) as hub:
            checks.that(hub.says("steer it: glimt ctl"), f"{name}: a hub starts", hub.errors())
            code, out, errors = run([command, "ctl", "--address", own / "control.sock", "streams", "--names"])
            checks.equal((code, out.decode().split()), (0, re.findall(r'^name = "(.*)"', text, re.M)), f"{name}: with its streams", errors)


def main():
    checks, command = Checks(), glimt_path()
    build = Path(command).parent.parent
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        check_components(checks, build, folder)
        check_packages(checks, build, folder)
        check_unit(checks, command, folder)
        check_compose(checks, check_image(checks, command))
        check_configurations(checks, command, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
