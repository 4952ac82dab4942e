"""Where a daemon and its clients meet on disk.

The state folder is this user's alone, which is what the daemon is known by (`ownership`). It holds `token` (the secret
of every call, new at each start), `unmixd.json` (where the running daemon listens), `unmixd.sock`, `unmixd.pem` where
it listens on TCP, `unmixd.log`, `jobs.sqlite3` and `jobs/`. `UNMIX_STATE` names another folder.
"""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

import platformdirs

from unmix.ownership import (
    ELSEWHERE,
    Untrusted,
    judge_folder,
    private_folder,
    read_own,
    read_secret,
    write_secret,
)

TOKEN = "token"  # noqa: S105  # a file's name
ENDPOINT = "unmixd.json"
SOCKET = "unmixd.sock"
CERTIFICATE = "unmixd.pem"
LOG = "unmixd.log"
DATABASE = "jobs.sqlite3"
LOCK = "unmixd.lock"
JOBS = "jobs"
GAVE_WAY = 75
"""Exit status of a daemon that found another one in its place (EX_TEMPFAIL of sysexits.h)."""
HOST_NAME = "unmixd"
"""Whom the certificate is for, at whatever address the daemon listens."""
_UNIX = "unix:"
_LONGEST_SOCKET = 103 if sys.platform == "darwin" else 107
"""Bytes of a socket's path: sun_path of unix(7) has 104 or 108, with the final zero."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running daemon, as it wrote itself down."""

    pid: int
    version: str
    addresses: tuple[str, ...]
    """gRPC targets such as `unix:/…/unmixd.sock` and `127.0.0.1:50151`, the socket first."""
    certificate: Path | None = None
    """A PEM file with the certificate by which the daemon is known on TCP, and its key, by which it knows clients."""


def state_folder() -> Path:
    """The folder that client and daemon share; it may not exist yet."""
    named = os.environ.get("UNMIX_STATE")
    return Path(named).expanduser() if named else platformdirs.user_state_path("unmix")


def read_endpoint(state: Path) -> Endpoint | None:
    """Where the daemon of this state folder listens, or None when no daemon has written itself down.

    The daemon may have died since: connecting is the proof. Raises Untrusted when somebody else can have written it.
    """
    try:
        with _looking_into(state):
            said = json.loads(read_own(state / ENDPOINT))
        certificate = said.get("certificate")
        return Endpoint(
            int(said["pid"]),
            str(said["version"]),
            tuple(map(str, said["addresses"])),
            Path(certificate) if certificate else None,
        )
    except Untrusted:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_endpoint(state: Path, endpoint: Endpoint) -> None:
    """Write the endpoint in one step, so that a reader sees all of it or none."""
    said = {"pid": endpoint.pid, "version": endpoint.version, "addresses": endpoint.addresses}
    if endpoint.certificate:
        said["certificate"] = str(endpoint.certificate)
    write_secret(state / ENDPOINT, json.dumps(said).encode())


def remove_endpoint(state: Path) -> None:
    """Forget the endpoint; it may be gone already."""
    (state / ENDPOINT).unlink(missing_ok=True)


def read_token(state: Path) -> str | None:
    """The secret that every call carries, or None where no daemon has ever run.

    Raises Untrusted when somebody else can read or write it.
    """
    try:
        with _looking_into(state):
            return read_secret(state / TOKEN).decode("ascii").strip()
    except Untrusted:
        raise
    except (OSError, UnicodeDecodeError):
        return None


@contextmanager
def _looking_into(state: Path) -> Generator[None]:
    """Judge a state folder, and say of one that may not even be looked into whose it is not. Raises Untrusted."""
    try:
        judge_folder(state)
        yield
    except Untrusted:
        raise
    except PermissionError as error:
        raise Untrusted(f"{state} cannot be looked into", ELSEWHERE) from error


def socket_address(path: Path) -> str:
    """The gRPC target of a unix socket: a URI, RFC 3986."""
    return f"{_UNIX}{quote(str(path))}"


def socket_of(address: str) -> Path | None:
    """The unix socket that a gRPC target names; None where it names none."""
    if not address.startswith(_UNIX):
        return None
    path = address.removeprefix(_UNIX)
    return Path(unquote(path.removeprefix("//") if path.startswith("///") else path)).absolute()


def place_for_socket(state: Path) -> Path:
    """Where the daemon of a state folder has its socket: within it, or nearer to the root if its path is too long.

    The folder is made. Raises Untrusted when another user has a hand in the state folder, and OSError.
    """
    state = state.absolute()
    if _is_short(state / SOCKET):
        return private_folder(state) / SOCKET
    mark = hashlib.sha256(os.fsencode(state)).hexdigest()[:16]
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and _is_private(Path(runtime)):  # after `su` it is the other user's
        place = Path(runtime) / "unmix" / f"{mark}.sock"
        if _is_short(place):
            return private_folder(place.parent) / place.name
    place = _temporary_folder(mark) / SOCKET
    if _is_short(place):
        return place
    with suppress(OSError):
        place.parent.rmdir()
    raise OSError(
        f"the path of its socket is longer than {_LONGEST_SOCKET} bytes, in {tempfile.gettempdir()}, too: name a"
        " shorter folder in UNMIX_STATE or TMPDIR"
    )


def _is_short(path: Path) -> bool:
    return len(os.fsencode(path)) <= _LONGEST_SOCKET


def _temporary_folder(mark: str) -> Path:
    """One of ours, which is found again after a daemon that was killed; a new one where somebody has taken its name."""
    user = f"unmix-{os.getuid() if sys.platform != 'win32' else 0}-"
    try:
        return private_folder(Path(tempfile.gettempdir()) / f"{user}{mark}")
    except OSError:
        made = Path(tempfile.mkdtemp(prefix=user))
        judge_folder(made)
        return made


def _is_private(folder: Path) -> bool:
    try:
        judge_folder(folder)
    except OSError:
        return False
    return folder.is_absolute()
