# SPDX-License-Identifier: MIT
"""A WebSocket client (RFC 6455) that may send what is forbidden.

Frames are made and read byte by byte here: nothing is checked or completed on
the way out, and everything is on the way in.
"""
import base64
import hashlib
import os
import socket
import threading
from typing import NamedTuple

from harness import DEADLINE, connect

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = b"\x37\xfa\x21\x3d"


# ---- frames out ----

def masked(data, key=KEY):
    """DATA with KEY over it, or the other way round."""
    length = len(data)
    stream = (key * (length // 4 + 1))[:length]
    return (int.from_bytes(data, "little") ^ int.from_bytes(stream, "little")
            ).to_bytes(length, "little")


def length_field(length, mask=0x80, width=None):
    """WIDTH: how many bytes it takes, though fewer would do."""
    if width is None:
        width = 0 if length < 126 else 2 if length < 65536 else 8
    first = {0: length, 2: 126, 8: 127}[width]
    return bytes([mask | first]) + (length.to_bytes(width, "big")
                                    if width else b"")


def frame(opcode, payload=b"", fin=True, rsv=0, mask=True, width=None,
          length=None):
    """LENGTH: what the header says, whatever PAYLOAD has."""
    first = bytes([fin << 7 | rsv << 4 | opcode])
    length = len(payload) if length is None else length
    if not mask:
        return first + length_field(length, 0, width) + payload
    return first + length_field(length, 0x80, width) + KEY + masked(payload)


def fragments(opcode, payload, size):
    """One message in fragments of SIZE bytes."""
    pieces = [payload[at:at + size]
              for at in range(0, len(payload), size)] or [b""]
    if size % 4 == 0 and len(payload) % size == 0 and payload:
        # All alike but for the payload: masked at once, for large messages.
        data = masked(payload)
        head = length_field(size) + KEY
        middle = bytes([CONTINUATION]) + head
        frames = [middle + data[at:at + size]
                  for at in range(0, len(data), size)]
        frames[0] = bytes([opcode]) + frames[0][1:]
        frames[-1] = bytes([frames[-1][0] | 0x80]) + frames[-1][1:]
        return b"".join(frames)
    last = len(pieces) - 1
    return b"".join(frame(CONTINUATION if i else opcode, piece, i == last)
                    for i, piece in enumerate(pieces))


def close_payload(code, reason=b""):
    return code.to_bytes(2, "big") + reason


# ---- frames in ----

class Frame(NamedTuple):
    opcode: int
    payload: bytes = b""
    fin: bool = True


class WebSocket:
    """A connection after the handshake."""

    def __init__(self, target, path="/echo", early=b""):
        self.sock = connect(target)
        self.got = bytearray()
        self.handshake(path, early)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.sock.close()

    def handshake(self, path, early):
        key = base64.b64encode(os.urandom(16))
        self.sock.sendall(
            b"GET %s HTTP/1.1\r\nHost: localhost\r\n"
            b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n"
            % (path.encode(), key) + early)
        while b"\r\n\r\n" not in self.got:
            assert self.receive(), bytes(self.got)
        head, _, rest = bytes(self.got).partition(b"\r\n\r\n")
        self.got = bytearray(rest)
        status, *fields = head.split(b"\r\n")
        fields = dict(field.lower().split(b": ", 1) for field in fields)
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        assert status.startswith(b"HTTP/1.1 101 "), head
        assert fields[b"sec-websocket-accept"] == accept.lower()

    def receive(self):
        """Some more bytes; False at the end of file."""
        piece = self.sock.recv(1 << 18)
        self.got += piece
        return bool(piece)

    def take(self, size):
        while len(self.got) < size:
            assert self.receive(), f"ended after {bytes(self.got)[:100]!r}"
        taken = bytes(self.got[:size])
        del self.got[:size]
        return taken

    def read(self):
        """The next frame, which has to be one that a server may send."""
        first, second = self.take(2)
        assert not first & 0x70, "reserved bits"
        assert not second & 0x80, "a mask, from a server"
        size = second
        if second == 126:
            size = int.from_bytes(self.take(2), "big")
            assert size > 125
        elif second == 127:
            size = int.from_bytes(self.take(8), "big")
            assert size > 65535
        return Frame(first & 15, self.take(size), bool(first & 0x80))

    def send(self, data, piece=None):
        """All of DATA, in writes of PIECE bytes. A server that has seen
        enough may have closed: what it said is still to be read."""
        try:
            for at in range(0, len(data), piece or len(data) or 1):
                self.sock.sendall(data[at:at + piece] if piece else data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send_beside(self, data, piece=None):
        """The same from a thread, for what is answered before it ends."""
        thread = threading.Thread(target=self.send, args=(data, piece))
        thread.start()
        return thread

    def send_until_full(self, data):
        """Until nothing goes for a while; how many bytes went."""
        self.sock.settimeout(0.3)
        at, view = 0, memoryview(data)
        try:
            while at < len(data):
                at += self.sock.send(view[at:at + 65536])
        except TimeoutError:
            pass
        self.sock.settimeout(DEADLINE)
        return at

    def at_end(self):
        """Whether the server closed, in order, and said nothing more."""
        return not self.got and not self.receive()

    def closes_with(self, code):
        """The server's close, then its end of file: no reset before it."""
        expected = b"" if code is None else close_payload(code)
        answer = self.read()
        assert (answer.opcode, answer.payload[:2]) == (CLOSE, expected), answer
        assert self.at_end()

    def close(self):
        """Closes in order from our side."""
        self.send(frame(CLOSE, close_payload(1000)))
        self.closes_with(1000)

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)
