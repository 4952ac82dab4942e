"""How precisely to compute: the number types of a network's parts, and which of them are fast here."""

import time
from dataclasses import dataclass
from enum import StrEnum

import torch

from unmix_models.errors import DeviceUnavailable
from unmix_models.separate.kernels import Kernels, kernels_for

WORTHWHILE = 1.3
"""How much faster than float32 the products must be to be worth the rounding."""


class Precision(StrEnum):
    """What a caller asks for; `auto` becomes one of the others."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


@dataclass(frozen=True, slots=True)
class LayerTypes:
    """Number types of a network's products; spectrograms, norms and residual sums are float32 anyway."""

    convolutions: torch.dtype
    transformer: torch.dtype


LAYER_TYPES = {
    Precision.FLOAT32: LayerTypes(torch.float32, torch.float32),
    # With bfloat16's 8 bits the convolutions next to the audio cost 12 dB and save 10 % of the time.
    Precision.BFLOAT16: LayerTypes(torch.float32, torch.bfloat16),
    Precision.FLOAT16: LayerTypes(torch.float16, torch.float16),
}


def device_for(name: str) -> torch.device:
    """`cpu`, `cuda:0`, `mps`; raises `DeviceUnavailable` for what this machine or this PyTorch lacks."""
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise DeviceUnavailable(
            f"The device {name!r} cannot be used here ({error}); use cpu.", device=name
        ) from error
    return device


def resolve(precision: str, device: torch.device) -> Precision:
    """The precision to use on this device; `auto` is the fastest that stays 45 dB or more above its rounding.

    Raises `DeviceUnavailable` for float16 on a CPU.
    """
    wanted = Precision(precision)
    if wanted is Precision.FLOAT16 and device.type == "cpu":
        raise DeviceUnavailable("float16 needs a GPU; use precision auto, bfloat16 or float32 on a CPU.")
    if wanted is not Precision.AUTO:
        return wanted
    if device.type == "cuda":
        return Precision.FLOAT16
    return Precision.BFLOAT16 if device.type == "cpu" and bfloat16_is_fast() else Precision.FLOAT32


def bfloat16_is_fast() -> bool:
    """Time one product of the transformer in both types, a tenth of a second in all.

    A processor's flags do not tell: without AMX or AVX512-BF16, bfloat16 is emulated and slower, and some
    that have AVX512-BF16 gain nothing by it.
    """
    kernels = kernels_for(torch.device("cpu"))
    try:
        return _seconds(kernels, torch.float32) > WORTHWHILE * _seconds(kernels, torch.bfloat16)
    except RuntimeError:  # oneDNN refuses bfloat16 on processors without AVX-512
        return False


def _seconds(kernels: Kernels, dtype: torch.dtype) -> float:
    """Best of five of the larger linear layer of the released networks."""
    layer = kernels.linear(torch.ones(2048, 512), torch.zeros(2048), dtype)
    tokens = torch.ones(1, 1344, 512, dtype=dtype)
    times: list[float] = []
    with torch.inference_mode():
        for _ in range(6):
            start = time.perf_counter()
            layer(tokens)
            times.append(time.perf_counter() - start)
    return min(times[1:])
