"""kill -9 in the middle of random changes: what the hub has after its restart is what it acknowledged last, or the change that was under way."""
import copy
import os
import random
import signal
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from command import Checks, parse_arguments  # noqa: E402
from control_client import Client, generated  # noqa: E402
from hubs import Hub  # noqa: E402

NAMES, IDS = ["a", "b", "c"], ["x", "y", "z"]
SOURCE = "test:?size=64x48&fps=5"


def choose(rng, model):
    """(the call and its fields, what the streams are then) of a change that is one."""
    after, name = copy.deepcopy(model), rng.choice(NAMES)
    if name not in model:
        after[name] = {"quality": rng.randint(1, 100), "paused": True, "to": {}}
        return ("AddStream", {"settings": {"name": name, "source": SOURCE, "paused": True, "encoding": {"quality": after[name]["quality"]}}}), after
    stream, id = after[name], rng.choice(IDS)
    what = rng.choice(["remove", "quality", "paused", "route", "route", "route"])
    if what == "remove":
        del after[name]
        return ("RemoveStream", {"name": name}), after
    if what == "quality":
        stream["quality"] = rng.randint(1, 100)
        return ("UpdateStream", {"settings": {"name": name, "encoding": {"quality": stream["quality"]}}, "mask": {"paths": ["encoding.quality"]}}), after
    if what == "paused":
        stream["paused"] = not stream["paused"]
        return ("UpdateStream", {"settings": {"name": name, "paused": stream["paused"]}, "mask": {"paths": ["paused"]}}), after
    if id in stream["to"]:
        del stream["to"][id]
        return ("RemoveDestination", {"stream": name, "id": id}), after
    stream["to"][id] = f"udp://127.0.0.1:{rng.randint(1, 9)}"
    return ("AddDestination", {"stream": name, "settings": {"id": id, "url": stream["to"][id]}}), after


def state_of(client):
    return {s.settings.name: {"quality": s.settings.encoding.quality, "paused": s.settings.paused,
                              "to": {d.id: d.url for d in s.settings.destinations}} for s in client.ListStreams().streams}


def change_until_killed(client, hub, rng, model, changes):
    """(changes that were made, what the streams may be): the hub is killed during or soon after the last."""
    for i in range(changes):
        (call, fields), after = choose(rng, model)
        if i + 1 == changes:
            threading.Timer(rng.uniform(0, 0.004), os.kill, (hub.pid, signal.SIGKILL)).start()
        try:
            getattr(client, call)(**fields)
        except client.grpc.RpcError as error:
            if error.code().name != "UNAVAILABLE" or i + 1 < changes:
                raise
            return [model, after]
        model = after
    return [model]


def main():
    arguments = parse_arguments(__doc__, changes=500, kills=20, seed=random.SystemRandom().randint(1, 1 << 30))
    checks, rng = Checks(), random.Random(arguments.seed)
    print(f"seed {arguments.seed}")
    under_way = 0
    with tempfile.TemporaryDirectory() as folder:
        modules = generated(folder)
        config = "announce = false\n"
        for kill in range(arguments.kills + 1):
            with Hub(arguments.command, folder, config=config) as hub:
                if not checks.that(hub.ready(), f"start {kill + 1}", hub.errors()):
                    break
                client = Client(modules, hub.socket)
                found = state_of(client)
                if kill > 0:
                    checks.that(found in possible, f"kill {kill}: the streams are as they were acknowledged", f"{found}\n{possible}\n{hub.errors()}")
                    checks.that("damaged" not in hub.errors(), f"kill {kill}: the state file is whole", hub.errors())
                    under_way += len(possible) == 2
                if kill < arguments.kills:
                    possible = change_until_killed(client, hub, rng, found, arguments.changes // arguments.kills)
                    hub.wait()
                client.close()
    print(f"{arguments.changes} changes, {arguments.kills} kills, {under_way} of them during a change")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
