"""WAV files of 32-bit floats, as effects and the daemon write them: their samples compared, and pieces of them."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from unmix_plugins.errors import BrokenResult, SourceError
from unmix_plugins.files.wave_file import WaveFile, read_wave

_FLOAT = 3
_SAMPLE_BYTES = 4
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class FloatWave:
    """A file and where its samples lie."""

    path: Path
    layout: WaveFile

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return self.layout.sample_rate

    @property
    def channels(self) -> int:
        """How many samples a frame has."""
        return self.layout.channels

    @property
    def frames(self) -> int:
        """How long it is."""
        return self.layout.frames


def read_header(path: Path) -> FloatWave:
    """Find the samples of a file. Raises SourceError when it is no complete WAV file of 32-bit floats."""
    try:
        with path.open("rb") as file:
            wave = read_wave(file)
    except OSError as error:
        raise SourceError(f"What Audacity handed over cannot be read ({error.strerror}): {path}") from error
    if wave is None or (wave.tag, wave.frame_size) != (_FLOAT, wave.channels * _SAMPLE_BYTES):
        raise SourceError("What Audacity handed over is no complete recording. Is the disk full?")
    return FloatWave(path, wave)


def same_samples(one: FloatWave, first_frame: int, other: FloatWave) -> bool:
    """Whether `other` holds exactly the samples of `one` from `first_frame` on."""
    if (one.channels, one.sample_rate) != (other.channels, other.sample_rate):
        return False
    if first_frame < 0 or first_frame + other.frames > one.frames:
        return False
    pairs = zip(_samples(one, first_frame, other.frames), _samples(other, 0, other.frames), strict=True)
    return all(mine == theirs for mine, theirs in pairs)


def is_silent(wave: FloatWave, frame: int) -> bool:
    """Whether every sample of one frame is zero. Raises BrokenResult when it is not there."""
    (data,) = _samples(wave, frame, 1)
    return not any(struct.unpack(f"<{wave.channels}f", data))


def cut(source: FloatWave, first_frame: int, frames: int, target: Path) -> None:
    """Write the frames `[first_frame, first_frame + frames)` of `source` to a new file.

    Raises BrokenResult when `source` does not have them, and OSError when they cannot be written.
    """
    if first_frame < 0 or first_frame + frames > source.frames:
        raise BrokenResult("The result is shorter than the selection; nothing was changed.")
    with target.open("xb") as file:
        file.write(source.layout.header(frames))
        for piece in _samples(source, first_frame, frames):
            file.write(piece)


def _samples(wave: FloatWave, first_frame: int, frames: int) -> Iterator[bytes]:
    left = frames * wave.layout.frame_size
    with wave.path.open("rb") as file:
        file.seek(wave.layout.data_start + first_frame * wave.layout.frame_size)
        while left:
            piece = file.read(min(_PIECE, left))
            if not piece:
                raise BrokenResult("A recording became shorter while it was read; nothing was changed.")
            left -= len(piece)
            yield piece
