"""The made noise of places: it is there, finite and the same for the same seed."""

import numpy as np
import pytest

from training.listening.places import Samples, place

pytestmark = pytest.mark.long  # what trains ears is no part of the product

SECOND = 16000


def talk(frames: int) -> Samples:
    return np.sin(np.arange(frames, dtype=np.float32) / 20)


@pytest.mark.parametrize("seed", range(6))
def test_a_place_is_finite_and_never_silent(seed: int) -> None:
    made = place(np.random.default_rng(seed), 4 * SECOND, talk)
    assert made.shape == (4 * SECOND,)
    assert np.isfinite(made).all()
    assert np.square(made).mean() > 0


def test_the_same_seed_makes_the_same_place() -> None:
    one, other = (place(np.random.default_rng(5), SECOND, talk) for _ in range(2))
    np.testing.assert_array_equal(one, other)
