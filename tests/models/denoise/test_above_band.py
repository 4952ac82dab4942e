"""What lies above the band of a model stays in the result, as much quieter as the top of that band."""

from dataclasses import dataclass

import numpy as np
import pytest
from models.denoise.examples import RATE, level_db, load, recording
from unmix_models.audio import Block, empty
from unmix_models.denoise.base import Denoiser, DenoiseStream
from unmix_models.denoise.passage import Passage

HIGH_RATES = (88_200, 96_000, 176_400, 192_000)


@dataclass
class ByHand:
    """A gain for each second at 48 kHz, the last one to the end; frames come late."""

    gains: tuple[float, ...] = (1.0,)
    late: int = 4321
    name: str = "by hand"
    sample_rate: int | None = RATE
    device: str = "cpu"
    precision: str = "float32"
    memory_bytes: int = 0
    segment_seconds: float | None = None

    def with_segment(self, seconds: float) -> Denoiser:
        return self

    def stream(self, channels: int, *_: object) -> DenoiseStream:
        return StreamByHand(channels, self.gains, self.late)

    def close(self) -> None:
        pass


class StreamByHand:
    def __init__(self, channels: int, gains: tuple[float, ...], late: int) -> None:
        self._held, self._late = empty(channels), late
        self._gains, self._at = np.array(gains, np.float32), 0

    def process(self, block: Block) -> Block:
        self._held = np.concatenate([self._held, block])
        return self._next(max(0, len(self._held) - self._late))

    def flush(self) -> Block:
        return self._next(len(self._held))

    def _next(self, frames: int) -> Block:
        ready, self._held = np.split(self._held, [frames])
        seconds = (self._at + np.arange(frames)) // RATE
        self._at += frames
        return ready * self._gains[np.minimum(seconds, len(self._gains) - 1)][:, None]


def passed(
    samples: Block, rate: int, model: Denoiser, *, limit: float | None = None, block: int = 32_768
) -> tuple[Block, tuple[str, ...]]:
    passage = Passage(model, rate, samples.shape[1], limit)
    done = [passage.process(samples[at : at + block]) for at in range(0, len(samples), block)]
    return np.concatenate([*done, passage.flush()])[: len(samples)], passage.notes


def white(seconds: float, rate: int, channels: int = 1, level: float = 0.02) -> Block:
    random = np.random.default_rng(1)
    return random.normal(0, level, (round(seconds * rate), channels)).astype(np.float32)


def tone(seconds: float, rate: int, hertz: float, level: float = 0.05) -> Block:
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)[:, None]


def amplitude(samples: Block, rate: int, hertz: float) -> float:
    """Of a tone, in the middle of the samples."""
    middle = samples[len(samples) // 4 : -(len(samples) // 4), 0]
    window = np.hanning(len(middle))
    turns = np.exp(-2j * np.pi * hertz * np.arange(len(middle)) / rate)
    return float(2 * np.abs((window * turns) @ middle) / window.sum())


def above(samples: Block, rate: int) -> Block:
    spectrum = np.fft.rfft(samples, axis=0)
    spectrum[np.fft.rfftfreq(len(samples), 1 / rate) < RATE / 2 + 500] = 0
    return np.fft.irfft(spectrum, len(samples), axis=0).astype(np.float32)


@pytest.mark.parametrize("rate", HIGH_RATES)
@pytest.mark.parametrize("gain", [1.0, 0.5, 0.1])
def test_a_tone_up_there_gets_the_gain_of_the_top_of_the_band(rate: int, gain: float) -> None:
    samples = tone(3, rate, 35_000) + white(3, rate)
    clean, notes = passed(samples, rate, ByHand((gain,)))
    decibels = 20 * np.log10(amplitude(clean, rate, 35_000) / (gain * amplitude(samples, rate, 35_000)))
    assert abs(decibels) < 0.1
    assert len(notes) == 1
    assert "24 kHz" in notes[0]


@pytest.mark.parametrize("rate", HIGH_RATES)
def test_it_goes_where_the_model_removes_everything(rate: int) -> None:
    clean, _ = passed(tone(3, rate, 35_000) + white(3, rate), rate, ByHand((0.0,)))
    assert np.abs(clean).max() < 1e-7


@pytest.mark.parametrize("gain", [0.0, 1.0])
def test_what_stands_far_above_a_band_that_holds_nothing_is_none_of_the_models_business(gain: float) -> None:
    samples = tone(3, 96_000, 35_000) + tone(3, 96_000, 440)
    clean, _ = passed(samples, 96_000, ByHand((gain,)))
    assert amplitude(clean, 96_000, 35_000) == pytest.approx(0.05, rel=1e-3)
    assert amplitude(clean, 96_000, 440) == pytest.approx(gain * 0.05, abs=1e-5)


def test_the_gain_follows_the_model_in_frames_of_10_ms() -> None:
    rate = 96_000
    samples = white(4, rate)
    clean, _ = passed(samples, rate, ByHand((1.0, 0.1)))
    before, behind = slice(rate // 2, rate - rate // 50), slice(rate + rate // 50, 2 * rate)
    np.testing.assert_allclose(clean[before], samples[before], atol=2e-7)
    found, original = above(clean, rate), above(samples, rate)
    assert level_db(found[behind]) - level_db(original[behind]) == pytest.approx(-20, abs=0.1)


def test_channels_have_gains_of_their_own() -> None:
    class Left(StreamByHand):
        def _next(self, frames: int) -> Block:
            return super()._next(frames) * np.array([1, 0], np.float32)

    class OnlyLeft(ByHand):
        def stream(self, channels: int, *_: object) -> DenoiseStream:
            return Left(channels, self.gains, self.late)

    samples = white(2, 96_000, 2)
    clean, _ = passed(samples, 96_000, OnlyLeft())
    np.testing.assert_allclose(clean[:, 0], samples[:, 0], atol=1e-6)
    assert np.abs(clean[:, 1]).max() < 1e-7


@pytest.mark.parametrize("rate", [50_001, 88_200, 192_000])
@pytest.mark.parametrize("block", [1_009, 48_000, 10**7])
def test_the_result_does_not_depend_on_how_the_recording_comes(rate: int, block: int) -> None:
    samples = white(2.3, rate, 2) * np.linspace(0, 1, round(2.3 * rate), dtype=np.float32)[:, None]
    model = ByHand((1.0, 0.3, 0.7))
    one, other = passed(samples, rate, model, block=777), passed(samples, rate, model, block=block)
    np.testing.assert_array_equal(one[0], other[0])
    assert one[1] == other[1]


@pytest.mark.parametrize("rate", [50_001, *HIGH_RATES])
@pytest.mark.parametrize("frames", [0, 1, 2, 959, 48_000, 100_003])
def test_as_many_frames_come_out_as_went_in(rate: int, frames: int) -> None:
    samples = white(2, 100_003)[:frames]
    clean, _ = passed(samples, rate, ByHand())
    assert clean.shape == samples.shape
    np.testing.assert_allclose(clean, samples, atol=1e-6)


@pytest.mark.parametrize("rate", HIGH_RATES)
def test_silence_stays_silence_and_says_nothing(rate: int) -> None:
    clean, notes = passed(np.zeros((2 * rate, 2), np.float32), rate, ByHand((0.5,)))
    assert not clean.any()
    assert notes == ()


def test_nothing_is_said_where_nothing_lies_above() -> None:
    for rate in HIGH_RATES:
        assert passed(tone(2, rate, 1000, 0.3) + tone(2, rate, 19_000), rate, ByHand())[1] == ()
    rounded = np.round(recording("fullband/arctic_aew_1.wav", 96_000) * 32768) / np.float32(32768)
    assert passed(rounded, 96_000, ByHand())[1] == ()


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_other_rates_go_the_way_they_went(rate: int) -> None:
    samples = white(1, rate)
    clean, notes = passed(samples, rate, ByHand((0.5,)))
    assert notes == ()
    if rate == RATE:
        np.testing.assert_array_equal(clean, samples / 2)


def test_a_limit_of_0_db_is_the_input_to_the_bit() -> None:
    samples = tone(2, 96_000, 35_000) + white(2, 96_000)
    np.testing.assert_array_equal(passed(samples, 96_000, ByHand((0.0,)), limit=0.0)[0], samples)


@pytest.mark.parametrize("name", ["rnnoise", "deepfilternet3"])
def test_noise_up_there_goes_with_the_noise_of_a_voice(name: str) -> None:
    rate = 96_000
    voice = np.resize(recording("fullband/arctic_aew_1.wav", rate), (4 * rate, 1))
    samples = voice + white(4, rate, level=0.01)
    clean, notes = passed(samples, rate, load(name))
    other, _ = passed(samples, rate, load(name), block=5000)
    np.testing.assert_array_equal(clean, other)
    assert len(notes) == 1
    settled = slice(rate, None)
    assert level_db(above(clean, rate)[settled]) < level_db(above(samples, rate)[settled]) - 10


@pytest.mark.parametrize("name", ["rnnoise", "deepfilternet3"])
def test_a_whistle_no_model_hears_stays_beside_a_voice(name: str) -> None:
    """As a bat's: 30 dB and more above all that is noise."""
    rate = 96_000
    voice = np.resize(recording("fullband/arctic_aew_1.wav", rate), (4 * rate, 1))
    samples = voice + tone(4, rate, 30_000, 0.07) + white(4, rate, level=1e-4)
    clean, _ = passed(samples, rate, load(name))
    decibels = 20 * np.log10(amplitude(clean, rate, 30_000) / amplitude(samples, rate, 30_000))
    assert abs(decibels) < 0.5
