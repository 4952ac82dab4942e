"""Noise is proved where it is the same for long, and music is never taken for it."""

from functools import cache

import numpy as np
import pytest
from models.denoise.examples import recording
from unmix_models.audio import Block
from unmix_models.listen.noise_floor import NoiseFloor
from unmix_models.listen.steady_noise import SteadyNoise

RATE = 44100
HISS_DB = -50.0


@cache
def song(seconds: int = 40) -> Block:
    """Plucked notes of random pitch and loudness; next to nothing of them above 5 kHz."""
    random = np.random.default_rng(0)
    played = np.zeros(seconds * RATE)
    time = np.arange(2 * RATE) / RATE
    for start in range(0, len(played) - len(time), RATE // 4):
        pitch = 220 * 2 ** (random.integers(0, 24) / 12)
        note = sum(np.sin(2 * np.pi * k * pitch * time) / k**2 for k in range(1, 7)) * np.exp(-time * 3)
        played[start : start + len(time)] += 0.2 * random.uniform(0.05, 1) * note
    return played.astype(np.float32)[:, None]


def hiss(frames: int, channels: int = 1) -> Block:
    random = np.random.default_rng(1)
    return (10 ** (HISS_DB / 20) * random.standard_normal((frames, channels))).astype(np.float32)


def proved(samples: Block, second: float = 20.0, block: int = 50_000) -> NoiseFloor | None:
    noise = SteadyNoise(RATE, samples.shape[1])
    for start in range(0, len(samples), block):
        noise.hear(samples[start : start + block])
    noise.end()
    return noise.under_music(int(second * RATE) // noise.block_frames)


def test_hiss_under_music_is_proved_and_measured() -> None:
    music = song()
    found = proved(music + hiss(len(music)))
    assert found is not None
    treble = found.at(np.array([6000.0, 10000.0, 16000.0]))
    expected = HISS_DB - 10 * np.log10(RATE / 2)
    assert 10 * np.log10(treble) == pytest.approx([expected] * 3, abs=1.5)


def test_music_without_noise_proves_nothing() -> None:
    assert proved(song()) is None


def test_what_is_equally_loud_all_the_time_proves_nothing() -> None:
    wall = hiss(40 * RATE)
    assert proved(wall) is None


def test_noise_that_is_heard_for_less_than_twelve_seconds_proves_nothing() -> None:
    music = song().copy()
    music[16 * RATE : 24 * RATE] += hiss(8 * RATE)
    assert proved(music) is None


@pytest.mark.parametrize("block", [1000, 10**7])
def test_what_is_proved_does_not_depend_on_how_the_recording_comes(block: int) -> None:
    noisy = song() + hiss(40 * RATE)
    one, other = proved(noisy), proved(noisy, block=block)
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.density, other.density)


def test_noise_outside_of_music_is_known_inside_where_enough_of_it_shows() -> None:
    music = song() + hiss(40 * RATE)
    treble_alone = proved(music)
    noise = SteadyNoise(RATE, 1)
    noise.hear(np.concatenate([hiss(20 * RATE), music]))
    noise.end()
    for block in range(9):
        noise.learn(block)
    known = noise.under_music(20)
    assert treble_alone is not None
    assert known is not None
    bass = np.array([100.0, 200.0])
    assert 10 * np.log10(treble_alone.at(bass)).max() < -150
    expected = HISS_DB - 10 * np.log10(RATE / 2)
    assert 10 * np.log10(known.at(bass)) == pytest.approx([expected] * 2, abs=2)


def test_noise_outside_of_music_that_is_not_inside_is_not_known_there() -> None:
    music = song()
    noise = SteadyNoise(RATE, 1)
    noise.hear(np.concatenate([hiss(20 * RATE), music]))
    noise.end()
    for block in range(9):
        noise.learn(block)
    assert noise.under_music(20) is None


@pytest.mark.parametrize("stem", ["mixture", "strings", "guitar", "piano"])
def test_real_instruments_prove_nothing(stem: str) -> None:
    assert proved(recording(f"music_stems/{stem}.flac", RATE), 8) is None


def test_hiss_alone_is_known_from_its_first_moment() -> None:
    noise = SteadyNoise(RATE, 1)
    noise.hear(hiss(20 * RATE))
    noise.end()
    known = noise.without_music(0)
    assert known is not None
    expected = HISS_DB - 10 * np.log10(RATE / 2)
    assert 10 * np.log10(known.at(np.array([1000.0, 5000.0]))) == pytest.approx([expected] * 2, abs=2)


def test_what_comes_and_goes_without_music_is_no_noise() -> None:
    claps = hiss(20 * RATE) * (1 + np.sin(2 * np.pi * 0.2 * np.arange(20 * RATE) / RATE))[:, None].astype(
        np.float32
    )
    noise = SteadyNoise(RATE, 1)
    noise.hear(claps)
    noise.end()
    assert noise.without_music(3) is None
