"""ModelService: the catalogue, weights, residency, and the daemon's own state."""

from collections.abc import AsyncIterator

from unmix.v1 import models_pb2, models_pb2_grpc
from unmix.words import FieldError
from unmix.words.models import kind_from_proto
from unmix.words.times import seconds_of

from unmix_daemon.model_manager import ModelManager
from unmix_daemon.services.interceptors import Context
from unmix_daemon.status import StatusReader


class ModelService(models_pb2_grpc.ModelServiceServicer):
    """See models.proto."""

    def __init__(self, manager: ModelManager, status: StatusReader) -> None:
        """Translates for these."""
        self._manager = manager
        self._status = status

    async def ListModels(
        self, request: models_pb2.ListModelsRequest, context: Context
    ) -> models_pb2.ListModelsResponse:
        wanted = request.kind or (kind_from_proto(request.task) if request.task else "")
        return models_pb2.ListModelsResponse(
            models=[
                model.to_proto()
                for model in self._manager.models()
                if wanted in ("", model.task) and (model.installed or not request.installed_only)
            ],
            left_out=[model.to_proto() for model in self._manager.left_out()],
        )

    async def PullModel(
        self, request: models_pb2.PullModelRequest, context: Context
    ) -> AsyncIterator[models_pb2.PullModelResponse]:
        async for step in self._manager.pull(request.name):
            yield step.to_proto()
        model = self._manager.model(request.name)
        size = model.download_bytes
        yield models_pb2.PullModelResponse(
            stage="done", done_bytes=size, total_bytes=size, model=model.to_proto()
        )

    async def ImportModel(
        self, request_iterator: AsyncIterator[models_pb2.ImportModelRequest], context: Context
    ) -> models_pb2.ImportModelResponse:
        name = ""
        async for request in request_iterator:
            name = request.name
            break
        if not name:
            raise FieldError("name", "The stream must begin with the model's name.")
        model = await self._manager.install(name, _files(request_iterator))
        return models_pb2.ImportModelResponse(model=model.to_proto())

    async def RemoveModel(
        self, request: models_pb2.RemoveModelRequest, context: Context
    ) -> models_pb2.RemoveModelResponse:
        model, freed = await self._manager.remove(request.name)
        return models_pb2.RemoveModelResponse(model=model and model.to_proto(), freed_bytes=freed)

    async def LoadModel(
        self, request: models_pb2.LoadModelRequest, context: Context
    ) -> models_pb2.LoadModelResponse:
        keep_alive = seconds_of(request.keep_alive) if request.HasField("keep_alive") else None
        model, seconds = await self._manager.load(request.name, request.device, keep_alive)
        return models_pb2.LoadModelResponse(model=model.to_proto(), load_seconds=seconds)

    async def UnloadModel(
        self, request: models_pb2.UnloadModelRequest, context: Context
    ) -> models_pb2.UnloadModelResponse:
        model = await self._manager.unload(request.name, request.device)
        return models_pb2.UnloadModelResponse(model=model.to_proto())

    async def GetStatus(
        self, request: models_pb2.GetStatusRequest, context: Context
    ) -> models_pb2.GetStatusResponse:
        return (await self._status.read()).to_proto()


async def _files(requests: AsyncIterator[models_pb2.ImportModelRequest]) -> AsyncIterator[tuple[str, bytes]]:
    name = ""
    async for request in requests:
        match request.WhichOneof("payload"):
            case "file_name":
                name = request.file_name
            case "data" if name:
                yield name, request.data
            case _:
                raise FieldError("payload", "Send each file's name, then its bytes.")
