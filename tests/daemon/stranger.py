"""Who listens where a daemon once did, and writes down what comes: another user, where the tests are root."""

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

NOBODY = 65534
needs_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root, to be two users")

_PROGRAM = f"""
import os, socket, sys, threading
where = sys.argv[1]
if os.getuid() == 0:
    os.setgroups([]), os.setgid({NOBODY}), os.setuid({NOBODY})
if os.path.exists(where):
    os.unlink(where)
server = socket.socket(socket.AF_UNIX if "/" in where else socket.AF_INET)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(where if "/" in where else ("127.0.0.1", int(where)))
server.listen()
print(where if "/" in where else server.getsockname()[1], flush=True)

def hear(connection):
    connection.sendall(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))  # HTTP/2's SETTINGS, for which clients wait
    while said := connection.recv(65536):
        os.write(2, said)

while True:
    threading.Thread(target=hear, args=[server.accept()[0]], daemon=True).start()
"""


class Stranger:
    """Listens at a port of loopback, or at a path, for as long as a `with` block lasts."""

    def __init__(self, where: int | Path, notes: Path) -> None:
        """What it hears is in the file `notes`."""
        self._notes = notes
        with notes.open("wb") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, str(where)], stdout=subprocess.PIPE, stderr=file, text=True
            )
        assert self._process.stdout
        self.where = self._process.stdout.readline().strip()
        """Empty where it was not let in."""

    @property
    def heard(self) -> bytes:
        return self._notes.read_bytes()

    def has_heard(self, secret: str) -> bool:
        """Whether it was sent the secret, or any part of it."""
        return any(secret[begin : begin + 6].encode() in self.heard for begin in range(len(secret) - 5))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
