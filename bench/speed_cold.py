"""What somebody does without a daemon: a script that loads the model for each file.

    python bench/speed_cold.py MODEL IN.wav OUT.wav WEIGHTS THREADS

It is as quick as such a script can be: our own adapters, which import little, and no resampling.
"""

import sys
from pathlib import Path
from typing import cast

import numpy as np
import soundfile
from unmix_models import catalogue
from unmix_models.denoise.base import Denoiser
from unmix_models.loading import load
from unmix_models.machine import Machine
from unmix_models.weights import Weights


def main(name: str, source: str, target: str, weights: str, threads: str) -> None:
    entry = catalogue.find(name, "denoise")
    model = cast("Denoiser", load(entry, Weights(Path(weights)), Machine("cpu", int(threads))))
    samples, sample_rate = soundfile.read(source, dtype="float32", always_2d=True)
    stream = model.stream(samples.shape[1], sample_rate, None, None)
    clean = np.concatenate([stream.process(samples), stream.flush()])
    soundfile.write(target, clean, sample_rate, "PCM_16")


if __name__ == "__main__":
    main(*sys.argv[1:])
