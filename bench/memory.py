"""Peak memory on a long file against a short one: it must not grow with length.

    python bench/memory.py [--hours 3] [--rate 8000] [--models rnnoise … dsp tiny]

Each file has a daemon of its own, so that peaks begin anew. The peaks are those of the resident memory of the
front, of its worker and of the client. The exit status is 1 when one of front and worker is more than 1.2
times as high on the long file as on one of five minutes.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

import memory_client
import product
from memory_client import peak_bytes
from separators import trained
from unmix_models.audio import AudioInfo, Depth
from unmix_models.media import open_writer, resolve_output

FACTOR = 1.2
TINY = "tiny"
"""An HTDemucs of a twentieth of the width, at 8 kHz: the engine is the same, and 3 hours take minutes."""
SHORT_SECONDS = 300.0
_BLOCK_SECONDS = 20.0


def write_speech(path: Path, seconds: float, rate: int) -> None:
    """A mono WAV of 16 bits, written in blocks."""
    block = product.speech(_BLOCK_SECONDS, rate)
    frames = round(seconds * rate)
    spec = resolve_output(AudioInfo("wav", "pcm", rate, 1, Depth.S16, frames), "wav")
    with path.open("wb") as file, open_writer(file, spec, frames=frames) as writer:
        for start in range(0, frames, len(block)):
            writer.write(block[: frames - start])


def peaks(model: str, seconds: float, rate: int) -> tuple[dict[str, int], float]:
    """Peak bytes of each process on a fresh daemon, and the seconds that it took."""
    with product.daemon() as (daemon, folder):
        source = folder / "in.wav"
        write_speech(source, seconds, rate)
        daemon.start()
        if model == TINY:
            trained(folder / "checkpoint")
            with daemon.client() as client:
                client.models.install(TINY, folder / "checkpoint")
                client.models.unload(TINY)
        arguments = (str(daemon.state), str(source), str(folder / "out.wav"), model)
        began = time.perf_counter()
        call = subprocess.run(
            [sys.executable, memory_client.__file__, *arguments], stdout=subprocess.PIPE, check=True
        )
        took = time.perf_counter() - began
        (worker,) = daemon.workers()
        measured = {
            "front": peak_bytes(daemon.pid),
            "worker": peak_bytes(worker.pid),
            "client": int(call.stdout),
        }
    return measured, took


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=3.0, help="of the long file")
    parser.add_argument("--rate", type=int, default=8000, help="Hz")
    parser.add_argument("--models", nargs="+", help="[all that run here]")
    options = parser.parse_args()
    missed = 0
    print(f"peak MiB          5 min   {options.hours:g} h    ratio  (mono, {options.rate} Hz)")
    for model in options.models or ["auto", *product.denoisers(), "dsp", TINY]:
        short, _ = peaks(model, SHORT_SECONDS, options.rate)
        long, took = peaks(model, options.hours * 3600, options.rate)
        print(f"{model}, {took:.0f} s for the long file")
        for name, peak in long.items():
            ratio = peak / short[name]
            holds = ratio <= FACTOR
            missed += not holds
            print(
                f"  {name:12} {short[name] / 2**20:8.1f} {peak / 2**20:8.1f} {ratio:8.3f}  ≤ {FACTOR} × "
                f"{'holds' if holds else 'DOES NOT HOLD'}",
                flush=True,
            )
    print("all targets hold" if not missed else f"{missed} targets are missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
