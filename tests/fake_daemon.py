"""A daemon that computes nothing: the contract's services on a real gRPC server, for the clients' tests."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from unmix import locations
from unmix.v1 import (
    audio_pb2,
    audio_pb2_grpc,
    jobs_pb2,
    jobs_pb2_grpc,
    models_pb2,
    models_pb2_grpc,
)

TOKEN = "0123456789abcdef"
HEADER = b"HEAD"
STEMS = ("drums", "bass", "other", "vocals")
Events = Iterator[audio_pb2.AudioEvent]


@dataclass
class Upload:
    """What a Process call sent, as the spec of the one task that it names."""

    spec: Message
    data: bytes
    context: grpc.ServicerContext


@dataclass
class Script:
    """What the daemon does; tests replace parts of it."""

    denoise: Callable[[Upload], Events] | None = None
    """None: `answers`."""
    separate: Callable[[Upload], Events] | None = None
    """None: `answers`."""
    before_upload: Callable[[grpc.ServicerContext], None] = lambda _: None
    jobs: dict[str, jobs_pb2.Job] = field(default_factory=dict)
    job_events: list[jobs_pb2.WatchJobResponse] = field(default_factory=list)
    outputs: dict[tuple[str, str], bytes] = field(default_factory=dict)
    break_streams_after: list[int] = field(default_factory=list)
    models: list[models_pb2.Model] = field(default_factory=list)
    pull: Callable[[str], Iterator[models_pb2.PullModelResponse]] = lambda _: iter(())
    imported: dict[str, bytes] = field(default_factory=dict)
    status: models_pb2.GetStatusResponse = field(default_factory=models_pb2.GetStatusResponse)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    requests: list[Message] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    """Set when a Process call has ended, whichever way."""


def fail(
    context: grpc.ServicerContext,
    code: grpc.StatusCode,
    message: str,
    *,
    reason: str = "",
    facts: Mapping[str, str] | None = None,
    field_path: str = "",
    retry_seconds: int = 0,
) -> None:
    """End the call as the daemon does, with rich details where there are any."""
    details: list[Message] = []
    if reason:
        details.append(error_details_pb2.ErrorInfo(domain="unmix", reason=reason, metadata=facts))
    if field_path:
        violation = error_details_pb2.BadRequest.FieldViolation(field=field_path, description="out of range")
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if retry_seconds:
        delay = duration_pb2.Duration(seconds=retry_seconds)
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    packed = [any_pb2.Any() for _ in details]
    for target, detail in zip(packed, details, strict=True):
        target.Pack(detail)
    if not packed:
        context.abort(code, message)
    context.abort_with_status(
        rpc_status.to_status(status_pb2.Status(code=code.value[0], message=message, details=packed))
    )


def accepted(position: int = 0) -> audio_pb2.AudioEvent:
    return audio_pb2.AudioEvent(accepted=audio_pb2.Accepted(job_id="job-1", queue_position=position))


def progress(fraction: float) -> audio_pb2.AudioEvent:
    return audio_pb2.AudioEvent(
        progress=audio_pb2.Progress(stage="denoising", fraction=fraction, remaining_seconds=2.5)
    )


def output(stem: str, extension: str = "wav", *, name: str = "") -> audio_pb2.AudioEvent:
    return audio_pb2.AudioEvent(
        output=audio_pb2.OutputStarted(
            name=name or stem, stem=stem, format="wav", extension=extension, sample_rate=48_000, channels=2
        )
    )


def piece(stem: str, offset: int, data: bytes) -> audio_pb2.AudioEvent:
    return audio_pb2.AudioEvent(data=audio_pb2.OutputData(stem=stem, offset=offset, data=data))


def summary(
    files: dict[str, bytes],
    *,
    extension: str = "wav",
    level: float = -23.1,
    model: str = "deepfilternet3",
    quality: str = "high",
) -> audio_pb2.Summary:
    return audio_pb2.Summary(
        job_id="job-1",
        model=model,
        model_reason="It is the best installed model for speech.",
        device="cpu",
        device_reason="It ran on the CPU because no other device is here.",
        frames=62 * 48_000,
        sample_rate=48_000,
        channels=2,
        queued_seconds=0.1,
        load_seconds=0.4,
        processing_seconds=1.9,
        notes=["The peak was lowered."],
        quality=quality,
        precision="float32",
        outputs=[
            audio_pb2.OutputSummary(
                name=stem,
                stem=stem,
                size_bytes=len(data),
                sha256=hashlib.sha256(data).hexdigest(),
                format="wav",
                extension=extension,
                level_dbfs=level,
                peak_dbfs=-1.0,
            )
            for stem, data in files.items()
        ],
    )


def stem_names(spec: Message) -> list[str]:
    """The names of the outputs that a spec asks for."""
    if isinstance(spec, audio_pb2.SeparateSpec):
        return [stem.replace("-", "no_") for stem in spec.task.stems] or list(STEMS)
    assert isinstance(spec, audio_pb2.DenoiseSpec)
    names = {audio_pb2.DENOISE_STEM_CLEAN: "clean", audio_pb2.DENOISE_STEM_NOISE: "noise"}
    return [names[stem] for stem in spec.task.stems] or ["clean"]


def separator(
    name: str,
    stems: Sequence[str] = STEMS,
    *,
    installed: bool = True,
    quality: str = "high",
    download_bytes: int = 0,
    url: str = "",
) -> models_pb2.Model:
    """A catalogue entry."""
    return models_pb2.Model(
        name=name,
        task=models_pb2.TASK_SEPARATE,
        description="Splits music.",
        stems=stems,
        licence="unclear",
        installed=installed,
        quality=quality,
        download_bytes=download_bytes,
        url=url,
    )


def result_of(stem: str, data: bytes) -> bytes:
    """What the fake makes of an upload: another for each stem, and none like the input."""
    return HEADER + stem.encode() + data[::-1]


def answers(upload: Upload, extension: str = "wav") -> Events:
    """The whole answer to an upload; each stem's header is sent again at the end, as containers need it."""
    yield accepted()
    files = {stem: result_of(stem, upload.data) for stem in stem_names(upload.spec)}
    for stem, data in files.items():
        yield output(stem, extension)
        yield piece(stem, 0, b"????" + data[4:10])
        yield progress(0.5)
        yield piece(stem, 10, data[10:])
        yield piece(stem, 0, HEADER)
    model = "htdemucs" if isinstance(upload.spec, audio_pb2.SeparateSpec) else "deepfilternet3"
    yield audio_pb2.AudioEvent(summary=summary(files, extension=extension, model=model))


class _Audio(audio_pb2_grpc.AudioServiceServicer):
    def __init__(self, script: Script) -> None:
        self._script = script

    def Process(self, request_iterator, context):  # noqa: N802
        context.add_callback(self._script.ended.set)
        spec = next(request_iterator).spec
        self._script.before_upload(context)
        data = b"".join(request.data for request in request_iterator)
        if spec.options.HasField("size_bytes") and spec.options.size_bytes != len(data):
            fail(
                context,
                grpc.StatusCode.INVALID_ARGUMENT,
                "The upload is incomplete.",
                reason="INVALID_REQUEST",
            )
        if spec.HasField("denoise"):
            spec, script = (
                audio_pb2.DenoiseSpec(task=spec.denoise, options=spec.options),
                self._script.denoise,
            )
        else:
            spec = audio_pb2.SeparateSpec(task=spec.separate, options=spec.options)
            script = self._script.separate
        self._script.requests.append(spec)
        for event in (script or answers)(Upload(spec, data, context)):
            yield audio_pb2.ProcessResponse(event=event)


class _Jobs(jobs_pb2_grpc.JobServiceServicer):
    def __init__(self, script: Script) -> None:
        self._script = script

    def SubmitJob(self, request_iterator, context):  # noqa: N802
        spec = next(request_iterator).spec
        self._script.before_upload(context)
        data = b"".join(request.data for request in request_iterator)
        self._script.requests.append(spec)
        job = jobs_pb2.Job(
            job_id=f"job-{len(self._script.jobs) + 1}",
            state=jobs_pb2.JOB_STATE_PENDING,
            denoise=spec.denoise if spec.HasField("denoise") else None,
            separate=spec.separate if spec.HasField("separate") else None,
            options=spec.options,
        )
        self._script.jobs[job.job_id] = job
        self._script.outputs[job.job_id, "upload"] = data
        return jobs_pb2.SubmitJobResponse(job=job)

    def GetJob(self, request, context):  # noqa: N802
        return jobs_pb2.GetJobResponse(job=self._job(request.job_id, context))

    def WatchJob(self, request, context):  # noqa: N802
        self._script.requests.append(request)
        sent = 0
        limit = self._script.break_streams_after.pop(0) if self._script.break_streams_after else None
        for event in self._script.job_events:
            if event.sequence <= request.after_sequence:
                continue
            if sent == limit:
                context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
            sent += 1
            yield event

    def ListJobs(self, request, context):  # noqa: N802
        jobs = [
            job for job in self._script.jobs.values() if not request.states or job.state in request.states
        ]
        begin = int(request.page_token or 0)
        page = jobs[begin : begin + 2]
        more = str(begin + 2) if len(jobs) > begin + 2 else ""
        return jobs_pb2.ListJobsResponse(jobs=page, next_page_token=more)

    def CancelJob(self, request, context):  # noqa: N802
        job = self._job(request.job_id, context)
        job.state = jobs_pb2.JOB_STATE_CANCELLED
        return jobs_pb2.CancelJobResponse(job=job)

    def DeleteJob(self, request, context):  # noqa: N802
        self._job(request.job_id, context)
        del self._script.jobs[request.job_id]
        return jobs_pb2.DeleteJobResponse()

    def ReadOutput(self, request, context):  # noqa: N802
        self._script.requests.append(request)
        data = self._script.outputs[request.job_id, request.stem]
        limit = self._script.break_streams_after.pop(0) if self._script.break_streams_after else None
        for sent, begin in enumerate(range(request.offset, len(data), 5)):
            if sent == limit:
                context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
            yield jobs_pb2.ReadOutputResponse(offset=begin, data=data[begin : begin + 5])

    def _job(self, job_id: str, context: grpc.ServicerContext) -> jobs_pb2.Job:
        if job_id not in self._script.jobs:
            fail(
                context,
                grpc.StatusCode.NOT_FOUND,
                f"There is no job {job_id}: `unmix jobs list` shows them.",
                reason="NOT_FOUND",
            )
        return self._script.jobs[job_id]


class _Models(models_pb2_grpc.ModelServiceServicer):
    def __init__(self, script: Script) -> None:
        self._script = script

    def ListModels(self, request, context):  # noqa: N802
        return models_pb2.ListModelsResponse(
            models=[
                model
                for model in self._script.models
                if request.task in (models_pb2.TASK_UNSPECIFIED, model.task)
                and (model.installed or not request.installed_only)
            ]
        )

    def PullModel(self, request, context):  # noqa: N802
        yield from self._script.pull(request.name)

    def ImportModel(self, request_iterator, context):  # noqa: N802
        name = next(request_iterator).name
        present = ""
        for request in request_iterator:
            if request.WhichOneof("payload") == "file_name":
                present = request.file_name
                self._script.imported[present] = b""
            else:
                self._script.imported[present] += request.data
        return models_pb2.ImportModelResponse(model=models_pb2.Model(name=name, installed=True))

    def LoadModel(self, request, context):  # noqa: N802
        self._script.requests.append(request)
        resident = models_pb2.Residency(device="cpu", memory_bytes=1)
        model = models_pb2.Model(name=request.name, installed=True, residency=[resident])
        return models_pb2.LoadModelResponse(model=model, load_seconds=0.5)

    def UnloadModel(self, request, context):  # noqa: N802
        return models_pb2.UnloadModelResponse(model=models_pb2.Model(name=request.name, installed=True))

    def GetStatus(self, request, context):  # noqa: N802
        return self._script.status


class _Door(grpc.ServerInterceptor):
    """Lets calls with the right token in, and writes down who called."""

    def __init__(self, script: Script, token: str) -> None:
        self._script = script
        self._token = token
        self._refusal = grpc.unary_unary_rpc_method_handler(
            lambda _, context: context.abort(grpc.StatusCode.UNAUTHENTICATED, "wrong token")
        )

    def intercept_service(self, continuation, handler_call_details):
        metadata = dict(handler_call_details.invocation_metadata)
        self._script.calls.append((handler_call_details.method, metadata))
        if metadata.get("authorization") != f"Bearer {self._token}":
            return self._refusal
        return continuation(handler_call_details)


class FakeDaemon:
    """The services, running, and written down in a state folder as a daemon writes itself down."""

    def __init__(self, state: Path, *, version: str = "unknown", port: int = 0) -> None:
        self.state = state
        self.script = Script()
        self.script.status = models_pb2.GetStatusResponse(
            version=version,
            pid=os.getpid(),
            queue_limit=100,
            state_folder=str(state),
            memory_bytes=60_000_000,
            devices=[
                models_pb2.Device(name="cpu", description="a processor", available=True, worker_pid=4711),
                models_pb2.Device(name="cuda:0", available=False, reason="there is no NVIDIA driver"),
            ],
        )
        self.script.models = [
            models_pb2.Model(
                name="rnnoise",
                task=models_pb2.TASK_DENOISE,
                description="For speech.",
                stems=["clean", "noise"],
                licence="BSD-3-Clause",
                installed=True,
                quality="high",
                residency=[models_pb2.Residency(device="cpu", memory_bytes=2_000_000)],
            ),
            models_pb2.Model(
                name="deepfilternet3",
                task=models_pb2.TASK_DENOISE,
                description="The best for speech.",
                stems=["clean", "noise"],
                licence="MIT",
                download_bytes=8_400_000,
                url="https://example.org/dfn3",
                quality="high",
            ),
        ]
        self._server = grpc.server(
            ThreadPoolExecutor(8),
            interceptors=[_Door(self.script, TOKEN)],
            options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 64 << 20)],
        )
        audio_pb2_grpc.add_AudioServiceServicer_to_server(_Audio(self.script), self._server)
        jobs_pb2_grpc.add_JobServiceServicer_to_server(_Jobs(self.script), self._server)
        models_pb2_grpc.add_ModelServiceServicer_to_server(_Models(self.script), self._server)
        self.health = health.HealthServicer()
        self.health.set("", health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port(f'127.0.0.1:{port}')}"
        self.script.status.addresses.append(self.address)
        self._version = version

    def start(self) -> None:
        """Answer calls, and say where."""
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.state / locations.TOKEN).write_text(TOKEN)
        (self.state / locations.TOKEN).chmod(0o600)
        self._server.start()
        locations.write_endpoint(self.state, locations.Endpoint(os.getpid(), self._version, (self.address,)))

    def stop(self, *, forget: bool = True) -> None:
        """End at once; without `forget` the endpoint stays, as after a kill."""
        if forget:
            locations.remove_endpoint(self.state)
        self._server.stop(None).wait()


def calls_of(daemon: FakeDaemon, method: str) -> list[dict[str, str]]:
    """The metadata of every call of a method."""
    return [metadata for called, metadata in daemon.script.calls if called.endswith(f"/{method}")]
