"""Weight files on disk: where they are, whether they are whole, how they get there.

One folder for each model, named after it, below the weights folder. Files are written beside, checked
against the catalogue's size and SHA-256, and moved in when all are right, so a folder is whole or absent.
Nothing here unpickles anything.
"""

import gzip
import hashlib
import shutil
import tarfile
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from .catalogue import CATALOGUE, Model, WeightFile
from .download import PullProgress, download
from .errors import InvalidWeights, ModelMissing
from .networks import DESCRIPTION, imported_models, install_network
from .storage import naming_the_disk

_PIECE = 1 << 20
_SPARE_BYTES = 64 << 20
_LARGEST_NETWORK = 1 << 30


class Weights:
    """The models below one folder."""

    def __init__(self, folder: Path) -> None:
        """`folder` need not exist yet."""
        self.folder = folder

    def models(self) -> Mapping[str, Model]:
        """The catalogue, and what the user has imported under names of their own."""
        return {**CATALOGUE, **imported_models(self.folder, CATALOGUE)}

    def installed(self) -> frozenset[str]:
        """Names of the models that can run: those without files, and those whose files have the right size."""
        return frozenset(model.name for model in self.models().values() if self._is_whole(model))

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
        if model.architecture:
            yield from self._pull_network(model, url, stop)
            return
        archive = self.folder / f".{model.name}.tar.gz.part"
        archive.parent.mkdir(parents=True, exist_ok=True)
        with naming_the_disk(self.folder):
            yield from download(url, archive, _most_bytes(model), stop)
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
        if model.architecture:
            with naming_the_disk(self.folder):
                self._place(model, lambda partial: install_network(model, source, partial))
            return

        def files() -> Iterator[tuple[WeightFile, IO[bytes]]]:
            for file in model.files:
                path = source / file.name
                if not path.is_file():
                    raise InvalidWeights(f"{file.name} is missing; '{model.name}' needs: {_names(model)}.")
                with path.open("rb") as opened:
                    yield file, opened

        with naming_the_disk(self.folder):
            self._install(model, files())

    def _install(self, model: Model, files: Iterable[tuple[WeightFile, IO[bytes]]]) -> None:
        def copy(partial: Path) -> None:
            for file, opened in files:
                _copy_checked(file, opened, partial / file.name)
            missing = [file.name for file in model.files if not (partial / file.name).exists()]
            if missing:
                raise InvalidWeights(
                    f"The archive lacks {', '.join(missing)}; '{model.name}' was not installed."
                )

        self._place(model, copy)

    def _pull_network(self, model: Model, url: str, stop: Callable[[], bool]) -> Generator[PullProgress]:
        """Download each checkpoint into a folder beside, then convert and install."""
        staged = self.folder / f".{model.name}.staged"
        staged.mkdir(parents=True, exist_ok=True)
        with naming_the_disk(self.folder):
            done = 0
            for file in model.files:
                target = staged / file.name
                if not target.exists():
                    partial = staged / f"{file.name}.part"
                    for step in download(url + file.name, partial, file.size or _LARGEST_NETWORK, stop):
                        yield PullProgress(step.stage, done + step.done_bytes, model.download_bytes)
                    if stop():
                        return
                    partial.rename(target)
                done += target.stat().st_size
            yield PullProgress("verifying", done, done)
            try:
                self._place(model, lambda partial: install_network(model, staged, partial))
            finally:
                shutil.rmtree(staged, ignore_errors=True)

    def _place(self, model: Model, fill: Callable[[Path], None]) -> None:
        """Let `fill` fill a folder beside, and move it in when it is done."""
        partial = self.folder / f".{model.name}.part"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            fill(partial)
            (partial / "LICENCE.txt").write_text(f"{model.licence}\n", "utf-8")
            target = self.folder / model.name
            if target.is_symlink():
                target.unlink()
            shutil.rmtree(target, ignore_errors=True)
            partial.rename(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _is_whole(self, model: Model) -> bool:
        folder = self.folder / model.name
        if model.architecture:
            return (folder / DESCRIPTION).is_file() and (folder / f"{model.name}.yaml").is_file()
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
