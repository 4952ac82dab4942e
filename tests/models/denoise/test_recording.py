"""The stream from a reader through a denoiser into files: what it keeps of every recording."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from media_files import noise
from models.denoise.examples import load, recording
from unmix_models.audio import AudioInfo, Block, Depth, empty
from unmix_models.denoise import rnnoise
from unmix_models.denoise.base import Denoiser, DenoiseStream
from unmix_models.denoise.passage import Passage
from unmix_models.denoise.recording import BLOCK_FRAMES, CLEAN, NOISE, denoise
from unmix_models.media import Metadata, resolve_output
from unmix_models.media._samples import BITS, unpack
from unmix_models.stems import StemFile, StemFiles

RATES = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000)


class Recording:
    """Stands in for a file: blocks of an array, and a note of how far they were read."""

    def __init__(self, samples: Block, rate: int = 48_000, depth: Depth = Depth.F32) -> None:
        self.samples = samples
        self.info = AudioInfo("wav", "pcm", rate, samples.shape[1], depth, len(samples))
        self.metadata = Metadata()
        self.read = 0

    def blocks(self, frames: int) -> Iterator[Block]:
        for start in range(0, len(self.samples), frames):
            block = self.samples[start : start + frames].copy()
            self.read += len(block)
            yield block


@dataclass
class LinearModel:
    """A denoiser by hand: a gain, and a buffer that holds `late` frames back until the end."""

    gain: float = 1.0
    late: int = 0
    sample_rate: int | None = 48_000
    name: str = "linear"
    device: str = "cpu"
    memory_bytes: int = 0
    segment_seconds: float | None = None
    limits: list[float | None] = field(default_factory=list)

    def with_segment(self, seconds: float) -> Denoiser:
        return self

    def stream(
        self, channels: int, sample_rate: int, attenuation_limit_db: float | None, first_look: object
    ) -> DenoiseStream:
        self.limits.append(attenuation_limit_db)
        kept = 0.0 if attenuation_limit_db is None else 10 ** (-attenuation_limit_db / 20)
        return LinearStream(self.late, self.gain * (1 - kept) + kept, channels)

    def close(self) -> None:
        pass


class LinearStream:
    def __init__(self, late: int, gain: float, channels: int) -> None:
        self._late = late
        self._gain = np.float32(gain)
        self._held = empty(channels)

    def process(self, block: Block) -> Block:
        held = np.concatenate([self._held, block])
        ready = max(0, len(held) - self._late)
        self._held = held[ready:]
        return held[:ready] * self._gain

    def flush(self) -> Block:
        held, self._held = self._held, self._held[:0]
        return held * self._gain


def through(recording: Recording, model: Denoiser, limit_db: float | None = None) -> DenoiseStream:
    return Passage(model, recording.info.sample_rate, recording.info.channels, limit_db)


def run(
    recording: Recording,
    model: Denoiser,
    limit_db: float | None = None,
    stems: tuple[str, ...] = (CLEAN, NOISE),
) -> dict[str, Block]:
    """The stems as a reader of their WAV files gets them, at the recording's depth."""
    spec = resolve_output(recording.info, "wav")
    files = {stem: io.BytesIO() for stem in stems}
    outputs = {stem: stem_file(recording, file) for stem, file in files.items()}
    for _ in denoise(recording, through(recording, model, limit_db), outputs):
        pass
    for output in outputs.values():
        output.close()
    return {
        stem: unpack(data_chunk(file.getvalue()), spec.depth).reshape(-1, spec.channels)
        for stem, file in files.items()
    }


def stem_file(recording: Recording, file: io.BytesIO) -> StemFile:
    info = recording.info
    spec = resolve_output(info, "wav")
    return StemFile(file, spec, sample_rate=info.sample_rate, frames=info.frames, metadata=recording.metadata)


def data_chunk(file: bytes) -> bytes:
    start = file.index(b"data")
    size = int.from_bytes(file[start + 4 : start + 8], "little")
    return file[start + 8 : start + 8 + size]


def on_the_grid(samples: Block, depth: Depth) -> Block:
    scale = np.float32(2 ** (BITS[depth] - 1))
    return np.round(samples * scale) / scale


def lag(original: Block, result: Block) -> int:
    """By how many frames `result` is late."""
    size = 1 << (2 * len(original) - 1).bit_length()
    spectrum = np.fft.rfft(result[:, 0], size) * np.conj(np.fft.rfft(original[:, 0], size))
    peak = int(np.argmax(np.fft.irfft(spectrum, size)))
    return peak if peak < size // 2 else peak - size


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("late", [0, 4321])
def test_frames_out_are_frames_in_at_lag_0(rate: int, late: int) -> None:
    samples = noise(60_001, 1)
    clean = run(Recording(samples, rate), LinearModel(late=late))[CLEAN]
    assert clean.shape == samples.shape
    assert lag(samples, clean) == 0


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("frames", [1, 2, 3, 7, 100, 479, 480, 481, BLOCK_FRAMES, BLOCK_FRAMES + 1])
def test_any_length_keeps_its_length(rate: int, frames: int) -> None:
    stems = run(Recording(noise(100_000, 2)[:frames], rate), LinearModel(late=960))
    assert [stem.shape for stem in stems.values()] == [(frames, 2), (frames, 2)]


@pytest.mark.parametrize("rate", [44_100, 88_200, 96_000, 176_400, 192_000])
@pytest.mark.parametrize("frames", [4801, 12_345, 48_000])
def test_resampling_there_and_back_loses_no_last_frame(rate: int, frames: int) -> None:
    # Slow enough for the last frames to be like the one before them, whatever resampling does at an edge.
    samples = np.full((frames, 1), 0.5, np.float32)
    clean = run(Recording(samples, rate), LinearModel())[CLEAN]
    assert np.abs(clean[-4:]).min() > 0.1


@pytest.mark.parametrize("depth", [Depth.U8, Depth.S16, Depth.S24])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 192_000])
def test_clean_and_noise_add_up_to_the_input_exactly_in_integers(
    depth: Depth, channels: int, rate: int
) -> None:
    samples = on_the_grid(noise(20_003, channels), depth)
    stems = run(Recording(samples, rate, depth), LinearModel(gain=0.37, late=100))
    np.testing.assert_array_equal(stems[CLEAN] + stems[NOISE], samples)
    assert np.abs(stems[NOISE]).max() > 0.05


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate", RATES)
def test_clean_and_noise_add_up_to_the_input_within_1e_6_in_float(channels: int, rate: int) -> None:
    samples = noise(20_003, channels) * 4
    stems = run(Recording(samples, rate), LinearModel(gain=0.37, late=100))
    np.testing.assert_allclose(stems[CLEAN] + stems[NOISE], samples, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["rnnoise", "deepfilternet3"])
def test_clean_and_noise_add_up_where_there_is_sound_that_no_network_hears(name: str) -> None:
    voice = np.resize(recording("fullband/arctic_aew_1.wav", 96_000), (300_000, 1))
    hiss = np.random.default_rng(0).normal(0, 0.01, voice.shape)
    samples = on_the_grid((voice + hiss).astype(np.float32), Depth.S24)
    stems = run(Recording(samples, 96_000, Depth.S24), load(name))
    np.testing.assert_array_equal(stems[CLEAN] + stems[NOISE], samples)


def test_the_noise_alone_is_the_same_as_beside_the_clean_stem() -> None:
    recording = Recording(on_the_grid(noise(20_003), Depth.S16), 44_100, Depth.S16)
    alone = run(recording, LinearModel(gain=0.37), stems=(NOISE,))
    both = run(recording, LinearModel(gain=0.37))
    assert list(alone) == [NOISE]
    np.testing.assert_array_equal(alone[NOISE], both[NOISE])


@pytest.mark.parametrize("rate", RATES)
def test_an_attenuation_limit_of_0_returns_every_bit_of_the_input(rate: int) -> None:
    samples = noise(30_001) * 4
    stems = run(Recording(samples, rate), LinearModel(gain=0.0, late=960), limit_db=0.0)
    np.testing.assert_array_equal(stems[CLEAN], samples)
    assert not stems[NOISE].any()


def test_an_attenuation_limit_of_0_returns_every_bit_through_a_real_model() -> None:
    samples = noise(30_001)
    for rate in (48_000, 44_100):
        clean = run(Recording(samples, rate), rnnoise.load(), limit_db=0.0)[CLEAN]
        np.testing.assert_array_equal(clean, samples)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_the_limit_keeps_its_share_of_what_the_model_removes(rate: int) -> None:
    samples = noise(30_001)
    clean = run(Recording(samples, rate), LinearModel(gain=0.0), limit_db=20.0)[CLEAN]
    np.testing.assert_allclose(clean, 0.1 * samples, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("gain", "kept"), [(1.0, 1.0), (0.0, 10 ** (-6 / 20))])
def test_the_limit_holds_above_the_bandwidth_of_the_model_as_well(gain: float, kept: float) -> None:
    time = np.arange(60_000) / 96_000
    ultrasound = (0.3 * np.sin(2 * np.pi * 35_000 * time) + 0.1 * np.sin(2 * np.pi * 18_000 * time)).astype(
        np.float32
    )[:, None]
    clean = run(Recording(ultrasound, 96_000), LinearModel(gain), limit_db=6.0)[CLEAN]
    middle = slice(10_000, -10_000)
    np.testing.assert_allclose(clean[middle], kept * ultrasound[middle], rtol=0, atol=1e-5)


def test_the_model_applies_the_limit_where_nothing_is_resampled() -> None:
    here, elsewhere = LinearModel(), LinearModel()
    run(Recording(noise(1000), 48_000), here, limit_db=12.0)
    run(Recording(noise(1000), 44_100), elsewhere, limit_db=12.0)
    assert (here.limits, elsewhere.limits) == ([12.0], [None])


def test_a_model_for_any_rate_is_given_the_recordings_own_samples() -> None:
    samples = noise(30_001)
    for rate in (8_000, 192_000):
        clean = run(Recording(samples, rate), LinearModel(sample_rate=None))[CLEAN]
        np.testing.assert_array_equal(clean, samples)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("make", [LinearModel, rnnoise.load])
def test_digital_silence_stays_digital_silence(rate: int, make: Callable[[], Denoiser]) -> None:
    stems = run(Recording(np.zeros((20_003, 2), np.float32), rate), make())
    assert not stems[CLEAN].any()
    assert not stems[NOISE].any()


def test_full_scale_comes_through_a_model_that_changes_nothing() -> None:
    square = np.tile(np.repeat(np.array([1.0, -1.0], np.float32), 50), 200)[:, None]
    clean = run(Recording(square, 48_000), LinearModel())[CLEAN]
    np.testing.assert_array_equal(clean, square)


def test_results_come_while_the_recording_is_still_read() -> None:
    recording = Recording(noise(20 * BLOCK_FRAMES, 1), 44_100)
    file = io.BytesIO()
    steps = denoise(
        recording, through(recording, LinearModel(late=4800)), {CLEAN: stem_file(recording, file)}
    )
    finished = next(finished for finished in steps if finished)
    assert recording.read <= 2 * BLOCK_FRAMES
    assert len(file.getvalue()) > finished


def test_every_step_tells_the_frames_that_are_finished() -> None:
    frames = 5 * BLOCK_FRAMES + 17
    recording = Recording(noise(frames, 1), 22_050)
    outputs = {CLEAN: stem_file(recording, io.BytesIO())}
    told = list(denoise(recording, through(recording, LinearModel(late=999)), outputs))
    assert told == sorted(told)
    assert told[-1] == frames
    assert len(told) == 7


class Halved:
    """A stage behind the model."""

    def process(self, block: Block) -> Block:
        return block / 2

    def flush(self) -> Block:
        return empty(2)


def test_clean_and_noise_add_up_as_the_model_gave_them_whatever_stages_follow() -> None:
    samples = on_the_grid(noise(20_003), Depth.S16)
    recording = Recording(samples, 48_000, Depth.S16)
    spec = resolve_output(recording.info, "wav")
    files = {"clean": io.BytesIO(), "clean_soft": io.BytesIO(), "noise": io.BytesIO()}

    def output(name: str, *stages: Halved) -> StemFile:
        return StemFile(
            files[name], spec, sample_rate=48_000, frames=None, metadata=recording.metadata, stages=stages
        )

    outputs = {
        CLEAN: StemFiles({"clean": output("clean"), "clean_soft": output("clean_soft", Halved())}),
        NOISE: StemFiles({"noise": output("noise")}),
    }
    for _ in denoise(recording, through(recording, LinearModel(gain=0.37)), outputs):
        pass
    levels = [output.close() for output in outputs.values()]
    found = {
        name: unpack(data_chunk(file.getvalue()), Depth.S16).reshape(-1, 2) for name, file in files.items()
    }
    np.testing.assert_array_equal(found["clean"] + found["noise"], samples)
    np.testing.assert_allclose(found["clean_soft"], found["clean"] / 2, atol=2**-15)
    assert [list(level) for level in levels] == [["clean", "clean_soft"], ["noise"]]
