"""The noise floor: right for noise, deaf to what pauses, and good for any rate."""

import numpy as np
import pytest
from unmix_models.listen.noise_floor import NoiseFloor, NoiseTracker
from unmix_models.listen.windows import OVERLAP, Windows


def floor_of(samples: np.ndarray, rate: int, window: int = 1000) -> NoiseFloor | None:
    windows = Windows(samples.shape[1], rate)
    whole = len(samples) // windows.hop * windows.hop
    tracker = NoiseTracker(windows.frequencies, window)
    tracker.add(np.abs(windows.spectra(samples[:whole]))[:, :: OVERLAP // 2] ** 2)
    return tracker.floor()


def white(frames: int, channels: int, level_db: float) -> np.ndarray:
    noise = np.random.default_rng(3).standard_normal((frames, channels)) * 10 ** (level_db / 20)
    return noise.astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 44100, pytest.param(192000, marks=pytest.mark.long)])
@pytest.mark.parametrize("channels", [1, 6])
@pytest.mark.parametrize("seconds", [2, 10])
def test_white_noise_is_measured_within_a_decibel_and_a_half(rate: int, channels: int, seconds: int) -> None:
    floor = floor_of(white(rate * seconds, channels, -50), rate)
    assert floor is not None
    assert floor.level_db == pytest.approx(-50, abs=1.5)


def test_the_same_noise_in_both_channels_counts_once() -> None:
    floor = floor_of(np.repeat(white(480_000, 1, -40), 2, axis=1), 48000)
    assert floor is not None
    assert floor.level_db == pytest.approx(-40, abs=1)


def test_tones_that_pause_and_a_chord_that_does_not_are_no_noise() -> None:
    time = np.arange(48000 * 10) / 48000
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (440, 660, 880)) * 0.1
    beeps = np.sin(2 * np.pi * 5000 * time) * (time % 1 < 0.4) * 0.3
    floor = floor_of(white(len(time), 1, -60) + (chord + beeps).astype(np.float32)[:, None], 48000)
    assert floor is not None
    assert floor.level_db < 10 * np.log10(np.mean(chord**2)) - 20
    away_from_the_chord = floor.at(np.array([2500.0, 5000.0, 10000.0]))
    np.testing.assert_allclose(10 * np.log10(away_from_the_chord * 24000), -60, atol=2)


def test_digital_silence_has_no_floor_and_is_left_out_of_one() -> None:
    silence = np.zeros((240_000, 1), np.float32)
    assert floor_of(silence, 48000) is None
    floor = floor_of(np.concatenate([silence, white(240_000, 1, -50)]), 48000)
    assert floor is not None
    assert floor.level_db == pytest.approx(-50, abs=2)


def test_the_floor_of_the_last_window_forgets_what_was_before() -> None:
    noise = np.concatenate([white(480_000, 1, -70), white(480_000, 1, -40)])
    floor = floor_of(noise, 48000, window=60)
    assert floor is not None
    assert floor.level_db == pytest.approx(-40, abs=1.5)


def test_a_clip_shorter_than_a_piece_has_a_floor() -> None:
    assert floor_of(white(2400, 1, -50), 48000) is not None


def test_a_floor_holds_at_another_sample_rate() -> None:
    floor = floor_of(white(480_000, 1, -50), 48000)
    assert floor is not None
    density = floor.at(np.array([0.0, 1.0, 100.0, 11000.0, 40000.0]))
    np.testing.assert_allclose(10 * np.log10(density * 24000), -50, atol=1.5)
