"""Where the daemon can be reached, and how it is known there.

On a unix socket it is known by the folder, into which nobody else can put one. On TCP, where anybody can listen, both
sides show the certificate of the state folder before anything else is said. gRPC's local credentials prove nothing:
a server of another user was sent the token over them.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

import grpc.aio
from unmix.locations import (
    CERTIFICATE,
    TOKEN,
    Endpoint,
    place_for_socket,
    socket_address,
    socket_of,
)
from unmix.ownership import write_secret

from unmix_daemon.config import Config
from unmix_daemon.listening.certificate import new_credentials
from unmix_daemon.state.lock import AddressTaken, port_holder

_HAS_SOCKETS = os.name != "nt"
"""gRPC has none on Windows: github.com/grpc/grpc/issues/13447."""
_ANY_PORT = "127.0.0.1:0"


def new_token(state: Path) -> str:
    """The secret of this daemon's life, written where clients read it. Raises OSError."""
    token = secrets.token_urlsafe(32)
    write_secret(state / TOKEN, token.encode())
    return token


def listen(server: grpc.aio.Server, config: Config, version: str) -> Endpoint:
    """Bind what the settings ask for; returns the addresses with the port that was really taken.

    The state folder's lock is held. Raises AddressTaken, Untrusted, and OSError.
    """
    addresses: list[str] = []
    if config.unix_socket and _HAS_SOCKETS:
        addresses.append(_listen_on_socket(server, place_for_socket(config.state_folder)))
    certificate = config.state_folder / CERTIFICATE
    certificate.unlink(missing_ok=True)  # of another life
    asked = config.listen or ("" if _HAS_SOCKETS else _ANY_PORT)
    if not asked:
        return Endpoint(os.getpid(), version, tuple(addresses))
    addresses.append(_listen_on_tcp(server, asked, certificate))
    return Endpoint(os.getpid(), version, tuple(addresses), certificate)


def leave(endpoint: Endpoint, state: Path) -> None:
    """Take away what `listen` has left on the disk."""
    for socket in filter(None, map(socket_of, endpoint.addresses)):
        socket.unlink(missing_ok=True)
        if socket.parent != state:
            with suppress(OSError):  # another daemon's is there, too
                socket.parent.rmdir()
    if endpoint.certificate:
        endpoint.certificate.unlink(missing_ok=True)


def _listen_on_socket(server: grpc.aio.Server, socket: Path) -> str:
    socket.unlink(missing_ok=True)  # ours: we hold the lock of its state folder
    address = socket_address(socket)
    before = os.umask(0o177)
    try:
        server.add_insecure_port(address)
    except RuntimeError as error:
        raise OSError(f"{socket} cannot be a socket") from error
    finally:
        os.umask(before)
    return address


def _listen_on_tcp(server: grpc.aio.Server, address: str, certificate: Path) -> str:
    host, _, port = address.rpartition(":")
    try:
        bound = server.add_secure_port(address, new_credentials(certificate))
    except RuntimeError as error:
        raise AddressTaken(f"{address} is taken by {port_holder(int(port))}") from error
    return f"{host}:{bound}"
