"""Small separation networks in the layouts in which demucs publishes and saves them."""

import hashlib
import io
from pathlib import Path
from typing import Any

import torch
from demucs.htdemucs import HTDemucs
from htdemucs_examples import small


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
