"""The best ear that is installed."""

from typing import cast

from unmix_models.catalogue import choose
from unmix_models.listen.ear import Ear
from unmix_models.loading import load
from unmix_models.machine import Machine
from unmix_models.weights import Weights


def best(weights: Weights) -> Ear:
    """Load it; ears are small, and hear on one thread. Raises InvalidWeights."""
    return cast("Ear", load(choose("auto", "listen", weights).model, weights, Machine("cpu", 1)))
