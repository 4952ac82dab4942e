"""The output files of one run, and what is told of them while they grow."""

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from unmix.words import OutputStarted, OutputSummary, Progress
from unmix_models.errors import InvalidWeights
from unmix_models.stems import Level

from unmix_daemon.worker.growing_file import GrowingFile
from unmix_daemon.worker.messages import Advanced, Grew, Report, Run
from unmix_daemon.worker.room import Room

_REPORT_SECONDS = 0.1
_NAME = re.compile(r"[\w-]{1,60}")
"""As clients take it."""


@dataclass(slots=True)
class OutputFile:
    """One output."""

    started: OutputStarted
    path: Path
    file: GrowingFile


@dataclass(slots=True)
class RunFiles:
    """The outputs of one run, by name. On `discard` nothing of them is left."""

    run: Run
    send: Callable[[Report], None]
    outputs: dict[str, OutputFile] = field(default_factory=dict[str, OutputFile])

    def create(self, outputs: Sequence[OutputStarted]) -> None:
        """Create the folder and one file for each output, named after it.

        Raises InvalidWeights for a name that is none for a file: stems are called as a model's files say.
        """
        odd = [started.name for started in outputs if not _NAME.fullmatch(started.name)]
        if odd:
            raise InvalidWeights(
                f"The model calls a stem {odd[0]!r}, which is no name for a file; import it with other names."
            )
        folder = Path(self.run.outputs)
        folder.mkdir(mode=0o700)
        room = Room(folder, self.run.reserve)
        for started in outputs:
            path = folder / f"{started.name}.{started.extension}"
            self.outputs[started.name] = OutputFile(started, path, GrowingFile(path, room))

    def announce(self) -> None:
        """Tell the front how far each file has grown."""
        for output in self.outputs.values():
            self.send(Grew(self.run.ticket, output.started, str(output.path), output.file.announce()))

    def restart(self) -> None:
        """Begin all files again."""
        for output in self.outputs.values():
            output.file.restart()

    def finish(
        self, levels: Mapping[str, Level]
    ) -> tuple[tuple[OutputSummary, ...], dict[str, list[tuple[int, int]]]]:
        """Close the files; return what they are and which announced bytes of each were written again.

        `levels` are those of the outputs that are sound.
        """
        rewritten = {name: output.file.finish() for name, output in self.outputs.items()}
        self.announce()
        return tuple(
            self._finished(output, levels.get(name)) for name, output in self.outputs.items()
        ), rewritten

    def discard(self) -> None:
        """Close and delete everything."""
        for output in self.outputs.values():
            output.file.close()
        shutil.rmtree(self.run.outputs, ignore_errors=True)

    def _finished(self, output: OutputFile, level: Level | None) -> OutputSummary:
        if self.run.durable:
            os.fsync(output.file.fileno())
        output.file.close()
        started = output.started
        return OutputSummary(
            name=started.name,
            stem=started.stem,
            format=started.format,
            extension=started.extension,
            size_bytes=output.path.stat().st_size,
            sha256=_sha256(output.path),
            level_dbfs=level and level.rms_dbfs,
            peak_dbfs=level and level.peak_dbfs,
        )


class Reporter:
    """Sends growth and progress, no more often than a person can see."""

    def __init__(self, files: RunFiles, stage: str, total: int | None) -> None:
        """`total` frames; None where the container does not say."""
        self._files = files
        self._stage = stage
        self._total = total
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
        self._files.send(Advanced(self._files.run.ticket, Progress(self._stage, fraction, remaining)))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
