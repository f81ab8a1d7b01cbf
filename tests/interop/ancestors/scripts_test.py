"""The peers themselves, script to script: what the other tests of this folder hold Glimt against is right."""
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))
import stand_ins  # noqa: E402
from ancestor_ends import Ancestor, Script, check_all, start_when_ready, wait_for_shown  # noqa: E402
from stored_pictures import make_sources, digests_of  # noqa: E402
from command import Checks, free_port, glimt_path  # noqa: E402

FRAMES = 60


def check_live(checks, folder, letter, size):
    what = f"{letter}, script to script, {size[0]}x{size[1]}"
    ancestor = Ancestor(letter, folder)
    sending, receiving = {"size": size, "fps": 60, "frames": FRAMES}, {"size": size}
    starts = [lambda: ancestor.receiver_script(**receiving), lambda: ancestor.sender_script(**sending)]
    first, second = starts if ancestor.receiver_listens else reversed(starts)
    with first() as one:
        one.ready()
        with second() as other:
            receiver = one if ancestor.receiver_listens else other
            # A and B begin with the second picture: the first is thrown away as perhaps the rest of one.
            skipped = 1 if letter in "AB" else 0
            wait_for_shown(receiver, FRAMES - skipped, 15)
            shown = receiver.shown()
            check_all(checks, shown, range(skipped, FRAMES), what, receiver.errors())


def check_on_demand(checks, folder):
    sources, address = make_sources(folder), f"127.0.0.1:{free_port()}"
    with start_when_ready("on_demand_server", address, sources.still, sources.clip):
        for item, path, end in (("0", None, ""), ("1", sources.still, ""), ("2", sources.clip, "the end")):
            with Script("on_demand_client", address, item, check="digest") as client:
                checks.equal(client.wait(), 0, f"D, script to script, item {item}: it ends", client.errors())
                checks.equal([s.verdict for s in client.shown()], digests_of(path), f"D, item {item}: pixel by pixel")
                checks.that(end in client.errors(), f"D, item {item}: its end is the end", client.errors())


def check_judge(checks):
    """The judge sees what the tests are there to find."""
    clip = stand_ins.make_clip(320, 240)
    camera = stand_ins.Camera(clip, 0)
    one, other = (camera.read()[1].copy() for _ in range(2))
    spliced = one.copy()
    spliced[100:120] = other[100:120]
    for check in ("alike", "exact"):
        judge = stand_ins.Judge(stand_ins.make_clip(320, 240), check)
        checks.equal(judge.judge(one)[3], "whole", f"the judge, {check}: a whole picture is whole")
        checks.equal(judge.judge(spliced)[3], "torn", f"the judge, {check}: 20 rows of another picture are seen")


def main():
    glimt_path()  # not used, and checked all the same
    checks = Checks()
    check_judge(checks)
    with tempfile.TemporaryDirectory() as folder:
        for letter in "ABCE":
            check_live(checks, folder, letter, (640, 480))
        check_on_demand(checks, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
