"""The installed tree: a program is built against it by find_package, by pkg-config and as a part of a project, runs against the
installed command, and both work on when the prefix has moved."""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, free_port, glimt_path, run  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
CONSUMER = ROOT / "tests/support/consumer"
BUILD_SECONDS = 200  # the machine may be busy with other tests


def must(checks, what, argv, **options):
    """(whether it ended well, its standard output)."""
    code, out, errors = run(argv, BUILD_SECONDS, **options)
    return checks.equal(code, 0, what, out.decode() + errors), out.decode()


def library_folder(prefix):
    return next(prefix.rglob("libglimt.so")).parent


def check_tree(checks, prefix):
    wanted = ["bin/glimt", "include/glimt/glimt.hpp", "share/man/man1/glimt.1", "share/doc/glimt/LICENSE",
              "share/doc/glimt/options.md", "share/doc/glimt/ctl.md", "share/bash-completion/completions/glimt", "share/zsh/site-functions/_glimt", *[f"share/doc/glimt/examples/{p.name}" for p in (ROOT / "examples").glob("*.cpp")]]
    checks.equal([w for w in wanted if not (prefix / w).exists()], [], "command, headers, man page and examples are there")
    folder = library_folder(prefix)
    built = {p.name for p in (Path(glimt_path()).parent.parent / "lib").glob("glimt_*.so")}
    checks.equal({p.name for p in (folder / "glimt").iterdir()}, built, "every module is in its folder beside the library")
    checks.that((folder / "pkgconfig/glimt.pc").exists(), "glimt.pc is there")
    prefixed = [p for p in prefix.rglob("*") if p.suffix in (".cmake", ".pc") and str(prefix) in p.read_text()]
    checks.equal(prefixed, [], "no file names the prefix")


def check_headers(checks, prefix, folder):
    """Each by itself, with nothing of the source tree and no warning."""
    flags = must(checks, "pkg-config knows OpenCV", ["pkg-config", "--cflags-only-I", "opencv4"])[1]
    system = [flag.replace("-I", "-isystem", 1) for flag in flags.split()]
    for header in sorted((prefix / "include/glimt").iterdir()):
        text = header.read_text()
        foreign = [n for n in re.findall(r"#include [<\"]([^>\"]+)", text) if "/" in n and not n.startswith(("glimt/", "opencv2/core"))]
        checks.equal(foreign, [], f"{header.name}: only std, opencv2/core and glimt")
        unit = folder / "header.cpp"
        unit.write_text(f"#include <glimt/{header.name}>\n#include <glimt/{header.name}>\n")
        must(checks, f"{header.name}: stands alone", ["g++", "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror",
                                                      "-fsyntax-only", f"-I{prefix}/include", *system, str(unit)])


def build_by_cmake(checks, what, folder, *settings):
    must(checks, f"{what}: configures", ["cmake", "-S", str(CONSUMER), "-B", str(folder), "-G", "Ninja", *settings])
    must(checks, f"{what}: builds", ["cmake", "--build", str(folder), "--target", "consumer"])
    return folder / "consumer"


def build_by_pkg_config(checks, what, prefix, folder):
    env = {"PKG_CONFIG_PATH": str(library_folder(prefix) / "pkgconfig")}
    flags = must(checks, f"{what}: pkg-config knows glimt", ["pkg-config", "--cflags", "--libs", "glimt"], env=env)[1].split()
    checks.that("-lopencv_core" in flags and "-lopencv_videoio" not in flags, f"{what}: links core only", flags)
    folder.mkdir()
    program = folder / "consumer"
    must(checks, f"{what}: builds with plain g++", ["g++", "-std=c++20", str(CONSUMER / "consumer.cpp"), "-o", str(program), *flags])
    return program


def mapped_files(pid):
    return {line.split(None, 5)[5].strip() for line in Path(f"/proc/{pid}/maps").read_text().splitlines() if line.count("/")}


def check_runs(checks, what, consumer, command, folder, env):
    """The consumer against the installed command, both ways; modules come from the prefix."""
    address = f"tcp://127.0.0.1:{free_port()}"
    with Child([consumer, "send", address + "?listen"], env=env) as sender:
        code, _, errors = run([command, "recv", address, "null:", "--frames", "10"])
        checks.equal(code, 0, f"{what}: glimt recv sees its pictures", errors + sender.errors())
    picture = folder / "photo.png"
    cv2.imwrite(str(picture), np.full((48, 64, 3), 128, np.uint8))
    address = f"unix://{folder}/{what.replace(' ', '-')}.sock"
    with Child([command, "send", picture, address]) as sender:
        code, out, errors = run([consumer, "receive", address], env=env)
        checks.equal((code, out.decode().split()), (0, ["64x48"] * 10), f"{what}: it sees glimt send's picture", errors + sender.errors())
        prefix = Path(command).parent.parent
        ours = {Path(f).name.split(".")[0]: f for f in mapped_files(sender.pid) if "glimt" in Path(f).name and not f.startswith("/memfd:")}
        checks.that({"libglimt", "glimt_imgcodecs"} <= set(ours), f"{what}: library and module are loaded", ours)
        checks.equal([f for f in ours.values() if not f.startswith(str(prefix))], [], f"{what}: and come from the prefix")
    code, _, errors = run([consumer, "play", str(picture)], env=env)
    checks.equal(code, 0, f"{what}: it plays an image itself", errors)


def check_prefix(checks, what, prefix, folder):
    folder.mkdir()
    by_cmake = build_by_cmake(checks, f"{what}, find_package", folder / "cmake", f"-DCMAKE_PREFIX_PATH={prefix}")
    by_pkg_config = build_by_pkg_config(checks, f"{what}, pkg-config", prefix, folder / "pkg-config")
    command = str(prefix / "bin/glimt")
    check_runs(checks, f"{what}, find_package", by_cmake, command, folder, {})
    check_runs(checks, f"{what}, pkg-config", by_pkg_config, command, folder, {"LD_LIBRARY_PATH": str(library_folder(prefix))})


def main():
    checks, build = Checks(), Path(glimt_path()).parent.parent
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first, second = folder / "first", folder / "moved" / "second"
        done = subprocess.run(["cmake", "--install", build, "--prefix", first], capture_output=True, text=True, timeout=60)
        if checks.equal(done.returncode, 0, "cmake --install", done.stderr):
            check_tree(checks, first)
            check_headers(checks, first, folder)
            check_prefix(checks, "installed", first, folder / "built")
            second.parent.mkdir()
            shutil.move(first, second)
            check_prefix(checks, "moved", second, folder / "rebuilt")
        must(checks, "add_subdirectory: configures", ["cmake", "-S", str(CONSUMER), "-B", str(folder / "part"), "-G", "Ninja",
                                                      f"-DGLIMT_SOURCE={ROOT}"])
        part = must(checks, "add_subdirectory: the consumer is a target", ["ninja", "-C", str(folder / "part"), "-t", "commands", "consumer"])
        compile_line = next((line for line in part[1].splitlines() if "consumer.cpp" in line), "")
        checks.that(f"{ROOT}/include" in compile_line, "add_subdirectory: the public headers come along", compile_line)
        checks.that("-Werror" not in compile_line and f"{ROOT}/src" not in compile_line, "add_subdirectory: nothing else", compile_line)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
