"""How `unmix audacity …` speaks with the running bridge: a line of JSON asks, lines of JSON answer.

They meet at `bridge.sock`, a unix socket in the bridge's folder. Who serves it holds the folder's lock, so a socket
that is left over is no riddle.
"""

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from unmix.lock import FileLock

from unmix_plugins.audacity.bridge.lock import lock_folder
from unmix_plugins.audacity.bridge.wording import CURES
from unmix_plugins.errors import NotSupported, TimedOut, UnmixError

_log = logging.getLogger(__name__)

SOCKET = "bridge.sock"
LAST_EVENTS = frozenset({"done", "failed", "status"})
"""An answer's last line is one of these."""

Request = Mapping[str, Any]
Event = Mapping[str, Any]

_LONGEST_REQUEST = 65_536
_LONGEST_ADDRESS = 100
"""Bytes of a socket's path: 104 on macOS and 108 on Linux, with the final zero."""
_QUEUE = 16
_CONNECT_SECONDS = 5.0
_SEND_SECONDS = 10.0
_FAREWELL_SECONDS = 1.0
"""How long `Server.close` lets running answers come to their end."""
_RECOVERY_SECONDS = 0.5
"""Between two attempts to accept, when the system refuses."""


class BridgeAbsent(UnmixError):
    """No bridge answers in this folder, or it ended before its answer was complete."""

    reason = "BRIDGE_ABSENT"
    advice = "No bridge to Audacity runs: `unmix audacity run` starts it."


class Server:
    """Answers requests, each in a thread of its own.

    `handle` yields the events of one answer, up to one of LAST_EVENTS. What it raises becomes a `failed` event: an
    UnmixError with its sentence, anything else without details and with a traceback in the log. Its generator is
    closed when the asker went away, which shows at the next event: long work should yield its progress every second.
    """

    def __init__(self, folder: Path, handle: Callable[[Request], Iterator[Event]]) -> None:
        self._folder = folder
        self._handle = handle
        self._lock: FileLock | None = None
        self._listener: socket.socket | None = None
        self._accepting: threading.Thread | None = None
        self._answering: dict[threading.Thread, socket.socket] = {}
        self._guard = threading.Lock()
        self._is_closed = False

    def start(self) -> None:
        """Take the folder, which is made when it is not there, and listen. Raises BridgeRuns, NotSupported."""
        if not hasattr(socket, "AF_UNIX"):
            raise NotSupported(
                "The bridge to Audacity needs unix sockets, which Python lacks on this system."
            )
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = lock_folder(self._folder)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            path = self._folder / SOCKET
            path.unlink(missing_ok=True)  # ours: we hold the lock
            with _address(path) as address:
                listener.bind(address)
            path.chmod(0o600)
            listener.listen(_QUEUE)
        except BaseException:
            listener.close()
            self._lock.release()
            raise
        self._listener = listener
        self._accepting = threading.Thread(target=self._accept, args=(listener,), name="control", daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Take no more requests, let running answers end for a moment, break them off then, and free the folder."""
        if self._listener is None or self._lock is None or self._accepting is None or self._is_closed:
            return
        self._is_closed = True
        with suppress(OSError):  # wakes the thread that accepts, on Linux
            self._listener.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):  # and elsewhere
            _connect(self._folder).close()
        self._accepting.join()
        self._listener.close()
        deadline = time.monotonic() + _FAREWELL_SECONDS
        for thread in self._threads():
            thread.join(max(0.0, deadline - time.monotonic()))
        with self._guard:
            for connection in self._answering.values():
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        (self._folder / SOCKET).unlink(missing_ok=True)
        self._lock.release()

    def _threads(self) -> list[threading.Thread]:
        with self._guard:
            return list(self._answering)

    def _accept(self, listener: socket.socket) -> None:
        while not self._is_closed:
            try:
                connection, _ = listener.accept()
            except OSError as error:
                if not self._is_closed:  # such as too many open files, which passes
                    _log.warning("the control socket cannot accept: %s", error)
                    time.sleep(_RECOVERY_SECONDS)
                continue
            if self._is_closed:
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,), name="control", daemon=True)
            with self._guard:
                self._answering[thread] = connection
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, suppress(OSError), closing(self._answer(connection)) as events:
                connection.settimeout(_SEND_SECONDS)
                for event in events:
                    connection.sendall(_line(event))  # an OSError: the asker went away
        finally:
            with self._guard:
                self._answering.pop(threading.current_thread(), None)

    def _answer(self, connection: socket.socket) -> Generator[Event]:
        try:
            yield from self._handle(_read_request(connection))
        except UnmixError as error:
            yield {"event": "failed", "message": error.worded(CURES)}
        except Exception:  # noqa: BLE001  # the border between requests and the bridge
            _log.exception("a request met an error of the bridge")
            yield {
                "event": "failed",
                "message": "The bridge met an error of its own: its log has the details.",
            }


def ask(folder: Path, request: Request, *, patience: float | None = None) -> Generator[Event]:
    """Send a request to the bridge of this folder and yield its answer, line by line, to the last one.

    `patience` is the longest wait for a line, in seconds; None waits as long as the bridge lives. Closing the
    generator early tells the bridge to give the work up. Raises BridgeAbsent, TimedOut.
    """
    try:
        connection = _connect(folder)
    except OSError as error:
        raise BridgeAbsent from error
    with connection:
        connection.settimeout(patience)
        try:
            connection.sendall(_line(request))
            with connection.makefile("rb") as lines:
                for line in lines:
                    event = _parse(line)
                    yield event
                    if event.get("event") in LAST_EVENTS:
                        return
        except TimeoutError as error:
            raise TimedOut(
                "The bridge to Audacity does not answer: close what asks for an answer in Audacity, or stop the bridge"
                " and start it again with `unmix audacity run`."
            ) from error
        except OSError as error:
            raise BridgeAbsent(
                "The bridge to Audacity went away before it was done: look at Audacity."
            ) from error
    raise BridgeAbsent(
        "The bridge to Audacity ended before it was done: look at Audacity, then run it again."
    )


def _read_request(connection: socket.socket) -> Request:
    with connection.makefile("rb") as lines:
        line = lines.readline(_LONGEST_REQUEST)
    if not line.endswith(b"\n"):
        raise UnmixError("The request was cut off: run the command again.")
    return _parse(line)


def _parse(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UnmixError(
            "What came over the bridge's socket is no JSON: use one version of unmix."
        ) from error
    if not isinstance(said, dict):
        raise UnmixError("What came over the bridge's socket is no request: use one version of unmix.")
    return cast("dict[str, Any]", said)


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(dict(value)).encode() + b"\n"


def _connect(folder: Path) -> socket.socket:
    """Raises OSError."""
    if not hasattr(socket, "AF_UNIX"):
        raise OSError("no unix sockets")
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(_CONNECT_SECONDS)
        with _address(folder / SOCKET) as address:
            connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _address(path: Path) -> Generator[str]:
    """The socket's path, or a short name for one that is too long for an address."""
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
