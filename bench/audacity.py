"""How long the real Audacity takes from a key press to the changed waveform, beside the model's own time.

The effect is chosen once with the mouse; then Ctrl+R, "Repeat", chooses it again without the way through the menus.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import product  # noqa: F401  # makes the tests' modules known
from daemons import eventually
from numpy.typing import NDArray
from plugins.audacity import surroundings
from plugins.audacity.arrangement import RATE, Audio, Clip
from plugins.audacity.studio import DENOISE_MODEL, SEPARATE_MODEL, Studio
from sounds import voice, write
from unmix.words import DenoiseTask, Options, SeparateTask, Task

ROUNDS = 7
SECONDS = 10.0
TARGET = 1.0
"""Seconds besides the model's time."""


def main() -> int:
    """Print the rows; 1 when the target is missed."""
    if reason := surroundings.missing():
        print(f"This bench needs the real Audacity: {reason}.")
        return 1
    with (
        TemporaryDirectory(prefix="unmix-bench-") as folder,
        surroundings.display() as screen,
        Studio(Path(folder).resolve(), screen) as studio,
    ):
        denoise, separate = DenoiseTask(DENOISE_MODEL), SeparateTask(SEPARATE_MODEL)
        at_once = _row(studio, "denoise, at once", "Denoise", denoise, long=60.0)
        _row(studio, "denoise, late", "Denoise", denoise, long=0.0)
        _row(studio, "four stems, late", "Separate into Stems", separate, long=0.0)
    print(f"At once: {at_once:.2f} s besides the model's; the target is {TARGET:.1f} s.")
    return int(at_once > TARGET)


def _row(studio: Studio, name: str, label: str, task: Task, *, long: float) -> float:
    studio.begin(long=long)
    samples = voice(SECONDS, RATE)[:, 0]
    studio.open(Audio("voice", [Clip(samples)]))
    studio.select([0], 0.0, SECONDS)
    studio.changed(studio.save(), lambda: studio.click(label))  # also loads the model
    seconds: list[float] = []
    for _ in range(ROUNDS):
        studio.audacity.undo()
        seconds.append(_until_changed(studio, lambda: studio.audacity.press("ctrl+r")))
    model = _model_seconds(studio, samples, task)
    rest = median(seconds) - model
    spread = f"{min(seconds):.2f}–{max(seconds):.2f}"
    print(
        f"  {name:20} {median(seconds):.2f} s ({spread}), the model {model:.2f} s, the rest {rest:.2f} s",
        flush=True,
    )
    return rest


def _until_changed(studio: Studio, act: Callable[[], object]) -> float:
    before = studio.save()
    studio.select([0], 0.0, SECONDS)
    began = time.perf_counter()
    studio.wait_for_change(before, act)
    seconds = time.perf_counter() - began
    eventually(lambda: not studio.bridge.jobs())  # it may still use the pipe, to select what was selected
    return seconds


def _model_seconds(studio: Studio, samples: NDArray[np.float32], task: Task) -> float:
    """What the daemon says that its worker spent on the same samples."""
    source = write(studio.folder / "same.wav", samples, RATE, subtype="FLOAT")
    seconds: list[float] = []
    with studio.daemon.client() as client:
        for _ in range(ROUNDS):
            summary = client.process(
                source,
                lambda output: studio.folder / f"same.{output.stem}.wav",
                task,
                Options(format="wav", depth="f32"),
                overwrite=True,
            )
            seconds.append(summary.processing_seconds - summary.load_seconds)
    return median(seconds)


if __name__ == "__main__":
    sys.exit(main())
