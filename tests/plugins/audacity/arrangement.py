"""Projects for tests, written as files that Audacity imports: tracks with clips where they are wanted, and labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import soundfile

RATE = 44_100
"""Hz, of the project; tracks may have others."""
_BLOCK = 262_144
_FLOAT = 262_159


@dataclass(frozen=True)
class Clip:
    samples: np.ndarray
    """32-bit floats, (frames,) or (frames, 2)."""
    start: float = 0.0
    """In frames of its track, which may lie between two."""
    name: str = ""


@dataclass(frozen=True)
class Audio:
    """A track with audio."""

    name: str
    clips: Sequence[Clip]
    sample_rate: int = RATE
    is_muted: bool = False
    is_solo: bool = False
    gain: float = 1.0
    pan: float = 0.0


@dataclass(frozen=True)
class Labels:
    """A track with labels."""

    name: str
    labels: Sequence[tuple[float, float, str]]
    """(start, end, text), in seconds."""


def noise(frames: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    """Samples like no others, (frames,) or (frames, 2)."""
    samples = 0.1 * np.random.default_rng(seed).standard_normal((frames, channels), np.float32)
    return samples[:, 0] if channels == 1 else samples


def write(path: Path, tracks: Sequence[Audio | Labels]) -> None:
    """Write a project file (.aup), and its samples beside it."""
    path.with_name(f"{path.stem}_data").mkdir(exist_ok=True)
    lines = [
        '<?xml version="1.0" standalone="no" ?>',
        '<project xmlns="http://audacity.sourceforge.net/xml/" version="1.3.0" audacityversion="2.4.2"'
        f' projname={quoteattr(path.stem + "_data")} rate="{RATE}">',
    ]
    for number, track in enumerate(tracks):
        lines += _labels(track) if isinstance(track, Labels) else _audio(track, path, number)
    path.write_text("\n".join([*lines, "</project>"]), "utf-8")


def _labels(track: Labels) -> list[str]:
    lines = [
        f'<labeltrack name={quoteattr(track.name)} numlabels="{len(track.labels)}" height="73" minimized="0">'
    ]
    lines += [f'<label t="{start}" t1="{end}" title={quoteattr(text)}/>' for start, end, text in track.labels]
    return [*lines, "</labeltrack>"]


def _audio(track: Audio, path: Path, number: int) -> list[str]:
    is_stereo = track.clips[0].samples.ndim == 2 if track.clips else False
    lines: list[str] = []
    for channel in range(1 + is_stereo):
        lines += [
            f'<wavetrack name={quoteattr(track.name)} channel="{channel if is_stereo else 2}"'
            f' linked="{int(is_stereo and channel == 0)}" mute="{int(track.is_muted)}" solo="{int(track.is_solo)}"'
            f' rate="{track.sample_rate}" gain="{track.gain}" pan="{track.pan}">'
        ]
        for count, clip in enumerate(track.clips):
            wave = path.with_name(f"{path.stem}.{number}.{count}.wav")
            soundfile.write(wave, clip.samples, track.sample_rate, subtype="FLOAT")
            lines += _clip(clip, track.sample_rate, wave, channel)
        lines += ["</wavetrack>"]
    return lines


def _clip(clip: Clip, sample_rate: int, wave: Path, channel: int) -> list[str]:
    frames = len(clip.samples)
    lines = [
        f'<waveclip offset="{clip.start / sample_rate:.15f}" name={quoteattr(clip.name)}>'
        f'<sequence maxsamples="{_BLOCK}" sampleformat="{_FLOAT}" numsamples="{frames}">'
    ]
    for start in range(0, frames, _BLOCK):
        lines.append(
            f'<waveblock start="{start}"><pcmaliasblockfile summaryfile="{wave.stem}.{channel}.{start}.auf"'
            f' aliasfile={quoteattr(str(wave))} aliasstart="{start}" aliaslen="{min(_BLOCK, frames - start)}"'
            f' aliaschannel="{channel}" min="-1" max="1" rms="0.1"/></waveblock>'
        )
    return [*lines, '</sequence><envelope numpoints="0"></envelope></waveclip>']
