"""A WAV file turned back to front."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from media_files import chunk, fmt, noise, riff
from unmix_plugins.errors import BrokenResult, OutputError
from unmix_plugins.files.folder import Folder
from unmix_plugins.reaper.run import reversal


def reverse(path: Path) -> None:
    with Folder.open(path.parent) as folder:
        reversal.reverse(folder / path.name)


@pytest.mark.parametrize("container", ["WAV", "RF64"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("frames", [1, 2, 349_525, 400_001])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_last_frame_comes_first(
    tmp_path: Path, container: str, subtype: str, frames: int, channels: int
) -> None:
    path = tmp_path / "in.wav"
    samples = np.random.default_rng(1).uniform(-1, 1, (frames, channels))
    soundfile.write(path, samples, 44_100, subtype, format=container)
    before = soundfile.read(path, always_2d=True)[0]
    size = path.stat().st_size
    reverse(path)
    after, rate = soundfile.read(path, always_2d=True)
    np.testing.assert_array_equal(after, before[::-1])
    assert (rate, path.stat().st_size, [each.name for each in tmp_path.iterdir()]) == (
        44_100,
        size,
        ["in.wav"],
    )


def test_what_stands_around_the_samples_stays(tmp_path: Path) -> None:
    path = tmp_path / "in.wav"
    title = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"Take 7\0"))
    begin = chunk(b"bext", bytes(range(100)))
    path.write_bytes(riff(begin, fmt(bits=8, channels=1), chunk(b"data", b"abc"), title))
    reverse(path)
    assert path.read_bytes() == riff(begin, fmt(bits=8, channels=1), chunk(b"data", b"cba"), title)


NO_WAVS = {
    "FLAC": b"fLaC",
    "streamed": riff(fmt(), chunk(b"data", bytes(1000), 0xFFFF_FFFF)),
    "of unknown length": riff(fmt(), chunk(b"data", bytes(1000), 0)),
    "RF64 without its length": riff(fmt(), chunk(b"data", bytes(1000), 0xFFFF_FFFF), kind=b"RF64"),
}


@pytest.mark.parametrize("what", NO_WAVS)
def test_what_is_no_complete_wav_stays_as_it_is(tmp_path: Path, what: str) -> None:
    (tmp_path / "in.wav").write_bytes(NO_WAVS[what])
    with pytest.raises(BrokenResult):
        reverse(tmp_path / "in.wav")
    assert (tmp_path / "in.wav").read_bytes() == NO_WAVS[what]
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.long
def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", noise(8_000_000), 48_000)
    tracemalloc.start()
    reverse(tmp_path / "in.wav")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


def test_a_link_that_has_the_results_name_by_now_is_not_followed(tmp_path: Path) -> None:
    private, path = tmp_path / "private.wav", tmp_path / "in.wav"
    private.write_bytes(riff(fmt(bits=8, channels=1), chunk(b"data", b"abc")))
    before = private.read_bytes()
    path.symlink_to(private)
    with pytest.raises(OutputError, match="no file"):
        reverse(path)
    assert private.read_bytes() == before
    assert path.is_symlink()
