"""One live stream of A, B, C or E between Glimt and a script, each picture of it judged."""
from ancestor_ends import FRAMES, Ancestor, check_all, check_in_order, check_none_torn, counted, wait_for_shown
from command import poll_until

SLOWEST = 8  # pictures a second, to A's script
MOST = 0.9  # of the pictures come over UDP

def pace(letter, size, to_script):
    """A, and B at a receiver that is Glimt: nothing can hold the sender back."""
    if letter in "CE" or letter == "B" and to_script:
        return 0
    return 30 if size[0] > 1000 else 100


def start_both(ancestor, sender, receiver):
    """(sender, receiver): whoever connects is started when the other listens."""
    if ancestor.receiver_listens:
        listening = receiver()
        listening.says("ready") if "peers" in str(listening.argv[1]) else listening.wait_for_socket(10)
        return sender(), listening
    listening = sender()
    listening.says("ready") if "peers" in str(listening.argv[1]) else poll_until(lambda: "sending" in listening.errors())
    return listening, receiver()


def kernel_drops(port):
    """Datagrams that did not fit into the receive buffer of the socket at this UDP port."""
    with open("/proc/net/udp", encoding="ascii") as sockets:
        rows = [row.split() for row in sockets.readlines()[1:]]
    return sum(int(row[-1]) for row in rows if int(row[1].split(":")[1], 16) == port)


def check_to_script(checks, command, folder, letter, size):
    """Glimt sends; the script shows everything, which ends with the stream."""
    fps = pace(letter, size, True)
    # A's script has the kernel's stock receive buffer: where it is too slow for this machine, pictures come less often, not fewer.
    while not stream_to_script(checks, command, folder, letter, size, fps, may_drop=letter == "A" and fps > SLOWEST):
        fps /= 2


def stream_to_script(checks, command, folder, letter, size, fps, may_drop=False):
    """False where nothing was judged: `may_drop`, and the script's socket dropped more than a tenth of the pictures."""
    what = f"{letter}, Glimt to script, {size[0]}x{size[1]}"
    ancestor = Ancestor(letter, folder)
    sender, receiver = start_both(ancestor,
                                  lambda: ancestor.sender(command, folder, size=size, fps=fps),
                                  lambda: ancestor.receiver_script(size=size))
    with sender, receiver:
        code = sender.wait(60 + FRAMES / fps if fps else 60)
        # A and B's script begins with the second picture: it throws away what may be the rest of one.
        first = 1 if letter in "AB" else 0
        wait_for_shown(receiver, FRAMES - first, 10)
        dropped = kernel_drops(ancestor.port) if letter == "A" else 0
        whole = sum(s.verdict == "whole" for s in receiver.shown())
        if may_drop and dropped and whole < MOST * FRAMES:
            print(f"{what}: too fast at {fps:g} a second, its socket dropped {dropped} datagrams")
            return False
        checks.equal(code, 0, f"{what}: the sender ends with its source", sender.errors())
        judge(checks, letter, receiver.shown(), first, what, receiver.errors() + sender.errors(), dropped)
        if letter in "CE":
            checks.equal(receiver.wait(), 0, f"{what}: the script sees the end", receiver.errors())
    return True


def check_from_script(checks, command, folder, letter, size):
    what = f"{letter}, script to Glimt, {size[0]}x{size[1]}"
    ancestor = Ancestor(letter, folder)
    once = ["--once"] if letter in "CE" else []
    sender, receiver = start_both(ancestor,
                                  lambda: ancestor.sender_script(size=size, fps=pace(letter, size, False), frames=FRAMES),
                                  lambda: ancestor.receiver(command, folder, size=size, options=once))
    with sender, receiver:
        checks.equal(sender.wait(60), 0, f"{what}: the script ends with its camera", sender.errors())
        wait_for_shown(receiver, FRAMES, 10)
        judge(checks, letter, receiver.shown(), 0, what, receiver.errors())
        if once:
            checks.equal(receiver.wait(), 0, f"{what}: --once ends with the connection", receiver.errors())
        else:
            checks.equal(receiver.signal(15), 0, f"{what}: it ends when asked", receiver.errors())
        missing = 0 if letter != "A" else FRAMES - len(receiver.shown())  # a sender that is held up within a picture may cost it
        checks.equal(sum(counted(receiver).values()), missing, f"{what}: what was left out is counted, {missing} pictures",
                     f"{counted(receiver)} {receiver.errors()}")


def judge(checks, letter, shown, first, what, detail, dropped=0):
    """Everything, where the kernel does not lose; of UDP nearly everything, and none torn, but by a script whose own socket has
    dropped datagrams: it does not notice."""
    if letter != "A":
        check_all(checks, shown, range(first, FRAMES), what, detail)
        return
    if dropped:
        torn = sum(s.verdict != "whole" for s in shown)
        checks.that(torn <= dropped, f"{what}: its socket dropped {dropped} datagrams, it shows {torn} torn pictures", detail)
        shown = [s for s in shown if s.verdict == "whole"]
    else:
        check_none_torn(checks, shown, what, detail)
    check_in_order(checks, shown, what)
    checks.that(len(shown) >= MOST * FRAMES, f"{what}: {len(shown)} of {FRAMES - first} pictures came", detail)
