"""Frames out are frames in, at lag 0, in every format; samples are exact where the format is lossless."""

from pathlib import Path

import numpy as np
import pytest
from media_files import decode, encode, lag, noise, spec_for
from unmix_models.audio import Depth
from unmix_models.media import FORMATS, Metadata, open_reader

LENGTHS = (1, 2, 480, 1152, 44_107)
RATES = (8_000, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000)
LOSSLESS = [name for name, entry in FORMATS.items() if entry.lossless]
LOSSY = [name for name, entry in FORMATS.items() if not entry.lossless]


@pytest.mark.parametrize("frames", LENGTHS)
@pytest.mark.parametrize(
    ("name", "depth"), [(name, depth) for name in LOSSLESS for depth in FORMATS[name].depths]
)
def test_lossless_formats_give_back_the_very_samples(
    tmp_path: Path, name: str, depth: Depth, frames: int
) -> None:
    spec = spec_for(name, depth=depth)
    written = encode(tmp_path / "input", spec, noise(frames))
    info, samples = decode(tmp_path / "input")
    assert np.array_equal(samples, written)
    assert (info.sample_rate, info.channels, info.depth, info.frames) == (48_000, 2, depth, frames)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_formats_hold_every_rate(tmp_path: Path, name: str, rate: int) -> None:
    written = encode(tmp_path / "input", spec_for(name, rate), noise(44_107))
    info, samples = decode(tmp_path / "input")
    assert np.array_equal(samples, written)
    assert (info.sample_rate, info.frames) == (rate, 44_107)


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        (name, channels)
        for name in LOSSLESS
        for channels in (1, 3, 4, 5, 6, 7, 8, 16)
        if channels <= FORMATS[name].max_channels
    ],
)
def test_lossless_formats_keep_channels_in_their_places(tmp_path: Path, name: str, channels: int) -> None:
    written = encode(tmp_path / "input", spec_for(name, channels=channels), noise(5000, channels))
    assert np.array_equal(decode(tmp_path / "input")[1], written)


@pytest.mark.parametrize("frames", LENGTHS)
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats_keep_length_and_place(tmp_path: Path, name: str, rate: int, frames: int) -> None:
    spec = spec_for(name, rate)
    original = noise(frames)
    encode(tmp_path / "input", spec, original)
    info, samples = decode(tmp_path / "input")
    assert samples.shape == original.shape
    assert info.sample_rate == spec.sample_rate
    if frames > 5000:
        assert lag(original, samples) == 0


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats_keep_mono(tmp_path: Path, name: str) -> None:
    original = noise(44_107, 1)
    encode(tmp_path / "input", spec_for(name, channels=1), original)
    _, samples = decode(tmp_path / "input")
    assert samples.shape == original.shape
    assert lag(original, samples) == 0


# Block borders of the codecs: 128 and 2048 (Vorbis), 960 less the lead of 312 (Opus), 1024 (AAC), 1152 (MP3).
@pytest.mark.parametrize(
    "frames", [46, 47, 128, 647, 648, 649, 1023, 1024, 1025, 1105, 1608, 2048, 2304, 4096]
)
@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats_keep_length_at_block_borders(tmp_path: Path, name: str, frames: int) -> None:
    encode(tmp_path / "input", spec_for(name, channels=1), noise(frames, 1))
    assert len(decode(tmp_path / "input")[1]) == frames


@pytest.mark.parametrize("channels", [3, 4, 5, 6, 7, 8])
@pytest.mark.parametrize("name", [name for name in LOSSY if FORMATS[name].max_channels >= 8])
def test_lossy_formats_keep_channels_in_their_places(tmp_path: Path, name: str, channels: int) -> None:
    original = noise(20_000, channels)
    encode(tmp_path / "input", spec_for(name, channels=channels), original)
    _, samples = decode(tmp_path / "input")
    subwoofer = 3 if channels >= 6 else None
    for channel in range(channels):
        likeness = [abs(np.corrcoef(original[:, channel], other)[0, 1]) for other in samples.T]
        if channel != subwoofer:
            assert int(np.argmax(likeness)) == channel


@pytest.mark.parametrize("name", FORMATS)
def test_tags_travel(tmp_path: Path, name: str) -> None:
    tags = {"title": "Größe", "artist": "Ωmega", "album": "B-side"}
    encode(tmp_path / "input", spec_for(name), noise(3000), Metadata(tags))
    with open_reader(tmp_path / "input") as reader:
        found = dict(reader.metadata.tags)
    expected = {"title": tags["title"]} if name == "aiff" else tags  # AIFF has a chunk for few tags
    assert {key: found.get(key) for key in expected} == expected
