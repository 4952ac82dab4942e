"""Where a daemon may listen, the secret for it, and what proves that it is the daemon before that is sent.

A unix socket is proved by its folder, into which only this user can put one. Any other address is proved by the
certificate that both sides show; where there is none, nothing is sent.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from unmix.locations import CERTIFICATE, HOST_NAME, read_endpoint, read_token, socket_address, socket_of
from unmix.ownership import Untrusted, judge_socket, read_secret

from unmix_plugins.client._metadata import MetadataInterceptor
from unmix_plugins.errors import AccessRefused

_MESSAGE_LIMIT = 64 << 20
_OPTIONS: Sequence[tuple[str, Any]] = (
    ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
    ("grpc.max_send_message_length", _MESSAGE_LIMIT),
    # A proxy for the web is not meant for this machine's own daemon.
    ("grpc.enable_http_proxy", 0),
    # Each channel has a connection of its own: one that failed does not delay the next, and a reader who is
    # slow on one does not fill the buffers of another.
    ("grpc.use_local_subchannel_pool", 1),
    # The certificate is not for an address, but for whoever has the state folder.
    ("grpc.ssl_target_name_override", HOST_NAME),
)


@dataclass(frozen=True, slots=True)
class Address:
    """One that is proved, or proves itself before it is sent anything."""

    target: str
    token: str | None
    pair: bytes | None
    """The certificate that both sides show, and its key, as PEM; None for a unix socket."""

    def channel(self, client_name: str) -> grpc.Channel:
        """A channel whose calls carry the token."""
        return grpc.intercept_channel(self._channel(), MetadataInterceptor(self.token, client_name))

    def _channel(self) -> grpc.Channel:
        if self.pair is None:
            return grpc.insecure_channel(self.target, _OPTIONS)
        credentials = grpc.ssl_channel_credentials(
            root_certificates=self.pair, private_key=self.pair, certificate_chain=self.pair
        )
        return grpc.secure_channel(self.target, credentials, _OPTIONS)


def found(state: Path) -> list[Address]:
    """Where the daemon of a state folder says that it listens; none where none has written itself down.

    Raises AccessRefused when another user has a hand in what is there.
    """
    try:
        endpoint = read_endpoint(state)
        if endpoint is None:
            return []
        token = _token(state)  # after the endpoint, as the daemon writes it before
        proved = [_proved(address, token, endpoint.certificate) for address in endpoint.addresses]
    except Untrusted as error:
        raise AccessRefused(f"{error}.") from error
    return [address for address in proved if address]


def named(address: str, state: Path) -> list[Address]:
    """The address that the environment names, if something can be there.

    Raises AccessRefused when nothing proves who listens there, or another user has a hand in it.
    """
    try:
        if socket_of(address) is not None:
            proved = _proved(address, _token(state), None)
            return [proved] if proved else []
        certificate = _certificate_for(address, state)
        if certificate is None:
            raise AccessRefused(
                f"Nothing proves who listens at {address}, so the token is not sent there: set UNMIX_CERT to a copy"
                f" of the daemon's {CERTIFICATE}."
            )
        return [Address(address, _token(state), _pair_in(certificate))]
    except Untrusted as error:
        raise AccessRefused(f"{error}.") from error


def _proved(address: str, token: str | None, certificate: Path | None) -> Address | None:
    """None where nobody can listen, or nothing could prove who does. Raises Untrusted."""
    try:
        if (socket := socket_of(address)) is not None:
            judge_socket(socket)
            return Address(socket_address(socket), token, None)
        return Address(address, token, read_secret(certificate)) if certificate else None
    except Untrusted:
        raise
    except OSError:
        return None


def _pair_in(file: Path) -> bytes:
    """The certificate and its key in a file that was named. Raises AccessRefused where it holds none, Untrusted."""
    copy = f"name a copy of the daemon's {CERTIFICATE} in UNMIX_CERT"
    try:
        pair = read_secret(file)
    except Untrusted:
        raise
    except OSError as error:
        raise AccessRefused(f"{file} cannot be read ({error.strerror}): {copy}.") from error
    if not all(mark in pair for mark in (b"BEGIN CERTIFICATE", b"PRIVATE KEY")):
        raise AccessRefused(f"{file} holds no certificate with its key: {copy}.")
    return pair


def _certificate_for(address: str, state: Path) -> Path | None:
    if given := os.environ.get("UNMIX_CERT"):
        return Path(given).expanduser()
    endpoint = read_endpoint(state)
    return endpoint.certificate if endpoint and address in endpoint.addresses else None


def _token(state: Path) -> str | None:
    return os.environ.get("UNMIX_TOKEN") or read_token(state)
