"""The files of one result: pieces are collected, checked, and given their names together or not at all."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from unmix.words import Event, OutputPiece, OutputStarted, OutputSummary, Summary

from unmix_plugins.errors import BrokenResult
from unmix_plugins.files.folder import Place
from unmix_plugins.files.partial_file import PartialFile, output_errors

_READ = 1 << 20

Target = Path | Place | BinaryIO
"""Where an output goes: a file's path, a name in an open folder, or a binary file that is open for writing."""

Targets = Mapping[str, Target] | Callable[[OutputStarted], Target | None]
"""Output's name → target; or a function, for names that depend on the format that the daemon chose. An output
without a target is passed over."""


@dataclass(slots=True)
class _Output:
    file: BinaryIO
    part: PartialFile | None
    stream: BinaryIO | None
    size: int = 0


class Outputs:
    """Collects what a job sends and puts it in place when all of it is there and right.

    Use it in a `with` statement: what was not committed at its end leaves no trace.
    """

    def __init__(self, targets: Targets, *, overwrite: bool = False) -> None:
        """Write to `targets`; without `overwrite` a file that is there already is an error."""
        self._targets = targets
        self._overwrite = overwrite
        self._outputs: dict[str, _Output] = {}
        self._is_committed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for output in self._outputs.values():
            if output.part is None:
                output.file.close()
            elif not self._is_committed:
                output.part.discard()

    def begin(self, started: OutputStarted) -> bool:
        """Open the file of an output; False when nobody asked for it, and its pieces are passed over.

        One that begins again does so because a worker died on it: what came before is thrown away.
        """
        if again := self._outputs.get(started.name):
            with output_errors(_name(again)):
                again.file.truncate(0)
            again.size = 0
            return True
        target = self._targets(started) if callable(self._targets) else self._targets.get(started.name)
        if target is None:
            return False
        if isinstance(target, Path | Place):
            part = PartialFile(target)
            self._outputs[started.name] = _Output(part.file, part, None)
        else:
            # The first bytes may be written again at the end, and a pipe cannot take them back.
            self._outputs[started.name] = _Output(tempfile.TemporaryFile(), None, target)  # noqa: SIM115
        return True

    def write(self, piece: OutputPiece) -> None:
        """Write bytes at their place. Raises BrokenResult for a gap, OutputError when the disk refuses."""
        output = self._outputs.get(piece.name)
        if output is None:
            return
        if not 0 <= piece.offset <= output.size:
            raise BrokenResult(f"Bytes of the output {piece.name} are missing: try again.")
        with output_errors(_name(output)):
            output.file.seek(piece.offset)
            output.file.write(piece.data)
        output.size = max(output.size, piece.offset + len(piece.data))

    def commit(self, summaries: Iterable[OutputSummary]) -> None:
        """Check every file against its summary, then put all of them in place.

        Raises BrokenResult when one is missing or differs, OutputError when a name cannot be taken; then
        none is in place, and what was there before is there again.
        """
        expected = {summary.name: summary for summary in summaries}
        wanted = set[str]() if callable(self._targets) else set(self._targets)
        for name in wanted | set(self._outputs):
            self._check(name, expected.get(name))
        parts = [output.part for output in self._outputs.values() if output.part]
        for part in parts:
            part.place(overwrite=self._overwrite)
        for output in self._outputs.values():
            if output.stream is not None:
                with output_errors(_name(output)):
                    output.file.seek(0)
                    shutil.copyfileobj(output.file, output.stream)
                    output.stream.flush()
        self._is_committed = True
        for part in parts:
            part.settle()

    def _check(self, name: str, summary: OutputSummary | None) -> None:
        output = self._outputs.get(name)
        if output is None or summary is None:
            raise BrokenResult(f"The output {name} did not arrive: try again.")
        with output_errors(_name(output)):
            output.file.flush()
            output.file.seek(0)
            sha256 = _sha256(output.file)
        if output.size != summary.size_bytes or sha256 != summary.sha256:
            raise BrokenResult(f"The output {name} arrived damaged and was thrown away: try again.")


def receive(events: Iterable[Event], outputs: Outputs, on_event: Callable[[Event], object]) -> Summary:
    """Take a job's events as they come, and commit its outputs once the stream has ended well.

    `on_event` gets every event; the summary comes last, when the files are in place. Raises BrokenResult
    when the stream ends without a summary, and what `outputs` and `on_event` raise.
    """
    summary: Summary | None = None
    for event in events:
        match event:
            case Summary():
                summary = event
                continue
            case OutputStarted():
                outputs.begin(event)
            case OutputPiece():
                outputs.write(event)
            case _:
                pass
        on_event(event)
    if summary is None:
        raise BrokenResult("The daemon ended without a result: try again.")
    outputs.commit(summary.outputs)
    on_event(summary)
    return summary


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while data := file.read(_READ):
        digest.update(data)
    return digest.hexdigest()


def _name(output: _Output) -> str:
    return (
        str(output.part.target) if output.part else str(getattr(output.stream, "name", "output")).strip("<>")
    )
