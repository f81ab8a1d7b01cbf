"""A hub of the test's own in a folder of its own, and `glimt ctl` on it."""
import json
import os
import signal

from command import Child, poll_until, run

SMALL = "test:?size=320x240&fps=30"


def own(folder):
    """The environment of a user who has nothing but this folder."""
    return {"XDG_RUNTIME_DIR": str(folder), "XDG_STATE_HOME": str(folder), "GLIMT_CONTROL": ""}


class Hub(Child):
    """Where nothing else is said: without a page, its state in the folder, its socket the user's own."""

    def __init__(self, command, folder, *options, config=None, page="none"):
        self.command, self.folder = str(command), str(folder)
        self.socket, self.state = f"{folder}/glimt/control.sock", f"{folder}/hub.json"
        if config is not None:
            self.config = f"{folder}/hub.toml"
            write(self.config, config)
            options += ("--config", self.config)
        if "--state" not in options:
            options += ("--state", self.state)
        super().__init__([command, "hub", "--listen", page, *options], env=own(folder))

    def ready(self):
        return self.says("steer it: glimt ctl")

    def ctl(self, *words, **options):
        """(exit code, standard output, standard error)"""
        code, out, errors = run([self.command, "ctl", *words], env=own(self.folder), **options)
        return code, out.decode(), errors

    def ask(self, *words):
        """What `ctl --json` says, or nothing where it fails."""
        code, out, _ = self.ctl(*words, "--json")
        return json.loads(out) if code == 0 else None

    def streams(self):
        """Name -> all that the hub tells of it."""
        answer = self.ask("streams")
        return {s["name"]: s for s in answer["streams"]} if answer else {}

    def settings(self):
        """What is kept: name -> settings and where it goes."""
        return {name: (s["settings"], {d["id"]: d["url"] for d in s["destinations"]}) for name, s in self.streams().items()}

    def waits_for(self, condition, seconds=30):
        """Until it holds of the streams."""
        return poll_until(lambda: condition(self.streams()), seconds, every=0.05)

    def killed(self):
        self.signal(signal.SIGKILL)
        self.end()


def write(path, text):
    """Beside it and renamed, so that nobody reads half of it."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".new", path)


def stream_toml(name, source=SMALL, destinations=(), **settings):
    """A [[stream]] of hub.toml."""
    lines = ["[[stream]]", f'name = "{name}"', f'source = "{source}"']
    lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    lines += [f"destinations = {json.dumps(list(destinations))}"] if destinations else []
    return "\n".join(lines) + "\n"
