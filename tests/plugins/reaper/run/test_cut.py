"""A section of a WAV file as a file of its own: the same samples as the daemon finds in the whole."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from media_files import chunk, decode, fmt, noise, riff
from unmix.words import Section
from unmix_models.media import Section as MediaSection
from unmix_models.media import open_reader
from unmix_plugins.errors import SourceError
from unmix_plugins.files.source import Source
from unmix_plugins.reaper.run.cut import cut

FRAMES = 5003


def taken(path: Path, first_frame: int, frames: int) -> bytes | None:
    with cut(path, Section(first_frame, frames)) as part:
        return None if part is None else b"".join(Source(part).pieces())


@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize(
    "subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "ULAW"]
)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_cut_is_what_the_daemon_finds_in_the_whole_file(
    tmp_path: Path, container: str, subtype: str, channels: int
) -> None:
    path = tmp_path / "in.wav"
    soundfile.write(path, noise(FRAMES, channels), 44_100, subtype, format=container)
    for first_frame, frames in [(0, FRAMES), (0, 1), (FRAMES - 1, 1), (1234, 2345)]:
        part = taken(path, first_frame, frames)
        assert part is not None
        assert len(part) < 200 + frames * channels * 8
        (tmp_path / "part.wav").write_bytes(part)
        info, samples = decode(tmp_path / "part.wav")
        with open_reader(path, MediaSection(first_frame, frames)) as reader:
            np.testing.assert_array_equal(samples, np.concatenate(list(reader.blocks())))
            assert info == reader.info


def test_chunks_before_the_samples_are_passed_over(tmp_path: Path) -> None:
    data = chunk(b"data", bytes(range(200)))
    (tmp_path / "in.wav").write_bytes(
        riff(chunk(b"bext", bytes(603)), fmt(bits=8), chunk(b"odd ", b"abc"), data)
    )
    part = taken(tmp_path / "in.wav", 10, 5)
    assert part is not None
    assert part.endswith(bytes(range(20, 30)))


UNUSUAL = {
    "nothing": b"",
    "no WAV": b"fLaC" + bytes(1000),
    "no data": riff(fmt()),
    "no format": riff(chunk(b"data", bytes(1000))),
    "compressed": riff(fmt(tag=2, bits=4, block_align=1024), chunk(b"data", bytes(10_240))),
    "a format that is too short": riff(chunk(b"fmt ", bytes(8)), chunk(b"data", bytes(1000))),
    "frames of no bytes": riff(fmt(block_align=0), chunk(b"data", bytes(1000))),
    "truncated": riff(fmt(), chunk(b"data", bytes(1000), 2000)),
    "streamed": riff(fmt(), chunk(b"data", bytes(1000), 0xFFFF_FFFF)),
    "of unknown length": riff(fmt(), chunk(b"data", bytes(1000), 0)),
    "RF64 without its length": riff(fmt(), chunk(b"data", bytes(1000), 0xFFFF_FFFF), kind=b"RF64"),
    "chunks that lead out": riff(chunk(b"LIST", b"", 0xFFFF_FF00), fmt(), chunk(b"data", bytes(1000))),
    "a header that ends early": riff(fmt())[:30],
    "chunks without end": riff(*[chunk(b"JUNK", b"")] * 20_000, fmt(), chunk(b"data", bytes(1000))),
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_what_is_unusual_is_left_to_the_daemon(tmp_path: Path, what: str) -> None:
    (tmp_path / "in.wav").write_bytes(UNUSUAL[what])
    assert taken(tmp_path / "in.wav", 0, 10) is None


def test_what_the_file_does_not_have_is_left_to_the_daemon(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", noise(100), 48_000)
    assert taken(tmp_path / "in.wav", 0, 101) is None
    assert taken(tmp_path / "in.wav", 100, 1) is None
    assert taken(tmp_path / "none.wav", 0, 1) is None
    assert taken(tmp_path, 0, 1) is None


def test_more_than_a_plain_header_can_say_is_left_to_the_daemon(tmp_path: Path) -> None:
    size = 5 << 30
    head = riff(
        chunk(b"ds64", struct.pack("<QQQI", size + 100, size, size // 4, 0)),
        fmt(),
        chunk(b"data", b"", 0xFFFF_FFFF),
        kind=b"RF64",
        size=0xFFFF_FFFF,
    )
    with (tmp_path / "in.wav").open("wb") as sparse:
        sparse.write(head)
        sparse.truncate(len(head) + size)
    assert taken(tmp_path / "in.wav", 0, size // 4) is None
    part = taken(tmp_path / "in.wav", size // 4 - 10, 10)
    assert part is not None
    assert len(soundfile.read(io.BytesIO(part))[0]) == 10


@pytest.mark.parametrize("change", ["longer", "shorter", "other"])
def test_a_file_that_changes_while_it_is_sent_is_told(tmp_path: Path, change: str) -> None:
    path = tmp_path / "in.wav"
    soundfile.write(path, noise(1_000_000), 48_000)
    with cut(path, Section(0, 1_000_000)) as part:
        assert part is not None
        source = Source(part)
        pieces = source.pieces()
        next(pieces)
        with path.open("r+b") as file:
            match change:
                case "longer":
                    file.seek(0, 2)
                    file.write(b"more")
                case "shorter":
                    file.truncate(3_000_000)
                case _:
                    file.seek(2_000_000)
                    file.write(b"other")
        list(pieces)
    assert isinstance(source.error, SourceError)
    assert "changed while it was sent" in str(source.error)
