"""How numbers are told to people; independent of the locale, as everything here is English."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from unmix.words import DenoiseStem, OutputSummary, Summary

from unmix_plugins.cli.shown.cures import CURES

_UNITS = ("B", "kB", "MB", "GB", "TB")


def seconds_text(seconds: float) -> str:
    """`1.9 s`, `12 min 05 s`, `3 h 07 min`."""
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
    """`14:05:12 (in 4 min 12 s)` or `3 h 07 min ago`; empty for no moment."""
    if moment is None:
        return ""
    distance = (moment - (now or datetime.now(UTC))).total_seconds()
    if distance < 0:
        return f"{seconds_text(-distance)} ago"
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
        _engine_text(summary),
        times,
        ", ".join(filter(None, map(_output_level_text, summary.outputs))),
    ]
    return "  ".join(part for part in parts if part)


def reasons(summary: Summary) -> list[str]:
    """What the user should know besides: notes, and why this model and this device."""
    lines = (*summary.notes, summary.model_reason, *summary.advice(CURES), summary.device_reason)
    return [line for line in lines if line]


def _engine_text(summary: Summary) -> str:
    """`htdemucs on cpu`, with what is not as one would expect: low quality, reduced precision."""
    quality = " (low quality)" if summary.quality == "low" else ""
    precision = f" in {summary.precision}" if summary.precision not in {"", "float32"} else ""
    return f"{summary.model}{quality} on {summary.device}{precision}"


def _output_level_text(output: OutputSummary) -> str:
    """The level, with the output's name where it is not the expected one; nothing for what is no sound."""
    if output.level_dbfs is None:
        return ""
    level = level_text(output.level_dbfs)
    return level if output.name == DenoiseStem.CLEAN else f"{output.name} {level}"
