"""What a worker has for its runs."""

from collections.abc import Callable
from dataclasses import dataclass

from unmix_models.machine import Machine
from unmix_models.weights import Weights

from unmix_daemon.worker.messages import Report
from unmix_daemon.worker.residency import Loadable, Residency


@dataclass(frozen=True, slots=True)
class Workshop:
    """The same for all runs of a process."""

    weights: Weights
    machine: Machine
    residency: Residency[Loadable]
    send: Callable[[Report], None]
