"""The result's file as codec libraries see it: no error is lost on its way through C."""

import errno
from typing import BinaryIO

from unmix_models.errors import AudioError, StorageFull
from unmix_models.storage import is_full


class Sink:
    """Wraps a file object that has `write`, `seek` and `tell`.

    FFmpeg and libsndfile call these from C, where an exception is dropped or leaves the library in a state
    that crashes later. So the first error is kept, everything after it is thrown away, and `check` raises it
    once the library has returned.
    """

    def __init__(self, file: BinaryIO) -> None:
        """`file` stays the caller's to close."""
        self._file = file
        self._error: OSError | ValueError | AudioError | None = None
        self._position = 0
        self._end = 0
        self._discarding = False

    def write(self, data: bytes | memoryview) -> int:
        """Write all of `data`."""
        if self._error is None and not self._discarding:
            try:
                remaining = memoryview(data)
                while remaining:
                    written = self._file.write(remaining)
                    if not written:
                        raise OSError(errno.EIO, "The file that takes the result accepts no bytes.")
                    remaining = remaining[written:]
            except (OSError, ValueError, AudioError) as error:  # ValueError: the file is closed
                self._error = error
        self._position += len(data)
        self._end = max(self._end, self._position)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move as `io.IOBase.seek` does; return the new position."""
        self._position = offset + (0, self._position, self._end)[whence]
        if self._error is None and not self._discarding:
            try:
                self._file.seek(self._position)
            except (OSError, ValueError) as error:
                self._error = error
        return self._position

    def tell(self) -> int:
        """Position in bytes."""
        return self._position

    def discard(self) -> None:
        """From now on write nothing: the file stays as it is."""
        self._discarding = True

    def check(self) -> None:
        """Raise the first error of the file object, as StorageFull where that is what it means."""
        error, self._error = self._error, None
        if error is None:
            return
        self._discarding = True
        if isinstance(error, OSError) and is_full(error):
            message = "The disk that holds the result is full; free some space and try again."
            raise StorageFull(message) from error
        raise error
