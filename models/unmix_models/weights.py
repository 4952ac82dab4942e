"""Weight files on disk: where they are, whether they are whole, how they get there.

One folder for each model, named after it, below the weights folder. Files are written beside, checked
against the catalogue's size and SHA-256, and moved in when all are right, so a folder is whole or absent.
Nothing here unpickles anything.
"""

import gzip
import hashlib
import http.client
import shutil
import tarfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from .catalogue import CATALOGUE, Model, WeightFile
from .errors import InvalidWeights, ModelMissing
from .storage import naming_full_disks

_PIECE = 1 << 20
_TIMEOUT = 60.0
_SPARE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a download is."""

    stage: str
    """`downloading`, `verifying`, `installing`."""
    done_bytes: int
    total_bytes: int
    """0 while unknown."""


class Weights:
    """The models below one folder."""

    def __init__(self, folder: Path) -> None:
        """`folder` need not exist yet."""
        self.folder = folder

    def installed(self) -> frozenset[str]:
        """Names of the models that can run: those without files, and those whose files have the right size."""
        return frozenset(model.name for model in CATALOGUE.values() if self._is_whole(model))

    def path(self, model: Model) -> Path:
        """The model's folder. Raises ModelMissing when it is not whole."""
        if not self._is_whole(model):
            raise ModelMissing(
                f"'{model.name}' is not installed; get it with: unmix models pull {model.name}"
            )
        return self.folder / model.name

    def pull(
        self, model: Model, url: str, stop: Callable[[], bool] = lambda: False
    ) -> Generator[PullProgress]:
        """Download the archive at `url`, resuming what an earlier try left, and install the model.

        Stops between two pieces when `stop()` is true. Raises InvalidWeights when the archive does not hold the
        catalogue's files, ConnectionError when the server cannot be reached, StorageFull.
        """
        archive = self.folder / f".{model.name}.tar.gz.part"
        archive.parent.mkdir(parents=True, exist_ok=True)
        with naming_full_disks(self.folder):
            yield from _download(url, archive, _most_bytes(model), stop)
            if stop():
                return
            size = archive.stat().st_size
            yield PullProgress("verifying", size, size)
            try:
                with _naming_broken_archives():
                    self._install(model, _members(archive, model))
            finally:
                archive.unlink(missing_ok=True)

    def install(self, model: Model, source: Path) -> None:
        """Copy the model's files from the folder `source`. Raises InvalidWeights, StorageFull."""

        def files() -> Iterator[tuple[WeightFile, IO[bytes]]]:
            for file in model.files:
                path = source / file.name
                if not path.is_file():
                    raise InvalidWeights(f"{file.name} is missing; '{model.name}' needs: {_names(model)}.")
                with path.open("rb") as opened:
                    yield file, opened

        with naming_full_disks(self.folder):
            self._install(model, files())

    def _install(self, model: Model, files: Iterable[tuple[WeightFile, IO[bytes]]]) -> None:
        partial = self.folder / f".{model.name}.part"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            for file, opened in files:
                _copy_checked(file, opened, partial / file.name)
            (partial / "LICENCE.txt").write_text(f"{model.licence}\n", "utf-8")
            missing = [file.name for file in model.files if not (partial / file.name).exists()]
            if missing:
                raise InvalidWeights(
                    f"The archive lacks {', '.join(missing)}; '{model.name}' was not installed."
                )
            target = self.folder / model.name
            if target.is_symlink():
                target.unlink()
            shutil.rmtree(target, ignore_errors=True)
            partial.rename(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _is_whole(self, model: Model) -> bool:
        folder = self.folder / model.name
        try:
            return all((folder / file.name).stat().st_size == file.size for file in model.files)
        except OSError:
            return False


def _names(model: Model) -> str:
    return ", ".join(file.name for file in model.files)


def _copy_checked(file: WeightFile, source: IO[bytes], target: Path) -> None:
    """Copy at most `file.size` bytes and compare size and hash."""
    digest = hashlib.sha256()
    left = file.size
    with target.open("wb") as out:
        while left and (piece := source.read(min(_PIECE, left))):
            digest.update(piece)
            out.write(piece)
            left -= len(piece)
        too_long = bool(source.read(1))
    if left or too_long or digest.hexdigest() != file.sha256:
        raise InvalidWeights(
            f"{file.name} is not the file that the catalogue names (SHA-256 {file.sha256[:12]}…); "
            "download it again from the official release."
        )


@contextmanager
def _naming_broken_archives() -> Generator[None]:
    """Turn what damaged archives raise, wherever they are read, into InvalidWeights."""
    try:
        yield
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno:  # the disk's fault, not the archive's
            raise
        raise InvalidWeights(f"The download is no readable archive ({error}); pull it again.") from error


def _members(archive: Path, model: Model) -> Iterator[tuple[WeightFile, IO[bytes]]]:
    """The catalogue's files out of a .tar.gz, whatever folder they lie in there; nothing else is unpacked."""
    wanted = {file.name: file for file in model.files}
    with gzip.open(archive) as unpacked:
        bounded = _Bounded(unpacked, _most_bytes(model))
        with tarfile.open(fileobj=cast("IO[bytes]", bounded), mode="r|") as tar:
            for member in tar:
                file = wanted.pop(Path(member.name).name, None) if member.isfile() else None
                opened = tar.extractfile(member) if file else None
                if file and opened:
                    yield file, opened


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


def _most_bytes(model: Model) -> int:
    """What an archive of the model may hold, with room for its author's notes."""
    return 2 * model.download_bytes + _SPARE_BYTES


def _download(url: str, target: Path, most: int, stop: Callable[[], bool]) -> Iterator[PullProgress]:
    """Append what `target` lacks; a server that cannot resume sends everything again."""
    if not url.startswith(("http://", "https://")):
        raise InvalidWeights(f"'{url}' is no http or https address.")
    have = target.stat().st_size if target.exists() else 0
    with closing(_open(url, have)) as response:
        if response.status == 416:  # Range Not Satisfiable: everything is here, or it is not this file
            return
        if response.status != 206:  # Partial Content
            have = 0
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdecimal() else 0
        with target.open("ab" if have else "wb") as out:
            while not stop() and (piece := _read(response, url)):
                out.write(piece)
                have += len(piece)
                if have > most:
                    target.unlink()
                    raise InvalidWeights(f"{url} sends far more than the model's files; check the address.")
                yield PullProgress("downloading", have, total)
    if not stop() and have < total:
        raise ConnectionError(f"The download broke off at {have} of {total} bytes; pull again to resume.")


def _open(url: str, have: int) -> http.client.HTTPResponse:
    """Ask for what lies behind the first `have` bytes. Raises ConnectionError."""
    try:
        request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310  # the caller has looked
        return urllib.request.urlopen(request, timeout=_TIMEOUT)  # noqa: S310
    except urllib.error.HTTPError as error:
        if error.code == 416:
            return cast("http.client.HTTPResponse", error)
        raise ConnectionError(f"{url} answered {error.code} {error.reason}; try again later.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: nonsense behind http://
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise ConnectionError(
            f"{url} cannot be reached ({reason}); check the network, or import the files from a folder."
        ) from error


def _read(response: http.client.HTTPResponse, url: str) -> bytes:
    """The next piece. Raises ConnectionError."""
    try:
        return response.read(_PIECE)
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionError(f"The download of {url} broke off ({error}); pull again to resume.") from error
