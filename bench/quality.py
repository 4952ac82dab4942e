"""How good the results of the whole product are: command, daemon, file.

    python bench/quality.py

Speech: pairs of noisy and clean recordings at 16 kHz (VoiceBank+DEMAND, in `shared/audio/speech16k`), scored by
SI-SDR, by PESQ (ITU-T P.862.2, wide band) and by STOI; means over all pairs. Music: white hiss at 20 dB below the
mixture of `shared/audio/music_stems`, where the filter must leave no less than it found, and `auto` must choose
it. The exit status is 1 when a threshold is missed.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import product
import soundfile
from numpy.typing import NDArray
from pesq import pesq
from pystoi import stoi

Samples = NDArray[np.float64]

THRESHOLDS: Mapping[str, Mapping[str, float]] = {
    "auto": {"SI-SDR": 18.1},
    "deepfilternet3": {"SI-SDR": 18.1, "PESQ": 2.8, "STOI": 0.94},
    "rnnoise": {"SI-SDR": 15.0},
}
HISS_DB = 20.0
MUSIC_SI_SDR = 22.0
SPEECH_RATE = 16000


@dataclass(frozen=True, slots=True)
class Command:
    """The command `unmix` beside this Python, with a daemon of its own."""

    environment: Mapping[str, str]

    def denoise(self, files: list[Path], model: str, folder: Path) -> list[dict[str, object]]:
        """What it says of each file, in JSON; the results go to `folder`."""
        command = [str(Path(sys.executable).with_name("unmix")), "denoise", *map(str, files)]
        options = ["--model", model, "-o", str(folder), "--json"]
        run = subprocess.run(
            [*command, *options], env=dict(self.environment), stdout=subprocess.PIPE, text=True, check=True
        )
        return [json.loads(line) for line in run.stdout.splitlines()]


def si_sdr(result: Samples, target: Samples) -> float:
    """dB; J. Le Roux et al., "SDR – half-baked or well done?", ICASSP 2019."""
    aligned = target * (result @ target) / (target @ target)
    return float(10 * np.log10((aligned @ aligned) / ((result - aligned) @ (result - aligned))))


def read(path: Path) -> Samples:
    """One dimension; channels one after the other."""
    return soundfile.read(path, always_2d=True)[0].T.reshape(-1)


def score(results: list[Path], targets: list[Path]) -> dict[str, float]:
    """Means over all pairs."""
    rows: list[tuple[float, float, float]] = []
    for result, target in zip(results, targets, strict=True):
        heard, wanted = read(result), read(target)
        assert heard.shape == wanted.shape, f"{result} has another length than {target}"
        rows.append(
            (
                si_sdr(heard, wanted),
                float(pesq(SPEECH_RATE, wanted, heard, "wb")),
                float(stoi(wanted, heard, SPEECH_RATE)),
            )
        )
    return dict(zip(("SI-SDR", "PESQ", "STOI"), np.mean(rows, axis=0).tolist(), strict=True))


def speech(command: Command, folder: Path) -> int:
    """Print the table of the models; how many miss a threshold."""
    targets = sorted((product.SHARED / "audio" / "speech16k" / "clean").glob("*.wav"))
    noisy = [path.parents[1] / "noisy" / path.name for path in targets]
    print(f"speech, {len(targets)} pairs    SI-SDR dB   PESQ   STOI   thresholds")
    print_scores("noisy", score(noisy, targets), "")
    missed = 0
    for model in (*product.denoisers(), "auto"):
        if model not in THRESHOLDS:
            continue
        command.denoise(noisy, model, folder / model)
        scores = score([folder / model / f"{path.stem}.clean.wav" for path in noisy], targets)
        limits = THRESHOLDS[model]
        holds = all(scores[name] >= limit for name, limit in limits.items())
        missed += not holds
        wanted = ", ".join(f"{name} ≥ {limit:g}" for name, limit in limits.items())
        print_scores(model, scores, f"{wanted}: {'holds' if holds else 'DOES NOT HOLD'}")
    return missed


def print_scores(name: str, scores: Mapping[str, float], remark: str) -> None:
    values = f"{scores['SI-SDR']:9.2f}   {scores['PESQ']:.3f}  {scores['STOI']:.4f}"
    print(f"{name:18} {values}   {remark}", flush=True)


def music(command: Command, folder: Path) -> int:
    """Print what becomes of hiss on music; how many thresholds are missed."""
    mixture, rate = soundfile.read(product.SHARED / "audio" / "music_stems" / "mixture.flac", always_2d=True)
    hiss = np.random.default_rng(0).standard_normal(mixture.shape)
    hiss *= np.sqrt(np.mean(mixture**2) / np.mean(hiss**2)) * 10 ** (-HISS_DB / 20)
    noisy = folder / "music.wav"
    soundfile.write(noisy, mixture + hiss, rate, "FLOAT")
    wanted = mixture.T.reshape(-1)
    print(f"music, hiss at {HISS_DB:g} dB   SI-SDR dB   model")
    print(f"{'noisy':18} {si_sdr(read(noisy), wanted):9.2f}")
    missed = 0
    for model in ("auto", "wiener"):
        (said,) = command.denoise([noisy], model, folder / f"music-{model}")
        left = si_sdr(read(folder / f"music-{model}" / "music.clean.wav"), wanted)
        holds = left >= MUSIC_SI_SDR and said["model"] == "wiener"
        missed += not holds
        print(
            f"{model:18} {left:9.2f}   {said['model']}   wiener, ≥ {MUSIC_SI_SDR:g}: "
            f"{'holds' if holds else 'DOES NOT HOLD'}"
        )
    return missed


def main() -> int:
    if not (product.SHARED / "audio").exists():
        print(f"Nothing is measured: the recordings are not here ({product.SHARED / 'audio'}).")
        return 0
    with product.daemon() as (daemon, folder):
        command = Command(daemon.start().environment)
        missed = speech(command, folder) + music(command, folder)
    print("all thresholds hold" if not missed else f"{missed} thresholds are missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
