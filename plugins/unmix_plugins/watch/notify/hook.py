"""Telling a program or a server that a recording is done, or has failed for good."""

import hashlib
import hmac
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from unmix_plugins.errors import UnmixError
from unmix_plugins.files.shown import shown
from unmix_plugins.version import version
from unmix_plugins.watch.config.address import check_url, is_loopback
from unmix_plugins.watch.config.folder import CommandHook, Hook, Webhook

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_TRY_AGAIN = {408, 425, 429}
_TAIL = 300
"""Characters of what a program said that go into a message."""


class HookFailed(UnmixError):
    """Nobody could be told; the recording itself is where it belongs."""

    reason = "HOOK_FAILED"


@dataclass(frozen=True, slots=True)
class HookEvent:
    """How it ended with one recording."""

    event_id: str
    """Equal each time that this is told, so that a receiver knows what it has heard already."""
    folder: str
    """The watched folder's name."""
    state: str
    """`done`, `failed` or `skipped`."""
    source: Path
    """Where the recording was found; it may have been moved since."""
    outputs: tuple[Path, ...] = ()
    """Complete files, in place."""
    reason: str = ""
    """The stable name of a failure's cause; empty when it is done."""
    message: str = ""
    """The failure as a sentence."""
    job_id: str = ""
    """The daemon's job; empty when there was none."""
    model: str = ""
    device: str = ""
    duration: float = 0.0
    """Seconds of sound."""
    processing_seconds: float = 0.0

    def as_json(self) -> bytes:
        """The body of a request, and the standard input of a command."""
        facts = asdict(self) | {"source": str(self.source), "outputs": [str(path) for path in self.outputs]}
        return json.dumps(facts).encode("ascii")


def call_hook(
    hook: Hook, event: HookEvent, pause: Callable[[float], bool], now: Callable[[], float] = time.time
) -> None:
    """Run the command, or send the request until it is accepted or its attempts are used up.

    `pause` waits so many seconds between attempts and returns True when there is to be no other. Raises HookFailed.
    """
    match hook:
        case CommandHook():
            _run(hook, event)
        case Webhook():
            _send(hook, event, pause, now)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the timestamp, a dot and the body, in hexadecimal."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _send(hook: Webhook, event: HookEvent, pause: Callable[[float], bool], now: Callable[[], float]) -> None:
    host = urlsplit(hook.url).hostname  # what follows in the address may be a secret
    seconds = _FIRST_PAUSE
    for attempt in range(hook.attempts):
        try:
            status = _post(hook, event, str(int(now())))
        except (
            OSError,
            ValueError,
            http.client.HTTPException,
        ) as error:  # ValueError: no host can be called so
            problem = str(error) or type(error).__name__
        else:
            if 200 <= status < 300:
                return
            problem = f"it answered {status}"
            # A redirect is a refusal, too: nobody but the one who was named is told.
            if status < 500 and status not in _TRY_AGAIN:
                raise HookFailed(f"The webhook at {host} refused ({problem}): check its address and secret.")
        if attempt + 1 == hook.attempts or pause(seconds):
            raise HookFailed(f"The webhook at {host} was not reached ({problem}): nobody was told.")
        seconds = min(_LONGEST_PAUSE, 2 * seconds)


def _post(hook: Webhook, event: HookEvent, timestamp: str) -> int:
    """One attempt; the answer's status. Its body is not read."""
    parts = check_url(hook.url)
    host, body = parts.hostname or "", event.as_json()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"unmix/{version()}",
        "Unmix-Event": event.event_id,
        "Unmix-Timestamp": timestamp,
    }
    if hook.secret:
        headers["Unmix-Signature"] = f"v1={signature(hook.secret, timestamp, body)}"
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, parts.port, timeout=hook.timeout, context=context)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=hook.timeout)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.connect()
        if parts.scheme == "http" and not is_loopback(connection.sock.getpeername()[0]):
            raise OSError(f"{host} is not this machine")
        connection.request("POST", target, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def _run(hook: CommandHook, event: HookEvent) -> None:
    """One run of the command; its output is not kept, and of its complaints only the end."""
    name = hook.command[0]
    environment = os.environ | {
        "UNMIX_RESULT": event.state,
        "UNMIX_FOLDER": event.folder,
        "UNMIX_SOURCE": str(event.source),
        "UNMIX_OUTPUTS": "\n".join(map(str, event.outputs)),
        "UNMIX_REASON": event.reason,
        "UNMIX_MESSAGE": event.message,
    }
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as told:
        told.write(event.as_json())
        told.seek(0)
        try:
            process = subprocess.Popen(
                hook.command,
                env=environment,
                stdin=told,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise HookFailed(f"The command {shown(name)} cannot be run ({error}): check its name.") from error
        try:
            status = process.wait(hook.timeout)
        except subprocess.TimeoutExpired:
            _kill(process)
            raise HookFailed(
                f"The command {shown(name)} was ended after {hook.timeout:g} s: give it more time, or less to do."
            ) from None
        if status:
            said.seek(max(0, said.seek(0, os.SEEK_END) - _TAIL))
            words = " ".join(said.read().decode("utf-8", "replace").split())
            raise HookFailed(
                f"The command {shown(name)} failed with {status}{f': {words}' if words else ''}."
            )


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the program and all that it has started."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
