"""Where a daemon and its clients meet on disk.

The state folder holds `token` (the secret of every call, mode 0600), `unmixd.json` (where the running
daemon listens), `unmixd.log`, `jobs.sqlite3` and `jobs/`. `UNMIX_STATE` names another folder.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

TOKEN = "token"  # noqa: S105  # a file's name
ENDPOINT = "unmixd.json"
LOG = "unmixd.log"
LOCK = "unmixd.lock"
GAVE_WAY = 75
"""Exit status of a daemon that found another one in its place (EX_TEMPFAIL of sysexits.h)."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running daemon, as it wrote itself down."""

    pid: int
    version: str
    addresses: tuple[str, ...]
    """gRPC targets such as `127.0.0.1:50151` and `unix:/…/unmixd.sock`, the safest first."""


def state_folder() -> Path:
    """The folder that client and daemon share; it may not exist yet."""
    named = os.environ.get("UNMIX_STATE")
    return Path(named).expanduser() if named else platformdirs.user_state_path("unmix")


def read_endpoint(state: Path) -> Endpoint | None:
    """Where the daemon of this state folder listens, or None when no daemon has written itself down.

    The daemon may have died since: connecting is the proof.
    """
    try:
        said = json.loads((state / ENDPOINT).read_text("utf-8"))
        return Endpoint(int(said["pid"]), str(said["version"]), tuple(map(str, said["addresses"])))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_endpoint(state: Path, endpoint: Endpoint) -> None:
    """Write the endpoint in one step, so that a reader sees all of it or none."""
    partial = state / f"{ENDPOINT}.part"
    partial.write_text(
        json.dumps({"pid": endpoint.pid, "version": endpoint.version, "addresses": endpoint.addresses}),
        "utf-8",
    )
    partial.replace(state / ENDPOINT)


def remove_endpoint(state: Path) -> None:
    """Forget the endpoint; it may be gone already."""
    (state / ENDPOINT).unlink(missing_ok=True)


def read_token(state: Path) -> str | None:
    """The secret that every call carries, or None where no daemon has ever run."""
    try:
        return (state / TOKEN).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
