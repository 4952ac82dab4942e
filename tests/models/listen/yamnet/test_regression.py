"""The logistic regression that judges by what YAMNet says."""

from pathlib import Path

import numpy as np
from unmix_models.listen.ear import HEARD
from unmix_models.listen.yamnet.regression import Regression
from unmix_models.listen.yamnet.tflite import CLASSES
from unmix_models.listen.yamnet.traits import COUNT, FARTHEST, grouped, summed_up


def test_the_one_that_comes_with_unmix_fits_the_numbers_and_what_is_heard() -> None:
    regression = Regression.read()
    assert np.asarray(regression.weights).shape == (len(HEARD), COUNT)
    assert len(regression.offsets) == len(HEARD)


def test_it_comes_back_as_it_was_written(tmp_path: Path) -> None:
    regression = Regression(((1.5, -2e-7), (0.0, 3.0), (4.0, 5.0), (6.0, 7.0)), (0.5, 1.0, -1.0, 12345.0))
    regression.write(tmp_path / "regression.json")
    assert Regression.read(tmp_path / "regression.json") == regression


def test_probabilities_add_up_and_none_is_less_than_one_in_four_hundred() -> None:
    regression = Regression(((0.0,), (1.0,), (2.0,), (30.0,)), (0.0, 0.0, 0.0, 0.0))
    even = regression.likelihoods(np.zeros(1))
    np.testing.assert_allclose(even, np.log(0.25), rtol=1e-6)
    clear = regression.likelihoods(np.ones(1))
    np.testing.assert_allclose(clear, [-6, -6, -6, 0], atol=1e-6)


def test_groups_are_sums_of_odds_within_bounds() -> None:
    logits = np.full(CLASSES, -30.0)
    assert grouped(logits)[0] == -9
    logits[[1, 2]] = 0.0
    np.testing.assert_allclose(grouped(logits)[1], np.log(2), atol=1e-3)
    assert grouped(np.full(CLASSES, 30.0)).max() == 6


def test_a_cell_is_summed_up_with_its_neighbourhood() -> None:
    groups = np.zeros((2 * FARTHEST + 1, COUNT // 3))
    groups[FARTHEST] = 110
    groups[0] = 11
    numbers = summed_up(groups).reshape(3, -1)
    np.testing.assert_allclose(numbers[:, 0], [110, 22, 11])
