"""Where a model is loaded, and how much of the machine it may use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """A device and what goes with it."""

    device: str
    """`cpu`, `cuda:0`, …"""
    threads: int
    """The most of one model on a CPU, at least 1."""
    precision: str = "auto"
    """Of separation networks: `auto`, `float32`, `bfloat16`, `float16`."""
    required: bool = False
    """The device was asked for by name: a model that cannot use it is an error, not a run on the CPU."""

    @property
    def kind(self) -> str:
        """The device without its number: `cpu`, `cuda`, `mps`."""
        return self.device.partition(":")[0]
