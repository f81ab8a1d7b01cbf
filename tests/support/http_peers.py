"""HTTP of the tests: requests that are right, through urllib; and bytes that are not, through bare sockets."""
import random
import re
import socket
import urllib.error
import urllib.request


def fetch(url, method="GET", headers=None):
    """(status, fields, body), whatever the status."""
    asked = urllib.request.Request(url, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, dict(refused.headers), refused.read()


def send_raw(port, data, seconds=20):
    """What comes back until the server ends the connection; None where it does not."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as peer:
        received = bytearray()
        try:
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
            while piece := peer.recv(65536):
                received += piece
        except TimeoutError:
            return None
        except OSError:  # the server ended it while something was under way
            pass
        return bytes(received)


def statuses(received):
    """Of each answer in what came back."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received)]


def hostile_requests(seed):
    """The same in every run: noise, requests cut, doubled, damaged, overlong, with NULs and broken chunks."""
    chance = random.Random(seed)
    good = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    post = b"POST /health HTTP/1.1\r\nHost: localhost\r\n"
    yield b""
    yield b"\r\n" * 5000
    yield b"\0" * 10000
    yield b"GET /" + b"a" * 65536 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield good[:-2] + b"X: " + b"y" * 65536 + b"\r\n\r\n"
    yield good[:-2] + b"".join(b"X%d: y\r\n" % i for i in range(8000)) + b"\r\n"
    yield good[:-2] + b"X: a\0b\r\n\r\n"
    yield b"GET /snapshot/%00%ff%2e%2e%2f HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for chunks in (b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"-1\r\n\r\n", b"ffffffffffffffffff\r\n", b"5;" + b"x" * 70000, b"5\r\nhell"):
        yield post + b"Transfer-Encoding: chunked\r\n\r\n" + chunks
    for length in (b"-1", b"0x10", b"18446744073709551616", b"5, 5", b"", b"99999999999999999999999"):
        yield post + b"Content-Length: " + length + b"\r\n\r\nhello"
    yield post + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + good
    yield good * 200
    for _ in range(100):
        yield chance.randbytes(chance.choice([1, 10, 100, 5000]))
    for _ in range(100):
        damaged = bytearray(good * 2)
        for _ in range(chance.randrange(1, 5)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        yield bytes(damaged[: chance.randrange(len(damaged))]) if chance.random() < 0.3 else bytes(damaged)
