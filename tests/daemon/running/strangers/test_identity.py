"""No secret goes to anybody but the daemon, and nobody but its user can be in its place."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import psutil
import pytest
from daemon.stranger import NOBODY, Stranger, needs_root
from daemons import Daemon, eventually
from unmix.locations import CERTIFICATE, DATABASE, read_endpoint, read_token
from unmix_plugins.client import Client
from unmix_plugins.errors import AccessRefused, DaemonUnreachable

Make = Callable[..., Daemon]
UNMIX = [sys.executable, "-c", "from unmix_plugins.cli import main; main()"]
READER = ["setpriv", "--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
"""An interpreter below root's home can be run by others who may read everything, and write nothing more."""
AS_NOBODY = [*READER, "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that others can see."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def told(command: list[str], environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_by_default_no_port_is_open(daemon: Daemon) -> None:
    assert psutil.Process(daemon.pid).net_connections("inet") == []


def test_what_is_on_the_disk_is_for_its_owner_only(daemon: Daemon) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in daemon.state.iterdir()}
    assert {modes.pop("jobs"), daemon.state.stat().st_mode & 0o777} == {0o700}
    modes.pop("unmixd.log")  # of the test's own
    assert set(modes) >= {"token", "unmixd.json", "unmixd.sock", "unmixd.lock", DATABASE, f"{DATABASE}-wal"}
    assert set(modes.values()) == {0o600}


def test_a_stranger_hears_a_token_that_is_sent_in_clear(tmp_path: Path) -> None:
    """Which is how the other tests would see one."""
    token = "0123456789abcdef"
    with (
        Stranger(0, tmp_path / "notes") as stranger,
        grpc.insecure_channel(f"127.0.0.1:{stranger.where}") as channel,
    ):
        call = channel.unary_unary("/a/b").future(b"", metadata=[("authorization", f"Bearer {token}")])
        eventually(lambda: stranger.has_heard(token))
        call.cancel()
        assert not stranger.has_heard(token[::-1])


@needs_root
@pytest.mark.long
@pytest.mark.parametrize("unix_socket", [True, False])
def test_who_listens_on_the_port_of_a_daemon_that_was_killed_is_told_nothing(
    make_daemon: Make, tmp_path: Path, unix_socket: bool
) -> None:
    daemon = make_daemon(listen="127.0.0.1:0", unix_socket=unix_socket)
    endpoint, token = read_endpoint(daemon.state), read_token(daemon.state)
    assert endpoint
    assert token
    address = endpoint.addresses[-1]
    with daemon.client() as client:
        assert client.status().addresses == endpoint.addresses
        daemon.kill()
        with Stranger(int(address.rpartition(":")[2]), tmp_path / "notes") as stranger:
            assert stranger.where
            for _ in range(2):
                with pytest.raises(DaemonUnreachable):
                    client.status()
            with pytest.raises(DaemonUnreachable, match="`unmix start` starts one"):
                daemon.client()
            status = told([*UNMIX, "status"], daemon.environment)
            assert (status.returncode, status.stdout) == (1, "")
            assert status.stderr == f"unmix: No daemon runs for {daemon.state}: `unmix start` starts one.\n"
            doctor = told([*UNMIX, "doctor"], daemon.environment | {"UNMIX_ADDRESS": address})
            assert doctor.returncode == 1
            assert f"✗ daemon: Nothing that shows your certificate answers at {address}" in doctor.stdout
            named = daemon.environment | {"UNMIX_STATE": str(tmp_path / "none"), "UNMIX_ADDRESS": address}
            refused = told([*UNMIX, "status"], named | {"UNMIX_TOKEN": token})
            assert f"Nothing proves who listens at {address}, so the token is not sent" in refused.stderr
            assert stranger.heard  # TLS's greeting
            assert not stranger.has_heard(token)


@needs_root
@pytest.mark.long
def test_who_has_put_a_socket_in_the_place_of_the_daemons_is_told_nothing(
    tmp_path: Path, public: Path
) -> None:
    daemon = Daemon(public / "state").start()
    daemon.kill()
    for folder in (daemon.state, public):  # which nobody would do
        folder.chmod(0o777)
    with Stranger(daemon.state / "unmixd.sock", tmp_path / "notes") as stranger:
        assert stranger.where
        with pytest.raises(AccessRefused, match=f"{public} can be written by others"):
            daemon.client()
        public.chmod(0o755)
        daemon.state.chmod(0o755)
        with pytest.raises(AccessRefused, match=r"unmixd.sock belongs to .*, not to you: remove it"):
            daemon.client()
        doctor = told([*UNMIX, "doctor"], daemon.environment)
        assert "unmixd.sock belongs to" in doctor.stdout
        assert stranger.heard == b""
    with Stranger(daemon.state / "other.sock", tmp_path / "notes") as stranger:
        assert not stranger.where
    with daemon.start(), daemon.client() as client:
        assert client.status().pid == daemon.pid
    assert daemon.state.stat().st_mode & 0o777 == 0o700


@pytest.mark.long
def test_a_copy_of_the_certificate_opens_tcp_to_who_has_the_token_too(
    make_daemon: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = make_daemon(listen="127.0.0.1:0")
    endpoint, token = read_endpoint(daemon.state), read_token(daemon.state)
    assert endpoint
    assert token
    copy = tmp_path / "copy.pem"
    copy.touch(0o600)
    copy.write_bytes((daemon.state / CERTIFICATE).read_bytes())
    monkeypatch.setenv("UNMIX_STATE", str(tmp_path / "none"))
    monkeypatch.setenv("UNMIX_ADDRESS", endpoint.addresses[-1])
    monkeypatch.setenv("UNMIX_CERT", str(copy))
    with pytest.raises(AccessRefused, match="The call carries no token"):
        Client.connect(client_name="test")
    monkeypatch.setenv("UNMIX_TOKEN", token)
    with Client.connect(client_name="test") as client:
        assert client.status().pid == daemon.pid
    copy.chmod(0o644)
    with pytest.raises(AccessRefused, match=f"chmod 600 {copy}"):
        Client.connect(client_name="test")
    # The state folder's own certificate is known where it is the daemon of the state folder that is named.
    monkeypatch.delenv("UNMIX_CERT")
    monkeypatch.delenv("UNMIX_TOKEN")
    monkeypatch.setenv("UNMIX_STATE", str(daemon.state))
    with Client.connect(client_name="test") as client:
        assert client.status().pid == daemon.pid


@needs_root
@pytest.mark.long
def test_another_users_state_folder_and_a_linked_lock_are_one_sentence(
    daemon: Daemon, tmp_path: Path
) -> None:
    unmixd = [sys.executable, "-m", "unmix_daemon", "run"]
    foreign = tmp_path / "foreign"
    foreign.mkdir(mode=0o700)
    os.chown(foreign, NOBODY, NOBODY)
    refused = told(unmixd, daemon.environment | {"UNMIX_STATE": str(foreign)})
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"unmixd: {foreign} belongs to ")
    assert "name a folder of your own in UNMIX_STATE" in refused.stderr
    assert list(foreign.iterdir()) == []
    told_client = told([*UNMIX, "status"], daemon.environment | {"UNMIX_STATE": str(foreign)})
    assert told_client.returncode == 1
    assert f"{foreign} belongs to " in told_client.stderr
    own = tmp_path / "own"
    own.mkdir(mode=0o700)
    (own / "unmixd.lock").symlink_to(tmp_path / "elsewhere")
    refused = told(unmixd, daemon.environment | {"UNMIX_STATE": str(own)})
    assert refused.returncode == 1
    assert "unmixd.lock is a link, and has to be a file: remove it." in refused.stderr
    assert not (tmp_path / "elsewhere").exists()


@needs_root
@pytest.mark.long
def test_two_users_of_one_machine_both_use_the_defaults(daemon: Daemon, public: Path) -> None:
    try:
        told([*AS_NOBODY, sys.executable, "-c", ""], dict(os.environ)).check_returncode()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs setpriv(1), and the right to give another user this interpreter")
    plain = {key: value for key, value in daemon.environment.items() if key != "UNMIX_STATE"}
    seen = {}
    for user, command in {"root": [], "nobody": AS_NOBODY}.items():
        home = public / user
        home.mkdir(mode=0o700)
        if command:
            os.chown(home, NOBODY, NOBODY)
        environment = plain | {"HOME": str(home), "XDG_RUNTIME_DIR": ""}
        started = told([*command, *UNMIX, "start"], environment)
        assert started.returncode == 0, started.stderr
        seen[user] = command, environment, started.stdout
    try:
        for user, (command, environment, said) in seen.items():
            assert " is up: process " in said
            assert f"unix:{public / user}/.local/state/unmix/unmixd.sock" in said
            pid = int(said.split(" process ")[1].split()[0])
            assert psutil.Process(pid).uids().effective == (NOBODY if command else 0)
            assert told([*command, *UNMIX, "start"], environment).stdout == said.replace(
                "is up", "was up already"
            )
        command, environment, _ = seen["nobody"]
        roots = {"UNMIX_STATE": str(public / "root" / ".local" / "state" / "unmix")}
        refused = told([*command, *UNMIX, "status"], environment | roots)
        assert refused.returncode == 1
        assert "belongs to root, not to you" in refused.stderr
    finally:
        for command, environment, _ in seen.values():
            told([*command, *UNMIX, "stop"], environment)
