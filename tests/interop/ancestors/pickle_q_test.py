"""C and E: pickled pictures over TCP, Glimt to script and script to Glimt, pixel by pixel; several at once, and who leaves is missed."""
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))
from ancestor_ends import (SIZES, Ancestor, check_in_order, check_none_torn, shown_since,  # noqa: E402
                       wait_for_shown)
from command import Checks, glimt_path, poll_until  # noqa: E402
from live_streams import check_from_script, check_to_script  # noqa: E402

GONE = 10  # seconds; the statistics are written once a second


def receivers(sender):
    return (sender.newest().get("destinations") or [{}])[0].get("receivers")


def check_late_script(checks, command, folder):
    """Glimt was there first, and whoever is asked to come finds it or is found."""
    here, what = Ancestor("C", folder), "C, Glimt receives before the script is there"
    with here.receiver(command, folder) as receiver, here.sender_script() as sender:
        checks.that(shown_since(receiver, sender.started), f"{what}: pictures", receiver.errors())
    here, what = Ancestor("E", folder), "E, Glimt sends before the script is there"
    with here.sender(command, folder, mode="latest", frames=0) as sender, here.receiver_script() as receiver:
        checks.that(shown_since(receiver, receiver.started), f"{what}: pictures", sender.errors())


def check_several(checks, command, folder):
    """Three receivers of C at once, one of which falls asleep; then that one leaves without a word."""
    here, what = Ancestor("C", folder), "C, three receivers"
    with here.sender(command, folder, mode="latest", frames=0) as sender:
        sender.says("sending")
        scripts = [here.receiver_script() for _ in range(3)]
        try:
            for i, script in enumerate(scripts):
                checks.that(wait_for_shown(script, 10), f"{what}: pictures at {i}", script.errors() + sender.errors())
            checks.that(poll_until(lambda: receivers(sender) == 3, GONE), f"{what}: all counted", sender.newest())
            scripts[0].process.send_signal(19)  # SIGSTOP
            awake = [len(script.shown()) for script in scripts[1:]]
            for i, script in enumerate(scripts[1:]):
                checks.that(wait_for_shown(script, awake[i] + 60), f"{what}: one asleep holds up no other", sender.errors())
            scripts[0].process.send_signal(18)
            checks.that(shown_since(scripts[0], time.monotonic(), 10), f"{what}: it is up to date again when woken", sender.errors())
            scripts[0].signal(9)
            checks.that(poll_until(lambda: receivers(sender) == 2, GONE), f"{what}: who leaves is missed", sender.newest())
            for script in scripts:
                check_none_torn(checks, script.shown(), what)
                check_in_order(checks, script.shown(), what)
        finally:
            for script in scripts:
                script.end()




def check_leaving(checks, command, folder):
    for letter in "CE":
        here, what = Ancestor(letter, folder), f"{letter}, the sender is killed"
        if letter == "C":
            sender = here.sender_script()
            sender.ready()
            receiver = here.receiver(command, folder)
        else:
            receiver = here.receiver(command, folder)
            receiver.wait_for_socket(10)
            sender = here.sender_script()
        with sender, receiver:
            checks.that(wait_for_shown(receiver, 10), f"{what}: pictures before", receiver.errors())
            checks.that(poll_until(lambda: receiver.newest().get("connected"), GONE), f"{what}: connected", receiver.newest())
            sender.signal(9)
            checks.that(poll_until(lambda: receiver.newest().get("connected") is False, GONE), f"{what}: it is missed", receiver.errors())
            checks.that(receiver.running(), f"{what}: the receiver lives", receiver.errors())
            with here.sender_script() as again:
                checks.that(shown_since(receiver, again.started), f"{what}: another takes its place", receiver.errors())
            check_none_torn(checks, receiver.shown(), what)


def check_display_leaves(checks, command, folder):
    here, what = Ancestor("E", folder), "E, the display is killed"
    with here.sender(command, folder, mode="latest", frames=0) as sender:
        with here.receiver_script() as receiver:
            checks.that(wait_for_shown(receiver, 10), f"{what}: pictures before", sender.errors())
            checks.that(poll_until(lambda: receivers(sender) == 1, GONE), f"{what}: it is counted", sender.newest())
            receiver.signal(9)
            checks.that(poll_until(lambda: receivers(sender) == 0, GONE), f"{what}: it is missed", sender.newest())
        with here.receiver_script() as again:
            checks.that(shown_since(again, again.started), f"{what}: another takes its place", sender.errors())


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        for letter in "CE":
            for size in SIZES:
                check_to_script(checks, command, folder, letter, size)
                check_from_script(checks, command, folder, letter, size)
        check_late_script(checks, command, folder)
        check_several(checks, command, folder)
        check_leaving(checks, command, folder)
        check_display_leaves(checks, command, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
