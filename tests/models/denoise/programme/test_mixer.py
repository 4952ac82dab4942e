"""How far known noise is lowered, and how it begins and ends."""

import numpy as np
import pytest
from unmix_models.audio import Block
from unmix_models.denoise.programme.mixer import Mixer
from unmix_models.denoise.programme.pieces import Piece
from unmix_models.denoise.programme.plan import Treatment
from unmix_models.listen.ear import Sound
from unmix_models.listen.listener import Cell
from unmix_models.listen.noise_floor import NoiseFloor

RATE = 48_000
CELL = RATE // 2
NOISE_DB = -40.0
SAMPLES = np.random.default_rng(0).standard_normal((12 * CELL, 1)) * 10 ** (NOISE_DB / 20)


def mixed(treatment: Treatment, known_in: range, samples: Block | None = None) -> Block:
    """What becomes of cells of white noise, or of others, in which the network hears no voice."""
    samples = SAMPLES if samples is None else samples
    noise = NoiseFloor(np.array([1.0, RATE / 2]), np.full(2, 10 ** (NOISE_DB / 10) / (RATE / 2)))
    mixer = Mixer(RATE, 1, None)
    done: list[Block] = []
    for number in range(len(samples) // CELL):
        part = samples[number * CELL :][:CELL].astype(np.float32)
        piece = Piece(Cell(Sound.OTHER, silent=False), treatment, part)
        known = noise if number in known_in else None
        done.append(mixer.process(piece, np.zeros_like(part), treatment, treatment, known))
    return np.concatenate([*done, mixer.flush()])


def level_db(samples: Block) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64))))


@pytest.mark.parametrize(
    ("treatment", "least_db", "most_db"), [(Treatment.REST, 14.0, 18.0), (Treatment.BED, 21.0, 30.0)]
)
def test_known_noise_is_lowered_up_to_the_limit(
    treatment: Treatment, least_db: float, most_db: float
) -> None:
    lowered = NOISE_DB - level_db(mixed(treatment, range(12))[6 * CELL :])
    assert least_db <= lowered <= most_db


def test_the_filter_comes_in_slowly() -> None:
    found = mixed(Treatment.REST, range(6, 12))
    assert level_db(found[: 6 * CELL]) == pytest.approx(NOISE_DB, abs=0.2)
    assert level_db(found[6 * CELL :][: CELL // 10]) == pytest.approx(NOISE_DB, abs=1.5)
    assert level_db(found[7 * CELL :]) < NOISE_DB - 10


def test_the_filter_goes_slowly() -> None:
    found = mixed(Treatment.REST, range(6))
    assert level_db(found[6 * CELL :][: CELL // 10]) < NOISE_DB - 10
    assert level_db(found[7 * CELL :]) == pytest.approx(NOISE_DB, abs=0.2)


def test_nothing_shifts_where_the_filter_begins() -> None:
    samples = 100 * SAMPLES
    found = mixed(Treatment.REST, range(6, 12), samples)
    assert level_db(found - samples) < level_db(samples) - 30
