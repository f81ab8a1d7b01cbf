"""Messages behind their length, as C, D and E write them: "Q" is 8 bytes without sign, "i" 4 bytes with one."""
import struct


def send_message(connection, form, message):
    connection.sendall(struct.pack(form, len(message)) + message)


class Messages:
    """What comes in, cut into messages. Where the scripts would read for ever on a closed connection, this one ends."""

    def __init__(self, connection, form):
        self.connection, self.form, self.data = connection, form, bytearray()

    def take(self, size):
        while len(self.data) < size:
            chunk = self.connection.recv(65536)
            if not chunk:
                return None
            self.data += chunk
        taken = bytes(memoryview(self.data)[:size])
        del self.data[:size]
        return taken

    def next(self):
        """None at the end."""
        length = self.take(struct.calcsize(self.form))
        return None if length is None else self.take(struct.unpack(self.form, length)[0])
