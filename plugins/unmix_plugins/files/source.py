"""A recording on its way to the daemon."""

import os
import select
import stat
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

from unmix_plugins.errors import SourceError

CHUNK = 1 << 20
"""Bytes in one message: the most that loopback gRPC moves well."""
_SIGN_SECONDS = 20.0
"""How often a pipe that gives nothing is said to be there still: the daemon waits a minute for the next message."""

Request = TypeVar("Request")


class Source:
    """Reads a file piece by piece, and knows when it is not the file any more that it was.

    gRPC pulls the pieces from a thread of its own, where an exception would be logged and a plain end
    would look like the end of the file. So a fault is kept in `error`, and the call is cancelled.
    """

    def __init__(self, source: Path | BinaryIO) -> None:
        """Open `source`. Raises SourceError when it is no readable file."""
        self._is_ours = isinstance(source, Path)
        self.name = source.name if isinstance(source, Path) else _stream_name(source)
        self.error: SourceError | None = None
        self._cancel: Callable[[], object] | None = None
        self._file = _open(source) if isinstance(source, Path) else source
        self._begin, self.size = _rest_of(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_ours:
            self._file.close()

    def cancel_with(self, cancel: Callable[[], object]) -> None:
        """Say how the call that takes the pieces is cancelled."""
        self._cancel = cancel

    def pieces(self) -> Iterator[bytes]:
        """The bytes, at most CHUNK at once; ends early after a fault, the call being cancelled then.

        An empty piece is a sign of life: the file is a pipe that has nothing yet.
        """
        try:
            yield from self._read()
        except SourceError as error:
            self._fail(error)
        except OSError as error:
            said = error.strerror or type(error).__name__
            self._fail(SourceError(f"{self.name} cannot be read ({said}): check the file and its disk."))
        except ValueError:  # closed, because the call is over
            self._fail(SourceError(f"{self.name} was closed while it was sent."))

    def requests(self, first: Request, of_data: Callable[[bytes], Request]) -> Iterator[Request]:
        """The messages of an upload: one with the spec, then those with the bytes."""
        yield first
        for piece in self.pieces():
            yield of_data(piece)

    def _read(self) -> Iterator[bytes]:
        sent = 0
        while data := (yield from self._next()):
            sent += len(data)
            if self.size is not None and sent > self.size:
                break
            yield data
        if self.size is not None and (
            sent != self.size or os.fstat(self._file.fileno()).st_size != self._begin + self.size
        ):
            raise SourceError(
                f"{self.name} changed while it was sent: wait until it is finished, then run it again."
            )

    def _next(self) -> Generator[bytes, None, bytes]:
        """The next bytes of the file, empty at its end; from a pipe, what is there."""
        read = getattr(self._file, "read1", None) if self.size is None else None
        if read is None:
            return self._file.read(CHUNK)
        while not _has_come(self._file):
            yield b""
        return read(CHUNK)

    def _fail(self, error: SourceError) -> None:
        self.error = error
        if self._cancel is not None:
            self._cancel()


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except IsADirectoryError:
        raise SourceError(f"{path} is a folder: name the files in it.") from None
    except FileNotFoundError:
        raise SourceError(f"{path} does not exist: check the name.") from None
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise SourceError(f"{path} cannot be read ({said}): check the file.") from error


def _rest_of(file: BinaryIO) -> tuple[int, int | None]:
    """Where reading begins, and how many bytes are there from then on; None where nobody can say."""
    try:
        facts = os.fstat(file.fileno())
        if stat.S_ISREG(facts.st_mode):
            begin = file.tell()
            return begin, facts.st_size - begin
    except (AttributeError, OSError, ValueError):  # no file of the system's
        pass
    return 0, None


def _has_come(file: BinaryIO) -> bool:
    """Wait for the next bytes of a file, or its end; False while nothing comes."""
    try:
        return bool(select.select([file], [], [], _SIGN_SECONDS)[0])
    except (
        OSError,
        ValueError,
    ):  # no descriptor, or one that cannot be waited for: reading shows what it gives
        return True


def _stream_name(stream: BinaryIO) -> str:
    name: object = getattr(stream, "name", "")
    return Path(name).name if isinstance(name, str) and name else "stdin"
