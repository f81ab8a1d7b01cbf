"""Processes that are measured: a sender and receivers with their statistics, the CPU, memory and descriptors they take."""
import os
import sys

import table

sys.path.insert(0, os.path.join(table.ROOT, "tests", "support"))
from command import free_port, poll_until  # noqa: E402, F401
from ends import End, Sender, Viewer  # noqa: E402, F401

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    """User and system time of all its threads, so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def address(kind, folder):
    """Where a sender listens and receivers connect."""
    return f"unix://{folder}/bench.sock" if kind == "unix" else f"{kind}://127.0.0.1:{free_port()}"


def listening(url):
    return url + "?listen"


def wait_for_receivers(sender, count):
    there = lambda: sum(d["receivers"] for d in sender.newest().get("destinations", [])) == count
    if not poll_until(there, 20):
        sys.exit(f"of {count} receivers some did not come: {sender.errors()[-500:]}")
