"""Streams at another sample rate."""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from media_files import lag, noise
from unmix_models.audio import Block
from unmix_models.resample import Resampler

RATES = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000)


def converted(samples: Block, source: int, target: int, cuts: list[int] | None = None) -> Block:
    resampler = Resampler(source, target, samples.shape[1])
    blocks = np.split(samples, sorted(cuts or []))
    return np.concatenate([*(resampler.process(block) for block in blocks), resampler.flush()])


@settings(max_examples=25)
@given(
    cuts=st.lists(st.integers(0, 5_000), max_size=8),
    rates=st.sampled_from([(44_100, 48_000), (48_000, 44_100), (8_000, 48_000), (192_000, 48_000)]),
    channels=st.sampled_from([1, 2, 6]),
)
def test_the_stream_equals_one_conversion_however_it_is_cut(
    cuts: list[int], rates: tuple[int, int], channels: int
) -> None:
    samples = noise(5_000, channels)
    whole = soxr.resample(samples, *rates, quality="VHQ")
    np.testing.assert_array_equal(converted(samples, *rates, cuts), whole)


@pytest.mark.parametrize("source", RATES)
@pytest.mark.parametrize("target", [44_100, 48_000])
@pytest.mark.parametrize("frames", [1, 2, 100, 12_345])
def test_the_length_is_that_of_the_input_times_the_ratio(source: int, target: int, frames: int) -> None:
    result = converted(noise(20_000, 2)[:frames], source, target)
    assert abs(len(result) - frames * target / source) <= 1


@pytest.mark.parametrize("rate", RATES)
def test_there_and_back_is_at_lag_0(rate: int) -> None:
    samples = noise(20_000, 1)
    back = converted(converted(samples, 48_000, rate), rate, 48_000)
    frames = min(len(samples), len(back))
    assert lag(samples[:frames], back[:frames]) == 0


def test_there_and_back_loses_less_than_a_24_bit_file_can_hold() -> None:
    time = np.arange(20_000)[:, None] / 44_100
    samples = (0.4 * np.sin(2 * np.pi * np.array([997, 9_001]) * time)).astype(np.float32)
    back = converted(converted(samples, 44_100, 48_000), 48_000, 44_100)
    middle = slice(2_000, 18_000)
    error = np.sqrt(np.mean(np.square(back[middle] - samples[middle])))
    assert 20 * np.log10(error / np.sqrt(np.mean(np.square(samples[middle])))) < -140


def test_equal_rates_hand_on_the_same_block() -> None:
    block = noise(100, 2)
    resampler = Resampler(44_100, 44_100, 2)
    assert resampler.process(block) is block
    assert resampler.flush().shape == (0, 2)


def test_nothing_becomes_nothing() -> None:
    resampler = Resampler(44_100, 48_000, 2)
    assert resampler.process(np.zeros((0, 2), np.float32)).shape == (0, 2)
    assert resampler.flush().shape == (0, 2)


def test_the_memory_order_of_a_block_does_not_matter() -> None:
    samples = noise(5_000, 2)
    expected = converted(samples, 48_000, 44_100)
    np.testing.assert_array_equal(converted(np.asfortranarray(samples), 48_000, 44_100), expected)
    np.testing.assert_array_equal(converted(np.repeat(samples, 2, axis=0)[::2], 48_000, 44_100), expected)
