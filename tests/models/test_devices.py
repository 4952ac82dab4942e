"""What this machine can compute on."""

import pytest
from support import shared
from unmix_models.catalogue import find
from unmix_models.devices import Device, Placement, place, probe
from unmix_models.errors import DeviceUnavailable
from unmix_models.loading import load
from unmix_models.machine import Machine
from unmix_models.onnx_runtime import onnx_runtime
from unmix_models.weights import Weights

CPU = Device("cpu", "A processor", available=True)
GPU = Device("cuda:0", "NVIDIA GPU", available=True)
NO_GPU = Device("cuda:0", "NVIDIA GPU", available=False, reason="no NVIDIA driver found")
NO_MPS = Device("mps", "Apple GPU", available=False, reason="not an Apple Silicon Mac")


def test_every_machine_has_a_processor_and_it_comes_last() -> None:
    devices = probe()
    assert devices[-1].name == "cpu"
    assert devices[-1].available
    assert devices[-1].description


def test_a_device_that_cannot_be_used_says_why() -> None:
    for device in probe():
        assert device.available != bool(device.reason)


def test_a_model_that_cannot_use_the_gpu_runs_on_the_cpu_unless_the_gpu_was_asked_for() -> None:
    model, weights = find("deepfilternet3"), Weights(shared("weights"))
    if "CUDAExecutionProvider" in onnx_runtime().get_available_providers():
        pytest.skip("ONNX Runtime can use a GPU here")
    assert load(model, weights, Machine("cuda:0", 1)).device == "cpu"
    with pytest.raises(DeviceUnavailable, match="onnxruntime-gpu"):
        load(model, weights, Machine("cuda:0", 1, required=True))


@pytest.mark.parametrize("wanted", ["", "auto"])
def test_auto_takes_the_best_that_is_there(wanted: str) -> None:
    assert place(wanted, [GPU, NO_MPS, CPU]).device == "cuda:0"
    assert place(wanted, [NO_GPU, NO_MPS, CPU]).device == "cpu"


def test_auto_says_why_it_is_not_a_better_one() -> None:
    reason = place("auto", [NO_GPU, NO_MPS, CPU]).reason
    assert reason == (
        "best device here (no cuda:0: no NVIDIA driver found; no mps: not an Apple Silicon Mac)"
    )


def test_auto_excuses_nothing_where_everything_is_there() -> None:
    assert place("auto", [GPU, CPU]) == Placement("cuda:0", "best device here")


@pytest.mark.parametrize("wanted", ["cuda", "cuda:0"])
def test_cuda_is_the_first_gpu(wanted: str) -> None:
    assert place(wanted, [GPU, CPU]) == Placement("cuda:0", "asked for")


def test_a_device_that_is_asked_for_is_taken_before_a_better_one() -> None:
    assert place("cpu", [GPU, CPU]) == Placement("cpu", "asked for")


def test_a_device_that_is_asked_for_and_missing_is_never_replaced() -> None:
    with pytest.raises(
        DeviceUnavailable, match=r"'cuda' cannot be used \(no NVIDIA driver found\); use auto or cpu"
    ):
        place("cuda", [NO_GPU, CPU])


def test_a_device_that_nobody_knows_is_answered_with_those_that_are_there() -> None:
    with pytest.raises(DeviceUnavailable, match="no device 'tpu'; use auto or cuda:0, cpu"):
        place("tpu", [GPU, NO_MPS, CPU])
