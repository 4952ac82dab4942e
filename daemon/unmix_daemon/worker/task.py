"""What every run of a job has: its files, its reports, its clock."""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from unmix_models.machine import Machine
from unmix_models.media import OutputSpec
from unmix_models.separate.recording import Forward
from unmix_models.stems import Level
from unmix_models.weights import Weights

from ..jobs import OutputSummary
from ..residency import Loadable, Residency
from .growing_file import GrowingFile
from .messages import Advanced, Done, Grew, Report, Run

_REPORT_SECONDS = 0.1


Steps: TypeAlias = Generator[Forward | None, Any, Done]
"""A run: hands control back at every segment border, and asks for forward passes that may share a batch."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a worker has for its runs."""

    weights: Weights
    place: Machine
    residency: Residency[Loadable]
    send: Callable[[Report], None]


@dataclass(slots=True)
class Output:
    """One stem's file."""

    path: Path
    spec: OutputSpec
    file: GrowingFile


@dataclass(slots=True)
class RunFiles:
    """The outputs of one run. On `discard` nothing of them is left."""

    run: Run
    send: Callable[[Report], None]
    outputs: dict[str, Output] = field(default_factory=dict[str, Output])

    def create(self, stems: tuple[str, ...], spec: OutputSpec) -> None:
        """Create the folder and one file for each stem."""
        folder = Path(self.run.outputs)
        folder.mkdir(mode=0o700)
        for stem in stems:
            path = folder / f"{stem}.{spec.extension}"
            self.outputs[stem] = Output(path, spec, GrowingFile(path))

    def announce(self) -> None:
        """Tell the front how far each file has grown."""
        for stem, output in self.outputs.items():
            spec = output.spec
            self.send(
                Grew(
                    ticket=self.run.ticket,
                    stem=stem,
                    path=str(output.path),
                    format=spec.format,
                    extension=spec.extension,
                    sample_rate=spec.sample_rate,
                    channels=spec.channels,
                    size=output.file.announce(),
                )
            )

    def restart(self) -> None:
        """Begin all files again."""
        for output in self.outputs.values():
            output.file.restart()

    def finish(
        self, levels: Mapping[str, Level]
    ) -> tuple[tuple[OutputSummary, ...], dict[str, list[tuple[int, int]]]]:
        """Close the files; return what they are and which announced bytes of each were written again."""
        rewritten = {stem: output.file.finish() for stem, output in self.outputs.items()}
        self.announce()
        summaries: list[OutputSummary] = []
        for stem, output in self.outputs.items():
            if self.run.durable:
                os.fsync(output.file.fileno())
            output.file.close()
            summaries.append(
                OutputSummary(
                    stem=stem,
                    format=output.spec.format,
                    extension=output.spec.extension,
                    size_bytes=output.path.stat().st_size,
                    sha256=_sha256(output.path),
                    level_dbfs=levels[stem].rms_dbfs,
                    peak_dbfs=levels[stem].peak_dbfs,
                )
            )
        return tuple(summaries), rewritten

    def discard(self) -> None:
        """Close and delete everything."""
        for output in self.outputs.values():
            output.file.close()
        shutil.rmtree(self.run.outputs, ignore_errors=True)


class Reporter:
    """Sends growth and progress, no more often than a person can see."""

    def __init__(self, files: RunFiles, stage: str, total: int | None, rate: int) -> None:
        """`total` frames at `rate` Hz; None where the container does not say."""
        self._files = files
        self._stage = stage
        self._total = total
        self._rate = rate
        self._began = time.monotonic()
        self._next = 0.0

    def advance(self, done: int) -> None:
        """`done` frames are finished."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _REPORT_SECONDS
        self._files.announce()
        fraction = min(1.0, done / self._total) if self._total else 0.0
        elapsed = now - self._began
        remaining = elapsed / fraction - elapsed if fraction > 0 else None
        self._files.send(Advanced(self._files.run.ticket, self._stage, fraction, remaining))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
