"""From YAMNet's TFLite file to the model's folder: `main` runs in a child, since it is a stranger's file.

The target, which exists, receives `yamnet.onnx` and `model.json`.
"""

from pathlib import Path

from unmix_models.catalogue.description import Description
from unmix_models.listen.ear import SAMPLE_RATE
from unmix_models.listen.yamnet import onnx_graph, tflite
from unmix_models.listen.yamnet.installation import NETWORK


def main(source: str, target: str) -> None:
    """In the child. Raises InvalidWeights."""
    convert(Path(source), Path(target))


def convert(source: Path, target: Path) -> None:
    """Read the file and write the folder. Raises InvalidWeights."""
    network = tflite.read(source.read_bytes())
    (target / NETWORK).write_bytes(onnx_graph.encode(network))
    Description(
        family="yamnet", stems=(), sample_rate=SAMPLE_RATE, partition=False, parameters=network.parameters
    ).write(target)
