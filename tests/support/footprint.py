"""What a process holds: descriptors, memfds, shared memory, as /proc says."""
import os
from pathlib import Path


def open_files(pid):
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
        except FileNotFoundError:
            continue  # closed since
    return found


def memfds(pid):
    return sum(f.startswith("/memfd:") for f in open_files(pid))


def mapped_memfds(pid):
    return sum("/memfd:" in line for line in Path(f"/proc/{pid}/maps").read_text().splitlines())


def status_kb(pid, field):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    return 0


def footprint(pid):
    """{what: how much}; kB where the name begins with Rss."""
    return {"descriptors": len(open_files(pid)), "memfds": memfds(pid), "mapped memfds": mapped_memfds(pid),
            "RssShmem": status_kb(pid, "RssShmem"), "RssAnon": status_kb(pid, "RssAnon")}
