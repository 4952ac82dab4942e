"""The stream from a reader through a separator into files: how the stems relate to the recording."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from media_files import noise
from unmix_models.audio import AudioInfo, Block, Depth, empty
from unmix_models.forward import Forward
from unmix_models.media import Metadata, resolve_output
from unmix_models.media._samples import unpack
from unmix_models.separate import dsp
from unmix_models.separate.base import Separator
from unmix_models.separate.recording import Consistency, SeparateOptions, measure, separate
from unmix_models.separate.statistics import TrackStatistics
from unmix_models.stem_names import parse_stems
from unmix_models.stems import StemFile, StemFiles


class Recording:
    """Stands in for a file."""

    def __init__(self, samples: Block, rate: int = 44_100, depth: Depth = Depth.F32) -> None:
        self.samples = samples
        self.info = AudioInfo("wav", "pcm", rate, samples.shape[1], depth, len(samples))
        self.metadata = Metadata()

    def blocks(self, frames: int) -> Iterator[Block]:
        for start in range(0, len(self.samples), frames):
            yield self.samples[start : start + frames].copy()


@dataclass
class Shares:
    """A separator by hand: each stem is a share of the mixture, computed in segments of 1,000 frames."""

    shares: dict[str, float]
    partition: bool = True
    name: str = "shares"
    sample_rate: int = 44_100
    channels: int = 2
    device: str = "cpu"
    precision: str = "float32"
    memory_bytes: int = 0
    segment_frames: int = 1000
    statistics: TrackStatistics | None = None
    overlap: float | None = None

    @property
    def stems(self) -> tuple[str, ...]:
        return tuple(self.shares)

    def stream(
        self,
        wanted: Sequence[str],
        statistics: TrackStatistics | None,
        *,
        overlap: float | None = None,
        shifts: int = 0,
    ) -> "SharesStream":
        self.statistics, self.overlap = statistics, overlap
        return SharesStream({stem: self.shares[stem] for stem in wanted}, self.segment_frames)

    def forward(self, segments: Sequence[Any]) -> Sequence[Any]:
        return segments

    def close(self) -> None:
        pass


class SharesStream:
    def __init__(self, shares: dict[str, float], segment: int) -> None:
        self._shares = shares
        self._segment = segment
        self._held = empty(2)
        self._final = empty(2)
        self._finished = False

    def push(self, block: Block) -> None:
        self._held = np.concatenate([self._held, block])

    def finish(self) -> None:
        self._finished = True

    def pending(self) -> Block | None:
        whole = len(self._held) >= self._segment or (self._finished and len(self._held))
        return self._held[: self._segment] if whole else None

    def accept(self, output: Block) -> None:
        self._held = self._held[len(output) :]
        self._final = np.concatenate([self._final, output])

    def take(self) -> dict[str, Block]:
        final, self._final = self._final, empty(2)
        return {stem: final * np.float32(share) for stem, share in self._shares.items()}


VOCALS = Shares({"vocals": 0.25}, partition=False)


def run(
    recording: Recording,
    model: Separator,
    *stems: str,
    options: SeparateOptions | None = None,
    statistics: TrackStatistics | None = None,
) -> dict[str, Block]:
    """The stems as a reader of their WAV files gets them, at the recording's depth."""
    info = recording.info
    spec = resolve_output(info, "wav")
    choices = parse_stems(stems, model.stems)
    files = {choice.name: io.BytesIO() for choice in choices}
    outputs = {
        name: StemFiles(
            {
                name: StemFile(
                    file, spec, sample_rate=info.sample_rate, frames=info.frames, metadata=Metadata()
                )
            }
        )
        for name, file in files.items()
    }
    steps = separate(recording, model, statistics, options or SeparateOptions(), choices, outputs)
    output: Any = None
    told = 0
    while True:
        try:
            step = steps.send(output)
        except StopIteration:
            break
        if isinstance(step, Forward):
            (output,) = step.model.forward([step.segment])
        else:
            told, output = step, None
    assert told == len(recording.samples)
    for each in outputs.values():
        each.close()
    return {
        name: unpack(file.getvalue()[file.getvalue().index(b"data") + 8 :], spec.depth).reshape(
            -1, spec.channels
        )
        for name, file in files.items()
    }


def test_the_only_stem_of_a_model_that_leaves_something_out_is_what_the_model_gave() -> None:
    samples = noise(5_000)
    vocals = run(Recording(samples), VOCALS, "vocals")["vocals"]
    np.testing.assert_allclose(vocals, 0.25 * samples, atol=1e-7)


def test_every_stem_of_such_a_model_is_taken_where_none_is_named() -> None:
    samples = noise(5_000)
    model = Shares({"voice": 0.5, "steps": 0.125}, partition=False)
    stems = run(Recording(samples), model)
    np.testing.assert_allclose(stems["steps"], 0.125 * samples, atol=1e-7)


@pytest.mark.parametrize("depth", [Depth.S16, Depth.S24])
def test_its_stem_and_the_complement_add_up_to_the_recording_to_the_bit(depth: Depth) -> None:
    scale = np.float32(2**15)
    samples = np.round(noise(5_000) * scale) / scale
    stems = run(Recording(samples, depth=depth), VOCALS, "vocals", "-vocals")
    assert list(stems) == ["vocals", "no_vocals"]
    np.testing.assert_array_equal(stems["vocals"] + stems["no_vocals"], samples)
    np.testing.assert_allclose(stems["vocals"], 0.25 * samples, atol=2**-15)


def test_the_error_of_a_model_that_has_all_there_is_is_shared_out() -> None:
    samples = noise(5_000)
    model = Shares({"drums": 0.5, "other": 0.25})
    stems = run(Recording(samples), model)
    np.testing.assert_allclose(stems["drums"], 0.625 * samples, atol=1e-6)
    np.testing.assert_allclose(stems["drums"] + stems["other"], samples, atol=1e-6)
    raw = run(Recording(samples), model, options=SeparateOptions(Consistency.NONE))
    np.testing.assert_allclose(raw["drums"], 0.5 * samples, atol=1e-6)


@pytest.mark.parametrize("frames", [1, 999, 1000, 1001, 70_000])
def test_any_length_keeps_its_length(frames: int) -> None:
    for rate, channels in ((44_100, 1), (48_000, 2)):
        stems = run(Recording(noise(frames, channels), rate), VOCALS)
        assert stems["vocals"].shape == (frames, channels)


def test_the_overlap_is_the_models_own_unless_it_is_set() -> None:
    model = Shares({"vocals": 1.0})
    run(Recording(noise(100)), model)
    assert model.overlap is None
    run(Recording(noise(100)), model, options=SeparateOptions(overlap=0.5))
    assert model.overlap == 0.5


def test_statistics_go_to_the_model_where_they_were_measured() -> None:
    model = Shares({"vocals": 1.0})
    recording = Recording(np.full((100, 2), 0.5, np.float32))
    (*waits, statistics) = measure(recording, model)
    assert not any(waits)
    run(recording, model, statistics=statistics)
    assert model.statistics == TrackStatistics(0.5, 0.0)
    run(recording, model)
    assert model.statistics is None


def test_signal_processing_goes_through_the_same_steps_and_waits_for_no_forward_pass() -> None:
    samples = noise(200_000)
    recording = Recording(samples)
    choices = parse_stems((), dsp.load().stems)
    outputs = {choice.name: Kept() for choice in choices}
    steps = list(separate(recording, dsp.load(), None, SeparateOptions(), choices, outputs))
    assert all(isinstance(step, int) for step in steps)
    total = sum(np.concatenate(output.blocks) for output in outputs.values())
    assert np.abs(total - samples).max() <= 1e-6


class Kept:
    """An output that keeps what is written."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []

    def quantise(self, block: Block) -> Block:
        return block

    def write(self, block: Block) -> None:
        self.blocks.append(block)
