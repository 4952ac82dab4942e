"""Audacity's mod-script-pipe: one command a line in, one reply out. No other file knows it.

    PipeError
    ├── PipeAbsent        no Audacity runs, or its script pipe is switched off
    ├── PipeLost          Audacity went away in the middle
    ├── PipeSilent        no reply in time: Audacity is busy, or shows a dialog
    ├── NoProject         Audacity is up but has no project window yet, or no longer
    ├── CommandFailed     Audacity refused the command; `lines` is what it said
    └── CommandUnfit      the command does not fit on one line of the pipe

Audacity reads lines of at most 1,022 bytes and splits longer ones into two commands. A reply is lines,
then `BatchCommand finished: OK` or `Failed!`, then an empty line; it may begin with empty lines of its
own. Replies carry no name of what they answer, so a connection that may be out of step (a new one whose
predecessor left in the middle, or one that did not wait to the end) is brought into step by a message
with a random word: whatever comes before its echo is thrown away.

**Every command stops playback, and also a recording**: nothing here sends anything by itself.

The names of the two FIFOs are those of Linux and macOS. Windows' named pipes are not spoken here.
"""

import os
import secrets
import select
import stat
import threading
import time
from pathlib import Path
from typing import Self

from unmix_plugins.errors import UnmixError

LONGEST_COMMAND = 1022
"""Bytes of a line without its end."""
_END = "BatchCommand finished: "
_BARE_SECONDS = 0.4
"""A lone empty line is all that an Audacity without a project answers. Other replies arrive at once."""
_RETRY_SECONDS = 0.05
_LINE_ENDS = frozenset("\n\r\0")


class PipeError(UnmixError):
    """Audacity cannot be told what to do."""

    reason = "AUDACITY_PIPE"
    advice = "Audacity did not do what it was told: `unmix audacity doctor` looks for the cause."


class PipeAbsent(PipeError):
    """No Audacity runs, or its script pipe is switched off."""

    reason = "AUDACITY_PIPE_ABSENT"
    advice = (
        "Audacity does not listen: start it, and if it runs, close it, run `unmix audacity install` "
        "and start it again."
    )


class PipeLost(PipeError):
    """Audacity went away in the middle."""

    reason = "AUDACITY_PIPE_LOST"
    advice = "Audacity was closed meanwhile: start it again."


class PipeSilent(PipeError):
    """No reply came in time; the command may still be carried out later."""

    reason = "AUDACITY_PIPE_SILENT"
    advice = "Audacity does not answer: close the dialog that it shows, or wait until it is no longer busy."


class NoProject(PipeError):
    """Audacity has no project window yet, or no longer."""

    reason = "AUDACITY_NO_PROJECT"
    advice = "Audacity has no project open: open one and try again."


class CommandFailed(PipeError):
    """Audacity refused the command."""

    reason = "AUDACITY_COMMAND_FAILED"

    def __init__(self, command: str, lines: list[str]) -> None:
        """Keep what Audacity said, `lines`, without the line of the status."""
        name = command.partition(":")[0]
        said = " ".join(" ".join(lines).split())
        super().__init__(
            f"Audacity refused “{name}”{f' ({said})' if said else ''}: look at its window, and try again."
        )
        self.lines = lines


class CommandUnfit(PipeError):
    """The command is no single line of at most LONGEST_COMMAND bytes; nothing was sent."""

    reason = "AUDACITY_COMMAND_UNFIT"


class Pipe:
    """A connection to the Audacity of this user; only one at a time can be held. Safe between threads."""

    def __init__(self, to_audacity: int, from_audacity: int) -> None:
        """Take over two open file descriptors; `Pipe.open` is the way to get them."""
        self._to = to_audacity
        self._from = from_audacity
        self._lock = threading.Lock()
        self._received = b""
        self._is_in_step = False
        self._awaited_word: str | None = None
        self._is_closed = False

    @classmethod
    def open(cls, folder: Path = Path("/tmp"), *, patience: float = 0.0) -> Self:  # noqa: S108  # Audacity's own
        """Connect without sending anything; wait `patience` seconds for Audacity to come up.

        Raises PipeAbsent.
        """
        end = time.monotonic() + patience
        while True:
            try:
                return cls(*_open_both(folder))
            except PipeAbsent:
                if time.monotonic() >= end:
                    raise
            time.sleep(_RETRY_SECONDS)

    @staticmethod
    def is_there(folder: Path = Path("/tmp")) -> bool:  # noqa: S108  # Audacity's own
        """Whether an Audacity listens; nothing is sent, and it goes on listening."""
        try:
            os.close(_open(_fifo(folder, "to"), os.O_WRONLY))
        except PipeAbsent:
            return False
        return True

    @property
    def is_lost(self) -> bool:
        """True when Audacity went away, or this end was closed; nothing is sent to find out."""
        if self._is_closed:
            return True
        poll = select.poll()
        poll.register(self._from, select.POLLIN)
        events = dict(poll.poll(0)).get(self._from, 0)
        return bool(events & select.POLLHUP)

    def is_of(self, pid: int) -> bool:
        """Whether this process has the other end; only Linux shows that."""
        if self._is_closed:
            return False
        mine = os.fstat(self._from)
        try:
            return any(_is_same(mine, descriptor) for descriptor in Path(f"/proc/{pid}/fd").iterdir())
        except OSError:
            return False

    def command(self, text: str, *, patience: float = 60.0) -> list[str]:
        """Send one command (`Name: Key=value …`) and return what is said in reply, without the status.

        After PipeSilent the pipe stays usable: the next command first waits, within its own patience and
        without sending more, until Audacity has come to the end of the one before.

        Raises CommandUnfit, CommandFailed, NoProject, PipeSilent or PipeLost.
        """
        line = _line(text)
        end = time.monotonic() + patience
        if not self._lock.acquire(timeout=patience):
            raise PipeSilent
        try:
            self._get_in_step(end)
            self._is_in_step = False
            self._send(line)
            *lines, status = self._reply(end)
            self._is_in_step = True
        finally:
            self._lock.release()
        if status != f"{_END}OK":
            raise CommandFailed(text, [line for line in lines if line])
        return [line for line in lines if line]

    def close(self) -> None:
        """Let go, after a command that is still under way; Audacity then listens for the next one."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                os.close(self._to)
                os.close(self._from)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _get_in_step(self, end: float) -> None:
        while not self._is_in_step:
            if self._awaited_word is None:
                self._awaited_word = secrets.token_hex(8)
                self._send(_line(f"Message: Text={self._awaited_word}"))
            try:
                self._is_in_step = self._awaited_word in self._reply(end)
            except NoProject:
                self._awaited_word = None
                raise
        self._awaited_word = None

    def _send(self, line: bytes) -> None:
        if self._is_closed:
            raise PipeLost
        try:
            os.write(self._to, line)
        except BlockingIOError:
            raise PipeSilent from None
        except OSError as error:
            raise PipeLost from error

    def _reply(self, end: float) -> list[str]:
        """The lines of one reply; the last is its status."""
        lines: list[str] = []
        while True:
            while b"\n" in self._received:
                line, self._received = self._received.split(b"\n", 1)
                if not line and lines and lines[-1].startswith(_END):
                    return lines
                lines.append(line.decode("utf-8", "replace").removesuffix("\r"))
            is_bare = lines == [""] and not self._received
            if not self._receive(min(end, time.monotonic() + _BARE_SECONDS) if is_bare else end):
                raise NoProject if is_bare else PipeSilent

    def _receive(self, end: float) -> bool:
        """Wait for more and keep it; False when nothing came until `end`."""
        poll = select.poll()
        poll.register(self._from, select.POLLIN)
        if not poll.poll(1000 * max(0.0, end - time.monotonic())):
            return False
        try:
            more = os.read(self._from, 65536)
        except OSError as error:
            raise PipeLost from error
        if not more:
            raise PipeLost
        self._received += more
        return True


def _line(text: str) -> bytes:
    name, colon, _ = text.partition(":")
    if not colon:  # Audacity's answer would have no end by which it could be known
        raise ValueError(f"{name!r} is no command: it has no colon")
    if not _LINE_ENDS.isdisjoint(text):
        raise CommandUnfit(
            f"Audacity cannot be told “{name}”: a name or a path in it has a line break; rename it."
        )
    try:
        line = text.encode() + b"\n"
    except UnicodeEncodeError:
        raise CommandUnfit(
            f"Audacity cannot be told “{name}”: a path in it is no UTF-8; rename it."
        ) from None
    if len(line) > LONGEST_COMMAND + 1:
        raise CommandUnfit(
            f"Audacity cannot be told “{name}”: the command is {len(line) - 1} bytes long, and "
            f"{LONGEST_COMMAND} is its limit; use a folder with a shorter path."
        )
    return line


def _open_both(folder: Path) -> tuple[int, int]:
    writer = _open(_fifo(folder, "to"), os.O_WRONLY)
    try:
        reader = _open(_fifo(folder, "from"), os.O_RDONLY)
    except PipeAbsent:
        os.close(writer)
        raise
    # Audacity makes both anew after each client: the two must be of one pair.
    if not (_is_at(writer, _fifo(folder, "to")) and _is_at(reader, _fifo(folder, "from"))):
        os.close(writer)
        os.close(reader)
        raise PipeAbsent
    return writer, reader


def _open(fifo: Path, mode: int) -> int:
    """Open without waiting. Raises PipeAbsent, also where a FIFO was left behind that nobody reads."""
    try:
        descriptor = os.open(fifo, mode | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError as error:
        raise PipeAbsent from error
    status = os.fstat(descriptor)
    if not stat.S_ISFIFO(status.st_mode) or status.st_uid != os.getuid():  # anybody may write to /tmp
        os.close(descriptor)
        raise PipeAbsent(f"{fifo} is not Audacity's: delete it and start Audacity again.")
    return descriptor


def _fifo(folder: Path, direction: str) -> Path:
    return folder / f"audacity_script_pipe.{direction}.{os.getuid()}"


def _is_at(descriptor: int, path: Path) -> bool:
    return _is_same(os.fstat(descriptor), path)


def _is_same(status: os.stat_result, path: Path) -> bool:
    try:
        return os.path.samestat(status, path.stat())
    except OSError:
        return False
