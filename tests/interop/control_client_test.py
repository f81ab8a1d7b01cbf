"""The control service as a client in another language sees it: made of the proto here and now, it drives every call over the Unix socket."""
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import cv2  # noqa: E402
import numpy as np  # noqa: E402
from command import Checks, Child, free_port, glimt_path, poll_until, run  # noqa: E402
from control_client import Client, generated  # noqa: E402
from hubs import SMALL, Hub  # noqa: E402

CALLS = {"ListStreams", "GetStream", "TakeSnapshot", "GetHub", "WatchEvents", "WatchStreams", "AddStream", "UpdateStream", "RemoveStream",
         "AddDestination", "RemoveDestination", "Reload"}


def settings(m, name, **more):
    return m.StreamSettings(name=name, source=SMALL, **more)


def check_calls_known(checks, m):
    service = m.DESCRIPTOR.services_by_name["Control"]
    checks.equal({method.name for method in service.methods}, CALLS, "the calls of the proto are those that are driven here")


def check_streams(checks, client, command):
    m, port = client.messages, free_port()
    wanted = settings(m, "one", encoding=m.Encoding(quality=60, codec=m.CODEC_JPEG),
                      destinations=[m.DestinationSettings(url=f"udp://127.0.0.1:{port}?listen")])
    added = client.AddStream(settings=wanted)
    checks.equal((added.settings.name, added.settings.encoding.quality, added.destinations[0].settings.id), ("one", 60, "d1"), "AddStream")
    again = client.AddStream(settings=wanted)
    checks.equal(again.settings, added.settings, "AddStream again with the same: the one that is there")
    checks.equal([s.settings.name for s in client.ListStreams().streams], ["one"], "ListStreams")
    checks.equal(run([command, "recv", f"udp://127.0.0.1:{port}", "null:?verify", "--frames", "10"])[0], 0, "its pictures come")
    stream = client.GetStream(name="one")
    checks.that(stream.state == m.Stream.FLOWING and stream.statistics.frames > 0 and (stream.width, stream.height) == (320, 240),
                "GetStream: state and statistics", stream)
    hub = client.GetHub()
    checks.that(hub.version and hub.uptime_s > 0 and hub.calls > 0, "GetHub", hub)


def check_masks(checks, client):
    m = client.messages
    wanted = settings(m, "one", encoding=m.Encoding(quality=33, fps=5, width=160, height=120))
    wanted.source = "test:?size=64x48"

    def update(*paths):
        return client.UpdateStream(settings=wanted, mask={"paths": paths}).settings

    checks.equal((update("encoding.quality").encoding.quality, update("encoding.quality").source), (33, SMALL), "UpdateStream: what the mask names, and nothing else")
    e = update("encoding.width", "encoding.height").encoding
    checks.equal((e.width, e.height, e.fps, e.codec), (160, 120, 0, m.CODEC_JPEG), "UpdateStream: a size")
    e = update("encoding").encoding
    checks.equal((e.fps, e.quality), (5, 33), "UpdateStream: all of the encoding")
    wanted.paused = True
    checks.that(update("paused").paused, "UpdateStream: paused")
    for paths in ([], ["encoding.colour"], ["name"]):
        refused = client.refusal("UpdateStream", settings=wanted, mask={"paths": paths})
        checks.equal(refused and refused[0], "INVALID_ARGUMENT", f"UpdateStream with the mask {paths}: refused", refused)
    wanted.paused = False
    checks.that(not update("paused", "source").paused, "UpdateStream: two at once")
    checks.equal(client.GetStream(name="one").settings.source, "test:?size=64x48", "UpdateStream: the source")


def check_destinations(checks, client):
    m = client.messages
    url = "udp://127.0.0.1:9"
    first = client.AddDestination(stream="one", settings={"id": "a", "url": url})
    again = client.AddDestination(stream="one", settings={"id": "a", "url": url})
    checks.equal((first.settings, len(client.GetStream(name="one").destinations)), (again.settings, 2), "AddDestination again with the same id: the one that is there")
    named = client.AddDestination(stream="one", settings={"url": url})
    checks.that(named.settings.id and named.settings.id != "a", "AddDestination without an id gets one", named)
    checks.that(first.state in (m.Destination.CONNECTING, m.Destination.FLOWING), "AddDestination: its state", first)
    for id in "a", named.settings.id:
        client.RemoveDestination(stream="one", id=id)
    checks.equal(len(client.GetStream(name="one").destinations), 1, "RemoveDestination")


def check_errors(checks, client):
    m = client.messages
    rows = [
        ("GetStream", {"name": "nobody"}, "NOT_FOUND", "nobody"),
        ("TakeSnapshot", {"stream": "nobody"}, "NOT_FOUND", "nobody"),
        ("RemoveStream", {"name": "nobody"}, "NOT_FOUND", "nobody"),
        ("UpdateStream", {"settings": settings(m, "nobody"), "mask": {"paths": ["source"]}}, "NOT_FOUND", "nobody"),
        ("AddDestination", {"stream": "nobody", "settings": {"url": "udp://:9"}}, "NOT_FOUND", "nobody"),
        ("RemoveDestination", {"stream": "one", "id": "nobody"}, "NOT_FOUND", "nobody"),
        ("AddStream", {"settings": settings(m, "one", filter="faces")}, "ALREADY_EXISTS", "one"),
        ("AddStream", {"settings": settings(m, "a/b")}, "INVALID_ARGUMENT", "letters"),
        ("AddStream", {"settings": settings(m, "")}, "INVALID_ARGUMENT", "letters"),
        ("AddStream", {"settings": {"name": "two"}}, "INVALID_ARGUMENT", "source"),
        ("AddStream", {"settings": settings(m, "two", encoding=m.Encoding(quality=101))}, "INVALID_ARGUMENT", "quality"),
        ("AddStream", {"settings": settings(m, "two", encoding=m.Encoding(width=5))}, "INVALID_ARGUMENT", ""),
        ("AddDestination", {"stream": "one", "settings": {"url": "udp://10.0.0.5"}}, "INVALID_ARGUMENT", "port"),
        ("Reload", {}, "FAILED_PRECONDITION", "--config"),
    ]
    for call, fields, code, words in rows:
        refused = client.refusal(call, **fields)
        checks.that(refused and refused[0] == code and words in refused[1] and refused[1], f"{call} {fields}: {code}, with the cure", refused)
    big = "x" * (2 << 20)
    refused = client.refusal("GetStream", name=big)
    checks.equal(refused and refused[0], "RESOURCE_EXHAUSTED", "a message of 2 MB", refused and refused[1])
    checks.equal([s.settings.name for s in client.ListStreams().streams], ["one"], "what was refused is not there")


def check_snapshot(checks, client, folder, command):
    place = f"unix://{folder}/one.sock?codec=jpeg"
    client.AddDestination(stream="one", settings={"id": "s", "url": place})
    with Child([command, "recv", place.partition("?")[0], "null:"]) as receiver:
        taken = poll_until(lambda: not client.refusal("TakeSnapshot", stream="one"))
        checks.that(taken, "TakeSnapshot: taken", receiver.errors())
        snapshot = client.TakeSnapshot(stream="one")
    picture = cv2.imdecode(np.frombuffer(snapshot.jpeg, np.uint8), cv2.IMREAD_COLOR)
    checks.that(picture is not None and picture.shape[:2] == (snapshot.height, snapshot.width), "TakeSnapshot: a JPEG of its size")


def check_watchers(checks, client):
    m = client.messages
    watcher = client.WatchStreams(interval_ms=100, stream="one")
    lists = [next(watcher) for _ in range(3)]
    checks.that(all([s.settings.name for s in each.streams] == ["one"] for each in lists), "WatchStreams: again and again")
    watcher.cancel()
    refused = client.refusal("WatchStreams", interval_ms=1)
    checks.equal(refused and refused[0], "INVALID_ARGUMENT", "WatchStreams faster than it may be", refused)
    events = client.WatchEvents(**{"from": 1})
    first = next(events)
    checks.that((first.number, first.kind) == (1, m.Event.STREAM_ADDED) or first.number >= 1, "WatchEvents from the first", first)
    client.AddStream(settings=settings(m, "short"))
    client.RemoveStream(name="short")
    seen = []
    for event in events:
        seen.append(event)
        if (event.kind, event.stream) == (m.Event.STREAM_REMOVED, "short"):
            break
    checks.that(any((e.kind, e.stream) == (m.Event.STREAM_ADDED, "short") for e in seen), "WatchEvents: in order, as they happen")
    return events


def check_other_services(checks, client):
    """Health and reflection, whose protos are not at hand: as bytes."""
    for name in b"", b"glimt.control.v1.Control":
        request = b"\x0a" + bytes([len(name)]) + name if name else b""
        checks.equal(client.raw("/grpc.health.v1.Health/Check", request), b"\x08\x01", f"health of {name!r}: serving")
    listed = client.raw("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", b"\x3a\x00", stream=True)
    checks.that(b"glimt.control.v1.Control" in listed and b"grpc.health.v1.Health" in listed, "reflection lists the services", listed)


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        modules = generated(folder)
        with Hub(command, folder) as hub:
            checks.that(hub.ready(), "a hub starts", hub.errors())
            client = Client(modules, hub.socket)
            check_calls_known(checks, client.messages)
            client.RemoveStream(name="cam0")
            checks.equal(len(client.ListStreams().streams), 0, "RemoveStream")
            check_streams(checks, client, command)
            check_destinations(checks, client)
            check_errors(checks, client)
            check_snapshot(checks, client, folder, command)
            check_masks(checks, client)
            check_other_services(checks, client)
            events = check_watchers(checks, client)
            checks.equal(hub.signal(15), 0, "the hub ends with a watcher there", hub.errors())
            told = []
            try:
                told += events
            except client.grpc.RpcError as error:
                checks.equal(error.code().name, "UNAVAILABLE", "a watcher is told that it is over")
            client.close()
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
