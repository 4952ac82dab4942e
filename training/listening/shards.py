"""Scenes as the network sees them, on disk: made once, by several processes, and the same for the same seed."""

import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from unmix_models.listen.own.features import BANDS, FRAMES

from training.listening.pool import Pool
from training.listening.scenes import Floats, Scenes, powers

SCENE_CELLS = 120
"""A minute."""
_SCENES = 30
"""In a shard: half an hour."""
LEAST = np.float32(1e-14)
"""What is written for less, which is nothing."""

Halves = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Shard:
    """Some scenes: logarithms of power, `[scenes, frames, BANDS]`, and what `Scenes.scene` tells of each."""

    power: Halves
    shares: Floats
    beds: Floats


def make(pool: Pool, folder: Path, seed: int, count: int, processes: int) -> Iterator[Shard]:
    """Return shards one by one, while the next ones are made; those that are in `folder` already are read."""
    folder.mkdir(parents=True, exist_ok=True)
    tasks = [(folder / f"{number:03}.npz", [seed, number]) for number in range(count)]
    with multiprocessing.get_context("fork").Pool(processes, _begin, (pool,)) as workers:
        for path in workers.imap(_make, tasks):
            yield load(path)


def load(path: Path) -> Shard:
    """Read one."""
    arrays = np.load(path, allow_pickle=False)
    return Shard(arrays["power"], arrays["shares"], arrays["beds"])


_pools: list[Pool] = []
"""Of a process that makes shards: the one, so that it is not copied with each task."""


def _begin(pool: Pool) -> None:
    _pools.append(pool)


def _make(task: tuple[Path, list[int]]) -> Path:
    path, seed = task
    if path.exists():
        return path
    scenes = Scenes(_pools[0], np.random.default_rng(seed))
    power = np.empty((_SCENES, SCENE_CELLS * FRAMES, BANDS), np.float16)
    shares: list[Floats] = []
    beds: list[Floats] = []
    for number in range(_SCENES):
        samples, share, bed = scenes.scene(SCENE_CELLS)
        power[number] = np.log(np.maximum(powers(samples), LEAST))
        shares.append(share)
        beds.append(bed)
    partial = path.with_suffix(f".{os.getpid()}.npz")
    np.savez(partial, power=power, shares=np.stack(shares), beds=np.stack(beds))
    partial.rename(path)
    return path
