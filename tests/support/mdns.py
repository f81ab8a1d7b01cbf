"""An avahi-daemon and a system bus of this test alone, on one host of a network of its own (network.py)."""
import os

from command import Child, poll_until
from network import Network

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""
DAEMON = """[server]
host-name={host}
use-ipv4=yes
use-ipv6=no
[publish]
publish-workstation=no
"""


class Mdns:
    """The bus of a host runs from the beginning; its daemon comes and goes."""

    def __init__(self, folder, host):
        self.host, self.daemon = host, None
        self.socket, self.settings = os.path.join(folder, f"{host}.bus"), os.path.join(folder, f"{host}.avahi.conf")
        bus_settings = os.path.join(folder, f"{host}.bus.conf")
        with open(bus_settings, "w", encoding="ascii") as f:
            f.write(BUS.format(socket=self.socket))
        with open(self.settings, "w", encoding="ascii") as f:
            f.write(DAEMON.format(host=host))
        if os.path.exists(self.socket):
            os.unlink(self.socket)  # of a bus before
        self.bus = Child(["dbus-daemon", f"--config-file={bus_settings}", "--nofork"])
        poll_until(lambda: os.path.exists(self.socket) or not self.bus.running())

    @property
    def environment(self):
        """Of programs that are to find this bus."""
        return {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.socket}"}

    def start(self):
        """Whether it runs and has its name. Its own files are in a mount that nobody else sees."""
        run = ("mkdir -p /run/avahi-daemon && mount -t tmpfs tmpfs /run/avahi-daemon && exec avahi-daemon --no-drop-root "
               f"--no-chroot --no-rlimits --file={self.settings}")
        self.daemon = Child([*Network.at(self.host), "sh", "-c", run], env=self.environment)
        return self.daemon.says("Server startup complete")

    def kill(self):
        self.daemon.process.kill()
        self.daemon.wait()

    def end(self):
        for child in (self.daemon, self.bus):
            if child:
                child.end()
