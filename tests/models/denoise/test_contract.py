"""What holds for every denoiser: its stream's lengths, lag, borders, silence and extremes."""

import numpy as np
import pytest
from models.denoise.examples import RATE, denoise, load, recording, speech
from unmix_models.denoise.base import Denoiser

LENGTHS = [0, 1, 2, 479, 480, 481, 1471, 24000, 47999, 48001, 100_000]


@pytest.fixture(params=["rnnoise", "deepfilternet3", "wiener"])
def denoiser(request: pytest.FixtureRequest) -> Denoiser:
    return load(request.param)


@pytest.mark.parametrize("frames", LENGTHS)
def test_as_many_frames_come_out_as_went_in(denoiser: Denoiser, frames: int) -> None:
    noise = np.random.default_rng(1).standard_normal((frames, 2)).astype(np.float32) * 0.1
    assert denoise(denoiser, noise, block=997).shape == (frames, 2)


@pytest.mark.parametrize("block", [1000, pytest.param(48001, marks=pytest.mark.long)])
def test_the_result_does_not_depend_on_how_the_input_is_cut(denoiser: Denoiser, block: int) -> None:
    noisy = speech(2.7, channels=2)
    assert np.array_equal(denoise(denoiser, noisy, block=block), denoise(denoiser, noisy))


def test_single_frames_are_as_good_as_blocks(denoiser: Denoiser) -> None:
    noisy = speech(1.1)[-3000:]
    assert np.array_equal(denoise(denoiser, noisy, block=1), denoise(denoiser, noisy))


def test_the_result_is_at_lag_0(denoiser: Denoiser) -> None:
    clean = recording("speech16k/clean/p232_023.wav")[: 4 * RATE]
    size = 2 * len(clean)
    result = denoise(denoiser, clean)
    cross = np.fft.rfft(result[:, 0], size) * np.conj(np.fft.rfft(clean[:, 0], size))
    assert np.argmax(np.fft.irfft(cross)) == 0


def test_first_audio_comes_within_five_seconds_of_input(denoiser: Denoiser) -> None:
    stream = denoiser.stream(1, RATE, None, None)
    assert len(stream.process(speech(5))) > RATE // 2


def test_digital_silence_stays_digital_silence(denoiser: Denoiser) -> None:
    silence = np.zeros((3 * RATE, 2), np.float32)
    assert not denoise(denoiser, silence).any()


def test_silence_after_speech_is_exact_too(denoiser: Denoiser) -> None:
    padded = np.concatenate([speech(1.5), np.zeros((2 * RATE, 1), np.float32)])
    assert not denoise(denoiser, padded)[2 * RATE :].any()


@pytest.mark.long
def test_speech_after_minutes_of_silence_is_finite(denoiser: Denoiser) -> None:
    late = np.concatenate([np.zeros((100 * RATE, 1), np.float32), speech(1)])
    result = denoise(denoiser, late)
    assert np.isfinite(result).all()
    assert result[100 * RATE :].any()


@pytest.mark.parametrize(
    "extreme",
    [
        np.ones((RATE, 1), np.float32),
        np.sign(np.sin(np.arange(RATE) * 0.06)).astype(np.float32)[:, None],
        np.full((RATE, 1), 1e-40, np.float32),
        np.eye(RATE, 1, k=-30000, dtype=np.float32),
    ],
    ids=["dc", "full-scale square", "denormals", "one click"],
)
def test_extremes_stay_finite(denoiser: Denoiser, extreme: np.ndarray) -> None:
    result = denoise(denoiser, extreme)
    assert np.isfinite(result).all()
    assert np.abs(result).max() < 4


def test_nothing_is_clipped_at_full_scale(denoiser: Denoiser) -> None:
    quiet = speech(2) / 8
    loud = denoise(denoiser, quiet * 64)
    assert np.abs(loud).max() > 1


def test_a_limit_of_0_db_returns_the_input_bit_for_bit(denoiser: Denoiser) -> None:
    noisy = speech(1.3, channels=2)
    assert np.array_equal(denoise(denoiser, noisy, limit=0), noisy)


def test_the_limit_mixes_the_input_back(denoiser: Denoiser) -> None:
    noisy = speech(1.3)
    share = 10 ** (-6 / 20)
    unlimited = denoise(denoiser, noisy, limit=300)
    expected = unlimited * (1 - share) + noisy * share
    np.testing.assert_allclose(denoise(denoiser, noisy, limit=6), expected, atol=1e-6)


def test_the_callers_buffer_may_be_reused(denoiser: Denoiser) -> None:
    noisy = speech(1.2)
    stream = denoiser.stream(1, RATE, None, None)
    buffer = noisy.copy()
    first = stream.process(buffer)
    buffer[:] = 0
    assert np.array_equal(np.concatenate([first, stream.flush()]), denoise(denoiser, noisy))


@pytest.mark.parametrize("name", ["rnnoise", "deepfilternet3"])
def test_channels_are_denoised_independently_and_keep_their_order(name: str) -> None:
    both = speech(2.2, channels=2)
    together = denoise(load(name), both)
    for channel in (0, 1):
        alone = denoise(load(name), both[:, channel : channel + 1])
        np.testing.assert_allclose(together[:, channel], alone[:, 0], atol=1e-5)


@pytest.mark.parametrize("name", ["rnnoise", "deepfilternet3"])
def test_another_sample_rate_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="48000 Hz"):
        load(name).stream(1, 44100, None, None)
