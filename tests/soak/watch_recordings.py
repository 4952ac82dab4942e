"""Recordings of every format for the soak of watched folders, and files that only pretend to be some."""

import random
from dataclasses import dataclass
from pathlib import Path

import media_files
import numpy as np
import sounds
from unmix_models.audio import Depth

_WRITTEN = (
    ("wav", 44_100, 1, Depth.S16),
    ("wav", 48_000, 2, Depth.S24),
    ("wav", 8_000, 1, Depth.U8),
    ("wav", 96_000, 2, Depth.F32),
    ("aiff", 44_100, 2, Depth.S16),
    ("aiff", 32_000, 1, Depth.S24),
    ("flac", 48_000, 2, Depth.S16),
    ("flac", 44_100, 1, Depth.S24),
    ("alac", 44_100, 2, Depth.S16),
    ("m4a", 48_000, 2, Depth.F32),
    ("mp3", 44_100, 2, Depth.F32),
    ("mp3", 16_000, 1, Depth.F32),
    ("ogg", 44_100, 2, Depth.F32),
    ("opus", 48_000, 1, Depth.F32),
    ("webm", 48_000, 2, Depth.F32),
)
"""Format, rate in Hz, channels and depth of what our own writers make."""

_ENCODED = (
    ("mka", "matroska", "flac", False),
    ("mkv", "matroska", "aac", True),
    ("mp4", "mp4", "aac", True),
    ("mp2", "mp2", "mp2", False),
    ("oga", "ogg", "flac", False),
    ("avi", "avi", "libmp3lame", True),
)
"""Suffix, muxer and codec of what other programs make, and whether there are pictures."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A file's content, and how its name ends."""

    suffix: str
    """With the dot."""
    content: bytes


def good(folder: Path, chance: random.Random) -> list[Recording]:
    """One of each kind, of half a second to two; made in `folder`."""
    made: list[Recording] = []
    for number, (name, rate, channels, depth) in enumerate(_WRITTEN):
        samples = sounds.voice(chance.uniform(0.5, 2), rate, channels, seed=number)
        spec = media_files.spec_for(name, rate, channels, depth)
        made.append(Recording(f".{spec.extension}", media_files.encoded(spec, samples)))
    for number, (suffix, muxer, codec, has_pictures) in enumerate(_ENCODED):
        samples = sounds.voice(chance.uniform(0.5, 2), 48_000, 2, seed=100 + number)
        path = folder / f"encoded.{suffix}"
        media_files.ffmpeg_file(path, muxer, codec, samples, video=has_pictures)
        made.append(Recording(path.suffix, path.read_bytes()))
        path.unlink()
    return made


def bad(recordings: list[Recording]) -> list[Recording]:
    """Files that no program can make a recording of."""
    by_suffix = {recording.suffix: recording.content for recording in recordings}
    noise = np.random.default_rng(0).bytes(20_000)
    return [
        Recording(".wav", b""),
        Recording(".wav", by_suffix[".wav"][:30]),
        Recording(".wav", media_files.riff(media_files.fmt(channels=0), media_files.chunk(b"data", noise))),
        Recording(".flac", noise),
        Recording(".mp3", b"<!doctype html><title>404 Not Found</title>" * 50),
        Recording(".mp4", by_suffix[".mp4"][:2000]),
        Recording(".ogg", by_suffix[".ogg"][:60]),
        Recording(".opus", bytes(5000)),
        Recording(".caf", b"caff\0\1\0\0desc" + bytes(5000)),
    ]
