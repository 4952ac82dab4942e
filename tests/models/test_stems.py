"""One stem on its way into a file."""

import gc
import io
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from media_files import decode, noise, spec_for
from unmix_models.audio import Block, Depth
from unmix_models.media import Metadata, OutputSpec
from unmix_models.stems import Level, LevelMeter, Stage, StemFile, StemFiles


def write(path: Path, spec: OutputSpec, samples: Block, sample_rate: int = 48_000) -> tuple[StemFile, Level]:
    with path.open("w+b") as file:
        stem = stem_file(file, spec, sample_rate, len(samples))
        for start in range(0, len(samples), 10_007):
            stem.write(samples[start : start + 10_007])
        return stem, stem.close()


def stem_file(
    file: object, spec: OutputSpec, sample_rate: int = 48_000, frames: int | None = None
) -> StemFile:
    return StemFile(file, spec, sample_rate=sample_rate, frames=frames, metadata=Metadata())


def test_silence_has_no_level() -> None:
    meter = LevelMeter()
    assert meter.result() == Level(-math.inf, -math.inf)
    meter.add(np.zeros((100, 2), np.float32))
    meter.add(np.zeros((0, 2), np.float32))
    assert meter.result() == Level(-math.inf, -math.inf)


def test_a_full_scale_square_is_at_0_decibels() -> None:
    meter = LevelMeter()
    meter.add(np.tile(np.array([[1.0], [-1.0]], np.float32), (100, 2)))
    assert meter.result() == Level(0.0, 0.0)


def test_a_sine_is_3_decibels_below_its_peak() -> None:
    meter = LevelMeter()
    sine = 0.5 * np.sin(2 * np.pi * np.arange(48_000) / 480)
    meter.add(sine.astype(np.float32)[:, None])
    level = meter.result()
    assert level.peak_dbfs == pytest.approx(-6.0206, abs=1e-3)
    assert level.rms_dbfs == pytest.approx(-9.0309, abs=1e-3)


def test_a_peak_may_be_negative() -> None:
    meter = LevelMeter()
    meter.add(np.array([[0.1], [-0.5]], np.float32))
    assert meter.result().peak_dbfs == pytest.approx(20 * math.log10(0.5))


@given(st.lists(st.integers(0, 3_000), max_size=6))
def test_the_level_does_not_depend_on_how_a_stem_is_cut(cuts: list[int]) -> None:
    samples = noise(3_000)
    whole, parts = LevelMeter(), LevelMeter()
    whole.add(samples)
    for block in np.split(samples, sorted(cuts)):
        parts.add(block)
    assert parts.result().peak_dbfs == whole.result().peak_dbfs
    assert parts.result().rms_dbfs == pytest.approx(whole.result().rms_dbfs, abs=1e-4)


@pytest.mark.parametrize("depth", [Depth.S16, Depth.S24, Depth.S32, Depth.F32])
def test_a_reader_gets_what_quantise_said(tmp_path: Path, depth: Depth) -> None:
    samples = noise(30_001)
    stem, _ = write(tmp_path / "clean.wav", spec_for("wav", depth=depth), samples)
    expected = stem.quantise(samples)
    np.testing.assert_array_equal(decode(tmp_path / "clean.wav")[1], expected)
    assert np.abs(expected - samples).max() <= (2**-16 if depth is Depth.S16 else 2**-24)


@pytest.mark.parametrize(("rate", "frames"), [(11_025, 20_000), (96_000, 50_000), (192_000, 100_001)])
def test_a_format_of_fixed_rate_gets_the_recordings_length_at_that_rate(
    tmp_path: Path, rate: int, frames: int
) -> None:
    spec = spec_for("opus", rate)
    assert spec.sample_rate == 48_000
    write(tmp_path / "clean.opus", spec, noise(frames), rate)
    info, samples = decode(tmp_path / "clean.opus")
    assert info.sample_rate == 48_000
    assert len(samples) == round(frames * 48_000 / rate)


def test_quantising_is_left_out_where_the_file_has_another_rate() -> None:
    block = noise(100)
    stem = stem_file(io.BytesIO(), spec_for("opus", 44_100), 44_100)
    assert stem.quantise(block) is block


def test_samples_beyond_full_scale_are_counted_once() -> None:
    stem = stem_file(io.BytesIO(), spec_for("wav"))
    block = np.array([[1.5, 0.0], [-2.0, 0.25]], np.float32)
    stem.write(stem.quantise(block))
    assert stem.clipped == 2
    assert stem.close().peak_dbfs == pytest.approx(0.0)


def test_a_stem_without_a_sample_closes_as_a_file() -> None:
    file = io.BytesIO()
    assert stem_file(file, spec_for("wav")).close() == Level(-math.inf, -math.inf)
    assert file.getvalue().startswith(b"RIFF")


class Interrupted(Exception):
    pass


def write_half(stem: StemFile) -> None:
    with stem:
        stem.write(noise(20_000))
        raise Interrupted


@pytest.mark.parametrize("name", ["mp3", "ogg", "flac", "m4a", "wav"])
def test_an_encoder_that_was_left_by_an_error_writes_no_more(name: str) -> None:
    file = io.BytesIO()
    stem = stem_file(file, spec_for(name))
    with pytest.raises(Interrupted):
        write_half(stem)
    left = file.getvalue()
    file.seek(0)
    del stem
    gc.collect()
    assert file.getvalue() == left
    assert file.tell() == 0


class Delay:
    """A stage that holds frames back and makes up for them at the end."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._held = np.zeros((0, 2), np.float32)

    def process(self, block: Block) -> Block:
        held = np.concatenate([self._held, block])
        ready = max(0, len(held) - self._frames)
        self._held = held[ready:]
        return held[:ready]

    def flush(self) -> Block:
        held, self._held = self._held, self._held[:0]
        return held


class Gain:
    """A stage that makes louder or softer."""

    def __init__(self, factor: float) -> None:
        self._factor = np.float32(factor)

    def process(self, block: Block) -> Block:
        return block * self._factor

    def flush(self) -> Block:
        return np.zeros((0, 2), np.float32)


def staged(path: Path, samples: Block, *stages: Stage, depth: Depth = Depth.F32) -> tuple[Block, Level]:
    """The file's samples and the level that is told, behind these stages."""
    with path.open("w+b") as file:
        stem = StemFile(
            file,
            spec_for("wav", depth=depth),
            sample_rate=48_000,
            frames=len(samples),
            metadata=Metadata(),
            stages=stages,
        )
        for start in range(0, len(samples), 7_001):
            stem.write(samples[start : start + 7_001])
        level = stem.close()
    return decode(path)[1], level


def test_a_stage_that_holds_frames_back_makes_up_for_them_at_the_end(tmp_path: Path) -> None:
    samples = noise(30_001)
    for late in (1, 10_000, 100_000):
        found, _ = staged(tmp_path / "late.wav", samples, Delay(late))
        np.testing.assert_array_equal(found, samples)


def test_a_stage_that_halves_is_heard_in_the_file_and_in_its_level(tmp_path: Path) -> None:
    samples = noise(30_001)
    _, before = staged(tmp_path / "whole.wav", samples)
    found, level = staged(tmp_path / "half.wav", samples, Gain(0.5))
    np.testing.assert_array_equal(found, samples / 2)
    assert level.peak_dbfs == pytest.approx(before.peak_dbfs - 20 * math.log10(2))
    assert level.rms_dbfs == pytest.approx(before.rms_dbfs - 20 * math.log10(2), abs=1e-4)


def test_stages_follow_each_other_also_with_what_they_held_back(tmp_path: Path) -> None:
    samples = noise(30_001)
    found, _ = staged(tmp_path / "a.wav", samples, Delay(5_000), Gain(0.5), Delay(9_000), Gain(0.5))
    np.testing.assert_array_equal(found, samples / 4)


def test_stages_change_nothing_of_what_stems_add_up_by() -> None:
    block = noise(1_000)
    plain = stem_file(io.BytesIO(), spec_for("wav", depth=Depth.S16))
    behind = StemFile(
        io.BytesIO(),
        spec_for("wav", depth=Depth.S16),
        sample_rate=48_000,
        frames=None,
        metadata=Metadata(),
        stages=[Gain(0.5)],
    )
    np.testing.assert_array_equal(behind.quantise(block), plain.quantise(block))


def test_one_stem_goes_into_two_formats(tmp_path: Path) -> None:
    samples = noise(48_000)
    paths = {"clean": tmp_path / "clean.flac", "clean_mp3": tmp_path / "clean.mp3"}
    opened = {name: path.open("w+b") for name, path in paths.items()}
    specs = {"clean": spec_for("flac", depth=Depth.S16), "clean_mp3": spec_for("mp3")}
    with StemFiles({name: stem_file(opened[name], specs[name], frames=48_000) for name in paths}) as stem:
        wanted = stem.quantise(samples)
        stem.write(wanted)
        levels = stem.close()
    for file in opened.values():
        file.close()
    flac, mp3 = (decode(path)[1] for path in paths.values())
    np.testing.assert_array_equal(flac, wanted)
    assert len(mp3) == len(samples)
    assert np.corrcoef(mp3[:, 0], wanted[:, 0])[0, 1] > 0.5  # of noise, MP3 keeps what is below 16 kHz
    assert list(levels) == ["clean", "clean_mp3"]
    assert levels["clean"] == levels["clean_mp3"]


def test_a_sample_beyond_full_scale_counts_once_however_many_files_there_are() -> None:
    block = np.array([[1.5, 0.0], [-2.0, 0.25]], np.float32)
    stem = StemFiles({name: stem_file(io.BytesIO(), spec_for("wav")) for name in ("one", "two")})
    stem.write(block)
    assert stem.clipped == 2


def write_half_of_two(stem: StemFiles) -> None:
    with stem:
        stem.write(noise(20_000))
        raise Interrupted


def test_every_encoder_of_a_stem_that_was_left_by_an_error_writes_no_more() -> None:
    files = {name: io.BytesIO() for name in ("ogg", "mp3")}
    stem = StemFiles({name: stem_file(file, spec_for(name)) for name, file in files.items()})
    with pytest.raises(Interrupted):
        write_half_of_two(stem)
    left = {name: file.getvalue() for name, file in files.items()}
    del stem
    gc.collect()
    assert {name: file.getvalue() for name, file in files.items()} == left
