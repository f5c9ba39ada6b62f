"""Raw connections, for requests that no client library would send: part of `hostile.py`."""

import contextlib
import re
import socket

from server import Answer, target_of


# How long an answer may take; one that follows another is under way already.
FIRST_SECONDS = 5
NEXT_SECONDS = 0.4


class Connection:
    """One connection. What arrives is read as answers, as a strict client would."""

    def __init__(self, server, timeout=20):
        self.authority = f"{server.host}:{server.port}"
        self.socket = socket.create_connection((server.host, server.port), timeout=timeout)
        self.received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Sends; a server that has closed already says so when it is read from."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def fill(self):
        try:
            piece = self.socket.recv(1 << 16)
        except (ConnectionResetError, TimeoutError):
            piece = b""
        self.received += piece
        return bool(piece)

    def take(self, length):
        while len(self.received) < length:
            if not self.fill():
                return None
        taken, self.received = self.received[:length], self.received[length:]
        return taken

    def answer(self, is_head=False):
        """The next answer that is no `1xx`, or None where the connection ends first."""
        while b"\r\n\r\n" not in self.received:
            if not self.fill():
                return None
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        fields = [line.decode("latin-1").split(": ", 1) for line in lines[1:]]
        headers = {name.lower(): value for name, value in fields}
        status = int(lines[0].split()[1])
        has_body = not is_head and status >= 200 and status not in (204, 304)
        body = self.take(int(headers.get("content-length", 0))) if has_body else b""
        return Answer(status, headers, body) if body is not None else None

    def answers(self):
        """All answers until the connection ends."""
        self.socket.settimeout(FIRST_SECONDS)
        found = []
        while (answer := self.answer()) is not None:
            found.append(answer)
            self.socket.settimeout(NEXT_SECONDS)
        return found

    def is_closed(self):
        """Whether the other end has closed, once everything that it sent was read."""
        self.socket.settimeout(FIRST_SECONDS)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


def head(method, url, *fields, authority=None, version="HTTP/1.1", host=True):
    """The head of a request, with whatever stands in `fields`."""
    lines = [f"{method} {target_of(url)} {version}"]
    if host:
        lines.append(f"Host: {authority or url.split('/')[2]}")
    return "\r\n".join([*lines, *fields, "", ""]).encode("latin-1")


def exchange(server, data, half_close=False):
    """Sends these bytes on a connection of their own, and gives back all answers."""
    with Connection(server) as connection:
        connection.send(data)
        if half_close:
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_WR)
        return connection.answers()


def received(server, data):
    """Sends these bytes on a connection of their own, and gives back every byte that comes until it
    ends, but for the time of day. What was sent asks for the end."""
    with Connection(server) as connection:
        connection.send(data)
        while connection.fill():
            pass
        return re.sub(rb"\r\ndate: [^\r]*", b"", connection.received, count=1)
