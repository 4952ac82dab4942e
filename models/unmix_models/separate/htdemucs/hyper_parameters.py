"""The hyper-parameters of an HTDemucs network, as its checkpoints store them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

from unmix_models.catalogue import bounds
from unmix_models.errors import InvalidWeights

_REQUIRED: dict[str, object] = {
    "cac": True,
    "rewrite": True,
    "multi_freqs": None,
    "t_emb": "sin",
    "t_norm_in": True,
    "t_norm_in_group": False,
    "t_group_norm": False,
    "t_norm_first": True,
    "t_norm_out": True,
    "t_layer_scale": True,
    "t_gelu": True,
    "t_sin_random_shift": 0,
    "t_sparse_self_attn": False,
    "t_sparse_cross_attn": False,
    "use_train_segment": True,
}
"""Choices of demucs' constructor that every released HTDemucs makes alike, at their defaults."""

_RANGES: Mapping[str, str] = {
    "audio_channels": "channels",
    "nfft": "nfft",
    "depth": "depth",
    "freq_emb": "scale",
    "emb_scale": "scale",
    "kernel_size": "kernel_size",
    "stride": "stride",
    "norm_starts": "norm_starts",
    "t_layers": "layers",
    "t_heads": "heads",
    "t_max_period": "period",
    "t_weight_pos_embed": "scale",
    "samplerate": "sample_rate",
    "segment": "segment",
}
"""Rows of `bounds.RANGES` that say what each may be."""


@dataclass(frozen=True, slots=True)
class HyperParameters:
    """Parameters of `demucs.htdemucs.HTDemucs` that shape the computation, with its names and defaults.

    Layer sizes are not among them: the tensors themselves say those.
    """

    sources: tuple[str, ...]
    """Stems, in the order of the network's output."""
    audio_channels: int = 2
    nfft: int = 4096
    depth: int = 4
    freq_emb: float = 0.2
    emb_scale: float = 10
    kernel_size: int = 8
    stride: int = 4
    norm_starts: int = 4
    t_layers: int = 5
    t_heads: int = 8
    t_max_period: float = 10000.0
    t_weight_pos_embed: float = 1.0
    samplerate: int = 44100
    """Hz."""
    segment: Fraction | float = 10
    """Seconds that one forward pass takes."""

    @property
    def segment_frames(self) -> int:
        """Frames that one forward pass takes."""
        return int(self.samplerate * self.segment)

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "HyperParameters":
        """From the constructor's keyword arguments, as a checkpoint stores them.

        What only training needs (dropout, initial values) is ignored. Raises `InvalidWeights` for a network
        whose computation differs from the released ones, and for numbers and names out of `bounds`.
        """
        odd = [
            f"{name}={bounds.shown(given[name])}"
            for name, usual in _REQUIRED.items()
            if (given.get(name, usual) or None) != (usual or None)
        ]
        if "sources" not in given:
            raise InvalidWeights("This checkpoint does not name its stems; download or export it again.")
        chosen: dict[str, Any] = {
            field.name: bounds.number(_RANGES[field.name], given[field.name], field.name)
            for field in fields(cls)
            if field.name in given and field.name in _RANGES
        }
        parsed = cls(sources=bounds.stems(given["sources"]), **chosen)
        bins_of_deepest = parsed.nfft // 2 // parsed.stride ** (parsed.depth - 1)
        if parsed.kernel_size != 2 * parsed.stride:
            odd.append(f"kernel_size={parsed.kernel_size} at stride={parsed.stride}")
        if parsed.norm_starts < parsed.depth:
            odd.append(f"norm_starts={parsed.norm_starts}")
        if bins_of_deepest <= parsed.kernel_size or parsed.t_layers < 1:
            odd.append(f"depth={parsed.depth}, nfft={parsed.nfft}, t_layers={parsed.t_layers}")
        if odd:
            raise InvalidWeights(
                f"This HTDemucs was trained with {', '.join(odd)}, which unmix cannot run;"
                " use a model with the released hyper-parameters."
            )
        return parsed
