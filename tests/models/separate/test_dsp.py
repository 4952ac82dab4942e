import subprocess
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

import numpy as np
import pytest
import soundfile
from models.separate.stepping import flush, process
from support import shared
from unmix_models.audio import Block
from unmix_models.errors import UnsupportedFormat
from unmix_models.separate.base import Separator
from unmix_models.separate.dsp import load
from unmix_models.separate.dsp.medians import median, running_median
from unmix_models.separate.dsp.pitch import PitchTracker, partials
from unmix_models.separate.dsp.repetition import background
from unmix_models.separate.dsp.short_time import FREQUENCIES, HOP, SAMPLE_RATE, Analysis

STEMS = ("drums", "bass", "vocals", "other")


def cut(audio: Block, sizes: Sequence[int]) -> Iterator[Block]:
    start = 0
    while start < len(audio):
        for size in sizes:
            yield audio[start : start + size]
            start += size


def separated(
    audio: Block, wanted: Sequence[str] = STEMS, sizes: Sequence[int] = (65536,)
) -> dict[str, Block]:
    separator = load()
    stream = separator.stream(wanted)
    parts = [process(separator, stream, block) for block in cut(audio, sizes)] + [flush(separator, stream)]
    assert all(len({len(block) for block in part.values()}) == 1 for part in parts)
    return {stem: np.concatenate([part[stem] for part in parts]) for stem in parts[-1]}


def distortion_ratio(reference: Block, estimate: Block) -> float:
    return float(10 * np.log10(np.square(reference).sum() / np.square(reference - estimate).sum()))


def level(part: Block, whole: Block) -> float:
    return float(10 * np.log10(np.square(part).sum() / np.square(whole).sum() + 1e-12))


def times(seconds: float) -> np.ndarray:
    return np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def saw(pitch: np.ndarray, harmonics: int) -> np.ndarray:
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    return sum((np.sin(n * phase) / n for n in range(1, harmonics + 1)), np.zeros(len(pitch)))


def in_centre(mono: np.ndarray) -> Block:
    return np.repeat(mono[:, np.newaxis], 2, axis=1).astype(np.float32)


def steps(values: Sequence[float], seconds: float, total: float) -> np.ndarray:
    """A value for each sample, the next one every `seconds`."""
    time = times(total)
    return np.asarray(values)[(time / seconds).astype(int) % len(values)]


@cache
def band() -> dict[str, Block]:
    """Eight seconds of four players; nothing of it was used to build the separator."""
    random = np.random.default_rng(3)
    time = times(8)
    beat, half = time % 0.5, time % 1.0
    kick = np.exp(-beat * 18) * np.sin(2 * np.pi * (60 * beat - 4 * np.exp(-beat * 30)))
    snare = np.exp(-np.abs(half - 0.5) * 25) * (half >= 0.5) * random.standard_normal(len(time))
    bass = saw(steps([55, 55, 73.4, 65.4], 1.0, 8), 6)
    tune = 220 * 2 ** (random.integers(0, 13, 32) / 12)
    melody = saw(steps(tune, 0.4, 8) * (1 + 0.012 * np.sin(2 * np.pi * 5.5 * time)), 15)
    rests = np.clip(np.sin(2 * np.pi * time / 2.4) * 4 + 2, 0, 1)
    chord = [steps(roots, 1.0, 8) for roots in ([330, 330, 294, 311], [415, 415, 370, 392])]
    wide = np.stack([saw(chord[0], 8), saw(chord[1], 8)], axis=1)
    return {
        "drums": in_centre(0.3 * kick + 0.05 * snare),
        "bass": in_centre(0.12 * bass),
        "vocals": in_centre(0.08 * melody * rests),
        "other": (0.04 * wide).astype(np.float32),
    }


def mixture() -> Block:
    return np.sum(list(band().values()), axis=0)


@cache
def separated_band() -> dict[str, Block]:
    return separated(mixture())


def noise(frames: int, scale: float = 0.2) -> Block:
    samples = scale * np.random.default_rng(1).standard_normal((frames, 2))
    return samples.clip(-1, 1).astype(np.float32)


def test_it_is_a_separator_of_four_stems() -> None:
    separator: Separator = load()
    assert separator.stems == STEMS
    assert (separator.name, separator.device, separator.precision) == ("dsp", "cpu", "float32")
    assert (separator.sample_rate, separator.channels) == (44100, 2)


def test_it_needs_no_pytorch() -> None:
    code = "import sys; from unmix_models.separate.dsp import load; load(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_stem_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(UnsupportedFormat, match="no stem piano; ask for drums, bass, vocals, other"):
        load().stream(["drums", "piano"])
    with pytest.raises(UnsupportedFormat, match="ask for drums"):
        load().stream([])


@pytest.mark.parametrize("shape", [(10,), (10, 1), (10, 3)])
def test_another_number_of_channels_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UnsupportedFormat, match="where 2 channels go"):
        load().stream(STEMS).push(np.zeros(shape, np.float32))


@pytest.mark.parametrize("stem", STEMS)
def test_every_player_of_a_band_is_told_from_the_others(stem: str) -> None:
    reference = band()[stem]
    estimated, mixed = separated_band()[stem], mixture()
    assert distortion_ratio(reference, estimated) > distortion_ratio(reference, mixed) + 6


@pytest.mark.parametrize("stem", STEMS)
def test_most_of_a_player_alone_goes_to_their_own_stem(stem: str) -> None:
    alone = band()[stem]
    levels = {name: level(part, alone) for name, part in separated(alone).items()}
    assert max(levels, key=lambda name: levels[name]) == stem
    assert levels[stem] > -4


def test_a_tone_in_the_middle_register_is_no_bass() -> None:
    tone = in_centre(0.3 * np.sin(2 * np.pi * 440 * times(3)))
    assert level(separated(tone, ["bass"])["bass"], tone) < -30


@pytest.mark.long
def test_the_real_song_holds_its_targets() -> None:
    folder = shared("audio/music_stems")
    song = {name: soundfile.read(folder / f"{name}.flac", dtype="float32")[0] for name in ("mixture", *STEMS)}
    ratios = {stem: distortion_ratio(song[stem], part) for stem, part in separated(song["mixture"]).items()}
    assert ratios["drums"] >= 5
    assert ratios["bass"] >= 3.5
    assert ratios["vocals"] >= 4
    assert ratios["other"] >= 3.5


@pytest.mark.parametrize("audio", [noise(150_001, 1.0), noise(70_000) * 1e-3], ids=["loud", "quiet"])
def test_the_stems_sum_to_the_mixture(audio: Block) -> None:
    total = np.sum(list(separated(audio).values()), axis=0)
    assert np.abs(total - audio).max() <= 1e-6


def test_the_cutting_into_blocks_changes_no_bit() -> None:
    pieces = separated(mixture(), sizes=(1, 0, 4095, 65536, 12_345, 70_000))
    whole = separated(mixture(), sizes=(len(mixture()),))
    for stem in STEMS:
        np.testing.assert_array_equal(pieces[stem], whole[stem])
        np.testing.assert_array_equal(pieces[stem], separated_band()[stem])


def test_a_stem_alone_is_the_same_as_among_all() -> None:
    audio = mixture()[:150_000]
    alone = separated(audio, ["vocals", "vocals"])
    assert list(alone) == ["vocals"]
    np.testing.assert_array_equal(alone["vocals"], separated(audio)["vocals"])


def test_the_callers_buffer_may_be_used_again() -> None:
    audio = mixture()[:100_000]
    separator = load()
    stream = separator.stream(STEMS)
    buffer = np.empty((1000, 2), np.float32)
    parts: list[Block] = []
    for block in cut(audio, [1000]):
        buffer[:] = block
        parts.append(process(separator, stream, buffer)["drums"])
        buffer[:] = 7
    parts.append(flush(separator, stream)["drums"])
    np.testing.assert_array_equal(np.concatenate(parts), separated(audio)["drums"])


@pytest.mark.parametrize("frames", [0, 1, 2, 1023, 1024, 1025, 4096, 65535, 65536, 65537, 68608, 68609])
def test_as_much_comes_out_as_went_in(frames: int) -> None:
    audio = noise(frames)
    stems = separated(audio)
    assert all(part.shape == audio.shape and part.dtype == np.float32 for part in stems.values())
    assert np.abs(np.sum(list(stems.values()), axis=0) - audio).max(initial=0) <= 1e-6


def test_a_click_stays_where_it_is() -> None:
    audio = np.zeros((100_000, 2), np.float32)
    audio[54_321] = 0.5
    drums = separated(audio)["drums"]
    assert np.abs(drums[:, 0]).argmax() == 54_321
    assert drums[54_321, 0] > 0.4


def test_silence_stays_silence() -> None:
    for part in separated(np.zeros((200_000, 2), np.float32)).values():
        assert not part.any()


@pytest.mark.parametrize(
    "audio",
    [
        np.full((90_000, 2), 0.5, np.float32),
        np.where(np.arange(90_000)[:, np.newaxis] // 50 % 2, 1.0, -1.0).astype(np.float32).repeat(2, axis=1),
        np.full((90_000, 2), 1e-38, np.float32),
        np.ones((1, 2), np.float32) * np.float32([1, -1]),
        np.concatenate([np.zeros((80_000, 2), np.float32), noise(80_000, 1.0)]),
    ],
    ids=["constant", "full scale square", "denormal", "one frame", "silence then noise"],
)
def test_extreme_input_gives_numbers(audio: Block) -> None:
    with np.errstate(all="raise", under="ignore"):
        stems = separated(audio)
    assert all(np.isfinite(part).all() for part in stems.values())
    assert np.abs(np.sum(list(stems.values()), axis=0) - audio).max() <= 1e-6


def test_mono_in_both_channels_comes_out_as_mono() -> None:
    audio = in_centre(mixture().mean(axis=1))
    stems = separated(audio)
    for part in stems.values():
        np.testing.assert_array_equal(part[:, 0], part[:, 1])
    assert distortion_ratio(band()["drums"], stems["drums"]) > distortion_ratio(band()["drums"], audio) + 5


def test_twice_the_level_gives_the_same_stems_twice_as_loud() -> None:
    audio = mixture()[:200_000] / 4
    for once, twice in zip(separated(audio).values(), separated(audio * 2).values(), strict=True):
        np.testing.assert_allclose(twice, 2 * once, atol=1e-6)


def test_the_first_stems_leave_six_seconds_after_the_start() -> None:
    separator = load()
    stream = separator.stream(STEMS)
    early = process(separator, stream, noise(4 * separator.segment_frames - 1))
    assert len(early["drums"]) == 0
    assert 0 < len(process(separator, stream, noise(1))["drums"]) <= separator.segment_frames


@pytest.mark.long
def test_memory_does_not_grow_with_the_track() -> None:
    separator = load()

    def peak(segments: int) -> int:
        stream = separator.stream(["other"])
        block = noise(separator.segment_frames)
        tracemalloc.start()
        for _ in range(segments):
            process(separator, stream, block)
        flush(separator, stream)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    short = peak(8)
    assert peak(16) < 1.05 * short
    assert short < separator.memory_bytes


@pytest.mark.parametrize("count", range(1, 10))
def test_the_median_of_any_zeros_and_ones_is_right(count: int) -> None:
    # A comparison network that is right for these is right for all numbers (Knuth's 0-1 principle).
    inputs = np.array(list(product([0, 1], repeat=count)), np.float32).T
    np.testing.assert_array_equal(median(list(inputs)), np.sort(inputs, axis=0)[(count - 1) // 2])


@pytest.mark.parametrize("count", [15, 17, 25, 31])
def test_the_median_of_many_values_is_numpys(count: int) -> None:
    values = np.random.default_rng(count).standard_normal((count, 4, 3)).astype(np.float32)
    np.testing.assert_array_equal(median(list(values)), np.median(values, axis=0))


def test_a_running_median_has_a_value_for_each_full_window() -> None:
    values = np.float32([[5], [1], [4], [2], [3]])
    np.testing.assert_array_equal(running_median(values, 3), np.float32([[4], [2], [3]]))


@pytest.mark.parametrize("pitch", [41.2, 98.0, 196.0])
def test_the_pitch_of_a_saw_is_found_at_its_fundamental(pitch: float) -> None:
    audio = in_centre(0.2 * saw(np.full(20 * HOP, pitch), 10))
    tracker = PitchTracker(lowest=36, highest=220, steps_per_octave=48, harmonics=8, top=1200)
    track = tracker.track(np.abs(Analysis(2).spectra(audio)[0]))
    assert np.abs(12 * np.log2(track[4:] / pitch)).max() < 0.5


def test_partials_are_full_on_a_harmonic_and_nothing_off_it() -> None:
    bins = partials(np.array([FREQUENCIES[10]]), count=3, full=7, none=21)[0]
    np.testing.assert_array_equal(bins[[10, 20, 30]], 1)
    np.testing.assert_array_equal(bins[[0, 5, 15, 25, 40]], 0)


def test_what_repeats_is_background_and_what_comes_once_is_not() -> None:
    magnitude = np.tile(np.float32([[4, 0, 3, 0], [0, 4, 3, 0]]), (100, 1))
    once = magnitude.copy()
    once[90, 3] = 1
    np.testing.assert_array_equal(background(once, 80, 100), magnitude[80:100])
