"""What is made of YAMNet's file says the same."""

from pathlib import Path

import numpy as np
import pytest
from models.listen.yamnet import examples
from support import shared
from unmix_models.errors import InvalidWeights
from unmix_models.listen.yamnet import onnx_graph, tflite
from unmix_models.listen.yamnet.network import Network


def patch(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.standard_normal((tflite.FRAMES, tflite.BANDS)).cumsum(axis=0) * 0.2 - 3).astype(np.float32)


def check(data: bytes, folder: Path) -> None:
    read = tflite.read(data)
    (folder / "yamnet.onnx").write_bytes(onnx_graph.encode(read))
    network = Network(folder)
    for seed in range(2):
        heard = patch(seed)
        np.testing.assert_allclose(network.logits(heard), examples.logits(read, heard), atol=1e-3)


def test_a_network_says_what_numpy_makes_of_the_same_weights(tmp_path: Path) -> None:
    check(examples.file(), tmp_path)


def test_the_published_network_says_what_numpy_makes_of_the_same_weights(tmp_path: Path) -> None:
    check(shared("weights/yamnet/yamnet_spectra_in.tflite").read_bytes(), tmp_path)


@pytest.mark.parametrize(
    "content", [None, b"", b"words", onnx_graph.encode(tflite.read(examples.file()))[:-900]]
)
def test_a_folder_without_a_whole_network_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "yamnet.onnx").write_bytes(content)
    with pytest.raises(InvalidWeights, match=r"YAMNet cannot be loaded from .*: get it again"):
        Network(tmp_path)
