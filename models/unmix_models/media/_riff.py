"""RIFF/WAVE headers and chunks: RIFF, RF64 (EBU Tech 3306) and BW64 (ITU-R BS.2088).

soundfile drops `bext`, `cue `, `LIST`, `iXML` and `smpl`, and above 4 GiB writes a header with wrong sizes
without saying so; FFmpeg keeps `bext` only. Nothing here allocates by a size that a file declares.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from unmix_models.audio import Depth
from unmix_models.errors import InvalidAudio
from unmix_models.media._samples import BYTES

SIDE_CHUNK_BYTES = 16 << 20
"""All side chunks of a file together; larger ones are not copied."""
SIDE_CHUNKS = 256
STREAMED = 0xFFFF_FFFF
"""The size that writers leave who could not seek back (and RF64's sign that `ds64` has the size)."""
RIFF_LIMIT = 0xFFFF_FFFE
"""The largest RIFF size that is a size."""

PCM, FLOAT, A_LAW, MU_LAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE

_KINDS = {b"RIFF", b"RF64", b"BW64"}
_SOX_STREAMED = 0x7FFF_F000  # sox and mplayer write this to pipes
_CHUNKS = 4096  # more chunks than this before the samples are an attack, not a file
# Of the container or of the samples as they were: never copied.
_OWN = {b"fmt ", b"data", b"fact", b"ds64", b"JUNK", b"junk", b"PAD ", b"FLLR", b"PEAK", b"levl", b"MD5 "}
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_DEFAULT_MASKS = {3: 0x7, 4: 0x33, 5: 0x37, 6: 0x3F, 7: 0x70F, 8: 0x63F}


@dataclass(frozen=True, slots=True)
class WaveFormat:
    """The `fmt ` chunk."""

    tag: int
    """WAVE_FORMAT_…; that of the sub-format for WAVE_FORMAT_EXTENSIBLE."""
    channels: int
    sample_rate: int
    block_align: int
    """Bytes per frame."""
    bits: int
    """Bits of the room that one sample takes."""
    channel_mask: int


@dataclass(frozen=True, slots=True)
class WaveLayout:
    """Where things are in a WAVE file."""

    format: WaveFormat
    data_start: int
    """Byte offset of the first frame."""
    data_size: int
    """Bytes of samples as declared; for a streamed file, all that follow."""
    side_chunks: tuple[tuple[bytes, bytes], ...]


def is_wave(head: bytes) -> bool:
    """True for the first 12 bytes of a WAVE file."""
    return head[:4] in _KINDS and head[8:12] == b"WAVE"


def read_layout(file: BinaryIO) -> WaveLayout:
    """Parse the header and collect the side chunks; raises InvalidAudio."""
    length = file.seek(0, 2)
    file.seek(0)
    riff_size = int.from_bytes(file.read(12)[4:8], "little")
    wave_format: WaveFormat | None = None
    data: tuple[int, int] | None = None
    large_data_size: int | None = None
    side_chunks: list[tuple[bytes, bytes]] = []
    room = SIDE_CHUNK_BYTES
    for name, start, declared in _chunks(file, length):
        if name == b"ds64":
            large_data_size = _ds64_data_size(file.read(min(declared, 24)))
        elif name == b"fmt " and wave_format is None:
            wave_format = _parse_format(file.read(min(declared, 40)))
        elif name == b"data" and data is None:
            size = declared
            if declared == STREAMED and large_data_size:
                size = large_data_size
            # Sizes of 0 that the RIFF size confirms are true: that file is empty, not streamed.
            if size in {STREAMED, _SOX_STREAMED} or (size == 0 and abs(riff_size + 8 - length) > 1):
                size = length - start
            data = (start, size)
            file.seek(min(start + size + size % 2, length))
        elif name not in _OWN and declared <= min(room, length - start) and len(side_chunks) < SIDE_CHUNKS:
            side_chunks.append((name, file.read(declared)))
            room -= declared
    if wave_format is None:
        raise InvalidAudio("The WAV file has no format chunk, so it is damaged; copy or export it again.")
    if data is None:
        raise InvalidAudio("The WAV file has no data chunk, so it holds no audio; copy or export it again.")
    return WaveLayout(wave_format, *data, tuple(side_chunks))


def header(
    wave_format: WaveFormat,
    depth: Depth,
    data_size: int | None,
    *,
    before: bytes,
    after_size: int,
    rf64_above: int,
) -> bytes:
    """All bytes up to the first frame; of the same length whatever `data_size` is.

    `data_size` None makes the header of a streamed file. `before` are side chunks to put in front,
    `after_size` counts the bytes of those behind. Above `rf64_above` bytes of RIFF size it is an RF64.
    """
    chunks = before + _format_chunk(wave_format)
    if depth in {Depth.F32, Depth.F64}:
        frames = 0 if data_size is None else data_size // wave_format.block_align
        chunks += chunk(b"fact", struct.pack("<I", min(frames, STREAMED)))
    if data_size is None:
        return _join(b"RIFF", STREAMED, chunk(b"JUNK", bytes(28)) + chunks, STREAMED)
    riff_size = 4 + 36 + len(chunks) + 8 + data_size + data_size % 2 + after_size
    if riff_size <= rf64_above:
        return _join(b"RIFF", riff_size, chunk(b"JUNK", bytes(28)) + chunks, data_size)
    ds64 = struct.pack("<QQQI", riff_size, data_size, data_size // wave_format.block_align, 0)
    return _join(b"RF64", STREAMED, chunk(b"ds64", ds64) + chunks, STREAMED)


def chunk(name: bytes, body: bytes) -> bytes:
    """One whole chunk with its padding byte."""
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def output_format(depth: Depth, sample_rate: int, channels: int, channel_mask: int) -> WaveFormat:
    """The format to write; a mask of 0 becomes the usual one of that many channels."""
    block_align = BYTES[depth] * channels
    tag = FLOAT if depth in {Depth.F32, Depth.F64} else PCM
    mask = channel_mask or _DEFAULT_MASKS.get(channels, 0)
    return WaveFormat(tag, channels, sample_rate, block_align, 8 * BYTES[depth], mask)


def _join(kind: bytes, riff_size: int, chunks: bytes, data_size: int) -> bytes:
    return b"".join(
        (kind, struct.pack("<I", riff_size), b"WAVE", chunks, b"data", struct.pack("<I", data_size))
    )


def _chunks(file: BinaryIO, length: int) -> Iterator[tuple[bytes, int, int]]:
    """(id, byte offset of the body, declared size); goes on behind the body or where the caller seeks to."""
    position = 12
    for _ in range(_CHUNKS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = head[:4], int.from_bytes(head[4:], "little")
        start = position + 8
        yield name, start, size
        position = start + size + size % 2
        if name == b"data":
            position = file.tell()
        if position >= length:
            return


def _parse_format(body: bytes) -> WaveFormat:
    if len(body) < 16:
        raise InvalidAudio("The WAV file's format chunk is too short, so it is damaged; export it again.")
    tag, channels, sample_rate, _, block_align, bits = struct.unpack_from("<HHIIHH", body)
    mask = 0
    if tag == EXTENSIBLE and len(body) >= 40:
        (mask,) = struct.unpack_from("<I", body, 20)
        (tag,) = struct.unpack_from("<H", body, 24)
    return WaveFormat(tag, channels, sample_rate, block_align, bits, mask)


def _format_chunk(wave_format: WaveFormat) -> bytes:
    extensible = wave_format.channels > 2
    body = struct.pack(
        "<HHIIHH",
        EXTENSIBLE if extensible else wave_format.tag,
        wave_format.channels,
        wave_format.sample_rate,
        min(wave_format.sample_rate * wave_format.block_align, STREAMED),
        wave_format.block_align,
        wave_format.bits,
    )
    if extensible:
        body += struct.pack("<HHI", 22, wave_format.bits, wave_format.channel_mask)
        body += struct.pack("<H", wave_format.tag) + _GUID_TAIL
    return chunk(b"fmt ", body)


def _ds64_data_size(body: bytes) -> int | None:
    if len(body) < 16:
        raise InvalidAudio("The RF64 file's ds64 chunk is too short, so it is damaged; export it again.")
    (size,) = struct.unpack_from("<Q", body, 8)
    return None if size == 0xFFFF_FFFF_FFFF_FFFF else size
