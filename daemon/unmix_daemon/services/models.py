"""ModelService: the catalogue, weights, residency, and the daemon's own state."""

from collections.abc import AsyncIterator

from unmix.v1 import models_pb2, models_pb2_grpc

from ..errors import InvalidRequest
from ..interceptors import Context
from ..model_manager import ModelManager, ModelStatus
from ..status import DaemonStatus, StatusReader
from . import convert

_TASKS = {
    "denoise": models_pb2.TASK_DENOISE,
    "separate": models_pb2.TASK_SEPARATE,
    "isolate": models_pb2.TASK_ISOLATE,
}


class ModelService(models_pb2_grpc.ModelServiceServicer):
    """See models.proto."""

    def __init__(self, manager: ModelManager, status: StatusReader) -> None:
        """Translates for these."""
        self._manager = manager
        self._status = status

    async def ListModels(
        self, request: models_pb2.ListModelsRequest, context: Context
    ) -> models_pb2.ListModelsResponse:
        return models_pb2.ListModelsResponse(
            models=[
                _model(status)
                for status in self._manager.statuses()
                if request.task in (models_pb2.TASK_UNSPECIFIED, _TASKS[status.model.task])
                and (status.installed or not request.installed_only)
            ]
        )

    async def PullModel(
        self, request: models_pb2.PullModelRequest, context: Context
    ) -> AsyncIterator[models_pb2.PullModelResponse]:
        async for step in self._manager.pull(request.name):
            yield models_pb2.PullModelResponse(
                stage=step.stage, done_bytes=step.done_bytes, total_bytes=step.total_bytes
            )
        status = self._manager.status(request.name)
        size = status.model.download_bytes
        yield models_pb2.PullModelResponse(
            stage="done", done_bytes=size, total_bytes=size, model=_model(status)
        )

    async def ImportModel(
        self, request_iterator: AsyncIterator[models_pb2.ImportModelRequest], context: Context
    ) -> models_pb2.ImportModelResponse:
        name = ""
        async for request in request_iterator:
            name = request.name
            break
        if not name:
            raise InvalidRequest("name", "The stream must begin with the model's name.")
        return models_pb2.ImportModelResponse(
            model=_model(await self._manager.install(name, _files(request_iterator)))
        )

    async def LoadModel(
        self, request: models_pb2.LoadModelRequest, context: Context
    ) -> models_pb2.LoadModelResponse:
        keep_alive = convert.seconds(request.keep_alive) if request.HasField("keep_alive") else None
        status, seconds = await self._manager.load(request.name, request.device, keep_alive)
        return models_pb2.LoadModelResponse(model=_model(status), load_seconds=seconds)

    async def UnloadModel(
        self, request: models_pb2.UnloadModelRequest, context: Context
    ) -> models_pb2.UnloadModelResponse:
        return models_pb2.UnloadModelResponse(
            model=_model(await self._manager.unload(request.name, request.device))
        )

    async def GetStatus(
        self, request: models_pb2.GetStatusRequest, context: Context
    ) -> models_pb2.GetStatusResponse:
        return _status(await self._status.read())


async def _files(requests: AsyncIterator[models_pb2.ImportModelRequest]) -> AsyncIterator[tuple[str, bytes]]:
    name = ""
    async for request in requests:
        match request.WhichOneof("payload"):
            case "file_name":
                name = request.file_name
            case "data" if name:
                yield name, request.data
            case _:
                raise InvalidRequest("payload", "Send each file's name, then its bytes.")


def _model(status: ModelStatus) -> models_pb2.Model:
    model = status.model
    return models_pb2.Model(
        name=model.name,
        task=_TASKS[model.task],
        description=model.description,
        stems=model.stems,
        sample_rate=model.sample_rate or 0,
        licence=model.licence,
        download_bytes=model.download_bytes,
        url=model.url,
        installed=status.installed,
        quality=model.quality,
        residency=[
            models_pb2.Residency(
                device=device,
                memory_bytes=resident.memory_bytes,
                expire_time=convert.timestamp(resident.expires),
                busy=resident.busy,
            )
            for device, resident in status.residents
        ],
    )


def _status(status: DaemonStatus) -> models_pb2.GetStatusResponse:
    return models_pb2.GetStatusResponse(
        version=status.version,
        pid=status.pid,
        start_time=convert.timestamp(status.started),
        addresses=status.addresses,
        pending_jobs=status.pending,
        processing_jobs=status.processing,
        queue_limit=status.queue_limit,
        state_folder=str(status.state_folder),
        keep_alive=convert.duration(status.keep_alive),
        memory_bytes=status.memory_bytes,
        devices=[
            models_pb2.Device(
                name=device.device.name,
                description=device.device.description,
                available=device.device.available,
                reason=device.device.reason,
                worker_pid=device.worker_pid,
                memory_bytes=device.memory_bytes,
                memory_budget_bytes=status.memory_budget,
                crashes=device.crashes,
            )
            for device in status.devices
        ],
    )
