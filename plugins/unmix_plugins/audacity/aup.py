"""A project file of Audacity 1.3's format, which every Audacity 3 imports as new tracks in one undo step.

Each track refers to a float WAV file and is placed to the sample. The samples are copied when Audacity imports.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

_BLOCK = 262_144
"""Frames of a block; Audacity's own size."""
_FLOAT = 262_159
"""Audacity's code for 32-bit float."""
_MONO = 2


@dataclass(frozen=True, slots=True)
class NewTrack:
    """A track to be."""

    name: str
    wav: Path
    """32-bit float samples, mono or stereo."""
    frames: int
    sample_rate: int
    """Hz."""
    channels: int
    start_frame: int
    """On the time line, at the track's rate."""


def write(path: Path, tracks: Sequence[NewTrack], sample_rate: float) -> None:
    """Write the project file for `tracks` in a project of `sample_rate` Hz. Raises OSError."""
    lines = [
        '<?xml version="1.0" standalone="no" ?>',
        '<project xmlns="http://audacity.sourceforge.net/xml/" version="1.3.0" audacityversion="2.4.2"'
        f' projname={quoteattr(path.stem + "_data")} rate="{sample_rate}">',
    ]
    block = 0
    for track in tracks:
        for channel in range(track.channels):
            lines += _channel(track, channel, block)
            block += -(-track.frames // _BLOCK)
    lines.append("</project>")
    path.write_text("\n".join(lines), "utf-8")
    path.with_name(f"{path.stem}_data").mkdir(exist_ok=True)


def _channel(track: NewTrack, channel: int, block: int) -> list[str]:
    name = quoteattr(track.name)
    is_first_of_two = track.channels == 2 and channel == 0
    lines = [
        f'<wavetrack name={name} channel="{_MONO if track.channels == 1 else channel}"'
        f' linked="{int(is_first_of_two)}" mute="0" solo="0" height="150" minimized="0" isSelected="0"'
        f' rate="{track.sample_rate}" gain="1.0" pan="0.0">',
        f'<waveclip offset="{track.start_frame / track.sample_rate:.12f}" name={name}>'
        f'<sequence maxsamples="{_BLOCK}" sampleformat="{_FLOAT}" numsamples="{track.frames}">',
    ]
    for start in range(0, track.frames, _BLOCK):
        block += 1
        lines.append(
            f'<waveblock start="{start}"><pcmaliasblockfile summaryfile="b{block:06d}.auf"'
            f" aliasfile={quoteattr(str(track.wav))}"
            f' aliasstart="{start}" aliaslen="{min(_BLOCK, track.frames - start)}" aliaschannel="{channel}"'
            ' min="-1" max="1" rms="0.1"/></waveblock>'
        )
    return [*lines, '</sequence><envelope numpoints="0"></envelope></waveclip></wavetrack>']
