"""The Wiener filter: takes hiss from music, leaves clean music alone, follows noise that changes."""

import tracemalloc
from functools import cache

import numpy as np
import pytest
from models.denoise.examples import denoise, hiss, level_db, recording, si_sdr_db, with_noise
from unmix_models.audio import Block
from unmix_models.denoise import wiener
from unmix_models.listen.first_look import look

RATE = 44100


@cache
def music(stem: str) -> Block:
    """Ten seconds without a pause."""
    return recording(f"music_stems/{stem}.flac", RATE)[3 * RATE : 13 * RATE]


def filtered(samples: Block, rate: int = RATE, limit: float | None = None) -> Block:
    first_look = look([samples], rate)
    return denoise(wiener.load(), samples, rate=rate, limit=limit, first_look=first_look, block=4096)


@pytest.mark.parametrize(
    ("stem", "snr", "least"),
    [
        ("mixture", 20, 23),
        ("mixture", 10, 16.5),
        ("mixture", 30, 29.5),
        ("guitar", 20, 29),
        ("strings", 20, 26),
    ],
)
def test_takes_hiss_from_music(stem: str, snr: float, least: float) -> None:
    clean = music(stem)
    noisy = with_noise(clean, hiss(len(clean), 2, RATE), snr)
    assert si_sdr_db(clean, filtered(noisy)) >= least


@pytest.mark.parametrize("stem", ["mixture", "drums", "strings", "vocals"])
def test_does_next_to_no_harm_to_clean_music(stem: str) -> None:
    assert si_sdr_db(music(stem), filtered(music(stem))) >= 30


def test_works_without_a_first_look() -> None:
    clean = music("mixture")
    noisy = with_noise(clean, hiss(len(clean), 2, RATE), 20)
    assert si_sdr_db(clean, denoise(wiener.load(), noisy, rate=RATE)) >= 22.5


@pytest.mark.parametrize("rate", [8000, 22050, 96000, 192000])
def test_removes_18_db_of_steady_noise_at_any_rate(rate: int) -> None:
    noise = hiss(3 * rate, 2, rate) * np.float32(0.01)
    removed = level_db(noise) - level_db(filtered(noise, rate)[rate // 10 : -rate // 10])
    assert removed == pytest.approx(18, abs=1.5)


def test_the_limit_bounds_what_is_removed() -> None:
    noise = hiss(3 * RATE, 1, RATE) * np.float32(0.01)
    removed = level_db(noise) - level_db(filtered(noise, limit=6)[RATE // 10 : -RATE // 10])
    assert removed == pytest.approx(6, abs=0.5)


def test_stereo_keeps_its_image() -> None:
    noisy = with_noise(music("mixture")[:, :1], hiss(10 * RATE, 1, RATE), 20)
    panned = np.concatenate([noisy, noisy / 4], axis=1)
    result = filtered(panned)
    np.testing.assert_allclose(result[:, 1], result[:, 0] / 4, atol=1e-6)


def test_noise_that_rises_after_a_minute_is_removed_within_half_a_minute() -> None:
    rate = 8000
    noise = hiss(130 * rate, 1, rate) * np.float32(0.002)
    noise[65 * rate :] *= 10
    result = filtered(noise, rate)
    end = slice(100 * rate, 129 * rate)
    assert level_db(noise[end]) - level_db(result[end]) > 16


def test_memory_does_not_grow_with_length() -> None:
    block = hiss(48000, 1) * np.float32(0.01)
    stream = wiener.load().stream(1, 48000, None, None)

    def memory_after(seconds: int) -> int:
        for _ in range(seconds):
            stream.process(block)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early = memory_after(35)
        late = memory_after(70)
    finally:
        tracemalloc.stop()
    assert late - early < 100_000
