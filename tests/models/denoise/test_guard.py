"""What a filter takes as noise is watched: dense music is no noise."""

import numpy as np
import pytest
from models.denoise.examples import hiss, recording, with_noise
from unmix_models.audio import Block
from unmix_models.denoise import wiener
from unmix_models.denoise.guard import GuardedStream
from unmix_models.listen.first_look import look

RATE = 44_100


def notes(samples: Block) -> tuple[str, ...]:
    channels = samples.shape[1]
    filtered = wiener.load().stream(channels, RATE, None, look([samples], RATE))
    stream = GuardedStream(filtered, RATE, channels)
    done = [stream.process(samples[at : at + 50_000]) for at in range(0, len(samples), 50_000)]
    assert sum(map(len, [*done, stream.flush()])) == len(samples)
    return stream.notes


def dense_music() -> Block:
    """A wall of sound that swells, and the floor with it."""
    time = np.arange(24 * RATE)[:, None] / RATE
    swell = 0.3 + np.sin(2 * np.pi * 0.11 * time) ** 2
    return (swell * hiss(len(time), 1, RATE) * 0.1).astype(np.float32)


def test_dense_music_that_is_taken_for_noise_is_told_of() -> None:
    (said,) = notes(dense_music())
    assert "dense music may be part of it" in said


def test_hiss_that_goes_from_a_song_is_nothing_to_tell_of() -> None:
    song = recording("music_stems/mixture.flac", RATE)
    assert notes(with_noise(song, hiss(len(song), 2, RATE), 20)) == ()


@pytest.mark.parametrize("level", [0.0, 0.01])
def test_nothing_but_noise_is_nothing_to_tell_of(level: float) -> None:
    assert notes(hiss(10 * RATE, 1, RATE) * np.float32(level)) == ()
