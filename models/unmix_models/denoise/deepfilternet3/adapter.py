"""DeepFilterNet3 as a `Denoiser`."""

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unmix_models.audio import Block
from unmix_models.denoise.base import DenoiseStream
from unmix_models.denoise.deepfilternet3.features import BAND_OF_BIN, FILTERED_BINS, Features
from unmix_models.denoise.deepfilternet3.graphs import ORDER, Graphs, GraphState, memory_of
from unmix_models.denoise.deepfilternet3.spectrum import BINS, HOP, Analysis, Spectra, Synthesis
from unmix_models.denoise.levelled.stream import LevelledStream
from unmix_models.denoise.segmented import SegmentedStream
from unmix_models.listen.noise_floor import NoiseFloor

SAMPLE_RATE = 48000
SEGMENT_SECONDS = 1.0
"""Measured: longer runs are no faster, and this much audio must be there before the first comes out."""
_SHORTEST_SEGMENT_SECONDS = 0.1

_LOOKAHEAD = 2
"""Frames that the network hears, and its filter uses, beyond the frame that they are about."""
_SILENCE = 50
"""Hops of digital silence after which a sound is the start of another recording: the network's running means sink
during silence, and a voice behind it would be far louder to it than the same voice alone."""
_VOICE_DB = -20.0
"""Measured on 14 noisy voices; it likes speech where it was recorded well."""
_SESSIONS_BYTES = 40_000_000
_SECOND_BYTES = 20_000_000
"""Measured growth of the process on x86-64: at load, and with each second and channel of a segment."""


def load(folder: Path, device: str = "cpu", threads: int = 1) -> "DeepFilterNet3":
    """Load `enc.onnx`, `erb_dec.onnx` and `df_dec.onnx` from `folder`.

    Raises `InvalidWeights` where they are absent or something else, and `DeviceUnavailable`.
    """
    return DeepFilterNet3(Graphs(folder, device, threads), SEGMENT_SECONDS)


class DeepFilterNet3:
    """See `base.Denoiser`. Channels are denoised independently, in one batch."""

    name = "deepfilternet3"
    sample_rate = SAMPLE_RATE

    def __init__(self, graphs: Graphs, segment_seconds: float) -> None:
        self._graphs = graphs
        self.device = graphs.device
        self.precision = "float32"
        self.segment_seconds = segment_seconds
        self.memory_bytes = _SESSIONS_BYTES + int(2 * segment_seconds * _SECOND_BYTES)

    def with_segment(self, seconds: float) -> "DeepFilterNet3":
        """See `base.Denoiser.with_segment`; no shorter than 0.1 s."""
        return DeepFilterNet3(self._graphs, max(seconds, _SHORTEST_SEGMENT_SECONDS))

    def stream(
        self,
        channels: int,
        sample_rate: int,
        attenuation_limit_db: float | None,
        first_look: NoiseFloor | None,
    ) -> DenoiseStream:
        """See `base.Denoiser.stream`; no limit by default, and no use for `first_look`."""
        if sample_rate != SAMPLE_RATE:
            raise ValueError(f"DeepFilterNet3 works at {SAMPLE_RATE} Hz, not at {sample_rate} Hz")
        network = SegmentedStream(
            _Run(self._graphs, channels),
            channels=channels,
            segment=round(self.segment_seconds * SAMPLE_RATE),
            attenuation_limit_db=None,
        )
        return LevelledStream(
            network, channels=channels, attenuation_limit_db=attenuation_limit_db, target_db=_VOICE_DB
        )

    def close(self) -> None:
        """See `base.Denoiser.close`."""
        self._graphs.close()


class _Run:
    hop = HOP
    delay = (_LOOKAHEAD + 1) * HOP

    def __init__(self, graphs: Graphs, channels: int) -> None:
        self._graphs = graphs
        self._analysis = Analysis(channels)
        self._features = Features(channels)
        self._state = GraphState.at_start(channels)
        self._synthesis = Synthesis(channels)
        self._before = np.zeros((channels, 2 * _LOOKAHEAD, BINS), np.complex64)
        """The last spectra: the oldest that a filter of the next segment reaches is the first."""
        self._unheard = _LOOKAHEAD
        """Frames at the start that the network never hears, since frame t hears features t + 2."""
        self._silent = np.zeros(channels, np.intp)
        """Hops of digital silence up to the present."""

    def run(self, segment: Block) -> Block:
        if not segment.any() and (self._silent >= _SILENCE).all():
            self._silent += len(segment) // HOP
            return np.zeros_like(segment)  # as the network would say: nothing that it heard reaches so far
        with memory_of(self._graphs.device):
            return self._denoise(segment)

    def _denoise(self, segment: Block) -> Block:
        spectra = self._analysis.spectra(segment)
        skip, self._unheard = self._unheard, 0
        gains, filters = self._hear(spectra, self._starts(segment), skip)

        known = np.concatenate([self._before, spectra], axis=1)
        self._before = known[:, -2 * _LOOKAHEAD :].copy()
        frames = gains.shape[1]
        cleaned = known[:, skip + _LOOKAHEAD :][:, :frames].copy()
        cleaned[:, :, FILTERED_BINS:] *= gains[:, :, BAND_OF_BIN[FILTERED_BINS:]]
        cleaned[:, :, :FILTERED_BINS] = sum(
            known[:, skip + tap :][:, :frames, :FILTERED_BINS] * filters[..., tap] for tap in range(ORDER)
        )
        result = self._synthesis.samples(cleaned)
        return np.concatenate([np.zeros_like(segment[: skip * HOP]), result])

    def _hear(
        self, spectra: Spectra, starts: NDArray[np.bool_], skip: int
    ) -> tuple[NDArray[np.float32], NDArray[np.complex64]]:
        """What the network says of all frames but the first `skip`, `[channels, frames, …]` both."""
        borders = sorted({0, len(starts), *np.flatnonzero(starts.any(axis=1)).tolist()})
        said: list[tuple[NDArray[np.float32], NDArray[np.complex64]]] = []
        for start, end in pairwise(borders):
            if starts[start].any():
                self._features.restart(starts[start])
                self._state.restart(starts[start])
            bands, bins = self._features.of(spectra[:, start:end])
            said.append(self._graphs.run(bands[:, :, skip:], bins[:, :, skip:], self._state))
            skip = 0
        if len(said) == 1:
            return said[0]
        gains, filters = zip(*said, strict=True)
        return np.concatenate(gains, axis=1), np.concatenate(filters, axis=1)

    def _starts(self, segment: Block) -> NDArray[np.bool_]:
        """Whether a recording starts, as it were, at each hop and channel: with sound after long digital silence."""
        sounds = np.stack([np.any(one.reshape(-1, HOP), axis=1) for one in segment.T], axis=1)
        starts = np.zeros_like(sounds)
        if sounds.all() and not (self._silent >= _SILENCE).any():
            self._silent[:] = 0
            return starts
        for hop in range(len(sounds)):
            starts[hop] = sounds[hop] & (self._silent >= _SILENCE)
            self._silent = np.where(sounds[hop], 0, self._silent + 1)
        return starts
