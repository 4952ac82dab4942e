"""Weights on disk and models in memory."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import grpc
from unmix.v1 import models_pb2, models_pb2_grpc
from unmix.words import LeftOutModel, Model, PullStep
from unmix.words.models import kind_to_proto
from unmix.words.times import check_duration, duration_to_proto, seconds_told

from unmix_plugins.client._link import Link
from unmix_plugins.client._spec import checked
from unmix_plugins.errors import BrokenResult, NotFound, SourceError
from unmix_plugins.files.source import Source

_ANSWER_SECONDS = 60.0
_SUFFIXES = (".onnx", ".safetensors", ".tflite", ".th", ".yaml")
"""Of weights and what names them; training and releases leave much else beside, which no model needs."""


class Models:
    """The daemon's models; `Client.models`."""

    def __init__(self, link: Link) -> None:
        """Speak over `link`."""
        self._link = link

    def list(self, kind: str | None = None, *, installed_only: bool = False) -> tuple[Model, ...]:
        """The catalogue, by task, best first; of one kind of task, or of all."""
        return self.look(kind, installed_only=installed_only)[0]

    def look(
        self, kind: str | None = None, *, installed_only: bool = False
    ) -> tuple[tuple[Model, ...], tuple[LeftOutModel, ...]]:
        """As `list`, and besides all models that are here and cannot be used."""
        request = models_pb2.ListModelsRequest(
            task=kind_to_proto(kind), kind=kind or "", installed_only=installed_only
        )
        answer = self._link.answer(
            lambda channel: _stub(channel).ListModels.future(request, timeout=_ANSWER_SECONDS)
        )
        return tuple(map(Model.from_proto, answer.models)), tuple(
            map(LeftOutModel.from_proto, answer.left_out)
        )

    def get(self, name: str) -> Model:
        """One entry of the catalogue. Raises NotFound."""
        for model in self.list():
            if model.name == name:
                return model
        raise NotFound(f"There is no model {name}.", facts={"model": name})

    def pull(self, name: str, on_progress: Callable[[PullStep], object] = lambda _: None) -> Model:
        """Download and install a model; a download that broke off goes on where it was."""
        request = models_pb2.PullModelRequest(name=name)
        model: models_pb2.Model | None = None
        with self._link.answers(lambda channel: _stub(channel).PullModel(request)) as responses:
            for response in responses:
                on_progress(PullStep.from_proto(response))
                if response.HasField("model"):
                    model = response.model
        if model is None:
            raise BrokenResult(f"The download of {name} ended without a model: try again.")
        return Model.from_proto(model)

    def install(self, name: str, folder: Path) -> Model:
        """Send the weights that lie in `folder` as model `name`, of the catalogue or a new one.

        Of the folder's own files those ending in .onnx, .safetensors, .tflite, .th or .yaml are sent, unless they are
        hidden. Raises SourceError when there are none.
        """
        with ExitStack() as stack:
            files = {path.name: stack.enter_context(Source(path)) for path in _files(folder)}
            requests = _import_requests(name, files)
            answer = self._link.answer(
                lambda channel: _stub(channel).ImportModel.future(requests), files.values()
            )
        return Model.from_proto(answer.model)

    def remove(self, name: str) -> int:
        """Unload a model everywhere and delete its weights; returns the bytes that were freed.

        Raises NotFound for an unknown one, NotPossibleNow for one that is not here, InvalidRequest for one that ships.
        """
        request = models_pb2.RemoveModelRequest(name=name)
        answer = self._link.answer(
            lambda channel: _stub(channel).RemoveModel.future(request, timeout=_ANSWER_SECONDS)
        )
        return answer.freed_bytes

    def load(self, name: str, device: str = "auto", keep_alive: float | None = None) -> tuple[Model, float]:
        """Make a model resident; returns it, and the seconds that it took, 0 when it was resident."""
        with checked():
            check_duration(keep_alive, "keep_alive")
        request = models_pb2.LoadModelRequest(
            name=name, device=device, keep_alive=duration_to_proto(keep_alive)
        )
        answer = self._link.answer(lambda channel: _stub(channel).LoadModel.future(request))
        return Model.from_proto(answer.model), seconds_told(answer.load_seconds)

    def unload(self, name: str, device: str = "") -> Model:
        """Free a resident model, on `device` or everywhere; one that is working goes when its job ends."""
        request = models_pb2.UnloadModelRequest(name=name, device=device)
        answer = self._link.answer(
            lambda channel: _stub(channel).UnloadModel.future(request, timeout=_ANSWER_SECONDS)
        )
        return Model.from_proto(answer.model)


def _stub(channel: grpc.Channel) -> models_pb2_grpc.ModelServiceStub:
    return models_pb2_grpc.ModelServiceStub(channel)


def _files(folder: Path) -> list[Path]:
    try:
        found = sorted(folder.iterdir())
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise SourceError(
            f"{folder} cannot be read ({said}): name the folder with the model's weights."
        ) from error
    files = [
        path
        for path in found
        if path.suffix in _SUFFIXES and not path.name.startswith(".") and path.is_file()
    ]
    if not files:
        kinds = ", ".join(_SUFFIXES)
        raise SourceError(f"{folder} holds no weights ({kinds}): name the folder in which they lie.")
    return files


def _import_requests(name: str, files: Mapping[str, Source]) -> Iterator[models_pb2.ImportModelRequest]:
    yield models_pb2.ImportModelRequest(name=name)
    for file_name, source in files.items():
        yield models_pb2.ImportModelRequest(file_name=file_name)
        for data in source.pieces():
            yield models_pb2.ImportModelRequest(data=data)
