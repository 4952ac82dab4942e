"""WAV files with impossible headers, missing samples or samples that are no numbers are refused with the reason."""

import struct
from pathlib import Path

import numpy as np
import pytest
from media_files import chunk, decode, encode, fmt, noise, riff, spec_for
from unmix_models.errors import InvalidAudio
from unmix_models.media import open_reader

DATA = chunk(b"data", bytes(8))
IMPOSSIBLE = {
    "has no format chunk": riff(DATA),
    "has no data chunk": riff(fmt()),
    "format chunk is too short": riff(chunk(b"fmt ", bytes(10)), DATA),
    "ds64 chunk is too short": riff(chunk(b"ds64", bytes(4)), fmt(), DATA, kind=b"RF64"),
    "holds no audio": riff(fmt(), chunk(b"data", b"")),
    "holds no audio.": riff(fmt(), chunk(b"data", b""), chunk(b"iXML", b"<x/>")),
    "rate of 0 Hz": riff(fmt(sample_rate=0), DATA),
    "rate of 768001 Hz": riff(fmt(sample_rate=768_001), DATA),
    "rate of 4294967295 Hz": riff(fmt(sample_rate=2**32 - 1), DATA),
    "declares 0 channels": riff(fmt(channels=0), DATA),
    "declares 64 channels": riff(fmt(channels=64), DATA),
    "contradicts itself: 3 bytes": riff(fmt(block_align=3), DATA),
    "contradicts itself: 0 bytes": riff(fmt(block_align=0), DATA),
    "channels of 0 bits": riff(fmt(bits=0), DATA),
    "channels of 16 bits": riff(fmt(3, bits=16), DATA),
    "no data chunk, so": riff(fmt(), chunk(b"iXML", b"", 0xFFFF_FFF0)),
    "no data chunk, so it": riff(fmt(), *[chunk(b"tiny", b"")] * 5000, DATA),
}


@pytest.mark.parametrize("message", IMPOSSIBLE)
def test_headers_that_cannot_be_are_refused(tmp_path: Path, message: str) -> None:
    (tmp_path / "input").write_bytes(IMPOSSIBLE[message])
    with pytest.raises(InvalidAudio, match=message):
        decode(tmp_path / "input")


@pytest.mark.parametrize("declared", [48_000 * 4, 0xFFFF_FFFE])
def test_a_truncated_file_says_how_much_is_missing(tmp_path: Path, declared: int) -> None:
    (tmp_path / "input").write_bytes(riff(fmt(), chunk(b"data", bytes(24_000 * 4), declared)))
    missing = declared // 4 - 24_000
    with pytest.raises(
        InvalidAudio, match=rf"{missing} of the {declared // 4} frames .*{missing / 48_000:.3f} s of"
    ):
        open_reader(tmp_path / "input")


def test_a_ds64_beyond_all_disks_is_a_truncated_file(tmp_path: Path) -> None:
    ds64 = chunk(b"ds64", struct.pack("<QQQI", 2**64 - 2, 2**64 - 2, 0, 0))
    (tmp_path / "input").write_bytes(
        riff(ds64, fmt(), chunk(b"data", bytes(8), 0xFFFF_FFFF), kind=b"RF64", size=0xFFFF_FFFF)
    )
    with pytest.raises(InvalidAudio, match="truncated"):
        open_reader(tmp_path / "input")


def test_a_file_cut_while_it_is_read_says_so(tmp_path: Path) -> None:
    encode(tmp_path / "input", spec_for("wav"), noise(200_000))
    with open_reader(tmp_path / "input") as reader:
        blocks = reader.blocks()
        next(blocks)
        with (tmp_path / "input").open("r+b") as file:
            file.truncate(300_000)
        with pytest.raises(InvalidAudio, match="truncated"):
            list(blocks)


@pytest.mark.parametrize(
    ("value", "depth", "kind"),
    [
        (np.nan, "f4", "NaN"),
        (np.inf, "f4", "infinite"),
        (-np.inf, "f8", "infinite"),
        (1e300, "f8", "infinite"),
    ],
)
def test_samples_that_are_not_finite_are_refused_with_their_place(
    tmp_path: Path, value: float, depth: str, kind: str
) -> None:
    samples = np.zeros((100_000, 2), depth)
    samples[72_000, 1] = value
    (tmp_path / "input").write_bytes(
        riff(fmt(3, bits=8 * samples.itemsize), chunk(b"data", samples.tobytes()))
    )
    with pytest.raises(InvalidAudio, match=rf"{kind}.* at 1\.500000 s in channel 2"):
        decode(tmp_path / "input")
