"""Listening at any rate: a cell for each half second, and silence that says nothing."""

import numpy as np
import pytest
from models.listen.hand_made import ToldEar
from unmix_models.audio import Block
from unmix_models.listen.ear import Sound
from unmix_models.listen.listener import Cell, Listener


def cells(samples: Block, rate: int, ear: ToldEar, block: int = 10_000) -> list[Cell]:
    listener = Listener(ear, rate, samples.shape[1])
    found = [listener.process(samples[at : at + block]) for at in range(0, len(samples), block)]
    return [cell for part in [*found, listener.flush()] for cell in part]


def sound(seconds: float, rate: int, channels: int = 1) -> Block:
    random = np.random.default_rng(0)
    return (0.1 * random.standard_normal((round(seconds * rate), channels))).astype(np.float32)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100, 192_000])
@pytest.mark.parametrize("seconds", [0.01, 0.5, 0.51, 7.3])
def test_there_is_a_cell_for_each_half_second_begun(rate: int, seconds: float) -> None:
    found = cells(sound(seconds, rate), rate, ToldEar([(Sound.MUSIC, 1)]))
    assert found == [Cell(Sound.MUSIC, silent=False)] * -(-round(seconds * 100) // 50)


def test_an_empty_recording_has_no_cells() -> None:
    assert cells(sound(0, 48_000), 48_000, ToldEar([(Sound.MUSIC, 1)])) == []


@pytest.mark.parametrize("silence", [0.0, 1e-6])
def test_silence_is_no_evidence_whatever_the_ear_says(silence: float) -> None:
    samples = sound(40, 16_000, 2)
    samples[10 * 16_000 : 30 * 16_000] *= silence
    found = cells(samples, 16_000, ToldEar([(Sound.MUSIC, 10), (Sound.SPEECH, 30)]))
    assert [cell.silent for cell in found] == [False] * 20 + [True] * 40 + [False] * 20
    assert {cell.sound for cell in found[25:55]} == {Sound.UNKNOWN}
    assert {cell.sound for cell in found[:20]} == {Sound.MUSIC}
    assert {cell.sound for cell in found[60:]} == {Sound.SPEECH}


def test_a_short_silence_within_speech_is_speech() -> None:
    samples = sound(20, 16_000)
    samples[160_000:176_000] = 0
    found = cells(samples, 16_000, ToldEar([(Sound.SPEECH, 1)]))
    assert {cell.sound for cell in found} == {Sound.SPEECH}
    assert sum(cell.silent for cell in found) == 2
