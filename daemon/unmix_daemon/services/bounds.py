"""How much of the front a caller can take up, with a token and without.

Before the token is checked a caller has connections, streams on each, and what the transport takes in for a stream
before anybody reads it: 100 connections × 32 streams × 32 KiB are 100 MiB, of which what belongs to a refused call is
freed with its refusal. Measured are 30 MiB at the worst, on the unix socket, where only the user's own programs come;
on TCP nobody without the certificate gets as far as to open a stream. Python has no access to gRPC's resource quota,
so that these numbers are all there is.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from unmix_daemon.errors import Silent

STREAMS = 32
"""Calls at once on one connection; gRPC's clients wait with the next, and one that needs more has two connections."""
CONNECTIONS = 256
"""On each listener, with those that still shake hands. Strangers who take them all on TCP take none on the socket."""
CALLS = 1024
"""Calls with a token at once, over all connections: each holds 1.4 MiB when its reader has stopped reading."""
MESSAGE_BYTES = 4 << 20
"""Of one message of an upload; clients of ours send 1 MiB."""
REQUEST_BYTES = 64 << 10
"""Of a request that is one message: names, numbers, and nothing else."""
SILENCE = 60.0
"""Seconds that a client may take for its next message. One that has nothing yet sends an empty piece."""

OPTIONS = (
    ("grpc.so_reuseport", 0),  # with it a second daemon would share the port silently
    ("grpc.max_receive_message_length", MESSAGE_BYTES),
    ("grpc.max_send_message_length", 8 << 20),
    ("grpc.max_concurrent_streams", STREAMS),
    # What may come on a stream before somebody reads it. Whoever reads a message gives room for the whole of it, so
    # uploads are as fast; the probe would give as much as the line bears, to anybody.
    ("grpc.http2.lookahead_bytes", 32 << 10),
    ("grpc.http2.bdp_probe", 0),
    ("grpc.max_metadata_size", 8 << 10),
    ("grpc.absolute_max_metadata_size", 16 << 10),
    ("grpc.max_allowed_incoming_connections", CONNECTIONS),
    ("grpc.server_handshake_timeout_ms", 3_000),
    # A connection without a call. Clients that live long connect again with their next one, and notice nothing.
    ("grpc.max_connection_idle_ms", 10_000),
)

Message = TypeVar("Message")


class Patience(AsyncIterator[Message]):
    """The messages of a stream. Raises Silent when the next one does not come."""

    def __init__(self, messages: AsyncIterator[Message], seconds: float) -> None:
        """Time counts only while somebody waits for a message: who is kept from sending is not silent."""
        self._messages = aiter(messages)
        self._seconds = seconds

    async def __anext__(self) -> Message:
        try:
            async with asyncio.timeout(self._seconds):
                return await anext(self._messages)
        except TimeoutError:
            raise Silent(
                f"Nothing has come for {self._seconds:g} seconds, so the call was given up; send it again."
            ) from None
