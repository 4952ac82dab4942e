"""YAMNet in an ONNX Runtime session, on one thread of the processor."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmix_models.errors import InvalidWeights
from unmix_models.listen.yamnet.installation import NETWORK
from unmix_models.listen.yamnet.onnx_graph import INPUT, OUTPUT
from unmix_models.onnx_runtime import onnx_runtime

_runtime = onnx_runtime()
_failures = _runtime.capi.onnxruntime_pybind11_state

_SESSION_FAILURES: tuple[type[Exception], ...] = (
    _failures.Fail,
    _failures.InvalidArgument,
    _failures.InvalidGraph,
    _failures.InvalidProtobuf,
    _failures.NoSuchFile,
    _failures.NotImplemented,
    _failures.RuntimeException,
)
_UNPACKED = 15
"""Times the size of the file that a session was seen to hold: its weights become float32, and are packed anew."""


class Network:
    """Weights in memory, ready to run."""

    def __init__(self, folder: Path) -> None:
        """Raise `InvalidWeights` where the folder holds no such network."""
        options = _runtime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # Weights become float32 once, at the start, and not in each run: that takes a third of the time.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        path = folder / NETWORK
        try:
            self._session: Any = _runtime.InferenceSession(
                path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
            self.memory_bytes = _UNPACKED * path.stat().st_size
        except (OSError, ValueError, *_SESSION_FAILURES) as error:  # ValueError: its names are no text
            raise InvalidWeights(
                f"YAMNet cannot be loaded from {path} ({error}): get it again.", model="yamnet"
            ) from error

    def logits(self, patch: NDArray[np.float32]) -> NDArray[np.float64]:
        """What `[FRAMES, BANDS]` of log-mel spectra sound like, `[CLASSES]`."""
        answers: list[NDArray[np.float32]] = self._session.run([OUTPUT], {INPUT: patch[None]})
        return answers[0][0].astype(np.float64)

    def close(self) -> None:
        """Let go of the session."""
        self._session = None
