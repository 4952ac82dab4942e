"""MP3 and Ogg Vorbis, encoded by LAME and libvorbis through libsndfile.

FFmpeg's Vorbis encoder is experimental (and PyAV has no libvorbis); its MP3 muxer notes less padding than
there is for files of fewer than 47 frames.
"""

from typing import BinaryIO, cast

import soundfile

from unmix_models.audio import Block
from unmix_models.media._formats import OutputSpec
from unmix_models.media._ogg import OggPages
from unmix_models.media._sink import Sink
from unmix_models.media._source import Metadata

_STEP = 4096  # frames; libvorbis puts all samples of one call on the C stack
# Vorbis I specification, 4.3.9: which channel of the WAVE order goes into each place.
_VORBIS_ORDERS = {
    3: (0, 2, 1),
    5: (0, 2, 1, 3, 4),
    6: (0, 2, 1, 4, 5, 3),
    7: (0, 2, 1, 5, 6, 4, 3),
    8: (0, 2, 1, 6, 7, 4, 5, 3),
}
_TAGS = ("album", "artist", "comment", "copyright", "date", "genre", "title")


class SndfileEncoder:
    """Encodes float32 into a Sink."""

    def __init__(self, sink: Sink, spec: OutputSpec, metadata: Metadata) -> None:
        """Vorbis above 200 kHz crashes libsndfile; `resolve_output` gives none."""
        vorbis = spec.format == "ogg"
        self._order = _VORBIS_ORDERS.get(spec.channels) if vorbis else None
        self._file = soundfile.SoundFile(
            cast(BinaryIO, OggPages(sink) if vorbis else sink),
            "w",
            spec.sample_rate,
            spec.channels,
            "VORBIS" if vorbis else "MPEG_LAYER_III",
            format="OGG" if vorbis else "MP3",
            compression_level=0.2 if vorbis else _mp3_level(spec),
            bitrate_mode=None if vorbis else "CONSTANT",
        )
        for name in _TAGS:
            if name in metadata.tags:
                setattr(self._file, name, metadata.tags[name])

    def write(self, samples: Block) -> None:
        """Append frames."""
        ordered = samples if self._order is None else samples[:, self._order]
        for start in range(0, len(ordered), _STEP):
            self._file.write(ordered[start : start + _STEP])

    def finish(self) -> None:
        """Write what the encoder still holds, and the header of MP3."""
        self._file.close()

    def abandon(self) -> None:
        """Free the encoder; the sink must be discarding."""
        self._file.close()


def _mp3_level(spec: OutputSpec) -> float:
    """libsndfile's compression level: 256 kbit/s for stereo, 160 for mono, the highest at low rates."""
    if spec.sample_rate < 32_000:
        return 0.0
    return 0.2 if spec.channels == 2 else 0.55
