"""ONNX Runtime without its telemetry.

Since 1.29 the official wheels send usage events from Linux and macOS, too, and keep a device identifier in
the user's cache folder (microsoft/onnxruntime#27379). `ORT_DISABLE_TELEMETRY=1`, set before the first import,
is the full opt-out there: nothing is created and nothing is sent. On Windows the API call is the switch.
Everything here that needs ONNX Runtime takes it from this function.
"""

import os
from typing import Any


def onnx_runtime() -> Any:
    """The module `onnxruntime`, imported at the first call and silent."""
    # #29843 gave the variable its other name for a while.
    for name in ("ORT_DISABLE_TELEMETRY", "ORT_TELEMETRY_DISABLED"):
        os.environ[name] = "1"
    import onnxruntime  # noqa: PLC0415  # only now

    module: Any = onnxruntime
    module.disable_telemetry_events()
    return module
