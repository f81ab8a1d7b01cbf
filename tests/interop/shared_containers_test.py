"""Shared frames between containers that share one folder and nothing else, and between users: whom the socket's mode admits.
Needs root, or a kernel that lets users make namespaces; users other than this one need root."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, Child, glimt_path, poll_until  # noqa: E402

CONTAINER = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--ipc", "--net", "--uts", "--kill-child"]
ONE, OTHER = 61001, 61002  # users and groups that nobody has
SOURCE = "test:?size=320x240&fps=60"


def as_user(user, group=None, groups=()):
    also = f"--groups={','.join(map(str, groups))}" if groups else "--clear-groups"
    return ["setpriv", f"--reuid={user}", f"--regid={group or user}", also]


def in_container(folder, argv):
    """With `folder` at /mnt, an empty /tmp and a /proc of its own."""
    script = 'mount --bind "$0" /mnt && mount -t tmpfs none /tmp && mount -t proc none /proc && exec "$@"'
    return [*CONTAINER, "sh", "-c", script, folder, *argv]


class Pair:
    """A sender, and one receiver after another; each with what stands before its command."""

    def __init__(self, checks, command, folder, name, before_sender, wrap=lambda argv: argv, inside=None):
        """`inside`: how the ends name the folder."""
        self.checks, self.command, self.wrap = checks, command, wrap
        self.socket, self.address = f"{folder}/{name.partition('?')[0]}", f"unix://{inside or folder}/{name}"
        self.sender = Child(wrap([*before_sender, command, "send", SOURCE, self.address]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sender.end()

    def wait(self):
        there = poll_until(lambda: os.path.exists(self.socket) or not self.sender.running())
        return self.checks.that(there and self.sender.running(), "the sender listens", self.sender.errors())

    def receive(self, before=(), frames=30, seconds=5):
        """(exit code, what was said): ends after so many pictures, or by its own time."""
        address = self.address.split("?")[0]
        argv = [*before, self.command, "recv", f"{address}?connect", "null:?verify", "--frames", str(frames), "--seconds", str(seconds)]
        with Child(self.wrap(argv)) as receiver:
            return receiver.wait(30), receiver.errors()


def admits(pair, what, before=()):
    code, said = pair.receive(before, seconds=20)
    pair.checks.that(code == 0 and "verified 30 pictures, wrong 0" in said, f"{what}: pictures come, whole", said)


def refuses(pair, what, before, says=None):
    """By the kernel, or by the sender, which says so."""
    joined = pair.sender.errors().count("has joined")
    _, said = pair.receive(before)
    sender_says = pair.sender.errors()
    alone = "verified 0 pictures" in said and sender_says.count("has joined") == joined
    pair.checks.that(alone and (not says or says in sender_says), f"{what}: refused", said + sender_says)


def check_containers(checks, command, folder):
    with Pair(checks, command, folder, "cam.sock", [], lambda argv: in_container(folder, argv), "/mnt") as pair:
        pair.wait()
        admits(pair, "two containers that share one folder")
        pair.wrap, pair.address = (lambda argv: argv), f"unix://{folder}/cam.sock"
        admits(pair, "a container and its host")


def check_users(checks, command, folder):
    """The folder lets everybody in; the socket's mode decides."""
    with Pair(checks, command, folder, "own.sock", as_user(ONE)) as pair:
        pair.wait()
        admits(pair, "mode 600, the same user", as_user(ONE))
        refuses(pair, "mode 600, another user", as_user(OTHER))
        refuses(pair, "mode 600, root, whom no mode stops", [], "user 0 was refused")
    with Pair(checks, command, folder, "group.sock?mode=660", as_user(ONE)) as pair:
        pair.wait()
        admits(pair, "mode 660, another user of the group", as_user(OTHER, OTHER, [ONE]))
        refuses(pair, "mode 660, another user and group", as_user(OTHER))
    with Pair(checks, command, folder, "all.sock?mode=666", as_user(ONE)) as pair:
        pair.wait()
        admits(pair, "mode 666, another user", as_user(OTHER))


def check_users_of_namespaces(checks, command, folder):
    """The sender is user 0 of a namespace in which the others have no number."""
    inside = [*as_user(ONE), "unshare", "--user", "--map-root-user"]
    unmapped = [*as_user(ONE), "unshare", "--user"]
    with Pair(checks, command, folder, "inside.sock", inside) as pair:
        pair.wait()
        admits(pair, "mode 600, the same user outside of the sender's namespace", as_user(ONE))
        admits(pair, "mode 600, the same user in another namespace", [*as_user(ONE), "unshare", "--user", "--map-root-user"])
        admits(pair, "mode 600, the same user, who is nobody in a namespace of its own", unmapped)
        refuses(pair, "mode 600, another user without a number there", as_user(OTHER))
        refuses(pair, "mode 600, root without a number there", [], "was refused")
    with Pair(checks, command, folder, "inside666.sock?mode=666", inside) as pair:
        pair.wait()
        admits(pair, "mode 666, another user without a number there", as_user(OTHER))
    with Pair(checks, command, folder, "nobody.sock", unmapped) as pair:
        pair.wait()
        admits(pair, "a sender that is nobody in its namespace: the file's mode admits the same user", as_user(ONE))
        refuses(pair, "and no other", as_user(OTHER))


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run([*CONTAINER, "true"], capture_output=True, text=True, check=False)
        if tried.returncode:
            sys.exit(f"{sys.argv[0]}: {tried.stderr.strip()}; this test needs root or user namespaces")
        check_containers(checks, command, folder)
        if os.geteuid() == 0:
            os.chmod(folder, 0o777)
            check_users(checks, command, folder)
            check_users_of_namespaces(checks, command, folder)
        else:
            print("other users need root: what the socket's mode admits is not checked here")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
