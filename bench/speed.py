"""How much the product costs beyond the model, and how much a warm daemon saves: ratios in one run.

    python bench/speed.py [--rounds 9] [--long-rounds 3] [--minutes 10] [--models rnnoise …] [--peers]

Repetitions are interleaved: each round runs the bare model, the warm call and the cold scripts one after the
other, so that a machine that is busy for a while is busy for all of them. Times are medians, with the least
and the most in brackets. The exit status is 1 when a target is missed.

- bare: the model is loaded, the samples are in memory; only the stream's `process` and `flush` are timed, and
  the look at the first minute for a model that needs one (Wiener, which must know the noise).
- warm: `Client.denoise` on a connected client, as the command calls it: file in, file out, 16-bit WAV.
- cold: a script that imports, loads, reads, denoises and writes (`speed_cold.py`), as a process. It has no
  target: it uses our own adapters, which start in 0.2 s, so that the network alone is a third of it.
- reference, with --peers, which installs it into `build`: the same with the model's own published package
  (`speed_reference.py`, DeepFilterNet3 only).

A long file through the Wiener filter has no target: that is no network but 400 times as fast as the recording
plays, so that reading, sending and writing 58 MB count.
"""

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile
from typing import cast

import product
import soundfile
from unmix.words import DenoiseTask, Event, OutputPiece
from unmix_models import catalogue
from unmix_models.denoise.base import Denoiser
from unmix_models.denoise.recording import BLOCK_FRAMES
from unmix_models.listen.first_look import look
from unmix_models.loading import load
from unmix_models.machine import Machine
from unmix_models.media import open_reader
from unmix_models.weights import Weights
from unmix_plugins.client import Client

WARM_FACTOR, WARM_SECONDS = 1.5, 0.030
LONG_FACTOR = 1.15
COLD_FACTOR = 10.0
READY_SECONDS = 1.5
FIRST_SHARE = 0.25
"""Of the whole call, when the first audio of a long file must be here."""
_HEADER_BYTES = 4096
"""A WAV's header is shorter: a piece beyond it holds audio."""
_STARTS = 5
REFERENCE = product.ROOT / "build" / "bench-reference"
REFERENCE_PACKAGES = ("deepfilternet==0.5.6", "deepfilterlib==0.5.6", "loguru", "appdirs")


@dataclass(slots=True)
class Walls:
    """Seconds of all rounds of one contestant."""

    seconds: list[float] = field(default_factory=list[float])

    @property
    def middle(self) -> float:
        return median(self.seconds)

    def __str__(self) -> str:
        return f"{self.middle:.3f} s ({min(self.seconds):.3f}–{max(self.seconds):.3f})"


class Bench:
    """Prints rows, and remembers whether all targets were met."""

    def __init__(self) -> None:
        self.missed = 0

    def row(self, name: str, value: str, target: str, *, holds: bool) -> None:
        self.missed += not holds
        print(f"  {name:22} {value:58} {target:26} {'holds' if holds else 'DOES NOT HOLD'}", flush=True)

    def note(self, name: str, value: str) -> None:
        print(f"  {name:22} {value}", flush=True)


@dataclass(slots=True)
class Bare:
    """The model alone, in this process."""

    model: Denoiser
    needs_first_look: bool

    @classmethod
    def load(cls, name: str, threads: int) -> "Bare":
        entry = catalogue.find(name, "denoise")
        model = load(entry, Weights(product.weights()), Machine("cpu", threads))
        return cls(cast("Denoiser", model), entry.needs_first_look)

    def run(self, clip: Path) -> float:
        """Seconds for the blocks that the worker would give it, from memory."""
        with open_reader(clip) as reader:
            info, blocks = reader.info, list(reader.blocks(BLOCK_FRAMES))
        began = time.perf_counter()
        first_look = look(blocks, info.sample_rate) if self.needs_first_look else None
        stream = self.model.stream(info.channels, info.sample_rate, None, first_look)
        for block in blocks:
            stream.process(block)
        stream.flush()
        return time.perf_counter() - began


def warm(client: Client, model: str, clip: Path, target: Path) -> tuple[float, float]:
    """Seconds of one call, and until its first audio."""
    target.unlink(missing_ok=True)  # to give 58 MB back takes a while, too
    began = time.perf_counter()
    first = 0.0

    def listen(event: Event) -> None:
        nonlocal first
        if not first and isinstance(event, OutputPiece) and event.offset + len(event.data) > _HEADER_BYTES:
            first = time.perf_counter() - began

    client.denoise(clip, {"clean": target}, DenoiseTask(model=model), on_event=listen)
    return time.perf_counter() - began, first


def script(name: str, *arguments: object) -> float:
    """Seconds of a whole process that runs a script of this folder."""
    command = [sys.executable, str(Path(__file__).with_name(name)), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(REFERENCE)}
    began = time.perf_counter()
    with TemporaryFile() as said:
        ended = subprocess.run(command, env=environment, stdout=said, stderr=said, check=False)
        seconds = time.perf_counter() - began
        if ended.returncode:
            said.seek(0)
            raise SystemExit(f"{name} failed:\n{said.read().decode()}")
    return seconds


def install_reference() -> None:
    """Beside our packages, not among them: it is of 2023, and asks for a numpy of that time."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*install, "--upgrade", "--target", str(REFERENCE), *REFERENCE_PACKAGES], check=True)


def start(bench: Bench) -> None:
    """From the start of the front's process to its first SERVING."""
    walls = Walls()
    for _ in range(_STARTS):
        with product.daemon() as (daemon, _):
            began = time.perf_counter()
            with daemon.start().client():  # which asks for its health
                walls.seconds.append(time.perf_counter() - began)
    print("front")
    bench.row("ready", str(walls), f"≤ {READY_SECONDS} s", holds=walls.middle <= READY_SECONDS)


def short(bench: Bench, client: Client, name: str, clip: Path, options: argparse.Namespace) -> None:
    """A short clip: bare, warm, cold and as published."""
    target = clip.with_name("out.wav")
    settings = product.weights() / name / "config.ini"  # the authors', which unmix itself does not need
    bare, called, cold, reference = Walls(), Walls(), Walls(), Walls()
    model = Bare.load(name, options.threads)
    model.run(clip)
    warm(client, name, clip, target)
    for _ in range(options.rounds):
        bare.seconds.append(model.run(clip))
        called.seconds.append(warm(client, name, clip, target)[0])
        arguments = (name, clip, target, product.weights(), options.threads)
        cold.seconds.append(script("speed_cold.py", *arguments))
        if options.peers and settings.exists():
            reference.seconds.append(script("speed_reference.py", clip, target, settings))
    print(f"{name}, {soundfile.info(clip).duration:g} s")
    bench.note("bare", str(bare))
    allowed = WARM_FACTOR * bare.middle + WARM_SECONDS
    bench.row(
        "warm",
        f"{called}, {called.middle / bare.middle:.2f} × bare",
        f"≤ {allowed:.3f} s (1.5 × + 30 ms)",
        holds=called.middle <= allowed,
    )
    bench.note("cold", f"{cold}, {cold.middle / called.middle:.1f} × warm")
    if reference.seconds:
        ratio = reference.middle / called.middle
        bench.row(
            "reference",
            f"{reference}, {ratio:.1f} × warm",
            f"≥ {COLD_FACTOR:g} ×",
            holds=ratio >= COLD_FACTOR,
        )


def long(bench: Bench, client: Client, name: str, clip: Path, options: argparse.Namespace) -> None:
    """A long file: bare and warm, and when its first audio is here."""
    target = clip.with_name("out.wav")
    bare, called, first = Walls(), Walls(), Walls()
    model = Bare.load(name, options.threads)
    for _ in range(options.long_rounds):
        bare.seconds.append(model.run(clip))
        seconds, until_first = warm(client, name, clip, target)
        called.seconds.append(seconds)
        first.seconds.append(until_first)
    ratio = median(w / b for w, b in zip(called.seconds, bare.seconds, strict=True))
    print(f"{name}, {soundfile.info(clip).duration:g} s")
    bench.note("bare", str(bare))
    value = f"{called}, {ratio:.3f} × bare"
    if name == "wiener":
        bench.note("warm", value)
    else:
        bench.row("warm", value, f"≤ {LONG_FACTOR} ×", holds=ratio <= LONG_FACTOR)
    share = first.middle / called.middle
    bench.row(
        "first audio", f"{first}, {share:.1%} of the call", f"≤ {FIRST_SHARE:.0%}", holds=share <= FIRST_SHARE
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9, help="of the short clip")
    parser.add_argument("--long-rounds", type=int, default=3, help="of the long file; 0 leaves it out")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the long file")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of one model")
    parser.add_argument("--models", nargs="+", help="[all that run here]")
    parser.add_argument("--peers", action="store_true", help="also the published package, from the network")
    options = parser.parse_args()
    if options.peers:
        install_reference()
    bench = Bench()
    names = options.models or product.denoisers()
    start(bench)
    with (
        product.daemon(threads=options.threads) as (daemon, folder),
        daemon.start().client("bench") as client,
    ):
        clip = product.write(folder / "short.wav", product.speech(5))
        for name in names:
            short(bench, client, name, clip, options)
        if options.long_rounds:
            clip = product.write(folder / "long.wav", product.speech(60 * options.minutes))
            for name in names:
                long(bench, client, name, clip, options)
    print("all targets hold" if not bench.missed else f"{bench.missed} targets are missed")
    return 1 if bench.missed else 0


if __name__ == "__main__":
    sys.exit(main())
