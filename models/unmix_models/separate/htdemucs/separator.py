"""Networks of HTDemucs, resident on a device."""

import random
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from unmix_models.catalogue.entry import Model
from unmix_models.errors import InvalidWeights, OutOfMemory, UnsupportedFormat
from unmix_models.machine import Machine
from unmix_models.separate.htdemucs import checkpoint
from unmix_models.separate.htdemucs.bag import parts_of
from unmix_models.separate.htdemucs.checkpoint import CheckpointBag
from unmix_models.separate.htdemucs.network import HTDemucs
from unmix_models.separate.htdemucs.stream import DemucsStream, Lane, Segment
from unmix_models.separate.overlap_add import OverlapAdd
from unmix_models.separate.precision import LAYER_TYPES, device_for, resolve
from unmix_models.separate.statistics import TrackStatistics

WORKING_BYTES_PER_FRAME = 2500
"""Measured peak of one segment of the released networks beside their weights: 0.86 GB for 343,980 frames."""
OVERLAP = 0.25
"""Of a segment with the next, as `apply_model` has it."""
LONGEST_SHIFT = 0.5
"""Seconds; `apply_model` shifts by up to as much."""


class DemucsSeparator:
    """A bag of networks on one device; see `unmix_models.separate.base.Separator`."""

    def __init__(
        self,
        name: str,
        networks: Sequence[HTDemucs],
        weights: Sequence[Sequence[float]],
        precision: str,
        *,
        partition: bool = True,
    ) -> None:
        parameters = networks[0].parameters
        self.partition = partition
        self.name = name
        self.stems = parameters.sources
        self.sample_rate = parameters.samplerate
        self.channels = parameters.audio_channels
        self.device = str(networks[0].device)
        self.precision = precision
        self.segment_frames = max(network.parameters.segment_frames for network in networks)
        weight_bytes = sum(network.weight_bytes for network in networks)
        self.memory_bytes = weight_bytes + WORKING_BYTES_PER_FRAME * self.segment_frames
        self._networks, self._weights = list(networks), weights

    def stream(
        self,
        wanted: Sequence[str],
        statistics: TrackStatistics | None,
        *,
        overlap: float | None = None,
        shifts: int = 0,
    ) -> DemucsStream:
        """Start a track; raises `UnsupportedFormat` for a stem that is not there or an impossible overlap."""
        if statistics is None:
            raise ValueError(f"{self.name} wants the statistics of the whole track; measure it first.")
        overlap = OVERLAP if overlap is None else overlap
        strange = [stem for stem in wanted if stem not in self.stems]
        if strange or not wanted:
            missing = ", ".join(strange) or "without a name"
            raise UnsupportedFormat(f"{self.name} has no stem {missing}; ask for {', '.join(self.stems)}.")
        if not 0 <= overlap < 1 or shifts < 0:
            raise UnsupportedFormat("The overlap must be at least 0 and below 1, and shifts at least 0.")
        # The reference draws its shifts at random; from a fixed seed, a job repeats to the bit.
        generator = random.Random(0)  # noqa: S311  # not for secrets
        longest = int(LONGEST_SHIFT * self.sample_rate)
        leads = [generator.randint(0, longest) for _ in range(shifts)] or [0]
        numbers = [self.stems.index(stem) for stem in dict.fromkeys(wanted)]
        lanes = [
            Lane(part, OverlapAdd(self._networks[part.network].parameters.segment_frames, overlap, lead))
            for part in parts_of(numbers, self._weights, len(leads))
            for lead in leads
        ]
        named = [(self.stems[number], number) for number in numbers]
        return DemucsStream(named, self.channels, lanes, statistics)

    def forward(self, segments: Sequence[Segment]) -> list[Tensor]:
        """Compute segments of one stream or of several; those of equal networks and stems share a batch.

        Gives `[stems, channels, segment frames]` for each, in order, on the CPU. Raises `OutOfMemory`.
        """
        groups: dict[tuple[int, tuple[int, ...]], list[int]] = {}
        for index, segment in enumerate(segments):
            groups.setdefault((segment.network, segment.stems), []).append(index)
        outputs: dict[int, Tensor] = {}
        for (network, stems), indices in groups.items():
            batch = torch.stack([segments[index].wave for index in indices])
            try:
                results = self._networks[network].forward(batch.to(self.device), stems).cpu()
            except torch.OutOfMemoryError as error:
                raise OutOfMemory(
                    f"{self.device} has no memory left for {len(indices)} segments; close what else uses it."
                ) from error
            outputs.update(zip(indices, results, strict=True))
        return [outputs[index] for index in range(len(segments))]

    def close(self) -> None:
        """Free the networks."""
        self._networks.clear()
        if self.device.startswith("cuda"):
            torch.cuda.empty_cache()


def load_model(model: Model, folder: Path, machine: Machine) -> DemucsSeparator:
    """Make an installed model resident. Raises as `load`, and `InvalidWeights` where the folder lacks a file."""
    try:
        checkpoints = checkpoint.read(folder / f"{model.name}.yaml")
    except FileNotFoundError as error:
        raise InvalidWeights(
            f"The weights of {model.name} are incomplete ({error}); pull or import them again."
        ) from error
    return load(
        checkpoints,
        name=model.name,
        device=machine.device,
        precision=machine.precision,
        threads=machine.threads,
        partition=model.partition,
    )


def load(
    checkpoints: CheckpointBag,
    *,
    name: str,
    device: str = "cpu",
    precision: str = "auto",
    threads: int | None = None,
    partition: bool = True,
) -> DemucsSeparator:
    """Make networks resident.

    `precision` is `auto`, `float32`, `bfloat16` or `float16`; `threads` sets PyTorch's for the whole process;
    `partition` says whether the stems add up to the mixture.
    Raises `DeviceUnavailable`, and `InvalidWeights` where tensors are missing or misshapen.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    where = device_for(device)
    chosen = resolve(precision, where)
    try:
        networks = [
            HTDemucs(member.parameters, member.tensors, where, LAYER_TYPES[chosen])
            for member in checkpoints.members
        ]
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(f"{device} has no memory left for {name}; close what else uses it.") from error
    except (LookupError, RuntimeError, TypeError, ValueError) as error:
        raise InvalidWeights(
            f"The weights of {name} are incomplete ({error}); download them again."
        ) from error
    return DemucsSeparator(name, networks, checkpoints.weights, chosen, partition=partition)
