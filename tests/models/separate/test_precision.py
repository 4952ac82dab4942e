import platform
import subprocess
import sys

import pytest
import torch
from unmix_models.errors import DeviceUnavailable
from unmix_models.separate.htdemucs.bag import Part, parts_of
from unmix_models.separate.kernels import OneDnnKernels, TorchKernels, kernels_for
from unmix_models.separate.precision import Precision, bfloat16_is_fast, device_for, resolve

CPU = torch.device("cpu")


def test_what_is_asked_for_is_used() -> None:
    assert resolve("float32", CPU) is Precision.FLOAT32
    assert resolve("bfloat16", CPU) is Precision.BFLOAT16


def test_automatic_precision_follows_the_probe() -> None:
    assert resolve("auto", CPU) is (Precision.BFLOAT16 if bfloat16_is_fast() else Precision.FLOAT32)


def test_automatic_precision_on_cuda_is_float16_and_on_metal_float32() -> None:
    assert resolve("auto", torch.device("cuda")) is Precision.FLOAT16
    assert resolve("auto", torch.device("mps")) is Precision.FLOAT32


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(DeviceUnavailable, match="'cuda:99'"):
        device_for("cuda:99")
    with pytest.raises(DeviceUnavailable, match="'abacus'"):
        device_for("abacus")


def test_only_the_cpu_gets_onednn() -> None:
    assert isinstance(kernels_for(torch.device("cuda")), TorchKernels)
    if torch.backends.mkldnn.is_available():
        assert isinstance(kernels_for(CPU), OneDnnKernels)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_attention_equals_the_public_one(dtype: torch.dtype) -> None:
    query, key, value = (torch.randn(3, length, 16).to(dtype) for length in (700, 500, 500))
    expected = TorchKernels().attention(query.double(), key.double(), value.double())
    result = OneDnnKernels().attention(query, key, value)
    tolerance = 1e-5 if dtype == torch.float32 else 0.03
    assert (result.double() - expected).abs().max() < tolerance * expected.abs().max()


@pytest.mark.long
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator is configured")
def test_the_allocator_keeps_what_is_freed() -> None:
    """In children, because the setting holds for a whole process."""
    assert faults_in_child(configure=True) * 4 < faults_in_child(configure=False)


def faults_in_child(*, configure: bool) -> int:
    code = f"""
import ctypes, resource
from unmix_models.process.allocator import configure_allocator
if {configure}: assert configure_allocator()
c = ctypes.CDLL(None); c.malloc.restype = ctypes.c_void_p
def work():
    for _ in range(20):
        p = ctypes.c_void_p(c.malloc(1 << 26)); ctypes.memset(p, 1, 1 << 26); c.free(p)
work(); before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work(); print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    return int(run(code))


def run(code: str) -> str:
    path = ":".join(filter(None, sys.path))
    child = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    return child.stdout.strip()


def test_a_network_without_weight_in_the_wanted_stems_is_left_out() -> None:
    assert parts_of([1], [[1, 0], [0, 1]]) == (Part(1, (1,), (1.0,)),)


def test_shares_of_a_stem_add_up_to_one_over_networks_and_runs() -> None:
    first, second = parts_of([0, 1], [[1, 3], [0, 1]], runs=2)
    assert (first.stems, first.shares) == ((0, 1), (0.5, 0.375))
    assert (second.stems, second.shares) == ((1,), (0.125,))
