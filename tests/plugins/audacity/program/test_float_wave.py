"""Float WAV files: read as far as they are complete, compared and cut by the sample."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from unmix_plugins.audacity.program.float_wave import cut, read_header, same_samples
from unmix_plugins.errors import BrokenResult, SourceError


def _write(path: Path, frames: int = 5000, channels: int = 2, subtype: str = "FLOAT") -> np.ndarray:
    samples = np.random.default_rng(frames).standard_normal((frames, channels)).astype(np.float32)
    soundfile.write(path, samples, 48_000, subtype=subtype)
    return samples


@pytest.mark.parametrize("channels", [1, 2])
def test_a_piece_holds_exactly_its_samples(tmp_path: Path, channels: int) -> None:
    samples = _write(tmp_path / "all.wav", channels=channels)
    cut(read_header(tmp_path / "all.wav"), 1234, 2000, tmp_path / "piece.wav")
    piece, rate = soundfile.read(tmp_path / "piece.wav", dtype="float32", always_2d=True)
    assert rate == 48_000
    assert np.array_equal(piece, samples[1234:3234])


def test_equal_samples_are_found_and_one_changed_sample_is_not_overlooked(tmp_path: Path) -> None:
    samples = _write(tmp_path / "all.wav")
    whole = read_header(tmp_path / "all.wav")
    soundfile.write(tmp_path / "same.wav", samples[100:4000], 48_000, subtype="FLOAT")
    samples[3999, 1] = np.nextafter(samples[3999, 1], np.float32(2))
    soundfile.write(tmp_path / "other.wav", samples[100:4000], 48_000, subtype="FLOAT")
    assert same_samples(whole, 100, read_header(tmp_path / "same.wav"))
    assert not same_samples(whole, 101, read_header(tmp_path / "same.wav"))
    assert not same_samples(whole, 100, read_header(tmp_path / "other.wav"))
    assert not same_samples(whole, 4000, read_header(tmp_path / "same.wav"))


def test_a_piece_beyond_the_end_is_refused(tmp_path: Path) -> None:
    _write(tmp_path / "all.wav")
    with pytest.raises(BrokenResult):
        cut(read_header(tmp_path / "all.wav"), 4000, 1001, tmp_path / "piece.wav")
    assert not (tmp_path / "piece.wav").exists()


def test_a_file_cut_off_by_a_full_disk_is_refused(tmp_path: Path) -> None:
    _write(tmp_path / "all.wav")
    content = (tmp_path / "all.wav").read_bytes()
    for length in (0, 3, 11, 20, 43, len(content) - 1):
        (tmp_path / "cut.wav").write_bytes(content[:length])
        with pytest.raises(SourceError, match="disk"):
            read_header(tmp_path / "cut.wav")


def test_other_sample_formats_are_refused(tmp_path: Path) -> None:
    _write(tmp_path / "int.wav", subtype="PCM_16")
    with pytest.raises(SourceError):
        read_header(tmp_path / "int.wav")


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        read_header(tmp_path / "none.wav")


def test_a_long_file_with_a_64_bit_size_is_read(tmp_path: Path) -> None:
    samples = np.zeros((100, 1), np.float32)
    soundfile.write(tmp_path / "long.wav", samples, 48_000, subtype="FLOAT", format="RF64")
    assert read_header(tmp_path / "long.wav").frames == 100
