"""A project file of Audacity 1.3's format, which every Audacity 3 imports as new tracks in one undo step.

Each track refers to a float WAV file and is placed to the sample. The samples are copied when Audacity imports.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from unmix_plugins.errors import SourceError

_BLOCK = 262_144
"""Frames of a block; Audacity's own size."""
_FLOAT = 262_159
"""Audacity's code for 32-bit float."""
_MONO = 2
_SCALES_OFFSETS = (3, 4)
"""From this version on, a clip is placed at the project's rate first, and moves when its track gets its own."""
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document may have, not even escaped."""


@dataclass(frozen=True, slots=True)
class NewTrack:
    """A track to be."""

    name: str
    wav: Path
    """32-bit float samples, mono or stereo; has to stay until the file is imported."""
    frames: int
    sample_rate: int
    """Hz."""
    channels: int
    start_frame: int
    """On the time line, at the track's rate."""


def write(
    path: Path, tracks: Sequence[NewTrack], sample_rate: float, *, audacity: tuple[int, ...] = ()
) -> None:
    """Write the project file for `tracks` in a project of `sample_rate` Hz, and the folder that belongs to it.

    `audacity` is the version that will import it; without one, it is taken for older than 3.4.

    Raises OSError, and SourceError where a path cannot be written in XML.
    """
    folder = path.with_name(f"{path.stem}_data")
    lines = [
        '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>',
        '<project xmlns="http://audacity.sourceforge.net/xml/" version="1.3.0" audacityversion="2.4.2"'
        f' projname={_quoted(folder.name)} rate="{sample_rate}">',
    ]
    for number, track in enumerate(tracks):
        scale = track.sample_rate / sample_rate if audacity >= _SCALES_OFFSETS else 1.0
        for channel in range(track.channels):
            lines += _channel(track, channel, f"{number}-{channel}", scale)
    lines.append("</project>")
    folder.mkdir(exist_ok=True)
    path.write_text("\n".join(lines), "utf-8")


def _channel(track: NewTrack, channel: int, key: str, scale: float) -> Iterator[str]:
    """The elements of one channel; `key` is another one for each, since blocks of one name are taken for one."""
    name = _quoted(_NO_XML.sub("\ufffd", track.name))
    wav = _quoted(str(track.wav))
    is_first_of_two = track.channels == 2 and channel == 0
    yield (
        f'<wavetrack name={name} channel="{_MONO if track.channels == 1 else channel}"'
        f' linked="{int(is_first_of_two)}" mute="0" solo="0" height="150" minimized="0" isSelected="0"'
        f' rate="{track.sample_rate}" gain="1.0" pan="0.0">'
    )
    yield (
        f'<waveclip offset="{scale * track.start_frame / track.sample_rate:.12f}" name={name}>'
        f'<sequence maxsamples="{_BLOCK}" sampleformat="{_FLOAT}" numsamples="{track.frames}">'
    )
    for start in range(0, track.frames, _BLOCK):
        yield (
            f'<waveblock start="{start}"><pcmaliasblockfile summaryfile="{key}-{start}.auf" aliasfile={wav}'
            f' aliasstart="{start}" aliaslen="{min(_BLOCK, track.frames - start)}" aliaschannel="{channel}"'
            ' min="-1" max="1" rms="0.1"/></waveblock>'
        )
    yield '</sequence><envelope numpoints="0"></envelope></waveclip></wavetrack>'


def _quoted(text: str) -> str:
    if _NO_XML.search(text):
        raise SourceError(
            f"{text!r} cannot be named to Audacity: use a folder without odd characters in its name."
        )
    return quoteattr(text)
