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
import shutil
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
from product import Daemon
from unmix.words import Consistency, SeparateTask

GFLOP_PER_SEGMENT = 335
"""Of one 7.8-s segment, four stems; counted with `torch.utils.flop_counter` (a multiply-add is two)."""
SEGMENT, STRIDE = 343_980, 257_985
BASE = "demucs apply_model"
PRODUCT = "unmix through the daemon"
CLI = "demucs CLI (a process)"


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


class Product:
    """The same network through the whole product: client, daemon, worker, 16-bit files; warm like the others."""

    def __init__(self, folder: Path, threads: int) -> None:
        source = folder / "product"
        source.mkdir()
        shutil.copyfile(
            folder / f"{contestants.SIGNATURE}.safetensors", source / f"{contestants.SIGNATURE}.safetensors"
        )
        self._daemon = Daemon(folder / "state", weights=folder / "weights", threads=threads).start()
        self._client = self._daemon.client("bench")
        self._client.models.install("bench", source)
        self._client.models.load("bench", keep_alive=-1)

    def run(self, clip: Path, output: Path) -> dict[str, float]:
        folder = output.with_suffix("")
        folder.mkdir(exist_ok=True)
        targets = {stem: folder / f"{stem}.wav" for stem in contestants.STEMS}
        start = time.perf_counter()
        self._client.process(
            clip,
            targets,
            SeparateTask(model="bench", consistency=Consistency.NONE),
            overwrite=True,
        )
        wall = time.perf_counter() - start
        stems = [sf.read(path, dtype="float32", always_2d=True)[0].T for path in targets.values()]
        np.save(output, np.stack(stems))
        (worker,) = self._daemon.workers()
        status = Path(f"/proc/{worker.pid}/status").read_text()
        peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
        return {"wall": wall, "megabytes": peak}

    def stop(self) -> None:
        self._client.close()
        self._daemon.stop()


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


def measure(
    clip: Path, folder: Path, processes: "dict[str, Process | Product]", options: argparse.Namespace
) -> None:
    seconds = sf.info(clip).duration
    once = [sys.executable, contestants.__file__, str(folder), "unmix auto", str(options.threads), str(clip)]
    demucs = [sys.executable, "-m", "demucs", "--repo", str(folder), "-n", "bench", "--shifts", "0"]
    commands = {
        CLI: [*demucs, "-d", "cpu", "-o", str(folder / "cli"), str(clip)],
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
    options.verdicts += judge(seconds, results)


def judge(seconds: float, results: dict[str, list[dict[str, float]]]) -> list[str]:
    """The targets of this length, each with its measurement and whether it holds; medians of paired ratios."""

    def ratio(slow: str, fast: str) -> float:
        pairs = zip(results[slow], results[fast], strict=True)
        return statistics.median(one["wall"] / other["wall"] for one, other in pairs)

    default = "unmix warm, default precision"
    rows = [
        ("float32 against apply_model", ratio(BASE, "unmix warm, float32"), 1.35, True),
        ("default precision against apply_model", ratio(BASE, default), 1.5, True),
    ]
    if seconds <= 5:
        rows.append(("warm call against the demucs CLI", ratio(CLI, PRODUCT), 4.0, True))
    if seconds >= 180:
        rows.append(("daemon against the bare engine", ratio(PRODUCT, default), 1.03, False))
    return [
        f"{seconds:g} s: {name:40} {value:.2f}×, wanted {'≥' if least else '≤'} {target}×: "
        + ("holds" if (value >= target) == least or value == target else "DOES NOT HOLD")
        for name, value, target, least in rows
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, nargs="+", default=[5, 30, 180])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", action="store_true", help="also python-audio-separator and OpenVINO")
    options = parser.parse_args()
    options.verdicts = []
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
        ready: dict[str, Process | Product] = {
            contestant: process for contestant, process in processes.items() if process.ready
        }
        for contestant in processes.keys() - ready.keys():
            print(f"{contestant} did not start; its message is above")
        ready[PRODUCT] = Product(folder, options.threads)
        for seconds in options.seconds:
            clip = folder / f"clip{seconds:g}.wav"
            contestants.write_clip(clip, seconds)
            measure(clip, folder, ready, options)
        for process in [*processes.values(), ready[PRODUCT]]:
            process.stop()
        missed = [row for row in options.verdicts if not row.endswith("holds")]
        print("\n" + "\n".join(options.verdicts))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
