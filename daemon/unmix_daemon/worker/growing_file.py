"""An output file that others read while it grows."""

from pathlib import Path

from unmix_models.storage import is_full

from unmix_daemon.worker.room import Room


class GrowingFile:
    """A binary file for encoders (`write`, `seek`, `tell`) that remembers what it changed after telling.

    `announce()` gives the length that readers may rely on; whatever is written below it later is noted in
    `rewritten`, so that readers can be told to fetch those bytes again.
    """

    def __init__(self, path: Path, room: Room) -> None:
        """Create the file; it must not exist. `room` hears of what it takes on the disk."""
        self._file = path.open("x+b", buffering=0)
        self._room = room
        self._position = 0
        self._end = 0
        self._announced = 0
        self._rewritten: list[tuple[int, int]] = []

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Write at the position; all of it, or OSError, StorageFull or ResultTooLarge."""
        view = memoryview(data).cast("B")
        length = len(view)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            if is_full(error):
                self._room.refuse()
            raise
        start, self._position = self._position, self._position + length
        if start < self._announced and length:
            self._note(start, min(self._position, self._announced))
        grown, self._end = max(0, self._position - self._end), max(self._end, self._position)
        self._room.take(grown)
        return length

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move the position, as `io.RawIOBase.seek`."""
        self._position = self._file.seek(offset, whence)
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Read at the position; encoders that fix their headers may want to."""
        data = self._file.read(size)
        self._position += len(data)
        return data

    def flush(self) -> None:
        """Nothing is buffered."""

    def seekable(self) -> bool:
        """Always."""
        return True

    def writable(self) -> bool:
        """Always."""
        return True

    def readable(self) -> bool:
        """Always."""
        return True

    def announce(self) -> int:
        """The bytes from the start that are there now."""
        self._announced = max(self._announced, self._end)
        return self._end

    def restart(self) -> None:
        """Begin again with an empty file; what was announced counts as announced still, and as rewritten."""
        self._file.truncate(0)
        self.seek(0)
        self._room.give_back(self._end)
        self._end = 0
        if self._announced:
            self._note(0, self._announced)

    def finish(self) -> list[tuple[int, int]]:
        """The (offset, length) ranges that were written again after they had been announced, merged."""
        merged: list[tuple[int, int]] = []
        for start, stop in sorted(self._rewritten):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
            else:
                merged.append((start, stop))
        return [(start, min(stop, self._end) - start) for start, stop in merged if start < self._end]

    def fileno(self) -> int:
        """The descriptor, for fsync."""
        return self._file.fileno()

    def close(self) -> None:
        """Close the file; closing again does nothing."""
        self._file.close()

    def _note(self, start: int, stop: int) -> None:
        last = self._rewritten[-1] if self._rewritten else None
        if last and last[1] == start:
            self._rewritten[-1] = (last[0], stop)
        else:
            self._rewritten.append((start, stop))
