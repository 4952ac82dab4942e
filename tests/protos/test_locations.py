"""Where a daemon and its clients meet, with names of every kind."""

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from unmix.locations import (
    ENDPOINT,
    TOKEN,
    Endpoint,
    place_for_socket,
    read_endpoint,
    read_token,
    socket_address,
    socket_of,
    write_endpoint,
)
from unmix.ownership import Untrusted, judge_folder, judge_socket, write_secret

pytestmark = pytest.mark.skipif(os.name == "nt", reason="unix sockets, owners and modes are of POSIX")


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """With a short path, whatever those of tests are."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_the_socket_lies_in_the_state_folder(temporary: Path) -> None:
    assert place_for_socket(temporary / "state") == temporary / "state" / "unmixd.sock"


def test_a_socket_whose_path_would_be_too_long_lies_in_the_runtime_folder(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = temporary / "r"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    one, other = (place_for_socket(tmp_path / name) for name in ("1" * 100, "2" * 100))
    assert one.parent == other.parent == runtime / "unmix"
    assert one != other
    assert place_for_socket(tmp_path / ("1" * 100)) == one
    runtime.chmod(0o777)
    assert place_for_socket(tmp_path / ("1" * 100)).parent.parent == temporary


def test_or_in_a_folder_of_ours_in_the_temporary_one(tmp_path: Path, temporary: Path) -> None:
    place = place_for_socket(tmp_path / ("1" * 100))
    assert place.parent.parent == temporary
    assert place.parent.name.startswith(f"unmix-{os.getuid()}-")
    assert place.parent.stat().st_mode & 0o777 == 0o700
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        judge_socket(place)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root, to be two users")
@pytest.mark.parametrize("taken_by", ["a folder", "a link to nowhere", "a link to one of ours"])
def test_where_another_user_has_taken_its_name_it_gets_another(
    tmp_path: Path, temporary: Path, taken_by: str
) -> None:
    name = place_for_socket(tmp_path / ("1" * 100)).parent
    name.rmdir()
    if taken_by == "a folder":
        name.mkdir()
    else:
        name.symlink_to(tmp_path if taken_by == "a link to one of ours" else tmp_path / "nowhere")
    os.chown(name, 65534, 65534, follow_symlinks=False)
    place = place_for_socket(tmp_path / ("1" * 100))
    assert place.parent.parent == temporary
    assert place.parent != name
    judge_folder(place.parent)


def test_where_no_path_is_short_enough_the_limit_is_told(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / ("1" * 100)))
    with pytest.raises(OSError, match=r"longer than \d+ bytes"):
        place_for_socket(tmp_path / ("1" * 100))


@pytest.mark.parametrize("name", ["state", "a b", "50%20?#é", "%zz"])
def test_an_address_names_its_socket_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "unmixd.sock"
    assert socket_of(socket_address(path)) == path
    assert socket_of(f"unix://{socket_address(path).removeprefix('unix:')}") == path
    assert socket_of("127.0.0.1:50151") is None


def test_what_the_daemon_wrote_is_what_clients_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert (read_endpoint(tmp_path), read_token(tmp_path)) == (None, None)
    for certificate in (None, tmp_path / "unmixd.pem"):
        written = Endpoint(7, "1.0", ("unix:/a", "127.0.0.1:1"), certificate)
        write_endpoint(tmp_path, written)
        assert read_endpoint(tmp_path) == written
    for nonsense in (b"", b"[]", b"{}", b"\xff", b'{"pid": "x"}'):
        write_secret(tmp_path / ENDPOINT, nonsense)
        assert read_endpoint(tmp_path) is None


def test_what_others_could_have_written_is_refused(tmp_path: Path) -> None:
    write_endpoint(tmp_path, Endpoint(7, "1.0", ("unix:/a",)))
    write_secret(tmp_path / TOKEN, b"secret")
    (tmp_path / ENDPOINT).chmod(0o606)
    with pytest.raises(Untrusted):
        read_endpoint(tmp_path)
    (tmp_path / TOKEN).chmod(0o604)
    with pytest.raises(Untrusted):
        read_token(tmp_path)
    tmp_path.chmod(0o777)
    for read in (read_endpoint, read_token):
        with pytest.raises(Untrusted, match=f"chmod go-w {tmp_path}"):
            read(tmp_path)
