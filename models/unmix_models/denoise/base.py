"""What the engine asks of a denoiser, whatever model is behind it."""

from typing import Protocol

from unmix_models.audio import Block
from unmix_models.listen.noise_floor import NoiseFloor


class DenoiseStream(Protocol):
    """One pass over one recording at the model's rate, with carried state.

    The output is at lag 0 and in total exactly as long as the input. It does not depend on how the
    input is cut into blocks, not by one bit.
    """

    def process(self, block: Block) -> Block:
        """Take any number of frames, `[frames, channels]`; return what is final so far (may be empty)."""
        ...

    def flush(self) -> Block:
        """Return the rest, so that as many frames came out as went in; the stream is then at its end."""
        ...


class Denoiser(Protocol):
    """A model in memory. It may serve several streams, from one thread at a time."""

    @property
    def name(self) -> str:
        """Name in the catalogue."""
        ...

    @property
    def sample_rate(self) -> int | None:
        """Hz that the model works at; None: any."""
        ...

    @property
    def device(self) -> str:
        """Where it really runs: `cpu`, `cuda:0`, …"""
        ...

    @property
    def precision(self) -> str:
        """What the products are computed in, such as `float32`."""
        ...

    @property
    def memory_bytes(self) -> int:
        """Estimate of what it holds while resident, with one stream at work."""
        ...

    @property
    def segment_seconds(self) -> float | None:
        """Seconds of audio in one run of the model; None where a smaller run would save no memory."""
        ...

    def with_segment(self, seconds: float) -> "Denoiser":
        """Return a denoiser on the same weights with smaller runs, to try again after `OutOfMemory`.

        Results agree to 60 dB and better. Closing either closes both.
        """
        ...

    def stream(
        self,
        channels: int,
        sample_rate: int,
        attenuation_limit_db: float | None,
        first_look: NoiseFloor | None,
    ) -> DenoiseStream:
        """Begin one recording.

        `attenuation_limit_db` is how much noise may at most be removed: with l = 10^(−|dB|/20) the
        result is (1−l)·denoised + l·input, as DeepFilterNet does it. 0 returns the input as it is;
        None is the model's own default. `first_look` is the noise of the recording's first
        minute, for models that have a use for it.
        """
        ...

    def close(self) -> None:
        """Give its memory back; the denoiser and its streams are of no use afterwards."""
        ...
