"""RNNoise: found where the wheel puts it, and better than the noise."""

import sys
from pathlib import Path

import numpy as np
import pytest
import soxr
from models.denoise.examples import RATE, denoise, recording, si_sdr_db
from unmix_models.denoise import rnnoise
from unmix_models.errors import InvalidWeights, ModelMissing


@pytest.mark.long
def test_denoises_real_speech() -> None:
    gains: list[float] = []
    for name in ("p232_003", "p232_021", "p232_024"):
        clean = recording(f"speech16k/clean/{name}.wav", 16000)
        result = denoise(rnnoise.load(), recording(f"speech16k/noisy/{name}.wav"))
        at_16k = soxr.resample(result, RATE, 16000, "VHQ")[: len(clean)]
        gains.append(si_sdr_db(clean, at_16k))
    assert np.mean(gains) >= 11


def test_low_tones_keep_their_phase() -> None:
    """The library's high-pass leads by more than 0.2 rad here; what is left may lead by 0.05."""
    voice = recording("speech16k/clean/p232_023.wav")[: 4 * RATE]
    result = denoise(rnnoise.load(), voice)
    frequencies = np.fft.rfftfreq(len(voice), 1 / RATE)
    band = (frequencies > 90) & (frequencies < 160)
    cross = np.fft.rfft(result[:, 0])[band] * np.conj(np.fft.rfft(voice[:, 0])[band])
    assert abs(np.angle(cross.sum())) < 0.05


def test_the_python_package_is_not_imported() -> None:
    rnnoise.load()
    assert "pyrnnoise" not in sys.modules
    assert "matplotlib" not in sys.modules


def test_an_absent_wheel_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    sys.path_importer_cache.clear()
    with pytest.raises(ModelMissing, match="RNNoise is not installed") as caught:
        rnnoise.load()
    assert caught.value.facts == {"package": "pyrnnoise"}


def test_a_broken_library_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "pyrnnoise"
    package.mkdir()
    (package / "__init__.py").touch()
    for name in ("librnnoise.so", "librnnoise.dylib", "rnnoise.dll"):
        (package / name).write_bytes(b"not a library")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    sys.path_importer_cache.clear()
    with pytest.raises(InvalidWeights, match="install it again"):
        rnnoise.load()
