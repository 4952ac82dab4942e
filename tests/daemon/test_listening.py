"""Where the daemon listens, and who gets as far as a call."""

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from unmix.locations import HOST_NAME, Endpoint, read_token, socket_of
from unmix_daemon.config import Config
from unmix_daemon.listening import addresses
from unmix_daemon.listening.addresses import leave, listen, new_token
from unmix_daemon.listening.certificate import new_credentials
from unmix_daemon.state.lock import AddressTaken

Listen = Callable[..., Endpoint]
METHOD = "/any/method"


class Echo(grpc.GenericRpcHandler):
    def service(self, handler_call_details: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(lambda request, _: request)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Listen]:
    servers: list[grpc.Server] = []

    def begin(state: Path = tmp_path / "state", **settings: Any) -> Endpoint:
        state.mkdir(mode=0o700, exist_ok=True)
        server = grpc.server(ThreadPoolExecutor(2), handlers=[Echo()], options=[("grpc.so_reuseport", 0)])
        endpoint = listen(server, Config(state_folder=state, **settings), "1.0")
        servers.append(server)
        server.start()
        return endpoint

    yield begin
    for server in servers:
        server.stop(None).wait()


def call(address: str, credentials: grpc.ChannelCredentials | None = None) -> bytes | grpc.StatusCode:
    options = [("grpc.ssl_target_name_override", HOST_NAME), ("grpc.use_local_subchannel_pool", 1)]
    with (
        grpc.secure_channel(address, credentials, options)
        if credentials
        else grpc.insecure_channel(address, options)
    ) as channel:
        try:
            return channel.unary_unary(METHOD)(b"hello", timeout=10)
        except grpc.RpcError as error:
            return error.code()


def shown(root: Path, pair: Path | None) -> grpc.ChannelCredentials:
    own = pair.read_bytes() if pair else None
    return grpc.ssl_channel_credentials(root.read_bytes(), own, own)


@pytest.mark.skipif(os.name == "nt", reason="there are no unix sockets")
def test_nobody_hears_of_the_daemon_but_on_its_socket(start: Listen, tmp_path: Path) -> None:
    endpoint = start()
    assert (endpoint.addresses, endpoint.certificate) == ((f"unix:{tmp_path}/state/unmixd.sock",), None)
    assert call(endpoint.addresses[0]) == b"hello"
    assert (tmp_path / "state" / "unmixd.sock").stat().st_mode & 0o777 == 0o600
    leave(endpoint, tmp_path / "state")
    assert list((tmp_path / "state").iterdir()) == []


def test_on_tcp_only_who_shows_the_very_certificate_gets_through(start: Listen, tmp_path: Path) -> None:
    endpoint = start(listen="127.0.0.1:0", unix_socket=False)
    [address] = endpoint.addresses
    own, other = endpoint.certificate, tmp_path / "other.pem"
    assert own
    assert own.stat().st_mode & 0o077 == 0
    new_credentials(other)
    assert call(address, shown(own, own)) == b"hello"
    assert call(address) is grpc.StatusCode.UNAVAILABLE
    assert call(address, shown(own, None)) is grpc.StatusCode.UNAVAILABLE
    assert call(address, shown(own, other)) is grpc.StatusCode.UNAVAILABLE
    assert call(address, shown(other, own)) is grpc.StatusCode.UNAVAILABLE
    leave(endpoint, tmp_path / "state")
    assert not own.exists()


def test_each_life_has_a_certificate_and_a_token_of_its_own(start: Listen, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    seen = set()
    for _ in range(2):
        token = new_token(tmp_path / "state")
        assert read_token(tmp_path / "state") == token
        certificate = start(listen="127.0.0.1:0", unix_socket=False).certificate
        assert certificate
        seen |= {token, certificate.read_bytes()}
    assert len(seen) == 4
    assert start().certificate is None
    assert not certificate.exists()


def test_where_there_are_no_unix_sockets_there_is_tcp(start: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_HAS_SOCKETS", False)
    endpoint = start()
    [address] = endpoint.addresses
    assert address.startswith("127.0.0.1:")
    assert endpoint.certificate
    assert call(address, shown(endpoint.certificate, endpoint.certificate)) == b"hello"


def test_who_has_the_port_is_named(start: Listen) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(AddressTaken, match=rf"^{address} is taken by .* \(process {os.getpid()}\)"):
            start(listen=address)


@pytest.mark.skipif(os.name == "nt", reason="there are no unix sockets")
def test_a_state_folder_with_a_long_path_has_its_socket_elsewhere(
    start: Listen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    state = tmp_path / ("long" * 30)
    endpoint = start(state)
    [address] = endpoint.addresses
    place = socket_of(address)
    assert place
    assert place.parent.parent == Path(tempfile.gettempdir())
    assert call(address) == b"hello"
    leave(endpoint, state)
    assert not place.parent.exists()
