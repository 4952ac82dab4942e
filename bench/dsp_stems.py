"""Quality of the separator that needs no download, beside the bounds of any such filter.

    python bench/dsp_stems.py

On a song whose stems are known, each line gives the signal-to-distortion ratio in dB, 10 · log10(Σr² / Σ(r − e)²)
over the whole stem, of: the mixture itself taken for the stem, the separator's stem, and the stem through the
ideal ratio mask (power over the sum of powers, from the true stems) with the same windows, which no mask of
this kind is much better than. The exit status is 1 when a target is missed.
"""

import sys
import time
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from unmix_models.audio import Block
from unmix_models.separate.dsp import DspSeparator, load
from unmix_models.separate.dsp.short_time import DELAY, HOP, SAMPLE_RATE, Analysis, Spectra, Synthesis

SONG = Path(__file__).parents[2] / "shared/audio/music_stems"
TARGETS = {"drums": 3.0, "bass": 1.0, "vocals": 2.0}
"""dB."""


def main() -> int:
    if not SONG.exists():
        print(f"skipped: the song with its stems is not in {SONG}")
        return 0
    separator = load()
    references = {stem: read(stem) for stem in separator.stems}
    mixture = read("mixture")
    started = time.perf_counter()
    separated = separate(separator, mixture)
    seconds = time.perf_counter() - started
    ideal = ideal_ratio_masked(references, mixture)

    print(f"{'stem':8s}{'mixture':>9s}{'DSP':>9s}{'ideal':>9s}{'target':>9s}  holds")
    missed = False
    for stem, reference in references.items():
        ratios = [distortion_ratio(reference, estimate[stem]) for estimate in (separated, ideal)]
        target = TARGETS.get(stem)
        holds = target is None or ratios[0] >= target
        missed |= not holds
        numbers = [distortion_ratio(reference, mixture), *ratios]
        print(
            f"{stem:8s}{''.join(f'{number:9.2f}' for number in numbers)}"
            f"{'–' if target is None else f'{target:.2f}':>9s}  {'–' if target is None else 'yes' if holds else 'NO'}"
        )
    difference = np.abs(sum(separated.values()) - mixture).max()
    print(
        f"stems sum to the mixture within {difference:.1e}; {len(mixture) / SAMPLE_RATE / seconds:.0f} × real time"
    )
    return int(missed)


def read(stem: str) -> Block:
    samples, sample_rate = soundfile.read(SONG / f"{stem}.flac", dtype="float32")
    assert sample_rate == SAMPLE_RATE
    return samples


def distortion_ratio(reference: Block, estimate: Block) -> float:
    error = reference.astype(np.float64) - estimate
    return float(10 * np.log10(np.square(reference, dtype=np.float64).sum() / np.square(error).sum()))


def separate(separator: DspSeparator, mixture: Block) -> dict[str, Block]:
    stream = separator.stream(separator.stems)
    stream.push(mixture)
    stream.finish()
    return stream.take()


def ideal_ratio_masked(references: dict[str, Block], mixture: Block) -> dict[str, Block]:
    powers = {stem: power(spectra_of(reference)) for stem, reference in references.items()}
    total = np.sum(list(powers.values()), axis=0) + 1e-30
    spectra = spectra_of(mixture)
    return {
        stem: Synthesis(2).samples((spectra * (part / total)).astype(np.complex64))[DELAY:][: len(mixture)]
        for stem, part in powers.items()
    }


def spectra_of(audio: Block) -> Spectra:
    silence = DELAY + -(len(audio) + DELAY) % HOP
    return Analysis(2).spectra(np.pad(audio, ((0, silence), (0, 0))))


def power(spectra: Spectra) -> NDArray[np.float32]:
    return np.square(spectra.real) + np.square(spectra.imag)


if __name__ == "__main__":
    sys.exit(main())
