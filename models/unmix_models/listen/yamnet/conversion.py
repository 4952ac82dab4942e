"""From YAMNet's TFLite file to the model's folder; run as a child process, since it is a stranger's file.

    python -m unmix_models.listen.yamnet.conversion FILE TARGET

TARGET, which exists, receives `yamnet.onnx` and `model.json`. On failure the last line of stderr says why.
"""

import sys
from pathlib import Path

from unmix_models.catalogue.description import Description
from unmix_models.errors import InvalidWeights
from unmix_models.listen.ear import SAMPLE_RATE
from unmix_models.listen.yamnet import onnx_graph, tflite
from unmix_models.listen.yamnet.installation import NETWORK


def convert(source: Path, target: Path) -> None:
    """Read the file and write the folder. Raises InvalidWeights."""
    network = tflite.read(source.read_bytes())
    (target / NETWORK).write_bytes(onnx_graph.encode(network))
    Description(
        family="yamnet", stems=(), sample_rate=SAMPLE_RATE, partition=False, parameters=network.parameters
    ).write(target)


if __name__ == "__main__":
    try:
        convert(Path(sys.argv[1]), Path(sys.argv[2]))
    except InvalidWeights as error:
        sys.exit(str(error))
