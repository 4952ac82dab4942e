"""A caller of HTTP/2 who keeps no promise: frames as RFC 9113 has them, in whatever order a test likes."""

import contextlib
import socket
import ssl
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

from unmix.locations import HOST_NAME, socket_of

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1
INITIAL_WINDOW_SIZE = 4
WINDOW = 65_535
"""Bytes that may be sent on a stream, and on a connection, before the peer has said anything."""
HALF = (4_000_000).to_bytes(5, "big")
"""The beginning of a gRPC message that says how long it will be, and never comes whole."""

Metadata = Sequence[tuple[str, str]]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def headers(stream: int, path: str, metadata: Metadata = (), flags: int = END_HEADERS) -> bytes:
    """The beginning of a call."""
    return frame(HEADERS, flags, stream, block(path, metadata))


def block(path: str, metadata: Metadata = ()) -> bytes:
    """The header block of a call, each field a literal that is not indexed (RFC 7541, 6.2.2)."""
    usual = (
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
    )
    return b"".join(b"\0" + _text(name) + _text(value) for name, value in (*usual, *metadata))


def data(stream: int, payload: bytes, flags: int = 0) -> Iterator[bytes]:
    """A payload in frames of the usual size."""
    for start in range(0, len(payload), 1 << 14):
        yield frame(DATA, flags, stream, payload[start : start + (1 << 14)])


class RawCaller:
    """One connection to `unix:PATH` or `HOST:PORT`."""

    def __init__(self, address: str, *, tls: ssl.SSLContext | None = None) -> None:
        """Connect; with `tls` shake hands, and raise what comes of it."""
        if path := socket_of(address):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(20)
            self.socket.connect(str(path))
        else:
            host, _, port = address.rpartition(":")
            self.socket = socket.create_connection((host, int(port)), 20)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=HOST_NAME)

    def greet(self, settings: bytes = b"") -> Self:
        """Say the preface."""
        self.send([PREFACE, frame(SETTINGS, 0, 0, settings)])
        return self

    def send(self, frames: Iterable[bytes]) -> bool:
        """Send, a mebibyte at once; False once the daemon has had enough."""
        try:
            waiting = bytearray()
            for one in frames:
                waiting += one
                if len(waiting) > 1 << 20:
                    self.socket.sendall(waiting)
                    waiting.clear()
            self.socket.sendall(waiting)
        except OSError:
            return False
        return True

    def press(self, streams: Iterable[int], size: int) -> None:
        """Send `size` bytes of a message on each of these streams, as far as the daemon lets it; then return.

        A stream that the daemon has ended gets no more.
        """
        left = dict.fromkeys(streams, size)
        windows = dict.fromkeys(left, WINDOW) | {0: WINDOW}
        heard = b""
        while left:
            for stream, rest in left.items():
                room = max(0, min(rest, windows[stream], windows[0]))
                if room and not self.send(data(stream, bytes(room))):
                    return
                left[stream] -= room
                windows[stream] -= room
                windows[0] -= room
            self.socket.settimeout(0.5)
            try:
                piece = self.socket.recv(1 << 20)
            except OSError:
                return
            if not piece:
                return
            heard += piece
            while len(heard) >= 9 and len(heard) >= (end := 9 + int.from_bytes(heard[:3], "big")):
                kind, flags, stream = heard[3], heard[4], int.from_bytes(heard[5:9], "big")
                if kind == WINDOW_UPDATE and stream in windows:
                    windows[stream] += int.from_bytes(heard[9:13], "big")
                elif kind == SETTINGS and not flags & ACK:
                    self._settle(heard[9:end], windows)
                elif kind == RST_STREAM or (kind == HEADERS and flags & END_STREAM):
                    left.pop(stream, None)
                heard = heard[end:]

    def _settle(self, settings: bytes, windows: dict[int, int]) -> None:
        for start in range(0, len(settings), 6):
            if int.from_bytes(settings[start : start + 2], "big") == INITIAL_WINDOW_SIZE:
                more = int.from_bytes(settings[start + 2 : start + 6], "big") - WINDOW
                windows.update({stream: window + more for stream, window in windows.items() if stream})
        self.send([frame(SETTINGS, ACK, 0)])

    def heard(self, enough: bytes = b"") -> bytes:
        """What the daemon says until the connection ends, it stays silent for a second, or `enough` was said."""
        said = b""
        self.socket.settimeout(1)
        with contextlib.suppress(OSError):
            while piece := self.socket.recv(1 << 16):
                said += piece
                if enough and enough in said:
                    break
        return said

    def is_hung_up(self, seconds: float) -> bool:
        """True once the daemon has closed the connection, whatever it said before."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(1 << 16):
                pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()


def _text(text: str) -> bytes:
    """A string literal without Huffman's code (RFC 7541, 5.2)."""
    raw = text.encode("latin-1")
    if len(raw) < 127:
        return bytes((len(raw),)) + raw
    prefix, rest = bytearray(b"\x7f"), len(raw) - 127
    while rest >= 128:
        prefix.append(rest & 0x7F | 0x80)
        rest >>= 7
    prefix.append(rest)
    return bytes(prefix) + raw
