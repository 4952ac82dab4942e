from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from unmix.words import AudioFacts, OutputSummary, Stretch, Summary
from unmix_plugins.cli.shown.wording import (
    factor_text,
    level_text,
    moment_text,
    reasons,
    seconds_text,
    size_text,
    summary_text,
    timeline_lines,
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


def test_where_nothing_was_changed_no_device_is_named() -> None:
    summary = replace(done(clean=-20.0), model="none", timeline=(Stretch(0.0, 62.0, "music"),))
    assert summary_text("a.wav", ["a.clean.wav"], summary).split("  ")[1] == "left as it is"
    assert reasons(summary) == [
        "The format changed.",
        "Best for speech.",
        "The music at 0:00–1:02 was left as it is: no noise is known to lie under it; filter it all the same"
        " with --model wiener",
    ]


def test_a_timeline_is_shown_where_not_all_got_the_same() -> None:
    heard = (
        Stretch(0.0, 6.0, "music"),
        Stretch(6.0, 12.0, "music"),
        Stretch(12.0, 63.0, "speech", "deepfilternet3"),
        Stretch(63.0, 70.0, "speech_over_music", "deepfilternet3+wiener"),
    )
    lines = reasons(replace(done(), timeline=heard))
    assert lines[:4] == [
        "0:00–0:12 music, left as it is",
        "0:12–1:03 speech, deepfilternet3",
        "1:03–1:10 speech over music, deepfilternet3+wiener",
        "The format changed.",
    ]


@pytest.mark.parametrize("sound", ["speech", "silence"])
def test_no_timeline_is_shown_where_all_that_is_heard_got_the_same(sound: str) -> None:
    model = "deepfilternet3" if sound == "speech" else ""
    heard = (Stretch(0.0, 2.0, sound, model), Stretch(2.0, 9.0, "speech", "deepfilternet3"))
    assert timeline_lines(replace(done(), timeline=heard)) == []


def test_a_long_timeline_is_cut() -> None:
    kinds = (("music", ""), ("speech", "rnnoise"))
    heard = tuple(Stretch(at, at + 1.0, *kinds[at % 2]) for at in range(15))
    lines = timeline_lines(replace(done(), timeline=heard))
    assert len(lines) == 13
    assert lines[-1] == "… and 3 more (--json has all)"
    assert timeline_lines(replace(done(), timeline=heard[:12]))[-1] == "0:11–0:12 speech, rnnoise"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (62, "62.0 s"),
        (725, "12 min 05 s"),
        (3599.6, "1 h 00 min"),
        (11220, "3 h 07 min"),
        (2.0**62, "ages"),
        (float("nan"), "ages"),
    ],
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
    assert moment_text(datetime.max.replace(tzinfo=UTC), NOW) == "in ages"
