"""AIFF, ALAC, FLAC, AAC and Opus, encoded by FFmpeg (through PyAV) with the same bytes each time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.codec.context import Flags
from numpy.typing import NDArray

from unmix_models.audio import Block, Depth
from unmix_models.errors import UnsupportedFormat
from unmix_models.media._formats import OutputSpec
from unmix_models.media._samples import BYTES
from unmix_models.media._sink import Sink
from unmix_models.media._source import Metadata

_Samples = NDArray[np.int32] | Block
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
# FFmpeg 8.1's libopus encoder puts the channels of 5.0 and 6.1 into each other's places: feed them so that
# they come out right. Found by decoding its files with libopus and with FFmpeg.
_OPUS_ORDERS = {5: (0, 1, 4, 2, 3), 7: (0, 1, 4, 3, 5, 2, 6)}


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How FFmpeg makes one format; the tables' keys are depths as FORMATS has them, `f32` for lossy ones."""

    muxer: str
    codecs: dict[Depth, tuple[str, str]]
    """Depth → encoder and its sample format."""
    bit_rate: int = 0
    """Bit/s per channel; encoders lower it to what a sample rate allows."""
    orders: dict[int, tuple[int, ...]] = field(default_factory=dict[int, tuple[int, ...]])
    """Channels → which source channel goes into each place."""


_RECIPES = {
    "aiff": _Recipe(
        "aiff",
        {
            Depth.U8: ("pcm_s8", "u8"),
            Depth.S16: ("pcm_s16be", "s16"),
            Depth.S24: ("pcm_s24be", "s32"),
            Depth.S32: ("pcm_s32be", "s32"),
            Depth.F32: ("pcm_f32be", "flt"),
            Depth.F64: ("pcm_f64be", "dbl"),
        },
    ),
    "alac": _Recipe("ipod", {Depth.S16: ("alac", "s16p"), Depth.S24: ("alac", "s32p")}),
    "flac": _Recipe("flac", {Depth.S16: ("flac", "s16"), Depth.S24: ("flac", "s32")}),
    "m4a": _Recipe("ipod", {Depth.F32: ("aac", "fltp")}, 128_000),
    "opus": _Recipe("ogg", {Depth.F32: ("libopus", "flt")}, 96_000, orders=_OPUS_ORDERS),
    "webm": _Recipe("webm", {Depth.F32: ("libopus", "flt")}, 96_000, orders=_OPUS_ORDERS),
}
_STORED: dict[Depth, Callable[[_Samples], NDArray[Any]]] = {
    Depth.U8: lambda samples: (samples + 128).astype(np.uint8),
    Depth.S16: lambda samples: samples.astype(np.int16),
    Depth.S24: lambda samples: samples.astype(np.int32) << 8,
    Depth.S32: lambda samples: samples.astype(np.int32),
    Depth.F32: lambda samples: samples.astype(np.float32),
    Depth.F64: lambda samples: samples.astype(np.float64),
}
"""Samples as FFmpeg takes them: integers fill their words from the top."""
_SHORT_OPUS = 648  # one packet of 20 ms less the encoder's lead
_AIFF_LIMIT = 0xFFFF_0000


class FFmpegEncoder:
    """Encodes samples, as integers of the depth or as floats, into a Sink."""

    def __init__(self, sink: Sink, spec: OutputSpec, frames: int | None, metadata: Metadata) -> None:
        """`frames` is the expected length, or None."""
        recipe = _RECIPES[spec.format]
        codec, sample_format = recipe.codecs[spec.depth]
        self._spec = spec
        self._order = recipe.orders.get(spec.channels)
        self._layout = _LAYOUTS.get(spec.channels, f"{spec.channels} channels")
        self._position = 0
        self._refuse_beyond_limit(frames or 0)
        # The movie's clock: in FFmpeg's default of milliseconds the edit list would round the end.
        clock = {"movie_timescale": str(spec.sample_rate)} if recipe.muxer == "ipod" else {}
        # Any, because PyAV's types leave the parameter of its packets open.
        self._container: Any = av.open(
            sink, "w", format=recipe.muxer, options={"fflags": "+bitexact", **clock}
        )
        self._container.metadata.update(metadata.tags)
        self._stream: Any = self._container.add_stream(codec, rate=spec.sample_rate)
        context: AudioCodecContext = self._stream.codec_context
        context.format = sample_format
        context.layout = self._layout
        context.time_base = Fraction(1, spec.sample_rate)
        context.flags |= Flags.bitexact
        if recipe.bit_rate:
            context.bit_rate = recipe.bit_rate * spec.channels
        if spec.format == "webm" and frames is not None and frames <= _SHORT_OPUS:
            # FFmpeg's demuxer forgets the padding of a packet that has the lead, too: make them two packets.
            context.options = {"frame_duration": "2.5"}
        self._packed = context.format.packed.name

    def write(self, samples: _Samples) -> None:
        """Append frames."""
        self._refuse_beyond_limit(self._position + len(samples))
        if not len(samples):
            return
        ordered = samples if self._order is None else samples[:, self._order]
        # PyAV writes beyond the planes of frames of 8 channels: hand over interleaved ones only.
        frame = AudioFrame.from_ndarray(
            _STORED[self._spec.depth](ordered).reshape(1, -1), self._packed, self._layout
        )
        frame.sample_rate = self._spec.sample_rate
        frame.time_base = Fraction(1, self._spec.sample_rate)
        frame.pts = self._position
        self._position += len(samples)
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what the encoder still holds, and the container's end."""
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        """Free the encoder; the sink must be discarding."""
        self._container.close()

    def _refuse_beyond_limit(self, frames: int) -> None:
        size = frames * self._spec.channels * BYTES[self._spec.depth]
        if self._spec.format == "aiff" and size > _AIFF_LIMIT:
            raise UnsupportedFormat("AIFF holds at most 4 GiB: choose wav or flac.")
