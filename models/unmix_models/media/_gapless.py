"""What containers say about the samples that codecs add at both ends, where FFmpeg does not act on it."""

import re
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from unmix_models.audio import Block

PADDING = 8_192
"""Frames. No codec here pads by more: what exceeds a declared end by more than this was not declared."""

_BOXES = 10_000


@dataclass(frozen=True, slots=True)
class End:
    """Where the audio of a stream ends, as far as its container says; in frames."""

    declared: int | None
    """Perhaps an estimate."""
    limit: int | None = None
    """Behind it lies padding only."""
    shortest: int = 0
    """With fewer the file is truncated."""


def find_end(
    path: Path,
    *,
    container: str,
    codec: str,
    extradata: bytes | None,
    declared: int | None,
    sample_rate: int,
) -> End:
    """The end of one stream. `declared` is FFmpeg's duration of it in frames, `sample_rate` is in Hz."""
    match container:
        case "flac":
            total = flac_frames(extradata)
            return End(total, shortest=total or 0)
        case "aiff":
            return End(declared, shortest=declared or 0)
        case "mp3":
            total = mp3_frames(path)
            return End(total or declared, limit=total)
        case "ogg" if declared:
            total = declared - (opus_lead(extradata) if codec == "opus" else 0)
            return End(total, total, max(0, total - PADDING))
        case "mp4" if declared:
            return End(declared, declared + _edit_tick(path, sample_rate), max(0, declared - PADDING))
        case _:
            return End(declared)


def without_padding(arrays: Iterable[Block], limit: int | None) -> Generator[Block]:
    """Drop what lies behind `limit` frames, unless it is more than padding can be."""
    position = 0
    held: list[Block] = []
    for array in arrays:
        start, position = position, position + len(array)
        if limit is None or position <= limit:
            yield array
            continue
        audio = max(0, limit - start)
        if audio:
            yield array[:audio]
        held.append(array[audio:])
        if position - limit > PADDING:
            yield from held
            held, limit = [], None


def stored_bits(codec: str, extradata: bytes | None) -> int | None:
    """Bits per sample as the codec's own header has them; None where FFmpeg's sample format says it all."""
    if pcm := re.fullmatch(r"pcm_[su](\d+)\w*", codec):
        return int(pcm[1])
    if codec == "flac" and extradata and len(extradata) >= 18:
        return ((int.from_bytes(extradata[12:14]) >> 4) & 31) + 1
    if codec == "alac" and extradata and len(extradata) >= 18:
        return extradata[17]
    return None


def flac_frames(stream_info: bytes | None) -> int | None:
    """Total frames in FLAC's STREAMINFO (RFC 9639, 8.2), or None where the encoder did not know."""
    if stream_info is None or len(stream_info) < 18:
        return None
    return int.from_bytes(stream_info[13:18]) & 0xF_FFFF_FFFF or None


def opus_lead(head: bytes | None) -> int:
    """Frames at 48 kHz that a decoder drops at the start, from the OpusHead packet (RFC 7845, 5.1)."""
    return int.from_bytes(head[10:12], "little") if head and head[:8] == b"OpusHead" else 0


def bare_stream(path: Path) -> str | None:
    """`mp3` or `aac` where the file begins like such a stream without a container, else None."""
    first = _after_id3(path, 2)
    if len(first) < 2 or first[0] != 0xFF or first[1] & 0xE0 != 0xE0:
        return None
    if first[1] & 0x06:
        return "mp3"
    return "aac" if first[1] & 0xF0 == 0xF0 else None


def mp3_frames(path: Path) -> int | None:
    """True length in frames, from the LAME tag in the first MP3 frame; None without one.

    FFmpeg uses it, too, but keeps 529 frames too many of files of fewer than 47. The tag:
    http://gabriel.mp3-tech.org/mp3infotag.html
    """
    first = _after_id3(path, 200)
    if len(first) < 200 or first[0] != 0xFF or first[1] & 0xE0 != 0xE0:
        return None
    mpeg1, mono = first[1] & 0x18 == 0x18, first[3] & 0xC0 == 0xC0
    start = 4 + ((17 if mono else 32) if mpeg1 else (9 if mono else 17))
    has_all_fields = int.from_bytes(first[start + 4 : start + 8]) & 0xF == 0xF
    if first[start : start + 4] not in {b"Xing", b"Info"} or not has_all_fields:
        return None
    if first[start + 120 : start + 124] not in {b"LAME", b"Lavc", b"Lavf"}:
        return None
    delay, padding = divmod(int.from_bytes(first[start + 141 : start + 144]), 1 << 12)
    packets = int.from_bytes(first[start + 8 : start + 12])
    return max(0, packets * (1152 if mpeg1 else 576) - delay - padding) or None


def movie_time_scale(path: Path) -> int | None:
    """Ticks per second of an MP4's edit lists (ISO/IEC 14496-12, `mvhd`); None where it has none.

    Edit lists round the end of a track to these ticks, often milliseconds.
    """
    with path.open("rb") as file:
        length = file.seek(0, 2)
        movie = _box(file, b"moov", 0, length)
        header = movie and _box(file, b"mvhd", *movie)
        if not header:
            return None
        file.seek(header[0])
        body = file.read(24)
    offset = 20 if body[:1] == b"\1" else 12
    return int.from_bytes(body[offset : offset + 4]) or None


def _edit_tick(path: Path, sample_rate: int) -> int:
    """Frames by which the end in an edit list can be off."""
    time_scale = movie_time_scale(path) or 600
    return 0 if time_scale >= sample_rate else -(-sample_rate // time_scale)


def _after_id3(path: Path, count: int) -> bytes:
    """The first bytes behind an ID3v2 tag."""
    with path.open("rb") as file:
        head = file.read(10)
        size = 0
        if head[:3] == b"ID3" and len(head) == 10:
            size = 10 + ((head[6] << 21) | (head[7] << 14) | (head[8] << 7) | head[9])
        file.seek(size)
        return file.read(count)


def _box(file: BinaryIO, name: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Start and end of the body of the first box of this name between two byte offsets."""
    for _ in range(_BOXES):
        file.seek(start)
        head = file.read(16)
        if start + 8 > end or len(head) < 8:
            return None
        size, body = int.from_bytes(head[:4]), start + 8
        if size == 1:
            size, body = int.from_bytes(head[8:16]), start + 16
        elif size == 0:
            size = end - start
        if head[4:8] == name:
            return body, min(start + size, end)
        if size < body - start:
            return None
        start = start + size
    return None
