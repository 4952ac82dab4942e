"""Whoever has no token, or no certificate, takes little of the front and nothing of anybody's time."""

import gzip
import itertools
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from daemon.running.strangers.hammering import without_certificate
from daemon.running.strangers.memory import MIB, peak_of
from daemon.running.strangers.raw_http2 import (
    ACK,
    CONTINUATION,
    END_HEADERS,
    END_STREAM,
    HALF,
    HEADERS,
    PING,
    RST_STREAM,
    SETTINGS,
    RawCaller,
    block,
    data,
    frame,
    headers,
)
from daemons import Daemon
from unmix.locations import CERTIFICATE, read_token

MOST = 50 * MIB
STATUS = "/unmix.v1.ModelService/GetStatus"
NO_TOKEN = b"16"
"""UNAUTHENTICATED, as it stands in the trailers."""


def odd(count: int) -> range:
    """The streams that a client may open."""
    return range(1, 2 * count, 2)


def with_certificate(daemon: Daemon) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(daemon.state / CERTIFICATE))
    context.load_cert_chain(daemon.state / CERTIFICATE)
    context.set_alpn_protocols(["h2"])
    return context


def callers(daemon: Daemon) -> list[Callable[[], RawCaller]]:
    """Ways to the front without a token: the socket; TCP as a stranger; TCP with the certificate."""
    unix, tcp = daemon.addresses()
    certified = with_certificate(daemon)
    return [
        lambda: RawCaller(unix),
        lambda: RawCaller(tcp),
        lambda: RawCaller(tcp, tls=without_certificate()),
        lambda: RawCaller(tcp, tls=certified),
    ]


WAYS = pytest.mark.parametrize("way", range(4), ids=["socket", "tcp", "tls", "certificate"])


def halves(caller: RawCaller, streams: int) -> None:
    """Begin calls of one message each, and send nearly all of it."""
    caller.greet()
    caller.send(
        itertools.chain.from_iterable((headers(one, STATUS), *data(one, HALF)) for one in odd(streams))
    )
    caller.press(odd(streams), 3_900_000)


def is_well(daemon: Daemon) -> bool:
    with daemon.client() as client:
        return client.status().pid == daemon.pid


@WAYS
def test_half_messages_are_not_held(open_daemon: Daemon, way: int) -> None:
    """Before: 2.2 GB for 600 of 4 MB."""
    assert is_well(open_daemon)
    with peak_of(open_daemon.pid, MOST):
        for streams in (32, 600):
            with callers(open_daemon)[way]() as caller:
                halves(caller, streams)
    assert is_well(open_daemon)


@pytest.mark.long
@pytest.mark.parametrize("streams", [64, 100])
@pytest.mark.parametrize("way", range(3), ids=["socket", "tcp", "tls"])
def test_half_messages_on_a_hundred_connections_are_not_held(
    make_daemon: Callable[..., Daemon], way: int, streams: int
) -> None:
    """Before: 11 GB."""
    daemon = make_daemon(listen="127.0.0.1:0")
    assert is_well(daemon)
    with peak_of(daemon.pid, MOST), ExitStack() as open_ones, ThreadPoolExecutor(100) as pool:
        made = [open_ones.enter_context(callers(daemon)[way]()) for _ in range(100)]
        list(pool.map(lambda caller: halves(caller, streams), made))
    assert is_well(daemon)


OTHER_PROTOCOLS = {
    "HTTP/1.1": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "grpc-web": b"POST " + STATUS.encode() + b" HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/grpc-web+proto\r\nContent-Length: 5\r\n\r\n\0\0\0\0\0",
    "h2c upgrade": b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
    "websocket": b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "rebinding": b"GET / HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n\r\n",
    "a TLS hello": bytes.fromhex("160301002f0100002b0303") + bytes(32) + bytes.fromhex("000004130113020100"),
    "noise": bytes(range(256)) * 64,
}


@pytest.mark.parametrize("said", OTHER_PROTOCOLS.values(), ids=OTHER_PROTOCOLS.keys())
def test_nothing_is_said_in_another_protocol(open_daemon: Daemon, said: bytes) -> None:
    for connect in callers(open_daemon)[:2]:
        with connect() as caller:
            caller.send([said])
            answer = caller.heard()
        assert b"HTTP/1" not in answer
        assert b"101" not in answer
        assert b"grpc-status" not in answer
    assert is_well(open_daemon)


def test_without_the_certificate_nobody_gets_as_far_as_a_call(open_daemon: Daemon) -> None:
    for connect in callers(open_daemon)[1:3]:
        with connect() as caller:
            caller.greet().send([headers(1, STATUS, flags=END_HEADERS | END_STREAM)])
            assert b"grpc-status" not in caller.heard(b"grpc-status")
    with callers(open_daemon)[3]() as caller:
        caller.greet().send([headers(1, STATUS, flags=END_HEADERS | END_STREAM)])
        assert NO_TOKEN in caller.heard(b"grpc-status")


def test_a_small_message_that_unpacks_to_a_large_one_is_refused(open_daemon: Daemon) -> None:
    packed = gzip.compress(bytes(60 * MIB))
    token = ("authorization", f"Bearer {read_token(open_daemon.state)}")
    message = b"\1" + len(packed).to_bytes(4, "big") + packed
    with peak_of(open_daemon.pid, 20 * MIB), RawCaller(open_daemon.addresses()[0]) as caller:
        caller.greet()
        caller.send([headers(1, STATUS, [token, ("grpc-encoding", "gzip")]), *data(1, message)])
        answer = caller.heard(b"grpc-status")
        assert b"grpc-status\x018" in answer  # RESOURCE_EXHAUSTED
    assert is_well(open_daemon)


def rapid_reset() -> Iterator[bytes]:
    for stream in odd(5_000):
        yield headers(stream, STATUS)
        yield frame(RST_STREAM, 0, stream, bytes(4))


def pings() -> Iterator[bytes]:
    yield from itertools.repeat(frame(PING, 0, 0, bytes(8)), 20_000)


def settings() -> Iterator[bytes]:
    yield from itertools.repeat(frame(SETTINGS, 0, 0, bytes((0, 4, 0, 1, 0, 0))), 20_000)


def acknowledgements() -> Iterator[bytes]:
    yield from itertools.repeat(frame(SETTINGS, ACK, 0), 20_000)


def continuations() -> Iterator[bytes]:
    yield frame(HEADERS, 0, 1, block(STATUS))
    for number in range(1_000):
        yield frame(CONTINUATION, 0, 1, b"\0\4x%03d" % (number % 1000) + b"\x7f\x81\x7d" + bytes(16_128))


def open_streams() -> Iterator[bytes]:
    for stream in odd(5_000):
        yield headers(stream, STATUS)


FLOODS = [rapid_reset, pings, settings, acknowledgements, continuations, open_streams]


@pytest.mark.parametrize("flood", FLOODS)
@pytest.mark.parametrize("way", [0, 3], ids=["socket", "certificate"])
def test_floods_of_frames_are_not_held(
    open_daemon: Daemon, way: int, flood: Callable[[], Iterator[bytes]]
) -> None:
    with peak_of(open_daemon.pid, MOST), callers(open_daemon)[way]() as caller:
        caller.greet().socket.settimeout(0.5)  # who does not listen to the answers cannot go on speaking
        caller.send(flood())
        assert is_well(open_daemon)
    assert is_well(open_daemon)


def test_the_token_is_nowhere_but_in_its_file(open_daemon: Daemon, tmp_path: Path) -> None:
    token = (read_token(open_daemon.state) or "").encode()
    assert len(token) >= 32
    with open_daemon.client() as client:
        client.models.load("wiener")
    front = psutil.Process(open_daemon.pid)
    processes = [front, *front.children(recursive=True)]
    assert len(processes) > 1
    for process in processes:
        told = Path(f"/proc/{process.pid}")
        for name in ("cmdline", "environ"):
            assert token not in (told / name).read_bytes()
    holders = [
        path.name for path in open_daemon.state.rglob("*") if path.is_file() and token in path.read_bytes()
    ]
    assert holders == ["token"]
