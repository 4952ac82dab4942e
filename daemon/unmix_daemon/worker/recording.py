"""The upload as sound: its facts, how its results are stored, and the files that stems go into."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from unmix.words import AudioFacts, OutputStarted
from unmix_models.audio import AudioInfo, Depth
from unmix_models.errors import UnsupportedFormat
from unmix_models.media import AudioReader, OutputSpec, Section, open_reader, resolve_output
from unmix_models.stems import StemFile, StemFiles

from unmix_daemon.worker.files import RunFiles
from unmix_daemon.worker.messages import Run
from unmix_daemon.worker.task import Outcome


class Recording:
    """The upload of one run, or that part of it which the job is about. Readers begin at its start."""

    info: AudioInfo
    """Known after the first look."""

    def __init__(self, run: Run) -> None:
        """Opens nothing yet."""
        self._run = run
        self._specs: dict[str, OutputSpec] = {}
        """By format as it was asked for; the first is the main one."""

    @contextmanager
    def first_look(self) -> Generator[AudioReader]:
        """The recording, once its facts are known and it is settled how results are stored.

        Raises as `open_reader` does, and UnsupportedFormat.
        """
        options = self._run.options
        with self.reader() as reader:
            self.info = reader.info
            main = resolve_output(reader.info, options.format or None, _depth(options.depth))
            further = {name: resolve_output(reader.info, name, None) for name in options.also_formats}
            self._specs = {"": main, **further}
            yield reader

    def reader(self) -> AudioReader:
        """The recording from its start. Raises as `open_reader` does."""
        section = self._run.options.section
        return open_reader(
            Path(self._run.input),
            section and Section(section.first_frame, section.frames),
            longest=self._run.longest,
        )

    def outputs(self, stems: Sequence[str]) -> tuple[OutputStarted, ...]:
        """Each stem in each of the formats that were asked for."""
        return tuple(
            OutputStarted(
                name=_named(stem, asked),
                stem=stem,
                format=spec.format,
                extension=spec.extension,
                sample_rate=spec.sample_rate,
                channels=spec.channels,
            )
            for asked, spec in self._specs.items()
            for stem in stems
        )

    def most_bytes(self, stems: Sequence[str]) -> int:
        """What the stems take on the disk at most, by the declared length; 0 where none is declared."""
        seconds = self.info.duration or 0.0
        return len(stems) * sum(spec.most_bytes(seconds) for spec in self._specs.values())

    @contextmanager
    def opened(
        self, files: RunFiles, stems: Sequence[str]
    ) -> Generator[tuple[AudioReader, dict[str, StemFiles]]]:
        """The recording from its start, and for each stem what writes it into its files."""
        with ExitStack() as stack:
            reader = stack.enter_context(self.reader())
            yield (
                reader,
                {stem: stack.enter_context(self._stem_files(stem, reader, files)) for stem in stems},
            )

    def outcome(self, frames: int, stems: dict[str, StemFiles]) -> Outcome:
        """Finish the encoders and take their levels."""
        levels = {name: level for stem in stems.values() for name, level in stem.close().items()}
        clipped = sum(stem.clipped for stem in stems.values())
        notes = list(dict.fromkeys(note for spec in self._specs.values() for note in spec.notes))
        if clipped:
            notes.append(f"{clipped} samples passed full scale and were saturated; depth f32 keeps them.")
        return Outcome(AudioFacts(frames, self.info.sample_rate, self.info.channels), levels, notes)

    def _stem_files(self, stem: str, reader: AudioReader, files: RunFiles) -> StemFiles:
        return StemFiles(
            {
                _named(stem, asked): StemFile(
                    cast(
                        "BinaryIO", files.outputs[_named(stem, asked)].file
                    ),  # it has all that encoders call
                    spec,
                    sample_rate=self.info.sample_rate,
                    frames=self.info.frames,
                    metadata=reader.metadata,
                )
                for asked, spec in self._specs.items()
            }
        )


def _named(stem: str, asked: str) -> str:
    """The name of a stem's output in a further format, or in the main one."""
    return f"{stem}_{asked}" if asked else stem


def _depth(name: str) -> Depth | None:
    try:
        return Depth(name) if name else None
    except ValueError as error:
        names = ", ".join(Depth)
        raise UnsupportedFormat(f"There is no sample depth '{name}'; choose one of: {names}.") from error
