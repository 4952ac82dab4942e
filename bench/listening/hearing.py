"""How well ears hear, on made programmes of free recordings that no ear has learnt from.

    python bench/listening/hearing.py [--minutes 120] [--seed 11] [--ears own yamnet]

Material comes by apt (see `training/listening/material.py`); what is not to be had is left out, with a line. Each ear
hears every programme, and what it says becomes decisions as in the product. Rows: music taken for speech, and the
other way round; boundaries of the two with a change of answer within a second; talk over music of −6…−12 dB that was
found; process time against length. Singing without instruments, and voices and tunes that are made, have rows of their
own. Then seconds by what there was and what it was taken for, and by source. The exit status is 1 when a threshold is
missed.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

for _library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_library] = "1"
sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np  # noqa: E402  # it reads the number of threads when it is imported
from product import weights  # noqa: E402
from scores import ANSWERS, LOUD_BEDS_DB, Scores  # noqa: E402
from unmix_models.listen.decisions import Decisions  # noqa: E402
from unmix_models.listen.ear import HEARD, SAMPLE_RATE, Ear, Likelihoods, Sound  # noqa: E402

from training.listening.material import load  # noqa: E402  # found by the path above
from training.listening.programmes import BEDS_DB, Programme, programmes  # noqa: E402
from training.listening.sources import Split  # noqa: E402

BLOCK = SAMPLE_RATE
"""Samples that an ear is given at a time."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """What an ear must hold."""

    music_to_speech: float
    """At most, %."""
    boundaries: float
    """At least, %."""
    beds: float
    """At least, %."""
    speech_to_music: float = 3.0
    """At most, %."""
    cost: float = 0.02
    """Process time on one thread ÷ length, at most."""


THRESHOLDS: Mapping[str, Threshold] = {
    "own_ear": Threshold(music_to_speech=3.0, boundaries=88.0, beds=35.0),
    "yamnet": Threshold(music_to_speech=0.5, boundaries=92.0, beds=55.0),
}


def decide(ear: Ear, likelihoods: Likelihoods) -> list[Sound]:
    """As the product does."""
    decisions = Decisions(ear.trust)
    return decisions.process(likelihoods) + decisions.flush()


def ears(folder: Path, names: list[str]) -> Iterator[Ear]:
    """Those that are here; says which are not."""
    openers: Mapping[str, Callable[[], Ear]] = {"own_ear": _own, "yamnet": lambda: _yamnet(folder)}
    for name in names:
        try:
            yield openers[name]()
        except (ImportError, FileNotFoundError) as error:
            print(f"{name} is left out: {error}")


def _own() -> Ear:
    from unmix_models.listen.own.ear import OwnEar  # noqa: PLC0415  # a checkout may have one ear only

    return OwnEar()


def _yamnet(folder: Path) -> Ear:
    """Installed here from its file, in the folder of weights, as the product does."""
    from unmix_models.catalogue import CATALOGUE  # noqa: PLC0415
    from unmix_models.listen.yamnet.ear import load as open_ear  # noqa: PLC0415
    from unmix_models.weights import Weights  # noqa: PLC0415

    source = weights() / "yamnet"
    if not source.exists():
        raise FileNotFoundError(f"it is not in {weights()} (UNMIX_WEIGHTS names another folder)")
    if (source / "yamnet.onnx").exists():
        return open_ear(source)
    installed = Weights(folder)
    installed.install(CATALOGUE["yamnet"], source)
    return open_ear(installed.path(CATALOGUE["yamnet"]))


def hear(ear: Ear, programme: Programme) -> tuple[Likelihoods, float]:
    """What an ear says of a programme, and the process time that it took."""
    samples = programme.samples[:, None]
    started = time.process_time()
    stream = ear.stream(1)
    said = [stream.process(samples[begin : begin + BLOCK]) for begin in range(0, len(samples), BLOCK)]
    said.append(stream.flush())
    return np.concatenate(said), time.process_time() - started


def judge(name: str, scores: Scores, cost: float) -> int:
    """Print the rows of an ear; how many miss their threshold."""
    threshold = THRESHOLDS[name]
    boundaries, count = scores.boundaries(Sound.SPEECH, Sound.MUSIC)
    rows = (
        (
            "music taken for speech, %",
            scores.share(Sound.MUSIC, Sound.SPEECH),
            "≤",
            threshold.music_to_speech,
        ),
        (
            "speech taken for music, %",
            scores.share(Sound.SPEECH, Sound.MUSIC),
            "≤",
            threshold.speech_to_music,
        ),
        (f"speech|music boundaries within 1 s ({count}), %", boundaries, "≥", threshold.boundaries),
        ("beds of −6…−12 dB found, %", scores.beds_found(LOUD_BEDS_DB), "≥", threshold.beds),
        ("cost, time ÷ length on one thread", cost, "≤", threshold.cost),
    )
    print(f"\n== {name} ==")
    missed = 0
    for label, value, sign, bound in rows:
        holds = value <= bound if sign == "≤" else value >= bound
        missed += not holds
        print(f"{label:48s}{value:9.3f}  {sign} {bound:<6g} {'yes' if holds else 'NO'}")
    return missed


def details(scores: Scores) -> None:
    """Print what was taken for what, in seconds, and shares by source."""
    print(
        "\nbeds found, %: " + ", ".join(f"{level} dB {scores.beds_found([level]):.0f}" for level in BEDS_DB)
    )
    for one, other in (
        (Sound.SPEECH, Sound.OTHER),
        (Sound.MUSIC, Sound.OTHER),
        (Sound.SPEECH, Sound.SPEECH_OVER_MUSIC),
        (Sound.MUSIC, Sound.SPEECH_OVER_MUSIC),
    ):
        share, count = scores.boundaries(one, other)
        print(f"boundaries {one}|{other} within 1 s: {share:.0f} % of {count}")
    heading = "".join(f"{answer:>18s}" for answer in ANSWERS)
    print(f"\n{'seconds':24s}{'all':>8s}{heading}")
    for truth, row in zip(HEARD, scores.confusion, strict=True):
        print(_row(truth, row, share=False))
    print(_row("a cappella (music)", scores.singing, share=False))
    for name, row in scores.made.items():
        print(_row(name, row, share=False))
    for truth in HEARD:
        print(f"\n{truth:24s}{'s':>8s}{heading}   %, by source")
        for name, row in scores.by_source(truth):
            print(_row(name, row, share=True))


def _row(name: str, seconds: np.ndarray, *, share: bool) -> str:
    total = seconds.sum()
    shown = 100 * seconds / max(total, 0.5) if share else seconds
    return f"{name:24s}{total:8.0f}" + "".join(f"{value:18.1f}" for value in shown)


def main() -> int:
    parser = argparse.ArgumentParser(description="How well ears hear, on made programmes.")
    parser.add_argument("--minutes", type=float, default=120.0, help="of programmes, at least")
    parser.add_argument("--seed", type=int, default=11, help="of the programmes")
    parser.add_argument("--ears", nargs="+", choices=list(THRESHOLDS), default=list(THRESHOLDS))
    options = parser.parse_args()
    material = load(Split.TEST)
    if not material:
        print("skipped: there is no material to make programmes of")
        return 0
    print("sources: " + ", ".join(f"{clips.source.name} {clips.seconds:.0f} s" for clips in material))
    missed = 0
    with TemporaryDirectory() as folder:
        for ear in ears(Path(folder), options.ears):
            scores, spent, length = Scores(), 0.0, 0.0
            for programme in programmes(Split.TEST, options.seed, options.minutes, material):
                said, took = hear(ear, programme)
                scores.add(programme, decide(ear, said))
                spent, length = spent + took, length + len(programme.samples) / SAMPLE_RATE
            missed += judge(ear.name, scores, spent / length)
            details(scores)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
