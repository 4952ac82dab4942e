"""The .tar.gz of a model: its files are read out of it, and nothing is ever unpacked by the archive's own paths."""

import gzip
import tarfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from unmix_models.catalogue import Model, WeightFile
from unmix_models.errors import InvalidWeights

_SPARE_BYTES = 64 << 20


def most_bytes(model: Model) -> int:
    """What an archive of the model may hold, with room for its author's notes."""
    return 2 * model.download_bytes + _SPARE_BYTES


def members(archive: Path, model: Model) -> Iterator[tuple[WeightFile, IO[bytes]]]:
    """The catalogue's files out of a .tar.gz, whatever folder they lie in there; nothing else is unpacked."""
    wanted = {file.name: file for file in model.files}
    with gzip.open(archive) as unpacked:
        bounded = _Bounded(unpacked, most_bytes(model))
        with tarfile.open(fileobj=cast("IO[bytes]", bounded), mode="r|") as tar:
            for member in tar:
                file = wanted.pop(Path(member.name).name, None) if member.isfile() else None
                opened = tar.extractfile(member) if file else None
                if file and opened:
                    yield file, opened


@contextmanager
def naming_broken_archives() -> Generator[None]:
    """Turn what damaged archives raise, wherever they are read, into InvalidWeights."""
    try:
        yield
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno:  # the disk's fault, not the archive's
            raise
        raise InvalidWeights(f"The download is no readable archive ({error}); pull it again.") from error


class _Bounded:
    """Reads a stream, and refuses to read more than a limit: a small archive can unpack to any size."""

    def __init__(self, stream: gzip.GzipFile, limit: int) -> None:
        self._stream = stream
        self._left = limit

    def read(self, size: int) -> bytes:
        """As `io.RawIOBase.read`. Raises InvalidWeights beyond the limit."""
        piece = self._stream.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise InvalidWeights("The archive unpacks to far more than the model's files; pull it again.")
        return piece
