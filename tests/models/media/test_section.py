"""A section of a recording is exactly the same frames of the whole, in every format."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile
from media_files import chunk, decode, encode, ffmpeg_file, fmt, noise, riff, spec_for
from unmix_models.audio import Block, Depth
from unmix_models.errors import InvalidAudio, InvalidSection
from unmix_models.media import FORMATS, Section, open_reader, open_writer

FRAMES = 150_001
"""More than two blocks of the readers."""


def _own(name: str, depth: Depth = Depth.S16) -> Callable[[Path], object]:
    return lambda path: encode(path, spec_for(name, depth=depth), noise(FRAMES))


SOURCES: dict[str, Callable[[Path], object]] = {
    **{name: _own(name) for name in FORMATS},
    "wav 24": _own("wav", Depth.S24),
    "wav float": _own("wav", Depth.F32),
    "flac 24": _own("flac", Depth.S24),
    "wav a-law": lambda path: soundfile.write(path, noise(FRAMES), 48_000, "ALAW", format="WAV"),
    "mp3 without a length tag": lambda path: ffmpeg_file(
        path,
        "mp3",
        "libmp3lame",
        noise(FRAMES),
        44_100,
        sample_format="fltp",
        options={"write_xing": "0"},
    ),
    "video": lambda path: ffmpeg_file(path, "mp4", "aac", noise(FRAMES), video=True),
}


def section_of(path: Path, first_frame: int, frames: int, block: int = 4096) -> Block:
    with open_reader(path, Section(first_frame, frames)) as reader:
        return np.concatenate(list(reader.blocks(block)))


@pytest.mark.parametrize("source", SOURCES)
def test_a_section_is_the_same_frames_of_the_whole(tmp_path: Path, source: str) -> None:
    path = tmp_path / "input"
    SOURCES[source](path)
    _, whole = decode(path)
    total = len(whole)
    sections = [(0, 1), (0, total), (0, 0), (1, total - 1), (total - 1, 1), (total - 1, 0), (65_535, 65_538)]
    for first_frame, frames in [*sections, (12_345, 67_890), (131_072, 1), (70_000, 0)]:
        expected = whole[first_frame : first_frame + frames if frames else None]
        np.testing.assert_array_equal(section_of(path, first_frame, frames), expected)
        with open_reader(path, Section(first_frame, frames)) as reader:
            assert reader.info.frames is None or reader.info.frames == pytest.approx(
                len(expected), abs=10_000
            )


@pytest.mark.parametrize("source", ["wav", "flac", "mp3", "mp3 without a length tag", "ogg"])
def test_a_section_outside_is_refused_with_the_recordings_length(tmp_path: Path, source: str) -> None:
    path = tmp_path / "input"
    SOURCES[source](path)
    total = len(decode(path)[1])
    for first_frame, frames in [(0, total + 1), (total, 0), (total, 1), (total - 1, 2), (1 << 60, 1 << 62)]:
        with pytest.raises(InvalidSection, match=f"has {total} frames"):
            section_of(path, first_frame, frames)


def test_what_lies_before_and_behind_a_section_of_a_wav_is_not_read(tmp_path: Path) -> None:
    samples = noise(FRAMES)
    samples[10], samples[-10] = np.nan, np.inf
    soundfile.write(tmp_path / "input.wav", samples, 48_000, "FLOAT")
    np.testing.assert_array_equal(
        section_of(tmp_path / "input.wav", 11, FRAMES - 21), samples[11 : FRAMES - 10]
    )


def test_a_broken_sample_in_a_section_is_told_at_its_place_in_the_recording(tmp_path: Path) -> None:
    samples = noise(96_000)
    samples[72_000, 1] = np.nan
    soundfile.write(tmp_path / "input.wav", samples, 48_000, "FLOAT")
    with pytest.raises(InvalidAudio, match=r"NaN at 1\.500000 s in channel 2"):
        section_of(tmp_path / "input.wav", 70_000, 10_000)


def test_a_section_keeps_the_tags_but_no_markers(tmp_path: Path) -> None:
    cue = chunk(b"cue ", (1).to_bytes(4, "little") + bytes(24))
    title = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"Take 7\0"))
    data = chunk(b"data", bytes(4 * 100))
    (tmp_path / "input").write_bytes(riff(fmt(), data, cue, title))
    with open_reader(tmp_path / "input", Section(0, 0)) as reader:
        assert reader.metadata.side_chunks == ()
        assert reader.metadata.tags == {"title": "Take 7"}


def test_memory_does_not_grow_with_what_a_section_skips(tmp_path: Path) -> None:
    process = psutil.Process()
    silence = np.zeros((48_000 * 10, 2), np.float32)
    with (tmp_path / "input").open("wb") as file, open_writer(file, spec_for("flac")) as writer:
        for _ in range(24):
            writer.write(silence)
    section_of(tmp_path / "input", 0, 48_000)
    before = process.memory_info().rss
    assert len(section_of(tmp_path / "input", 48_000 * 238, 0)) == 96_000
    assert process.memory_info().rss - before < 24 << 20
