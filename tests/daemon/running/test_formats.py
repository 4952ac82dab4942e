"""Every input format to every output format through the whole product: as many frames, at lag 0, at the same rate."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from daemons import Daemon
from media_files import chunk, decode, encode, ffmpeg_file, fmt, lag, noise, riff, spec_for
from unmix.words import AudioFacts, DenoiseStem, DenoiseTask, Options
from unmix_models.media import FORMATS

FRAMES = 48_000 + 7
LOSSLESS = ("wav", "flac", "aiff", "alac")


def _own(name: str) -> Callable[[Path], None]:
    return lambda path: void(encode(path, spec_for(name), noise(FRAMES)))


def _foreign(muxer: str, codec: str, *, video: bool = False) -> Callable[[Path], None]:
    return lambda path: ffmpeg_file(path, muxer, codec, noise(FRAMES), video=video)


def void(_: object) -> None:
    """A maker returns nothing."""


SOURCES = {name: _own(name) for name in FORMATS} | {
    "adts": _foreign("adts", "aac"),
    "mp4 video": _foreign("mp4", "aac", video=True),
    "mov video": _foreign("mov", "aac", video=True),
    "mkv video": _foreign("matroska", "flac", video=True),
    "avi video": _foreign("avi", "pcm_s16le", video=True),
}


@pytest.mark.long
@pytest.mark.parametrize("source", SOURCES)
def test_every_format_pair_keeps_length_place_rate_and_channels(
    daemon: Daemon, tmp_path: Path, source: str
) -> None:
    given = tmp_path / "given"
    SOURCES[source](given)
    info, samples = decode(given)
    with daemon.client() as client:
        for name in FORMATS:
            target = tmp_path / name
            summary = client.denoise(
                given,
                {"clean": target},
                DenoiseTask("rnnoise", attenuation_limit_db=0),
                Options(format=name),
            )
            assert summary.audio == AudioFacts(len(samples), info.sample_rate, 2)
            written, result = decode(target)
            assert (written.sample_rate, result.shape) == (info.sample_rate, samples.shape), name
            if name in LOSSLESS:
                np.testing.assert_allclose(result, samples, rtol=0, atol=2**-15)
            else:
                assert lag(samples, result) == 0, name


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 192000])
@pytest.mark.parametrize("model", ["rnnoise", "wiener"])
def test_every_rate_and_length_keeps_its_frames_and_sums(
    daemon: Daemon, tmp_path: Path, rate: int, model: str
) -> None:
    for frames in (1, 2, 479, 481, 5000):
        for channels in (1, 2):
            given = noise(max(frames, 100), channels)[:frames]
            source = tmp_path / "in.wav"
            soundfile.write(source, given, rate, "FLOAT")
            with daemon.client() as client:
                client.denoise(
                    source,
                    {"clean": tmp_path / "clean.wav", "noise": tmp_path / "noise.wav"},
                    DenoiseTask(model, stems=(DenoiseStem.CLEAN, DenoiseStem.NOISE)),
                    overwrite=True,
                )
            clean, clean_rate = soundfile.read(tmp_path / "clean.wav", dtype="float64", always_2d=True)
            removed, _ = soundfile.read(tmp_path / "noise.wav", dtype="float64", always_2d=True)
            assert (clean_rate, clean.shape) == (rate, given.shape)
            assert np.isfinite(clean).all()
            assert np.abs(clean + removed - given).max() <= 1e-6


def test_full_scale_stays_unclipped_in_float_and_what_integers_cut_off_is_told(
    daemon: Daemon, tmp_path: Path
) -> None:
    loud = 1.5 * np.sin(2 * np.pi * 220 * np.arange(48_000) / 48_000).astype(np.float32)[:, None]
    source = tmp_path / "loud.wav"
    soundfile.write(source, loud, 44_100, "FLOAT")
    for depth in ("f32", "s16"):
        with daemon.client() as client:
            summary = client.denoise(
                source,
                {"clean": tmp_path / "clean.wav"},
                DenoiseTask("rnnoise", attenuation_limit_db=0),
                Options(depth=depth),
                overwrite=True,
            )
        clean = soundfile.read(tmp_path / "clean.wav", dtype="float32", always_2d=True)[0]
        if depth == "f32":
            np.testing.assert_array_equal(clean, loud)
            assert summary.notes == ()
        else:
            np.testing.assert_allclose(clean, np.clip(loud, -1, 1), atol=2**-15)
            assert f"{np.count_nonzero(np.abs(loud) > 1)} samples" in " ".join(summary.notes)


def test_metadata_chunks_of_a_wav_are_kept(daemon: Daemon, tmp_path: Path) -> None:
    cue = chunk(b"cue ", (1).to_bytes(4, "little") + bytes(24))
    ixml = chunk(b"iXML", b"<BWFXML><SCENE>1</SCENE></BWFXML>")
    data = chunk(b"data", (noise(1000, 1) * 32767).astype("<i2").tobytes())
    source = tmp_path / "in.wav"
    source.write_bytes(riff(fmt(channels=1), data, cue, ixml))
    with daemon.client() as client:
        client.denoise(source, {"clean": tmp_path / "clean.wav"})
    written = (tmp_path / "clean.wav").read_bytes()
    assert cue in written
    assert ixml in written
