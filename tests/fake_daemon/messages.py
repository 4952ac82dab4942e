"""What the fake daemon says: errors, events, summaries and models."""

import hashlib
from collections.abc import Mapping, Sequence

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from unmix.v1 import audio_pb2, models_pb2

from fake_daemon.script import Events, Upload

HEADER = b"HEAD"
STEMS = ("drums", "bass", "other", "vocals")


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
    timeline: Sequence[audio_pb2.Stretch] = (),
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
        timeline=timeline,
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


def stretch(start: float, end: float, sound: str, model: str = "") -> audio_pb2.Stretch:
    """A part of a timeline."""
    return audio_pb2.Stretch(start_seconds=start, end_seconds=end, sound=sound, model=model)


def untouched(upload: Upload) -> Events:
    """The answer to music that comes back as it was."""
    yield accepted()
    files = dict.fromkeys(stem_names(upload.spec), upload.data)
    for stem, data in files.items():
        yield output(stem)
        yield piece(stem, 0, data)
    yield audio_pb2.AudioEvent(summary=summary(files, model="none", timeline=[stretch(0.0, 62.0, "music")]))


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
