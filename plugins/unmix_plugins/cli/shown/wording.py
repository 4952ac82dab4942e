"""How numbers are told to people; independent of the locale, as everything here is English."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from unmix.words import NO_MODEL, DenoiseStem, OutputSummary, Stretch, Summary
from unmix.words.timeline import merged, span

from unmix_plugins.cli.shown.cures import CURES

_AGES = 100 * 365.25 * 86_400
"""Seconds; what is longer is no time that anybody meant to say."""
_UNITS = ("B", "kB", "MB", "GB", "TB")
_MOST_STRETCHES = 12
_SHORTEST_STRETCH = 1.0
"""Seconds; `--json` has them all."""
_MUSIC = ("music", "speech_over_music")
_LEFT = "left as it is"


def seconds_text(seconds: float) -> str:
    """`1.9 s`, `12 min 05 s`, `3 h 07 min`; `ages` for what is longer than a life, or no number."""
    if not abs(seconds) < _AGES:
        return "ages"
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def size_text(size_bytes: int) -> str:
    """`8.4 MB`, in powers of 1000 as disks and downloads are told."""
    size = float(size_bytes)
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError  # the last unit returns


def level_text(level_dbfs: float) -> str:
    """`−23.1 dBFS`, or `silent`."""
    if not math.isfinite(level_dbfs):
        return "silent"
    return f"{level_dbfs:.1f} dBFS".replace("-", "−")


def factor_text(factor: float) -> str:
    """`33×`, `2.4×`."""
    return f"{factor:.0f}×" if factor >= 10 else f"{factor:.1f}×"


def moment_text(moment: datetime | None, now: datetime | None = None) -> str:
    """`14:05:12 (in 4 min 12 s)` or `3 h 07 min ago`; `in ages` for what nobody will see, empty for no moment."""
    if moment is None:
        return ""
    distance = (moment - (now or datetime.now(UTC))).total_seconds()
    if distance < 0:
        return f"{seconds_text(-distance)} ago"
    if distance >= _AGES:  # the calendar ends before the last moment is told in a zone east of Greenwich
        return f"in {seconds_text(distance)}"
    return f"{moment.astimezone():%H:%M:%S} (in {seconds_text(distance)})"


def summary_text(source: str, outputs: Sequence[str], summary: Summary) -> str:
    """One line for a finished file: names, model, device, times, levels of the stems."""
    times = seconds_text(summary.processing_seconds)
    if summary.audio is not None:
        times = f"{seconds_text(summary.duration)} in {times}"
    if summary.real_time_factor is not None:
        times += f" ({factor_text(summary.real_time_factor)} real time)"
    parts = [
        f"{source} → {', '.join(outputs)}",
        engine_text(summary.model, summary.device, summary.quality, summary.precision),
        times,
        ", ".join(filter(None, map(_output_level_text, summary.outputs))),
    ]
    return "  ".join(part for part in parts if part)


def reasons(summary: Summary) -> list[str]:
    """What the user should know besides: where what was done, notes, and why this model and this device."""
    device = "" if summary.model == NO_MODEL else summary.device_reason
    lines = (*timeline_lines(summary), *summary.notes, summary.model_reason, *summary.advice(CURES), device)
    return [line for line in lines if line]


def timeline_lines(summary: Summary) -> list[str]:
    """`0:12–1:03 speech, deepfilternet3` for each stretch of a second and more.

    Nothing where all got the same, but for silence, unless that changed music, alone or under speech.
    """
    heard = [stretch for stretch in summary.timeline if stretch.sound != "silence"]
    changed_music = any(stretch.model and stretch.sound in _MUSIC for stretch in heard)
    if len({stretch.model for stretch in heard}) < 2 and not changed_music:
        return []
    stretches = [stretch for stretch in merged(summary.timeline) if stretch.seconds >= _SHORTEST_STRETCH]
    more = len(stretches) - _MOST_STRETCHES
    rest = [f"… and {more} more (--json has all)"] if more > 0 else []
    return [*map(_stretch_text, stretches[:_MOST_STRETCHES]), *rest]


def engine_text(model: str, device: str, quality: str = "", precision: str = "") -> str:
    """`htdemucs on cpu`, with what is not as one would expect: low quality, reduced precision; or that none ran."""
    if model == NO_MODEL:
        return _LEFT
    low = " (low quality)" if quality == "low" else ""
    reduced = f" in {precision}" if precision not in {"", "float32"} else ""
    return f"{model}{low} on {device}{reduced}"


def _stretch_text(stretch: Stretch) -> str:
    return f"{span(stretch)} {stretch.sound.replace('_', ' ')}, {stretch.model or _LEFT}"


def _output_level_text(output: OutputSummary) -> str:
    """The level, with the output's name where it is not the expected one; nothing for what is no sound."""
    if output.level_dbfs is None:
        return ""
    level = level_text(output.level_dbfs)
    return level if output.name == DenoiseStem.CLEAN else f"{output.name} {level}"
