"""Where the samples of a WAVE file are. What is unusual about a file is left to the daemon, which reads them all."""

import struct
from dataclasses import dataclass
from typing import BinaryIO

_KINDS = {b"RIFF", b"RF64", b"BW64"}
_EVEN = {1, 3, 6, 7}
"""PCM, float, A-law and μ-law: every frame has the same number of bytes."""
_EXTENSIBLE = 0xFFFE
_IN_DS64 = 0xFFFF_FFFF
_MOST_CHUNKS = 10_000


@dataclass(frozen=True, slots=True)
class WaveFile:
    """The layout of a complete file."""

    format: bytes
    """The body of its format chunk."""
    tag: int
    """What its samples are: 1 PCM, 3 float, …; the one within where the format is extensible."""
    channels: int
    sample_rate: int
    """Hz."""
    sample_bits: int
    frame_size: int
    """Bytes."""
    data_start: int
    """Byte offset of the first frame."""
    frames: int

    def header(self, frames: int) -> bytes:
        """What stands before `frames` frames of this format in a file of their own, of at most 4 GiB."""
        size = frames * self.frame_size
        body = b"WAVE" + _chunk(b"fmt ", self.format)
        return struct.pack("<4sI", b"RIFF", len(body) + 8 + size) + body + struct.pack("<4sI", b"data", size)


def read_wave(file: BinaryIO) -> WaveFile | None:
    """The layout; None for what is no WAVE file, is compressed, cut off, or does not say plainly how long it is."""
    length = file.seek(0, 2)
    file.seek(0)
    head = file.read(12)
    if head[:4] not in _KINDS or head[8:] != b"WAVE":
        return None
    position = 12
    large_size = 0
    stored = b""
    for _ in range(_MOST_CHUNKS):
        file.seek(position)
        name, size = struct.unpack("<4sI", file.read(8).ljust(8, b"\0"))
        start = position + 8
        if name == b"data":
            size = large_size if size == _IN_DS64 else size
            if not size and start < length:
                return None  # it was never told, as in a stream
            return _layout(stored, start, size) if size <= length - start else None
        if start + size > length:
            return None
        if name == b"ds64":
            large_size = int.from_bytes(file.read(16)[8:], "little")
        elif name == b"fmt " and not stored:
            stored = file.read(min(size, 64))
        position = start + size + size % 2
    return None


def _layout(stored: bytes, start: int, size: int) -> WaveFile | None:
    if len(stored) < 16:
        return None
    tag, channels, sample_rate, _, frame_size, sample_bits = struct.unpack_from("<HHIIHH", stored)
    if tag == _EXTENSIBLE and len(stored) >= 26:
        (tag,) = struct.unpack_from("<H", stored, 24)
    if tag not in _EVEN or not channels or not sample_rate or not frame_size:
        return None
    return WaveFile(stored, tag, channels, sample_rate, sample_bits, frame_size, start, size // frame_size)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", name, len(body)) + body + bytes(len(body) % 2)
