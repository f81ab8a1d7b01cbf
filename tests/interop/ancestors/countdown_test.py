"""A and B: pictures as JPEG in counted-down datagrams, Glimt to script and script to Glimt, none torn; in any start order."""
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))
from ancestor_ends import SIZES, Ancestor, check_in_order, check_none_torn, shown_since, wait_for_shown  # noqa: E402
from command import Checks, glimt_path, poll_until  # noqa: E402
from live_streams import check_from_script, check_to_script  # noqa: E402


def check_order(checks, what, first, second, receiver_is_first):
    """Both run for ever; pictures flow that were painted after both were there."""
    with first() as one:
        one.wait_for_socket(10) if hasattr(one, "wait_for_socket") else one.says("ready", 1)
        with second() as other:
            receiver = one if receiver_is_first else other
            checks.that(shown_since(receiver, other.started), f"{what}: pictures", one.errors() + other.errors())
            wait_for_shown(receiver, 10)
            check_none_torn(checks, receiver.shown(), what, receiver.errors())
            check_in_order(checks, receiver.shown(), what)


def check_orders(checks, command, folder, letter):
    a = lambda: Ancestor(letter, folder)
    here = a()
    check_order(checks, f"{letter}, Glimt sends before the script is there",
                lambda: here.sender(command, folder, mode="latest", frames=0), here.receiver_script, False)
    here = a()
    check_order(checks, f"{letter}, the script shows before Glimt is there",
                here.receiver_script, lambda: here.sender(command, folder, mode="latest", frames=0), True)
    here = a()
    check_order(checks, f"{letter}, Glimt receives before the script is there",
                lambda: here.receiver(command, folder), here.sender_script, True)
    if letter == "A":  # B's sender script dies where nobody is
        here = a()
        check_order(checks, "A, the script sends before Glimt is there",
                    here.sender_script, lambda: here.receiver(command, folder), False)


def check_stopped_receiver(checks, command, folder):
    """B's queue is full when its receiver sleeps: whole pictures are left out, and the sender stays awake."""
    here, what = Ancestor("B", folder), "B, the script sleeps"
    with here.receiver_script() as receiver, here.sender(command, folder, mode="latest", frames=0) as sender:
        checks.that(wait_for_shown(receiver, 10), f"{what}: pictures before", sender.errors())
        receiver.process.send_signal(19)  # SIGSTOP
        try:
            dropped = lambda: sender.newest().get("dropped", 0) + sender.newest()["destinations"][0]["dropped"]
            checks.that(poll_until(lambda: sender.newest() and dropped() > 30), f"{what}: the sender drops and goes on", sender.errors())
        finally:
            receiver.process.send_signal(18)
        shown = len(receiver.shown())
        checks.that(wait_for_shown(receiver, shown + 20), f"{what}: it goes on when woken", sender.errors())
        check_none_torn(checks, receiver.shown(), what)
        check_in_order(checks, receiver.shown(), what)


def main():
    checks, command = Checks(), glimt_path()
    with tempfile.TemporaryDirectory() as folder:
        for letter in "AB":
            for size in SIZES:
                check_to_script(checks, command, folder, letter, size)
                check_from_script(checks, command, folder, letter, size)
            check_orders(checks, command, folder, letter)
        check_stopped_receiver(checks, command, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
