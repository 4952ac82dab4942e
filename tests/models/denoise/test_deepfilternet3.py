"""DeepFilterNet3: any segmentation equals one long pass, and failures say what to do."""

import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import soxr
from models.denoise.examples import RATE, denoise, load, recording, si_sdr_db, snr_db, speech
from support import shared
from unmix_models.denoise import deepfilternet3
from unmix_models.denoise.deepfilternet3.carried_state import rewrite
from unmix_models.denoise.deepfilternet3.graphs import Graphs, GraphState
from unmix_models.errors import DeviceUnavailable, InvalidWeights

WEIGHTS = "weights/deepfilternet3"


def features(frames: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(2)
    bands = random.standard_normal((1, 1, frames, 32), dtype=np.float32) * np.float32(0.3)
    return bands, random.standard_normal((1, 2, frames, 96), dtype=np.float32)


def published(bands: np.ndarray, bins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the graphs give as they are published: the whole recording in one run."""

    def run(name: str, outputs: list[str], **inputs: Any) -> list[Any]:
        return onnxruntime.InferenceSession(shared(WEIGHTS) / f"{name}.onnx").run(outputs, inputs)

    names = ["e0", "e1", "e2", "e3", "emb", "c0"]
    heard = dict(zip(names, run("enc", names, feat_erb=bands, feat_spec=bins), strict=True))
    convolved = heard.pop("c0")
    gains = run("erb_dec", ["m"], **heard)[0]
    filters = run("df_dec", ["coefs"], emb=heard["emb"], c0=convolved)[0]
    return gains[:, 0], filters.reshape(1, -1, 96, 5, 2)


def test_carried_state_gives_what_the_published_graphs_give_in_one_run() -> None:
    bands, bins = features(300)
    graphs, state = Graphs(shared(WEIGHTS), "cpu", 1), GraphState.at_start(1)
    pieces = [
        graphs.run(bands[:, :, start:end], bins[:, :, start:end], state)
        for start, end in pairwise([0, 1, 3, 100, 250, 300])
    ]
    gains = np.concatenate([piece[0] for piece in pieces], axis=1)
    filters = np.concatenate([piece[1] for piece in pieces], axis=1)
    wanted_gains, wanted_filters = published(bands, bins)
    np.testing.assert_allclose(gains, wanted_gains, atol=1e-6)
    np.testing.assert_allclose(filters.real, wanted_filters[..., 0], atol=1e-6)
    np.testing.assert_allclose(filters.imag, wanted_filters[..., 1], atol=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("seconds", [0.1, 0.37, 5.0])
def test_any_segment_length_equals_one_long_pass(seconds: float) -> None:
    model, noisy = load("deepfilternet3"), speech(20, channels=2)
    whole = denoise(model.with_segment(20.0), noisy)
    assert snr_db(whole, denoise(model.with_segment(seconds), noisy)) > 100


@pytest.mark.long
def test_a_minute_in_segments_equals_one_long_pass() -> None:
    model, noisy = load("deepfilternet3"), speech(60)
    assert snr_db(denoise(model.with_segment(60.0), noisy), denoise(model, noisy)) > 100


def test_a_smaller_segment_needs_less_memory() -> None:
    model = load("deepfilternet3")
    smaller = model.with_segment(0.5)
    assert smaller.segment_seconds == 0.5
    assert smaller.memory_bytes < model.memory_bytes


def test_denoises_real_speech() -> None:
    gains: list[float] = []
    for name in ("p232_003", "p232_021", "p232_024"):
        clean = recording(f"speech16k/clean/{name}.wav", 16000)
        result = denoise(load("deepfilternet3"), recording(f"speech16k/noisy/{name}.wav"))
        gains.append(si_sdr_db(clean, soxr.resample(result, RATE, 16000, "VHQ")[: len(clean)]))
    assert np.mean(gains) >= 17.5


@pytest.mark.parametrize("content", [b"", b"not a model at all", bytes(1000)])
def test_files_that_are_no_model_say_what_to_do(tmp_path: Path, content: bytes) -> None:
    for name in ("enc", "erb_dec", "df_dec"):
        (tmp_path / f"{name}.onnx").write_bytes(content)
    with pytest.raises(InvalidWeights, match="get it again") as caught:
        deepfilternet3.load(tmp_path)
    assert caught.value.facts == {"model": "deepfilternet3"}


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InvalidWeights, match="get it again") as caught:
        deepfilternet3.load(tmp_path)
    assert caught.value.facts == {"model": "deepfilternet3"}


def test_a_truncated_file_says_what_to_do(tmp_path: Path) -> None:
    for file in shared(WEIGHTS).glob("*.onnx"):
        (tmp_path / file.name).write_bytes(file.read_bytes()[:-5000])
    with pytest.raises(InvalidWeights, match=r"enc\.onnx"):
        deepfilternet3.load(tmp_path)


def test_another_graph_of_the_same_name_is_refused(tmp_path: Path) -> None:
    for name in ("enc", "erb_dec", "df_dec"):
        shutil.copy(shared(WEIGHTS) / "df_dec.onnx", tmp_path / f"{name}.onnx")
    with pytest.raises(InvalidWeights, match="2 recurrent layers instead of 1"):
        deepfilternet3.load(tmp_path)


def test_every_prefix_of_a_model_is_refused_or_rewritten() -> None:
    model = (shared(WEIGHTS) / "enc.onnx").read_bytes()
    for length in range(0, 3000, 37):
        with pytest.raises((ValueError, IndexError)):
            rewrite(model[:length])


def test_a_device_that_is_not_there_is_refused() -> None:
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("there is a CUDA device")
    with pytest.raises(DeviceUnavailable, match="device cpu"):
        deepfilternet3.load(shared(WEIGHTS), device="cuda:0")


STARVED = """
import resource, sys
from pathlib import Path
import numpy as np, psutil
from unmix_models.denoise import deepfilternet3
from unmix_models.errors import OutOfMemory

model = deepfilternet3.load(Path(sys.argv[1]))
samples = np.zeros((48000 * 35, 1), np.float32)
stream = model.with_segment(30.0).stream(1, 48000, None, None)
limit = psutil.Process().memory_info().vms + 150_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    stream.process(samples)
except OutOfMemory as error:
    print(error)
print(len(model.with_segment(0.5).stream(1, 48000, None, None).process(samples[: 5 * 48000])))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process' memory by RLIMIT_AS")
def test_out_of_memory_is_told_apart_and_a_smaller_segment_still_works() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", STARVED, str(shared(WEIGHTS))], capture_output=True, text=True, check=True
    )
    message, frames = ran.stdout.splitlines()
    assert "shorter segment" in message
    assert int(frames) > 48000
