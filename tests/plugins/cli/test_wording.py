from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from unmix.words import AudioFacts, OutputSummary, Summary
from unmix_plugins.cli.shown.wording import (
    factor_text,
    level_text,
    moment_text,
    reasons,
    seconds_text,
    size_text,
    summary_text,
)

NOW = datetime(2025, 1, 1, 12, tzinfo=UTC)


def done(**levels: float | None) -> Summary:
    outputs = tuple(
        OutputSummary(stem, stem, "wav", "wav", 1, "", level, level) for stem, level in levels.items()
    )
    return Summary(
        model="DeepFilterNet3",
        model_reason="Best for speech.",
        device="cpu",
        device_reason="No GPU.",
        precision="float32",
        quality="high",
        load_seconds=0.0,
        processing_seconds=1.9,
        outputs=outputs,
        audio=AudioFacts(62 * 48_000, 48_000, 1),
        notes=("The format changed.",),
    )


def test_a_finished_file_is_told_in_one_line() -> None:
    assert summary_text("talk.wav", ["talk.clean.wav"], done(clean=-23.1, noise=-41.04)) == (
        "talk.wav → talk.clean.wav  DeepFilterNet3 on cpu  62.0 s in 1.9 s (33× real time)"
        "  −23.1 dBFS, noise −41.0 dBFS"
    )


def test_what_is_no_sound_has_no_length_and_no_level() -> None:
    assert summary_text("cat.jpg", ["cat.cutout.png"], replace(done(cutout=None), audio=None)) == (
        "cat.jpg → cat.cutout.png  DeepFilterNet3 on cpu  1.9 s"
    )


@pytest.mark.parametrize(
    ("quality", "precision", "text"),
    [
        ("low", "float32", "dsp (low quality) on cpu"),
        ("high", "bfloat16", "dsp on cpu in bfloat16"),
        ("high", "", "dsp on cpu"),
    ],
)
def test_low_quality_and_reduced_precision_are_told(quality: str, precision: str, text: str) -> None:
    summary = replace(done(vocals=-20.0), model="dsp", quality=quality, precision=precision)
    assert summary_text("a.wav", ["a.vocals.wav"], summary).split("  ")[1] == text


def test_notes_come_before_reasons() -> None:
    assert reasons(done()) == ["The format changed.", "Best for speech.", "No GPU."]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (62, "62.0 s"), (725, "12 min 05 s"), (3599.6, "1 h 00 min"), (11220, "3 h 07 min")],
)
def test_seconds(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (8_400_000, "8.4 MB"), (5e15, "5000.0 TB")]
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("level", "text"), [(-23.14, "−23.1 dBFS"), (0.0, "0.0 dBFS"), (float("-inf"), "silent")]
)
def test_levels(level: float, text: str) -> None:
    assert level_text(level) == text


def test_factors() -> None:
    assert (factor_text(32.6), factor_text(2.44)) == ("33×", "2.4×")


def test_moments() -> None:
    assert moment_text(None) == ""
    assert moment_text(NOW - timedelta(minutes=2), NOW) == "2 min 00 s ago"
    assert moment_text(NOW + timedelta(seconds=5), NOW).endswith(" (in 5.0 s)")
