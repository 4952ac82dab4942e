"""Train the network of our own ear: `python -m training.listening.train`.

It learns from scenes that `scenes` mixes out of the train half of the material; a sixth of the talkers and albums
is kept apart with `--validate`, for choosing among networks. It writes the weights, and beside them what they were
trained on. What it does depends on the material and its arguments only, to the rounding of sums; a training that was
broken off goes on when it is started again.
"""

import argparse
import json
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from unmix_models.listen.own import network as product
from unmix_models.listen.own.features import BANDS, FRAMES

from training.listening import shards
from training.listening.network import CELLS_BEFORE, CELLS_BEHIND, Relative, Trained, exported
from training.listening.pool import held_out, pool
from training.listening.scenes import Floats, Label
from training.listening.score import Score
from training.listening.shards import Halves, Shard
from training.listening.sources import Split

CROP_CELLS = 60
BATCH = 16
LEARNING_RATE = 3e-3
SMOOTHING = 0.05
VALIDATION_SHARDS = 2
FIRST_SHARDS = 6
WARMING_STEPS = 40
FALLING_STEPS = 200
"""At the end of the training, over which the rate of learning falls to nothing."""
BOTH_BIAS = -1.0
"""Added to the score of talk over music, which scenes hold more of than recordings do: low enough that, with the
product's decisions, no talk in the noise of places (14 sentences of VoiceBank) is taken for one. 0 takes 7 % of it."""
STEPS_BETWEEN_STATES = 25
STEPS_BEFORE_ANOTHER = 25


_Modules = tuple[Trained, torch.optim.AdamW, torch.optim.swa_utils.AveragedModel]


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder for scenes, some GB")
    parser.add_argument("--hours", type=int, default=20, help="of scenes")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2, help="that mix scenes")
    parser.add_argument("--threads", type=int, default=2, help="that train; sums differ a little by them")
    parser.add_argument("--validate", action="store_true", help="keep a sixth of the sources apart")
    parser.add_argument("--weights", type=Path, default=Path(product.__file__).with_name(product.WEIGHTS))
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    sources, validation, cache = pool(Split.TRAIN), list[Shard](), arguments.cache / "all"
    if arguments.validate:
        sources, apart = held_out(Split.TRAIN)
        cache, apart_cache = arguments.cache / "part", arguments.cache / "apart"
        validation = list(
            shards.make(apart, apart_cache, arguments.seed + 1, VALIDATION_SHARDS, arguments.processes)
        )
    material = shards.make(sources, cache, arguments.seed, 2 * arguments.hours, arguments.processes)
    state = cache / f"{arguments.seed}-{arguments.hours}.state"
    trained = train(material, validation, arguments.steps, arguments.seed, state)
    state.unlink(missing_ok=True)
    _write(trained, arguments.weights)
    provenance = {
        "made_by": "python -m training.listening.train",
        "numbers": sum(parameter.numel() for parameter in trained.parameters()),
        "hours": arguments.hours,
        "steps": arguments.steps,
        "seed": arguments.seed,
        "threads": arguments.threads,
        "both_bias": BOTH_BIAS,
        "speech": sources.speech.names,
        "music": sources.music.names,
        "noise": sources.noise.names,
    }
    arguments.weights.with_suffix(".json").write_text(json.dumps(provenance, indent=1) + "\n")


def train(material: Iterator[Shard], validation: list[Shard], steps: int, seed: int, state: Path) -> Trained:
    """Return a mean of the network over its last steps.

    The first shards are waited for, the others come in while it learns. On the way `state` is written now and then,
    and where there is one the training goes on from it.
    """
    known = list(islice(material, FIRST_SHARDS))
    random = np.random.default_rng(seed)
    trained = Trained()
    optimiser = torch.optim.AdamW(trained.parameters(), LEARNING_RATE, weight_decay=0.02)
    averaged = torch.optim.swa_utils.AveragedModel(
        trained, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99), use_buffers=True
    )
    modules = (trained, optimiser, averaged)
    done = 0
    if state.exists():
        done = _resumed(state, modules, random)
        known += islice(material, done // STEPS_BEFORE_ANOTHER)
    relative = Relative()
    sum_of_losses, start = 0.0, time.monotonic()
    for step in range(done + 1, steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * min(1, step / WARMING_STEPS, (steps + 1 - step) / FALLING_STEPS)
        if step % STEPS_BEFORE_ANOTHER == 0:
            known += islice(material, 1)
        power, shares = _batch(known, random)
        scores = trained(_masked(relative(power), random))
        loss = functional.cross_entropy(scores.flatten(0, 1), shares.flatten(0, 1), label_smoothing=SMOOTHING)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained.parameters(), 2.0)
        optimiser.step()
        averaged.update_parameters(trained)
        sum_of_losses += loss.item()
        if step % STEPS_BETWEEN_STATES == 0:
            mean = sum_of_losses / STEPS_BETWEEN_STATES
            print(f"{step} steps, {time.monotonic() - start:.0f} s, loss {mean:.3f}", flush=True)
            sum_of_losses = 0.0
            if step < steps - FALLING_STEPS:
                _keep(state, step, modules, random)
        if step % 250 == 0 and validation:
            print(_score(averaged.module, validation), flush=True)
    return averaged.module


def _keep(path: Path, step: int, modules: _Modules, random: np.random.Generator) -> None:
    """Write what a training that is broken off goes on from; the number of steps may be another then."""
    states = [module.state_dict() for module in modules]
    generators = (random.bit_generator.state, torch.get_rng_state())
    torch.save((step, states, generators), path)


def _resumed(path: Path, modules: _Modules, random: np.random.Generator) -> int:
    """Take up what was kept; return the steps that it had made."""
    step, states, (drawn, dropped) = torch.load(path, weights_only=True)
    for module, state in zip(modules, states, strict=True):
        module.load_state_dict(state)
    random.bit_generator.state = drawn
    torch.set_rng_state(dropped)
    return step


def _write(trained: Trained, path: Path) -> None:
    arrays = exported(trained)
    arrays["answer.bias"][Label.BOTH] += BOTH_BIAS
    np.savez_compressed(path, **{name: array.astype(np.float16) for name, array in arrays.items()})


def _batch(material: list[Shard], random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Draw crops; some begin or end with a recording, some are in another colour."""
    around = CELLS_BEFORE + CROP_CELLS + CELLS_BEHIND
    power = np.empty((BATCH, around * FRAMES, BANDS), np.float32)
    shares: list[np.ndarray] = []
    for row in range(BATCH):
        shard = material[random.integers(len(material))]
        scene = random.integers(len(shard.power))
        at = random.integers(shards.SCENE_CELLS - around + 1)
        crop = _power(shard.power[scene, at * FRAMES : (at + around) * FRAMES])
        if random.random() < 0.5:
            bumps = np.interp(
                np.arange(BANDS), np.linspace(0, BANDS, 9), random.standard_normal(9) * random.uniform(0, 1.2)
            )
            crop *= np.exp(bumps + random.uniform(-0.02, 0.02) * np.arange(BANDS)).astype(np.float32)
        if random.random() < 0.15:
            crop[: CELLS_BEFORE * FRAMES] = 0
        if random.random() < 0.15:
            crop[-CELLS_BEHIND * FRAMES :] = 0
        power[row] = crop
        shares.append(shard.shares[scene, at + CELLS_BEFORE :][:CROP_CELLS])
    return torch.from_numpy(power), torch.from_numpy(np.stack(shares))


def _masked(spectrogram: Tensor, random: np.random.Generator) -> Tensor:
    """SpecAugment (D. S. Park et al., Interspeech 2019): the mean where bands or moments are masked."""
    mean = spectrogram.mean(dim=(1, 2))
    for row in range(len(spectrogram)):
        if random.random() < 0.5:
            band, width = random.integers(BANDS), random.integers(1, 12)
            spectrogram[row, :, band : band + width] = mean[row]
        for _ in range(random.integers(3)):
            frame, width = random.integers(spectrogram.shape[1]), random.integers(4, 40)
            spectrogram[row, frame : frame + width] = mean[row]
    return spectrogram


def _score(network: torch.nn.Module, validation: list[Shard]) -> Score:
    network.eval()
    score = Score()
    for shard in validation:
        for power, shares, beds in zip(shard.power, shard.shares, shard.beds, strict=True):
            around = np.pad(_power(power), ((CELLS_BEFORE * FRAMES, CELLS_BEHIND * FRAMES), (0, 0)))
            with torch.no_grad():
                scores = network(Relative()(torch.from_numpy(around[None])))[0]
                scores[:, Label.BOTH] += BOTH_BIAS
            answers = functional.log_softmax(scores, 1).clamp(-6).numpy()
            score.add(answers, shares.argmax(axis=1), shares.max(axis=1) == 1, beds)
    return score


def _power(logarithms: Halves) -> Floats:
    power = np.exp(logarithms.astype(np.float32))
    power[power < 1.1 * shards.LEAST] = 0
    return power


if __name__ == "__main__":
    main()
