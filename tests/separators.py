"""HTDemucs networks with fixed random weights, in the layouts in which demucs publishes them, and signals."""

import hashlib
import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from demucs.htdemucs import HTDemucs
from unmix_models.audio import Block

# OpenMP's threads wait by spinning: with more of them than free cores, small networks take ten times as long.
torch.set_num_threads(1)

STEMS = ("drums", "bass", "other", "vocals")


def small(*, seed: int = 0, **changes: object) -> HTDemucs:
    """Three levels, a twentieth of the width, at 8 kHz: the released network in everything but size."""
    parameters: dict[str, object] = {
        "sources": list(STEMS),
        "samplerate": 8000,
        "segment": Fraction(39, 25),
        "channels": 8,
        "nfft": 1024,
        "depth": 3,
        "dconv_mode": 3,
        "bottom_channels": 32,
        "t_heads": 4,
        "t_layers": 3,
    }
    return _random({**parameters, **changes}, seed)


def released(**changes: object) -> HTDemucs:
    """The hyper-parameters of `htdemucs`; 42 million parameters."""
    parameters: dict[str, object] = {
        "sources": list(STEMS),
        "segment": Fraction(39, 5),
        "dconv_mode": 3,
        "bottom_channels": 512,
        "t_dropout": 0.02,
    }
    return _random({**parameters, **changes}, 0)


def song(frames: int, *, channels: int = 2, seed: int = 0) -> Block:
    """Chords, a beat and some noise at about -20 dBFS, `[frames, channels]`."""
    generator = np.random.default_rng(seed)
    time = np.arange(frames) / 8000
    tones = sum(np.sin(2 * np.pi * pitch * time + pitch) for pitch in (55, 110, 164.8, 220, 440, 880))
    beat = np.exp(-(time % 0.5) / 0.06)
    noise = generator.standard_normal((frames, channels))
    return (0.03 * np.asarray(tones)[:, None] + 0.2 * beat[:, None] * noise).astype(np.float32)


def save_legacy(folder: Path, network: HTDemucs, signature: str = "abcd1234") -> Path:
    """A `.th` file with its hash in its name, as demucs' `save_with_checksum` writes it."""
    arguments, keywords = network._init_args_kwargs
    package: dict[str, Any] = {
        "klass": HTDemucs,
        "args": arguments,
        "kwargs": keywords,
        "state": network.state_dict(),
        "training_args": {"seed": 1},
    }
    buffer = io.BytesIO()
    torch.save(package, buffer)
    path = folder / f"{signature}-{hashlib.sha256(buffer.getvalue()).hexdigest()[:8]}.th"
    path.write_bytes(buffer.getvalue())
    return path


def trained(folder: Path, **changes: Any) -> HTDemucs:
    """A folder with one network that a user has trained; returns the network."""
    folder.mkdir(parents=True, exist_ok=True)
    network = small(**changes)
    save_legacy(folder, network)
    return network


def _random(parameters: dict[str, object], seed: int) -> HTDemucs:
    torch.manual_seed(seed)
    network = HTDemucs(**parameters).eval()  # pyright: ignore  # untyped library
    # Fresh networks scale every residual branch by 0.001 and have norms that do nothing; in trained ones all
    # parts count.
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith(".scale"):
                parameter.uniform_(0.1, 0.3)
            elif parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    return network
