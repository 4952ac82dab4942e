"""DeepFilterNet3 as its authors publish it (PyTorch and libDF), as a script that loads the model for each file.

    python bench/speed_reference.py IN.wav OUT.wav CONFIG.ini

The network has random weights, which do not change its speed; they are built as a checkpoint is loaded. Its
package is of 2023 and reads audio through a torchaudio of that time: soundfile does that here, and torchaudio
is not even imported, which makes this script quicker than the authors' own command.
"""

# ruff: noqa: PLC0415  # its modules look for torchaudio, which must be replaced before
import sys
from types import ModuleType
from typing import Any

import soundfile
import torch


class _Absent(ModuleType):
    """A module in which every name is there, and None."""

    __path__ = ()

    def __getattr__(self, name: str) -> Any:
        return None


def main(source: str, target: str, settings: str) -> None:
    for name in ("", ".backend", ".backend.common", ".compliance", ".compliance.kaldi", ".functional"):
        sys.modules[f"torchaudio{name}"] = _Absent(f"torchaudio{name}")
    from df.config import config
    from df.deepfilternet3 import ModelParams, init_model
    from df.enhance import enhance
    from libdf import DF

    config.load(settings, config_must_exist=True, allow_defaults=True, allow_reload=True)
    params = ModelParams()
    state = DF(
        sr=params.sr,
        fft_size=params.fft_size,
        hop_size=params.hop_size,
        nb_bands=params.nb_erb,
        min_nb_erb_freqs=params.min_nb_freqs,
    )
    network = init_model(state, run_df=True).eval()
    samples, sample_rate = soundfile.read(source, dtype="float32", always_2d=True)
    clean = enhance(network, state, torch.from_numpy(samples.T.copy()))
    soundfile.write(target, clean.numpy().T, sample_rate, "PCM_16")


if __name__ == "__main__":
    main(*sys.argv[1:])
