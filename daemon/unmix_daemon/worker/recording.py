"""What denoising and separating share: the recording's facts, its stem files, and the report at the end."""

import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from unmix_models.audio import AudioInfo, Depth
from unmix_models.catalogue import Choice
from unmix_models.errors import UnsupportedFormat
from unmix_models.media import AudioReader, OutputSpec, Section, open_reader, resolve_output
from unmix_models.stems import Level, StemFile

from .messages import Done, Run
from .task import RunFiles


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known before a model is chosen."""

    info: AudioInfo
    spec: OutputSpec


@dataclass(slots=True)
class Outcome:
    """What came of one pass."""

    frames: int
    levels: dict[str, Level]
    notes: list[str] = field(default_factory=list[str])


def open_recording(run: Run) -> AudioReader:
    """The upload, or that part of it which the job is about, from its start. Raises as `open_reader` does."""
    section = run.options.section
    return open_reader(Path(run.input), section and Section(section.first_frame, section.frames))


def facts(run: Run, reader: AudioReader) -> Facts:
    """Settle how results are stored. Raises UnsupportedFormat."""
    options = run.options
    return Facts(reader.info, resolve_output(reader.info, options.format or None, _depth(options.depth)))


@contextmanager
def opened(run: Run, files: RunFiles, known: Facts) -> Generator[tuple[AudioReader, dict[str, StemFile]]]:
    """The recording from its start, and a StemFile for each output."""
    with ExitStack() as stack:
        reader = stack.enter_context(open_recording(run))
        stems = {
            stem: stack.enter_context(
                StemFile(
                    cast("BinaryIO", output.file),  # it has all that encoders call
                    known.spec,
                    sample_rate=known.info.sample_rate,
                    frames=known.info.frames,
                    metadata=reader.metadata,
                )
            )
            for stem, output in files.outputs.items()
        }
        yield reader, stems


def close(frames: int, stems: dict[str, StemFile]) -> Outcome:
    """Finish the encoders and take their levels."""
    levels = {stem: file.close() for stem, file in stems.items()}
    clipped = sum(file.clipped for file in stems.values())
    outcome = Outcome(frames, levels)
    if clipped:
        outcome.notes.append(f"{clipped} samples passed full scale and were saturated; depth f32 keeps them.")
    return outcome


def report(
    run: Run,
    files: RunFiles,
    known: Facts,
    choice: Choice,
    outcome: Outcome,
    *,
    device: str,
    wanted_device: str,
    precision: str,
    load_seconds: float,
    began: float,
    notes: Sequence[str] = (),
) -> Done:
    """Close the files and say what was done.

    `device` is where the model ran and `wanted_device` the worker's; `began` is `time.monotonic()` at the start of
    the run.
    """
    elsewhere = f"{choice.model.name} runs on {device} here"
    outputs, rewritten = files.finish(outcome.levels)
    return Done(
        ticket=run.ticket,
        model=choice.model.name,
        model_reason=choice.reason,
        device=device,
        device_reason=run.device_reason if device == wanted_device else elsewhere,
        precision=precision,
        quality=choice.model.quality,
        frames=outcome.frames,
        sample_rate=known.info.sample_rate,
        channels=known.info.channels,
        load_seconds=load_seconds,
        processing_seconds=time.monotonic() - began,
        outputs=outputs,
        rewritten=rewritten,
        notes=(*known.spec.notes, *notes, *outcome.notes),
    )


def _depth(name: str) -> Depth | None:
    try:
        return Depth(name) if name else None
    except ValueError as error:
        names = ", ".join(Depth)
        raise UnsupportedFormat(f"There is no sample depth '{name}'; choose one of: {names}.") from error
