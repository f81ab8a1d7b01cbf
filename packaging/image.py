"""`./dev image`: the container image of packaging/Containerfile, built without an engine: by buildah, in a chroot, from a Debian 12 by
debootstrap. What is made stays in build/image and build/debian. Needs root."""
import json
import os
import sys
from pathlib import Path

import fresh

FOLDER = fresh.ROOT / "build/image"
BASE, IMAGE = "localhost/debian:12-slim", "localhost/glimt"
BUILD_SECONDS = 3600  # two cores compile everything


def buildah(*words, seconds=300):
    """Its standard output."""
    return fresh.run(["buildah", "--root", FOLDER / "storage", "--runroot", FOLDER / "run", "--storage-driver", "vfs", *words], seconds)


def inspect(image):
    """What it says of itself, as an engine reads it."""
    return json.loads(buildah("inspect", "--type", "image", image))["Docker"]


def base_image():
    if BASE in buildah("images", "--format", "{{.Name}}:{{.Tag}}").split():
        return
    context = FOLDER / "base"
    context.mkdir(parents=True, exist_ok=True)
    fresh.run(["tar", "-C", fresh.base(), "--numeric-owner", "-cf", context / "base.tar", "."], 120)
    (context / "Containerfile").write_text('FROM scratch\nADD base.tar /\nCMD ["bash"]\n')
    buildah("bud", "--isolation", "chroot", "-t", BASE, context)
    (context / "base.tar").unlink()


def volumes():
    """What the building commands see of this machine, and the image does not hold: where packages come from, and what was compiled."""
    compiled = FOLDER / "ccache"
    compiled.mkdir(parents=True, exist_ok=True)
    return ["--volume", f"{fresh.apt_sources()}:/etc/apt/sources.list:ro", "--volume", f"{compiled}:/mnt:rw"]


def build(*arguments, name=IMAGE):
    base_image()
    also = [word for argument in arguments for word in ("--build-arg", argument)]
    # Docker's format: OCI's has no health check.
    said = buildah("bud", "--isolation", "chroot", "--format", "docker", "--build-arg", f"BASE={BASE}", *also, *volumes(),
                   "-f", fresh.ROOT / "packaging/Containerfile", "-t", name, fresh.ROOT, seconds=BUILD_SECONDS)
    buildah("rmi", "--prune")  # the one of that name before it
    return said


class Unpacked:
    """The files of an image, as one container has them."""

    def __init__(self, name, image=IMAGE):
        self.name = buildah("from", "--pull-never", "--name", name, image).strip()
        self.folder = Path(buildah("mount", self.name).strip())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        buildah("rm", self.name)


def main():
    fresh.alone()
    said = build()
    (FOLDER / "build.log").write_text(said)
    with Unpacked("glimt-size") as unpacked:
        print(f"{IMAGE}: {fresh.megabytes(unpacked.folder)} MB, of which Debian {fresh.megabytes(fresh.base())} MB; it lies in {os.path.relpath(FOLDER)}/storage")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RuntimeError as why:
        sys.exit(f"image: {why}")
