"""Separation speed against demucs and its peers: same clip, same weights, same threads, in one run.

    python bench/separate.py [--seconds 5 30 180] [--rounds 3] [--threads 2] [--peers]

Real weights do not change the speed, so the network has the hyper-parameters of `htdemucs` and fixed random
weights. Each contestant is a process of its own; warm ones have loaded their weights and run once before, cold
ones start, load, read a file, separate it and write four files. Rounds are interleaved, walls are medians, the
memory is the peak of the process. Differences are against demucs' `apply_model`, as SI-SDR of the worst stem.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import separate_contestants as contestants
import soundfile as sf
import torch

GFLOP_PER_SEGMENT = 335
"""Of one 7.8-s segment, four stems; counted with `torch.utils.flop_counter` (a multiply-add is two)."""
SEGMENT, STRIDE = 343_980, 257_985
BASE = "demucs apply_model"


class Process:
    """A contestant that waits for clips on its standard input."""

    def __init__(self, python: str, folder: Path, name: str, threads: int) -> None:
        command = [python, contestants.__file__, str(folder), name, str(threads)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(threads)
        )
        self.ready = self._read() is not None

    def run(self, clip: Path, output: Path) -> dict[str, float]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([str(clip), str(output)]) + "\n")
        self._process.stdin.flush()
        answer = self._read()
        if answer is None:
            raise SystemExit(f"{self._process.args} ended; its message is above.")
        return answer

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _read(self) -> dict[str, float] | None:
        """The next line that is for us; libraries print other things."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        return None


def environment(threads: int) -> dict[str, str]:
    models = str(Path(__file__).parents[1] / "models")
    path = os.pathsep.join(filter(None, [models, os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": str(threads), "PYTHONWARNINGS": "ignore"}


def cold(command: list[str], threads: int) -> dict[str, float]:
    """Wall and peak memory of a whole process."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as messages:  # of which a progress bar is the most
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=messages, env=environment(threads)
        )
        _, process.returncode, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        if process.returncode:
            messages.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{messages.read().decode()}")
    return {"wall": wall, "megabytes": usage.ru_maxrss / 1024}


def peak_gflops(threads: int) -> float:
    """Best float32 matrix product that this PyTorch does, through BLAS or through oneDNN."""
    torch.set_num_threads(threads)
    a, b = torch.randn(2688, 2048), torch.randn(2048, 2048)
    products: list[Callable[[], torch.Tensor]] = [lambda: a @ b]
    if hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        products.append(lambda: torch.ops.mkldnn._linear_pointwise(a, b, None, "none", [], ""))
    times: list[float] = []
    with torch.inference_mode():
        for product in products * 8:
            start = time.perf_counter()
            product()
            times.append(time.perf_counter() - start)
    return 2 * 2688 * 2048 * 2048 / min(times) / 1e9


def difference(output: np.ndarray, expected: np.ndarray) -> float:
    """SI-SDR in dB of the worst stem; `[stems, channels, frames]`."""
    ratios: list[float] = []
    for stem, wanted in zip(output.astype(np.float64), expected.astype(np.float64), strict=True):
        target = wanted * (stem * wanted).sum() / (wanted * wanted).sum()
        ratios.append(10 * np.log10((target**2).sum() / max(((stem - target) ** 2).sum(), 1e-30)))
    return min(ratios)


def measure(clip: Path, folder: Path, processes: dict[str, Process], options: argparse.Namespace) -> None:
    seconds = sf.info(clip).duration
    once = [sys.executable, contestants.__file__, str(folder), "unmix auto", str(options.threads), str(clip)]
    demucs = [sys.executable, "-m", "demucs", "--repo", str(folder), "-n", "bench", "--shifts", "0"]
    commands = {
        "demucs CLI (a process)": [*demucs, "-d", "cpu", "-o", str(folder / "cli"), str(clip)],
        "unmix cold (a process)": [*once, str(folder / "cold")],
    }
    results: dict[str, list[dict[str, float]]] = {name: [] for name in (*processes, *commands)}
    for _ in range(options.rounds):
        for name, process in processes.items():
            results[name].append(process.run(clip, folder / f"{name}.npy"))
        for name, command in commands.items():
            results[name].append(cold(command, options.threads))
    expected = np.load(folder / f"{BASE}.npy")
    print(f"\n{seconds:g} s, {options.rounds} rounds, {options.threads} threads")
    print(f"{'':34} {'wall s':>8} {'RTF':>7} {'speed-up':>9} {'% of peak':>10} {'peak MB':>8} {'dB':>7}")
    segments = -(-sf.info(clip).frames // STRIDE)
    for name, runs in results.items():
        wall = statistics.median(run["wall"] for run in runs)
        pairs = zip(results[BASE], runs, strict=True)
        ratio = statistics.median(base["wall"] / run["wall"] for base, run in pairs)
        share = 100 * GFLOP_PER_SEGMENT * segments / wall / options.peak
        memory = max(run["megabytes"] for run in runs)
        decibels = (
            f"{difference(np.load(folder / f'{name}.npy'), expected):7.1f}" if name in processes else ""
        )
        print(
            f"{name:34} {wall:8.2f} {wall / seconds:7.3f} {ratio:8.2f}× {share:10.0f} {memory:8.0f} {decibels}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, nargs="+", default=[5, 30, 180])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", action="store_true", help="also python-audio-separator and OpenVINO")
    options = parser.parse_args()
    options.peak = peak_gflops(options.threads)
    print(f"float32 matrix product: {options.peak:.0f} GFLOP/s; percentages of peak are of this")
    with tempfile.TemporaryDirectory(prefix="unmix-bench-") as name:
        folder = Path(name)
        contestants.write_weights(folder)
        pythons = dict.fromkeys(contestants.OWN, sys.executable)
        if options.peers:
            pythons |= dict.fromkeys(contestants.PEERS, contestants.peer_environment())
        processes = {
            contestant: Process(python, folder, contestant, options.threads)
            for contestant, python in pythons.items()
        }
        ready = {contestant: process for contestant, process in processes.items() if process.ready}
        for contestant in processes.keys() - ready.keys():
            print(f"{contestant} did not start; its message is above")
        for seconds in options.seconds:
            clip = folder / f"clip{seconds:g}.wav"
            contestants.write_clip(clip, seconds)
            measure(clip, folder, ready, options)
        for process in processes.values():
            process.stop()


if __name__ == "__main__":
    main()
