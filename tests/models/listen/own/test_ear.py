"""Our own ear: what it hears, and that cutting, level and phase do not matter."""

import numpy as np
import pytest
import soundfile
import soxr
from sounds import voice
from support import shared
from unmix_models.audio import Block
from unmix_models.listen.ear import CELL, HEARD, SAMPLE_RATE, Likelihoods, Sound
from unmix_models.listen.own.ear import OwnEar

EAR = OwnEar()
SECONDS_BEHIND = 3.5


def heard(samples: Block, block: int = 1 << 20) -> Likelihoods:
    stream = EAR.stream(samples.shape[1])
    blocks = [samples[start : start + block] for start in range(0, len(samples), block)]
    return np.concatenate([*map(stream.process, blocks), stream.flush()])


def recording(path: str, seconds: float) -> Block:
    samples, rate = soundfile.read(shared("audio/" + path), dtype="float32", always_2d=True)
    mono = soxr.resample(samples.mean(axis=1, keepdims=True), rate, SAMPLE_RATE)
    return np.resize(mono, (int(seconds * SAMPLE_RATE), 1)).astype(np.float32)


def shares(answers: Likelihoods) -> dict[Sound, float]:
    """How much of the time each kind is the likeliest."""
    return {kind: float(np.mean(answers.argmax(axis=1) == n)) for n, kind in enumerate(HEARD)}


def noise(seconds: float, channels: int = 1) -> Block:
    frames = int(seconds * SAMPLE_RATE)
    return np.random.default_rng(5).standard_normal((frames, channels)).astype(np.float32) * 0.05


def chords(seconds: float) -> Block:
    """A chord in each second, struck and fading."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    root = np.array([220.0, 293.7, 329.6, 220.0])[time.astype(int) % 4]
    tones = [
        np.sin(2 * np.pi * root * ratio * k * time) / k**1.5 for ratio in (1, 1.25, 1.5) for k in range(1, 6)
    ]
    return (0.1 * sum(tones) * np.exp(-2 * (time % 1)) * np.minimum(time % 1 / 0.01, 1)).astype(np.float32)[
        :, None
    ]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("block", [160, 7919, 65536])
def test_the_cutting_into_blocks_does_not_matter(channels: int, block: int) -> None:
    samples = voice(6.3, SAMPLE_RATE, channels)
    np.testing.assert_array_equal(heard(samples, block), heard(samples))


@pytest.mark.parametrize("gain_db", [-60, -40, -12, 12])
def test_the_level_does_not_matter(gain_db: float) -> None:
    samples = np.concatenate([voice(5, SAMPLE_RATE), chords(5), noise(3)])
    louder = samples * np.float32(10 ** (gain_db / 20))
    np.testing.assert_allclose(heard(louder), heard(samples), atol=1e-3)


def test_a_constant_does_not_matter() -> None:
    samples = voice(6, SAMPLE_RATE)
    np.testing.assert_allclose(heard(samples + np.float32(0.3)), heard(samples), atol=0.02)


def test_what_is_in_antiphase_is_heard() -> None:
    samples = voice(6, SAMPLE_RATE)
    opposite = np.concatenate([samples, -samples], axis=1)
    np.testing.assert_allclose(heard(opposite), heard(samples), atol=1e-3)


@pytest.mark.parametrize("seconds", [0, 0.00007, 0.05, 0.5, 0.51, 2])
def test_there_is_an_answer_for_each_cell_that_was_begun(seconds: float) -> None:
    samples = noise(seconds)
    answers = heard(samples)
    assert answers.shape == (-(-len(samples) // CELL), len(HEARD))
    assert answers.dtype == np.float32
    assert np.isfinite(answers).all()


def test_answers_are_logarithms_of_probabilities() -> None:
    answers = heard(voice(6, SAMPLE_RATE))
    np.testing.assert_allclose(np.exp(answers).sum(axis=1), 1, atol=0.02)
    assert answers.min() >= -6


def test_answers_are_no_later_than_they_must_be() -> None:
    samples = voice(10, SAMPLE_RATE)
    known = len(EAR.stream(1).process(samples)) * CELL / SAMPLE_RATE
    assert known >= 10 - SECONDS_BEHIND - CELL / SAMPLE_RATE


def test_silence_is_something_else() -> None:
    assert shares(heard(np.zeros((5 * SAMPLE_RATE, 2), np.float32)))[Sound.OTHER] == 1


def test_hiss_is_something_else() -> None:
    assert shares(heard(noise(8)))[Sound.OTHER] > 0.9


def test_a_voice_that_a_machine_makes_is_speech() -> None:
    assert shares(heard(voice(12, SAMPLE_RATE)))[Sound.SPEECH] > 0.8


def test_chords_are_music() -> None:
    assert shares(heard(chords(12)))[Sound.MUSIC] > 0.8


@pytest.mark.parametrize("sentence", ["p232_003", "p232_023", "p232_052"])
def test_sentences_are_speech(sentence: str) -> None:
    samples = recording(f"speech16k/clean/{sentence}.wav", 12)
    assert shares(heard(samples))[Sound.SPEECH] > 0.8


@pytest.mark.parametrize("sentence", ["p232_003", "p232_023", "p232_052"])
def test_sentences_in_noise_are_not_music(sentence: str) -> None:
    samples = recording(f"speech16k/noisy/{sentence}.wav", 12)
    assert shares(heard(samples))[Sound.MUSIC] < 0.1


@pytest.mark.parametrize("stem", ["mixture", "piano", "guitar", "strings"])
def test_our_song_is_music(stem: str) -> None:
    samples = recording(f"music_stems/{stem}.flac", 12)
    assert shares(heard(samples))[Sound.MUSIC] > 0.8
