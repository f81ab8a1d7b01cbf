"""A network of this test alone: two hosts, `left` and `right`, and one cable; it vanishes with the process.

Needs root, or a kernel that lets users make namespaces."""
import os
import subprocess
import sys

INSIDE = "GLIMT_TEST_NETWORK"
HOSTS = ("left", "right")


def enter():
    """Runs this script anew in network and mount namespaces of its own."""
    if os.environ.get(INSIDE) == str(os.getpid()):
        return
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    os.environ[INSIDE] = str(os.getpid())  # exec keeps the number
    try:
        os.execvp("unshare", ["unshare", *as_root, "--net", "--mount", "--propagation", "slave", sys.executable, *sys.argv])
    except OSError as why:
        sys.exit(f"{sys.argv[0]}: unshare: {why}; it is in the package util-linux")


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"ip {' '.join(words)}: {done.stderr.strip()}; the network tests need root or user namespaces")


class Network:
    """Two hosts with an address each on one cable, and one file of names for both."""

    def __init__(self, folder, addresses):
        self.addresses, self.names = dict(zip(HOSTS, addresses)), os.path.join(folder, "hosts")
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)  # where ip keeps the names of namespaces
        self.name({})
        subprocess.run(["mount", "--bind", self.names, "/etc/hosts"], check=True)
        for host in HOSTS:
            ip("netns", "add", host)
        ip("link", "add", "name", "left", "netns", "left", "type", "veth", "peer", "name", "right", "netns", "right")
        for host, address in self.addresses.items():
            ip("-n", host, "address", "add", f"{address}/24", "dev", host)
            ip("-n", host, "link", "set", "lo", "up")
            ip("-n", host, "link", "set", host, "up")
            # ARP asks again each second: that would stand in every time.
            ip("-n", host, "ntable", "change", "name", "arp_cache", "dev", host, "retrans", "10")

    @staticmethod
    def at(host):
        """What a command is run by, to run on that host."""
        return ("ip", "netns", "exec", host)

    def name(self, names):
        """From now on these are the hosts that are known by name."""
        with open(self.names, "w", encoding="ascii") as f:  # in place: the mount is of this very file
            f.write("127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in names.items()))

    def cut(self, host):
        ip("-n", host, "link", "set", host, "down")

    def mend(self, host):
        ip("-n", host, "link", "set", host, "up")

    def move(self, host, address):
        """The host has another address from now on, and no longer the one it had."""
        ip("-n", host, "address", "del", f"{self.addresses[host]}/24", "dev", host)
        ip("-n", host, "address", "add", f"{address}/24", "dev", host)
        self.addresses[host] = address
