"""What neither voice nor music is: as loud as the noise of the speech before it, or louder."""

import numpy as np
import pytest
from unmix_models.denoise.programme.pieces import Pieces
from unmix_models.denoise.programme.plan import Treatment
from unmix_models.listen.ear import Sound
from unmix_models.listen.listener import Cell

RATE = 8_000
CELL = RATE // 2
VOICE, REST = Treatment.VOICE, Treatment.REST


def treatments(*parts: tuple[Sound, int, float], silent: float = 0.0) -> list[Treatment]:
    """Of cells, given as a sound, how many, and the level of noise in dBFS; speech lies above in words of 0.3 s.

    Cells at the level `silent` are told to be so.
    """
    random = np.random.default_rng(0)
    pieces = Pieces(RATE, 1, keep_music=True)
    found: list[Treatment] = []
    for sound, count, level_db in parts:
        for _ in range(count):
            samples = random.standard_normal((CELL, 1)).astype(np.float32)
            if sound is Sound.SPEECH and level_db != silent:
                samples[: int(0.6 * CELL)] *= 100
            samples *= np.float32(10 ** (level_db / 20))
            cell = Cell(sound, silent=level_db == silent)
            found += [piece.treatment for piece in pieces.process(samples, [cell])]
    return found + [piece.treatment for piece in pieces.flush()]


@pytest.mark.parametrize(("level_db", "beyond"), [(-60, VOICE), (-53, VOICE), (-45, REST), (-10, REST)])
def test_a_long_pause_is_speech_as_long_as_it_is_no_louder_than_the_noise_of_it(
    level_db: float, beyond: Treatment
) -> None:
    found = treatments((Sound.SPEECH, 20, -60), (Sound.OTHER, 20, level_db))
    assert found == [VOICE] * 24 + [beyond] * 16


def test_silence_is_a_pause_however_clean_the_speech() -> None:
    found = treatments((Sound.SPEECH, 10, -130), (Sound.OTHER, 20, -110), silent=-110)
    assert found == [VOICE] * 30


def test_silence_within_speech_says_nothing_of_its_noise() -> None:
    found = treatments((Sound.SPEECH, 10, -60), (Sound.SPEECH, 20, -140), (Sound.OTHER, 20, -60), silent=-140)
    assert found == [VOICE] * 50
