"""Models as the daemon offers them: catalogue, weights on disk, and what is loaded where."""

import asyncio
import logging
import secrets
import shutil
import threading
import urllib.parse
from collections.abc import AsyncIterator, Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from unmix.words import FieldError, LeftOutModel, Model, PullStep, Residency, Task
from unmix.words.text import check_text
from unmix.words.times import check_duration, moment
from unmix_models.catalogue import Model as Entry
from unmix_models.catalogue import choose, find
from unmix_models.catalogue.packages import bundled
from unmix_models.devices import place
from unmix_models.errors import AudioError, InvalidWeights
from unmix_models.storage import naming_the_disk
from unmix_models.weights import LARGEST_FILE, PullProgress, Weights, importable_suffixes, imported_model

from unmix_daemon.cancellation import unbroken
from unmix_daemon.config import Config
from unmix_daemon.errors import JobFailed
from unmix_daemon.executors.base import Executor
from unmix_daemon.readiness import Readiness

_log = logging.getLogger(__name__)
_LONGEST_NAME = 200
"""Characters of a file's name in an import; file systems have 255 bytes."""
_MOST_FILES = 256


class ModelManager:
    """Installs, loads and lists models."""

    def __init__(self, config: Config, executor: Executor, readiness: Readiness) -> None:
        """Weights are in `config.weights_folder`; `readiness` is told what can run."""
        self._readiness = readiness
        self._config = config
        self._executor = executor
        self._weights = Weights(config.weights_folder)
        self._imports = config.state_folder / "imports"
        """What arrives, a folder for each call; the state folder is this daemon's alone."""
        self._installing = asyncio.Lock()

    async def tidy(self) -> None:
        """Delete what a kill has left of imports; none may be under way."""
        await asyncio.to_thread(shutil.rmtree, self._imports, ignore_errors=True)

    async def take_in_bundled(self) -> None:
        """Install what lies in installed packages; what is wrong with it goes to the log, since others may do."""
        if self._config.bundled_models:
            try:
                async with self._installing:
                    await asyncio.to_thread(self._weights.take_in_bundled)
            except (AudioError, OSError) as error:
                _log.warning("a model that an installed package holds was not taken in: %s", error)

    async def announce(self) -> None:
        """Tell the health service which models can run now, and the log which cannot be used."""
        for name, reason in self._weights.left_out().items():
            _log.warning("model %s is left out: %s", name, reason)
        installed = self._weights.installed()
        await self._readiness.models({name: name in installed for name in self._weights.models()})

    def models(self) -> list[Model]:
        """The catalogue with its state on this machine, by task, best first."""
        entries = sorted(
            self._weights.models().values(), key=lambda entry: (entry.task, -entry.rank, entry.name)
        )
        installed = self._weights.installed()
        return [self._model(entry, installed) for entry in entries]

    def left_out(self) -> list[LeftOutModel]:
        """What lies here and cannot be used."""
        return [LeftOutModel(name, reason) for name, reason in self._weights.left_out().items()]

    def model(self, name: str) -> Model:
        """One model. Raises JobFailed when there is none of this name."""
        return self._model(self._find(name))

    async def pull(self, name: str) -> AsyncIterator[PullStep]:
        """Download and install. Raises JobFailed when the network or the files are not as they should be."""
        entry = self._find(name)
        if not entry.address:
            return
        stop = threading.Event()
        async with self._installing:
            steps = self._weights.pull(entry, self._mirrored(entry.url), stop.is_set, self._mirrored)
            try:
                while (step := await unbroken(asyncio.to_thread(_next, steps), stop.set)) is not None:
                    yield PullStep(step.stage, step.done_bytes, step.total_bytes)
            finally:
                stop.set()
                steps.close()
                await self.announce()

    async def install(self, name: str, files: AsyncIterator[tuple[str, bytes]]) -> Model:
        """Install from (file name, piece) pairs that a client sends; of two, what is here last stays.

        However long the files take to come, nobody waits for them. Raises JobFailed, FieldError.
        """
        check_text(name, "name")
        entry = self._weights.models().get(name)
        if entry is None:
            with _told_to_clients():
                entry = imported_model(name)
        if not entry.files and not importable_suffixes(entry):
            raise FieldError("name", f"'{name}' ships with unmix; there is nothing to import.")
        arriving = self._imports / secrets.token_hex(8)
        stop = threading.Event()
        arrived: set[str] = set()
        try:
            await unbroken(asyncio.to_thread(_receive, arriving))
            async for file_name, piece in files:
                size = _expected_size(entry, file_name)
                if size:
                    arrived.add(file_name)
                    _check_count(arrived)
                    await unbroken(asyncio.to_thread(_append, arriving / file_name, piece, size))
            async with self._installing:
                await unbroken(
                    asyncio.to_thread(_install, self._weights, entry, arriving, stop.is_set), stop.set
                )
                await self.announce()
        finally:
            await asyncio.to_thread(shutil.rmtree, arriving, ignore_errors=True)
        return self.model(name)

    async def remove(self, name: str) -> tuple[Model | None, int]:
        """Unload a model everywhere and delete its files; return what is left of it, and the bytes that were freed.

        Raises JobFailed where there is nothing of it, FieldError for what ships inside a package.
        """
        entry = self._weights.models().get(name)
        with _told_to_clients():
            if entry is None:
                imported_model(name)  # else it is no name of a folder
            elif (said := self._whence(entry)) is not None:
                raise FieldError("name", f"'{name}' {said}")
        async with self._installing:
            await self._executor.unload(name, None)
            freed = await unbroken(asyncio.to_thread(_remove, self._weights, name))
            await self.announce()
        if freed is None:
            self._find(name)
            raise JobFailed("MODEL_MISSING", f"'{name}' is not installed: there is nothing to remove.")
        entry = self._weights.models().get(name)
        return entry and self._model(entry), freed

    async def check(self, task: Task, device: str) -> None:
        """Refuse what no installed model can do, or no device here, before a file is uploaded. Raises JobFailed."""
        with _told_to_clients():
            choose(task.model, task.kind, self._weights, stems=task.needs())
            if device not in ("", "auto"):
                place(device, await self._executor.devices())

    async def load(self, name: str, device: str, keep_alive: float | None) -> tuple[Model, float]:
        """Make resident; return the seconds that it took. Raises FieldError, JobFailed, WorkerDied, WorkerLost."""
        entry = self._find(name)
        check_text(device, "device")
        check_duration(keep_alive, "keep_alive")
        devices = await self._executor.devices()
        with _told_to_clients():
            placement = place(device, devices)
        required = device not in ("", "auto")
        seconds = await self._executor.load(entry.name, placement.device, keep_alive, required=required)
        return self._model(entry), seconds

    async def unload(self, name: str, device: str) -> Model:
        """Free a model on one device, or everywhere when `device` is empty."""
        entry = self._find(name)
        await self._executor.unload(entry.name, device or None)
        return self._model(entry)

    def _whence(self, entry: Entry) -> str | None:
        """Why it cannot be removed, as it would be there again; None where it can."""
        if not entry.files and not importable_suffixes(entry):
            return "ships with unmix; there is nothing to remove."
        if self._config.bundled_models and bundled(entry) is not None and entry.bundle is not None:
            package = entry.bundle.package.replace("_", "-")
            return (
                f"lies in the package {package} and would come again with the next start: `pip uninstall {package}`,"
                " or set bundled_models = false."
            )
        return None

    def _model(self, entry: Entry, installed: Collection[str] | None = None) -> Model:
        return Model(
            name=entry.name,
            task=entry.task,
            description=entry.description,
            stems=entry.stems,
            sample_rate=entry.sample_rate or 0,
            licence=entry.licence,
            download_bytes=entry.download_bytes,
            url=entry.address,
            installed=entry.name in (self._weights.installed() if installed is None else installed),
            quality=entry.quality,
            residency=tuple(
                Residency(device, resident.memory_bytes, moment(resident.expires), resident.busy)
                for device, loaded in self._executor.residents().items()
                for resident in loaded
                if resident.model == entry.name
            ),
        )

    def _find(self, name: str) -> Entry:
        check_text(name, "name")
        with _told_to_clients():
            return find(name, models=self._weights.models())

    def _mirrored(self, url: str) -> str:
        if not self._config.mirror:
            return url
        parts, mirror = urllib.parse.urlsplit(url), urllib.parse.urlsplit(self._config.mirror)
        path = mirror.path.rstrip("/") + parts.path
        return urllib.parse.urlunsplit((mirror.scheme, mirror.netloc, path, parts.query, ""))


def _expected_size(entry: Entry, file_name: str) -> int:
    """Most bytes that a file of an import may have; 0 for one that the model has no use for."""
    known = next((file.size for file in entry.files if file.name == file_name), 0)
    plain = Path(file_name).name == file_name and file_name.isprintable() and not file_name.startswith(".")
    plain = plain and len(file_name) <= _LONGEST_NAME
    if not known and plain and file_name.endswith(importable_suffixes(entry)):
        return LARGEST_FILE
    return known


def _check_count(names: Collection[str]) -> None:
    if len(names) > _MOST_FILES:
        raise FieldError("file_name", f"A model has no more than {_MOST_FILES} files; name its own folder.")


def _next(steps: Iterator[PullProgress]) -> PullProgress | None:
    """One step, in a thread; StopIteration cannot cross a coroutine."""
    with _told_to_clients():
        return next(steps, None)


def _receive(folder: Path) -> None:
    """An empty folder for the files of an import."""
    with _told_to_clients(), naming_the_disk(folder):
        folder.mkdir(mode=0o700, parents=True)


def _append(path: Path, piece: bytes, limit: int) -> None:
    with _told_to_clients(), naming_the_disk(path.parent), path.open("ab") as file:
        if file.tell() + len(piece) > limit:
            raise InvalidWeights(f"{path.name} is longer than the catalogue says; check the folder.")
        file.write(piece)


def _install(weights: Weights, entry: Entry, folder: Path, stop: Callable[[], bool]) -> None:
    with _told_to_clients():
        weights.install(entry, folder, stop)


def _remove(weights: Weights, name: str) -> int | None:
    with _told_to_clients():
        return weights.remove(name)


@contextmanager
def _told_to_clients() -> Generator[None]:
    """What models and the network raise, as JobFailed."""
    try:
        yield
    except AudioError as error:
        raise JobFailed(error.reason, str(error), error.facts) from error
    except ConnectionError as error:
        raise JobFailed("DOWNLOAD_FAILED", str(error)) from error
