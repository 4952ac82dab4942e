"""Real daemons for tests, benches and soaks: own state folder, child processes that are accounted for."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import grpc
import psutil
from unmix.locations import CERTIFICATE, HOST_NAME, read_endpoint, read_token
from unmix.ownership import private_folder
from unmix_plugins.client import Client

START_SECONDS = 60.0
_OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1)]
"""Else channels to one address share one, and the calls that it bears at once."""


class Daemon:
    """`unmixd run` as a child process; a context manager that leaves no process behind."""

    def __init__(self, state: Path, *, weights: Path | None = None, **settings: object) -> None:
        """Settings are those of `Config`, by name."""
        self.state = state
        self._environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("UNMIX_", "UNMIXD_"))
        }
        self._environment |= {
            "UNMIX_STATE": str(state),
            "UNMIX_WEIGHTS": str(weights or state / "no-weights"),
            "UNMIXD_BUNDLED_MODELS": "false",  # whatever this environment has, what tests see is the same
            "PYTHONUNBUFFERED": "1",
        }
        self._environment |= {f"UNMIXD_{name.upper()}": str(value) for name, value in settings.items()}
        self._process: subprocess.Popen[bytes] | None = None
        self.ready_seconds = 0.0
        private_folder(state)

    @property
    def pid(self) -> int:
        """The front."""
        assert self._process
        return self._process.pid

    @property
    def environment(self) -> dict[str, str]:
        """For commands that speak to this daemon."""
        return dict(self._environment)

    def start(self) -> Self:
        """Start and wait until it listens."""
        began = time.perf_counter()
        with (self.state / "unmixd.log").open("ab") as log:
            self._process = self.spawn([sys.executable, "-m", "unmix_daemon", "run"], log)
        while True:
            endpoint = read_endpoint(self.state)
            if endpoint and endpoint.pid == self._process.pid:
                break
            if self._process.poll() is not None or time.perf_counter() - began > START_SECONDS:
                raise RuntimeError(f"the daemon did not start:\n{self.log()}")
            time.sleep(0.005)
        self.ready_seconds = time.perf_counter() - began
        return self

    def spawn(self, command: Sequence[str], log: BinaryIO) -> "subprocess.Popen[bytes]":
        """Start the front; what is done to it from outside begins here."""
        return subprocess.Popen(
            command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )

    def kill(self) -> None:
        """kill -9 of the front."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def stop(self, timeout: float = 60) -> int:
        """SIGTERM; returns the exit status."""
        assert self._process
        self._process.terminate()
        return self._process.wait(timeout)

    def wait(self, timeout: float | None = 20) -> int:
        """Wait for the end."""
        assert self._process
        return self._process.wait(timeout)

    def log(self) -> str:
        """Everything that it has said."""
        return (self.state / "unmixd.log").read_text("utf-8", "replace")

    def client(self, name: str = "test") -> Client:
        """A connected client that starts no other daemon."""
        return Client.connect(self.state, client_name=name, start=False)

    def addresses(self) -> tuple[str, ...]:
        """Where it listens, the socket first."""
        endpoint = read_endpoint(self.state)
        assert endpoint
        return endpoint.addresses

    @contextmanager
    def channel(self, address: str = "") -> Iterator[tuple[grpc.Channel, list[tuple[str, str]]]]:
        """A raw channel to this address of its own, or the first, and the metadata that calls need."""
        target = address or self.addresses()[0]
        if target.startswith("unix:"):
            opened = grpc.insecure_channel(target, _OWN_CONNECTION)
        else:
            pair = (self.state / CERTIFICATE).read_bytes()
            shown = grpc.ssl_channel_credentials(pair, pair, pair)
            options = [*_OWN_CONNECTION, ("grpc.ssl_target_name_override", HOST_NAME)]
            opened = grpc.secure_channel(target, shown, options)
        with opened as channel:
            yield channel, [("authorization", f"Bearer {read_token(self.state)}")]

    def workers(self) -> Sequence[psutil.Process]:
        """Its worker processes."""
        try:
            return [child for child in psutil.Process(self.pid).children() if _is_worker(child)]
        except psutil.NoSuchProcess:
            return []

    def files(self) -> list[str]:
        """Everything in the jobs folder."""
        return sorted(str(path.relative_to(self.state / "jobs")) for path in (self.state / "jobs").rglob("*"))

    def __enter__(self) -> Self:
        return self.start() if self._process is None else self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process and self._process.poll() is None:
            self.kill()


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "unmix_daemon.worker" in process.cmdline()
    except psutil.Error:
        return False


def processes_of(state: Path) -> list[psutil.Process]:
    """Every living daemon or worker process whose environment names this state folder."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("UNMIX_STATE") == str(state)
            if mine and process.status() != psutil.STATUS_ZOMBIE and process.pid != os.getpid():
                found.append(process)
        except psutil.Error:
            continue
    return found


def eventually(condition: Any, seconds: float = 60.0) -> Any:
    """Poll until `condition()` is true and return it; fail after `seconds`, more than a busy machine needs."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")
