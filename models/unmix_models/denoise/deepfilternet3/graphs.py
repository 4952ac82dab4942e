"""The three networks of DeepFilterNet3 in ONNX Runtime sessions."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmix_models.denoise.deepfilternet3.carried_state import rewrite
from unmix_models.denoise.deepfilternet3.features import BANDS, FILTERED_BINS
from unmix_models.errors import DeviceUnavailable, InvalidWeights, OutOfMemory
from unmix_models.onnx_runtime import onnx_runtime

_runtime = onnx_runtime()
_failures = _runtime.capi.onnxruntime_pybind11_state

ORDER = 5
"""Taps over time of the complex filter of each bin."""

Floats = NDArray[np.float32]

_FILES = ("enc", "erb_dec", "df_dec")
_STATES = (1, 2, 2)
_HIDDEN = 256
_FEATURES_BEFORE = 2
"""Frames that the encoder's convolutions look back."""
_BINS_BEFORE = 4
"""Frames that the filter decoder's convolution looks back."""
_CONVOLVED = 64
"""Channels of the encoder's convolutions."""

_SESSION_FAILURES: tuple[type[Exception], ...] = (
    _failures.Fail,
    _failures.InvalidArgument,
    _failures.InvalidGraph,
    _failures.InvalidProtobuf,
    _failures.NotImplemented,
    _failures.RuntimeException,
)


@dataclass(slots=True)
class GraphState:
    """What the networks remember of one recording."""

    bands: Floats
    """Last band features, `[channels, 1, 2, BANDS]`."""
    bins: Floats
    """Last bin features, `[channels, 2, 2, FILTERED_BINS]`."""
    convolved: Floats
    """Last convolved bins, `[channels, 64, 4, FILTERED_BINS]`."""
    hidden: list[list[Floats]]
    """GRU states for each graph, each `[1, channels, 256]`."""

    @classmethod
    def at_start(cls, channels: int) -> "GraphState":
        """Return the zeros that the network was trained to start with."""

        def zeros(*shape: int) -> Floats:
            return np.zeros(shape, np.float32)

        return cls(
            bands=zeros(channels, 1, _FEATURES_BEFORE, BANDS),
            bins=zeros(channels, 2, _FEATURES_BEFORE, FILTERED_BINS),
            convolved=zeros(channels, _CONVOLVED, _BINS_BEFORE, FILTERED_BINS),
            hidden=[[zeros(1, channels, _HIDDEN) for _ in range(count)] for count in _STATES],
        )

    def restart(self, channels: NDArray[np.bool_]) -> None:
        """Forget what was heard of these channels."""
        kept = ~channels[:, None, None, None]
        self.bands, self.bins, self.convolved = self.bands * kept, self.bins * kept, self.convolved * kept
        self.hidden = [[state * kept[None, :, 0, 0] for state in states] for states in self.hidden]


class Graphs:
    """Weights in memory, ready to run on `device`."""

    def __init__(self, folder: Path, device: str, threads: int) -> None:
        """Raise `InvalidWeights` or `DeviceUnavailable` where that cannot be."""
        providers = _providers(device)
        self._sessions = [
            _session(folder / f"{name}.onnx", states, providers, threads)
            for name, states in zip(_FILES, _STATES, strict=True)
        ]
        self.device = device
        self.weights_bytes = sum((folder / f"{name}.onnx").stat().st_size for name in _FILES)

    def run(self, bands: Floats, bins: Floats, state: GraphState) -> tuple[Floats, NDArray[np.complex64]]:
        """Return gains `[channels, frames, BANDS]` and filters `[channels, frames, FILTERED_BINS, ORDER]`.

        `bands` and `bins` are as `Features.of` returns them; `state` moves on.
        """
        bands = np.concatenate([state.bands, bands], axis=2)
        bins = np.concatenate([state.bins, bins], axis=2)
        state.bands, state.bins = bands[:, :, -_FEATURES_BEFORE:], bins[:, :, -_FEATURES_BEFORE:]
        *skips, embedding, convolved = self._run(
            0, ("e0", "e1", "e2", "e3", "emb", "c0"), state, feat_erb=bands, feat_spec=bins
        )
        e0, e1, e2, e3 = skips
        (gains,) = self._run(1, ("m",), state, emb=embedding, e3=e3, e2=e2, e1=e1, e0=e0)
        convolved = np.concatenate([state.convolved, convolved], axis=2)
        state.convolved = convolved[:, :, -_BINS_BEFORE:].copy()
        (filters,) = self._run(2, ("coefs",), state, emb=embedding, c0=convolved)
        taps = np.ascontiguousarray(filters).view(np.complex64)
        return gains[:, 0], taps.reshape(*taps.shape[:2], FILTERED_BINS, ORDER)

    def close(self) -> None:
        """Let go of the sessions."""
        self._sessions.clear()

    def _run(self, graph: int, outputs: tuple[str, ...], state: GraphState, **inputs: Floats) -> list[Floats]:
        hidden = state.hidden[graph]
        names = [*outputs, *(f"next_state_{index}" for index in range(len(hidden)))]
        feeds = inputs | {f"state_{index}": value for index, value in enumerate(hidden)}
        results: list[Any] = self._sessions[graph].run(names, feeds)
        state.hidden[graph] = results[len(outputs) :]
        return results[: len(outputs)]


@contextmanager
def memory_of(device: str) -> Generator[None, None, None]:
    """Turn what numpy and ONNX Runtime raise when memory runs out into `OutOfMemory`."""
    try:
        yield
    except (_failures.Fail, _failures.RuntimeException, MemoryError) as error:
        if isinstance(error, MemoryError) or "alloc" in str(error):
            raise OutOfMemory(
                f"Not enough memory on {device} for DeepFilterNet3: close other programs or use a shorter "
                "segment."
            ) from error
        raise


def _session(path: Path, states: int, providers: list[Any], threads: int) -> Any:
    options = _runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # the rewritten graphs have shapes that differ from the declared ones
    try:
        graph = rewrite(path.read_bytes())
        if graph.states != states:
            raise ValueError(f"{graph.states} recurrent layers instead of {states}")
        return _runtime.InferenceSession(graph.model, options, providers=providers)
    except (OSError, ValueError, IndexError, *_SESSION_FAILURES) as error:
        raise InvalidWeights(
            f"DeepFilterNet3 cannot be loaded from {path} ({error}): get it again.", model="deepfilternet3"
        ) from error


def _providers(device: str) -> list[Any]:
    kind, _, index = device.partition(":")
    if kind == "cpu":
        return ["CPUExecutionProvider"]
    available: list[str] = _runtime.get_available_providers()
    if kind == "cuda" and "CUDAExecutionProvider" in available:
        return [("CUDAExecutionProvider", {"device_id": int(index or 0)}), "CPUExecutionProvider"]
    raise DeviceUnavailable(
        f"ONNX Runtime cannot use {device} here: install onnxruntime-gpu or choose the device cpu.",
        device=device,
    )
