"""WAV files of 32-bit floats, as effects write them: their header, their samples compared, and pieces of them.

Only what Audacity's `s-save` and the daemon write is read: RIFF or RF64 with float samples.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from unmix_plugins.errors import BrokenResult, SourceError

_FLOAT = 3
_EXTENSIBLE = 0xFFFE
_SAMPLE_BYTES = 4
_PIECE = 1 << 20
_RIFF_LIMIT = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class FloatWave:
    """Where a file's samples lie."""

    path: Path
    sample_rate: int
    """Hz."""
    channels: int
    frames: int
    data: int
    """Offset of the first sample."""

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame."""
        return self.channels * _SAMPLE_BYTES


def read_header(path: Path) -> FloatWave:
    """Find the samples of a file. Raises SourceError when it is no complete WAV file of 32-bit floats."""
    try:
        with path.open("rb") as file:
            return _header(path, file)
    except OSError as error:
        raise SourceError(f"What Audacity handed over cannot be read ({error.strerror}): {path}") from error
    except (struct.error, ValueError) as error:
        raise SourceError("What Audacity handed over is no complete recording. Is the disk full?") from error


def _header(path: Path, file: BinaryIO) -> FloatWave:
    riff, _, wave = struct.unpack("<4sI4s", file.read(12))
    if riff not in {b"RIFF", b"RF64"} or wave != b"WAVE":
        raise ValueError("not a WAV file")
    long_size = sample_rate = channels = 0
    while True:
        name, size = struct.unpack("<4sI", file.read(8))
        if name == b"data":
            break
        body = file.read(size + size % 2)
        if name == b"ds64":
            long_size = struct.unpack_from("<Q", body, 8)[0]
        elif name == b"fmt ":
            code, channels, sample_rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
            if code == _EXTENSIBLE:
                code = struct.unpack_from("<H", body, 24)[0]
            if (code, bits) != (_FLOAT, 8 * _SAMPLE_BYTES):
                raise ValueError("not 32-bit float")
    size = long_size if size == _RIFF_LIMIT and long_size else size
    start = file.tell()
    present = path.stat().st_size - start
    if not channels or not sample_rate or size > present:
        raise ValueError("cut off")
    return FloatWave(path, sample_rate, channels, size // (channels * _SAMPLE_BYTES), start)


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
    size = frames * source.frame_bytes
    rate = source.sample_rate
    form = struct.pack(
        "<HHIIHH",
        _FLOAT,
        source.channels,
        rate,
        rate * source.frame_bytes,
        source.frame_bytes,
        8 * _SAMPLE_BYTES,
    )
    head = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size)
    with target.open("xb") as file:
        file.write(b"RIFF" + struct.pack("<I", len(head) + size) + head)
        for piece in _samples(source, first_frame, frames):
            file.write(piece)


def _samples(wave: FloatWave, first_frame: int, frames: int) -> Iterator[bytes]:
    left = frames * wave.frame_bytes
    with wave.path.open("rb") as file:
        file.seek(wave.data + first_frame * wave.frame_bytes)
        while left:
            piece = file.read(min(_PIECE, left))
            if not piece:
                raise BrokenResult("A recording became shorter while it was read; nothing was changed.")
            left -= len(piece)
            yield piece
