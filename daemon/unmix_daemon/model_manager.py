"""Models as the daemon offers them: catalogue, weights on disk, and what is loaded where."""

import asyncio
import shutil
import urllib.parse
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from unmix_models import catalogue
from unmix_models.catalogue import Model
from unmix_models.devices import place
from unmix_models.errors import AudioError, InvalidWeights
from unmix_models.storage import naming_the_disk
from unmix_models.weights import PullProgress, Weights, importable_suffixes, imported_model

from .cancellation import unbroken
from .config import Config
from .errors import InvalidRequest, JobFailed
from .executors.base import Executor
from .jobs import DenoiseTask, SeparateTask, Task
from .readiness import Readiness
from .worker.messages import Resident

_LARGEST_NETWORK = 4 << 30


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A catalogue entry and its state on this machine."""

    model: Model
    installed: bool
    residents: tuple[tuple[str, Resident], ...]
    """Device and what is loaded there."""


class ModelManager:
    """Installs, loads and lists models."""

    def __init__(self, config: Config, executor: Executor, readiness: Readiness) -> None:
        """Weights are in `config.weights_folder`; `readiness` is told what can run."""
        self._readiness = readiness
        self._config = config
        self._executor = executor
        self._weights = Weights(config.weights_folder)
        self._installing = asyncio.Lock()

    async def announce(self) -> None:
        """Tell the health service which models can run now."""
        installed = self._weights.installed()
        await self._readiness.models({name: name in installed for name in self._weights.models()})

    def statuses(self) -> list[ModelStatus]:
        """The catalogue, by task, best first."""
        models = sorted(
            self._weights.models().values(), key=lambda model: (model.task, -model.rank, model.name)
        )
        return [self._status(model) for model in models]

    def status(self, name: str) -> ModelStatus:
        """One model. Raises JobFailed when there is none of this name."""
        return self._status(self._find(name))

    async def pull(self, name: str) -> AsyncIterator[PullProgress]:
        """Download and install. Raises JobFailed when the network or the files are not as they should be."""
        model = self._find(name)
        if not model.url:
            return
        stop = False
        async with self._installing:
            steps = self._weights.pull(model, self._mirrored(model.url), lambda: stop)
            try:
                while (step := await unbroken(asyncio.to_thread(_next, steps))) is not None:
                    yield step
            finally:
                stop = True
                steps.close()
                await self.announce()

    async def install(self, name: str, files: AsyncIterator[tuple[str, bytes]]) -> ModelStatus:
        """Install from (file name, piece) pairs that a client sends. Raises JobFailed, InvalidRequest."""
        model = self._weights.models().get(name)
        if model is None:
            with _told_to_clients():
                model = imported_model(name)
        if not model.files and not importable_suffixes(model):
            raise InvalidRequest("name", f"'{name}' ships with unmix; there is nothing to import.")
        arriving = self._config.weights_folder / f".{name}.import"
        async with self._installing:
            await unbroken(asyncio.to_thread(_receive, arriving))
            try:
                async for file_name, piece in files:
                    size = _expected_size(model, file_name)
                    if size:
                        await unbroken(asyncio.to_thread(_append, arriving / file_name, piece, size))
                await unbroken(asyncio.to_thread(_install, self._weights, model, arriving))
                await self.announce()
            finally:
                await asyncio.to_thread(shutil.rmtree, arriving, ignore_errors=True)
        return self.status(name)  # an import is known only now

    def check(self, task: Task) -> None:
        """Refuse a task that no installed model can do, before its file is uploaded. Raises JobFailed."""
        with _told_to_clients():
            match task:
                case SeparateTask():
                    catalogue.choose(task.model, "separate", self._weights, stems=task.stems)
                case DenoiseTask():
                    catalogue.choose(task.model, "denoise", self._weights)

    async def load(self, name: str, device: str, keep_alive: float | None) -> tuple[ModelStatus, float]:
        """Make resident; return the seconds that it took. Raises JobFailed, WorkerDied."""
        model = self._find(name)
        devices = await self._executor.devices()
        with _told_to_clients():
            placement = place(device, devices)
        seconds = await self._executor.load(model.name, placement.device, keep_alive)
        return self._status(model), seconds

    async def unload(self, name: str, device: str) -> ModelStatus:
        """Free a model on one device, or everywhere when `device` is empty."""
        model = self._find(name)
        await self._executor.unload(model.name, device or None)
        return self._status(model)

    def _status(self, model: Model) -> ModelStatus:
        residents = tuple(
            (device, resident)
            for device, loaded in self._executor.residents().items()
            for resident in loaded
            if resident.model == model.name
        )
        return ModelStatus(model, model.name in self._weights.installed(), residents)

    def _find(self, name: str) -> Model:
        with _told_to_clients():
            return catalogue.find(name, models=self._weights.models())

    def _mirrored(self, url: str) -> str:
        if not self._config.mirror:
            return url
        parts, mirror = urllib.parse.urlsplit(url), urllib.parse.urlsplit(self._config.mirror)
        path = mirror.path.rstrip("/") + parts.path
        return urllib.parse.urlunsplit((mirror.scheme, mirror.netloc, path, parts.query, ""))


def _expected_size(model: Model, file_name: str) -> int:
    """Most bytes that a file of an import may have; 0 for one that the model has no use for."""
    known = next((file.size for file in model.files if file.name == file_name), 0)
    plain = Path(file_name).name == file_name and not file_name.startswith(".")
    if not known and plain and file_name.endswith(importable_suffixes(model)):
        return _LARGEST_NETWORK
    return known


def _next(steps: Iterator[PullProgress]) -> PullProgress | None:
    """One step, in a thread; StopIteration cannot cross a coroutine."""
    with _told_to_clients():
        return next(steps, None)


def _receive(folder: Path) -> None:
    """An empty folder for the files of an import; a kill may have left the last one's."""
    with _told_to_clients(), naming_the_disk(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)


def _append(path: Path, piece: bytes, limit: int) -> None:
    with _told_to_clients(), naming_the_disk(path.parent), path.open("ab") as file:
        if file.tell() + len(piece) > limit:
            raise InvalidWeights(f"{path.name} is longer than the catalogue says; check the folder.")
        file.write(piece)


def _install(weights: Weights, model: Model, folder: Path) -> None:
    with _told_to_clients():
        weights.install(model, folder)


@contextmanager
def _told_to_clients() -> Generator[None]:
    """What models and the network raise, as JobFailed."""
    try:
        yield
    except AudioError as error:
        raise JobFailed(error.reason, str(error)) from error
    except ConnectionError as error:
        raise JobFailed("DOWNLOAD_FAILED", str(error)) from error
