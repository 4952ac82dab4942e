"""What this machine can compute on, and why not on more."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from unmix_models.errors import DeviceUnavailable
from unmix_models.onnx_runtime import onnx_runtime

_NVIDIA_DRIVER = ("/proc/driver/nvidia/version", "/dev/nvidiactl")


@dataclass(frozen=True, slots=True)
class Device:
    """Something that computes."""

    name: str
    """`cpu`, `cuda:0`, `mps`."""
    description: str
    available: bool
    reason: str = ""
    """Why it is not available."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A device and why it was taken."""

    device: str
    reason: str


def probe() -> tuple[Device, ...]:
    """Look at the machine, best device first. Imports inference runtimes, so call it in a child process."""
    return (
        _cuda(),
        _mps(),
        Device("cpu", _processor(), available=True),
    )


def place(wanted: str, devices: Sequence[Device]) -> Placement:
    """Settle on a device for `wanted` (empty or `auto`: the best that is there).

    Raises DeviceUnavailable, naming those that are there, when a named one is missing.
    """
    usable = [device for device in devices if device.available]
    if wanted in ("", "auto"):
        chosen = usable[0]
        better = [device for device in devices if not device.available]
        excuses = "; ".join(f"no {device.name}: {device.reason}" for device in better)
        return Placement(chosen.name, f"best device here ({excuses})" if excuses else "best device here")
    name = "cuda:0" if wanted == "cuda" else wanted
    for device in devices:
        if device.name == name and device.available:
            return Placement(name, "asked for")
        if device.name == name:
            raise DeviceUnavailable(
                f"'{wanted}' cannot be used ({device.reason}); use auto or {_names(usable)}.", device=wanted
            )
    raise DeviceUnavailable(
        f"This machine has no device '{wanted}'; use auto or {_names(usable)}.", device=wanted
    )


def _names(devices: Sequence[Device]) -> str:
    return ", ".join(device.name for device in devices)


def _cuda() -> Device:
    """One runtime that can use the GPU is enough: models of another run on the CPU, and say so."""
    if not any(Path(path).exists() for path in _NVIDIA_DRIVER):
        return Device("cuda:0", "NVIDIA GPU", available=False, reason="no NVIDIA driver found")
    if _torch_has_cuda() or "CUDAExecutionProvider" in onnx_runtime().get_available_providers():
        return Device("cuda:0", "NVIDIA GPU", available=True)
    reason = "neither PyTorch nor ONNX Runtime is installed with CUDA (the package onnxruntime-gpu is)"
    return Device("cuda:0", "NVIDIA GPU", available=False, reason=reason)


def _torch_has_cuda() -> bool:
    import torch  # noqa: PLC0415  # seconds, and only where there is a GPU

    return torch.cuda.is_available()


def _mps() -> Device:
    apple = platform.system() == "Darwin" and platform.machine() == "arm64"
    # The graphs carry state in shapes that Core ML does not take; the CPU of these machines is fast enough.
    reason = "no installed model runs on it yet" if apple else "not an Apple Silicon Mac"
    return Device("mps", "Apple GPU", available=False, reason=reason)


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
