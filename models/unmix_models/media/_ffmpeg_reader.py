"""Everything but plain WAV, decoded by FFmpeg (through PyAV) with its network and playlists locked away."""

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from numpy.typing import NDArray

from unmix_models.audio import AudioInfo, Block, Depth
from unmix_models.errors import InvalidAudio
from unmix_models.media._gapless import bare_stream, find_end, stored_bits, without_padding
from unmix_models.media._samples import from_integers
from unmix_models.media._source import Metadata, check_limits, no_audio, out_of_recording, truncated
from unmix_models.media._tags import common_tags
from unmix_models.process.passing import Shortage, memory_is_short, passing

# Nothing that names other files: no hls, concat, sdp, dash, lavfi, image sequences.
_DEMUXERS = "aac,aiff,avi,flac,matroska,mov,mp3,ogg,wav,webm"
_CONTAINERS = {"aac": "adts", "mov": "mp4"}
_SAMPLE_DEPTHS = {"u8": Depth.U8, "s16": Depth.S16, "s32": Depth.S32, "flt": Depth.F32, "dbl": Depth.F64}
# The positions of WAVEFORMATEXTENSIBLE's mask, lowest bit first, in FFmpeg's names.
_POSITIONS = (
    *("FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR"),
    *("TC", "TFL", "TFC", "TFR", "TBL", "TBC", "TBR"),
)
# Frames whose checksum is wrong are errors, not audio.
_FLAC_OPTIONS = {"err_detect": "crccheck+explode"}
# FFmpeg 8.1 drops one block too many where the length is a multiple of a block. So it is told to drop none,
# `_decoded` drops the first, which overlaps with nothing, and the last granule tells the end.
_OGG_VORBIS_OPTIONS = {"flags2": "+skip_manual"}
# FFmpeg's errors, and what PyAV raises where FFmpeg's answer does not fit its own types.
_ERRORS = (FFmpegError, ArithmeticError, LookupError, MemoryError, RuntimeError, ValueError)


class FFmpegSource:
    """Decodes the best audio stream of a file, without the samples that its encoder added.

    Gaps in time stamps are not filled. Raw AAC (ADTS), AVI, fragmented MP4 and AAC in Matroska say nothing, or
    not all, of their padding: there the encoder's lead (usually 1024 frames) or the rest of the last packet
    stays, as in every other decoder.
    """

    def __init__(self, path: Path) -> None:
        """Raises InvalidAudio. Decodes the first frame, because headers are not always true."""
        self._path = path
        self._reached = 0
        """Frames by the time stamps of MP4, which count the gaps that recorders leave."""
        with self._opened() as (container, stream):
            first = next((frame for _, frame in _decoded(container, stream)), None)
            if first is None:
                raise no_audio()
            check_limits(first.sample_rate, first.layout.nb_channels)
            with _reporting("read"):
                name = container.format.name.split(",")[0]
                codec, extradata = stream.codec.canonical_name, stream.codec_context.extradata
                declared = _declared_frames(container, stream, first.sample_rate)
                tags = common_tags(container.metadata, stream.metadata)
                mask = _channel_mask(first.layout)
        self._kind = _CONTAINERS.get(name, name)
        self._end = find_end(
            path,
            container=self._kind,
            codec=codec,
            extradata=extradata,
            declared=declared,
            sample_rate=first.sample_rate,
        )
        self.info = AudioInfo(
            container=self._kind,
            codec=codec,
            sample_rate=first.sample_rate,
            channels=first.layout.nb_channels,
            depth=_depth(codec, first, extradata),
            frames=self._end.declared,
        )
        self.metadata = Metadata(tags, channel_mask=mask)

    def arrays(self, first_frame: int = 0) -> Generator[Block]:
        """All samples from `first_frame` on; those before it are decoded, too: few formats seek exactly."""
        with self._opened() as (container, stream):
            total = 0
            for array in without_padding(self._converted(container, stream), self._end.limit):
                skipped = max(0, first_frame - total)
                total += len(array)
                if skipped < len(array):
                    yield array[skipped:]
        if max(total, self._reached) < self._end.shortest:
            declared = self._end.declared or self._end.shortest
            raise truncated(declared - total, declared, self.info.sample_rate)
        if first_frame and first_frame >= total:
            raise out_of_recording(total)

    def _converted(self, container: InputContainer, stream: AudioStream) -> Generator[Block]:
        """Decoded arrays; in MP4 the last one ends where its packet does, whose duration is to the sample."""
        expected = (self.info.sample_rate, self.info.channels)
        converter = _Converter()
        held: Block | None = None
        held_overhang = position = 0
        packet_end: int | None = None
        for packet, frame in _decoded(container, stream):
            found = (frame.sample_rate, frame.layout.nb_channels)
            if found != expected:
                raise InvalidAudio(
                    f"The audio changes from {expected[0]} Hz and {expected[1]} channels to {found[0]} Hz "
                    f"and {found[1]} channels at {position / expected[0]:.3f} s: convert it first."
                )
            if held is not None:
                yield held
            with _reporting(f"decoded at {position / expected[0]:.3f} s"):
                held = converter.convert(frame)
            position += len(held)
            held_overhang = 0
            if self._kind == "mp4" and stream.time_base is not None:
                rate = stream.time_base * expected[0]
                if packet.pts is not None and packet.duration:
                    packet_end = packet.pts + packet.duration
                    self._reached = round(packet_end * rate)
                if packet_end is not None and frame.pts is not None:
                    held_overhang = len(held) - round((packet_end - frame.pts) * rate)
        if held is not None:
            yield held[: len(held) - max(0, held_overhang)]

    @contextmanager
    def _opened(self) -> Generator[tuple[InputContainer, AudioStream]]:
        container = _open(self._path)
        try:
            with _reporting("recognised"):
                stream = container.streams.best("audio")
            if not isinstance(stream, AudioStream):
                raise InvalidAudio("The file has no audio stream: choose one that holds sound.")
            context = cast(AudioCodecContext | None, stream.codec_context)  # PyAV's types deny the None
            if context is None:
                raise InvalidAudio("The audio is in a codec that is not known here: convert it first.")
            with _reporting("recognised"):
                _forget_custom_layout(context)
            if context.name == "flac":
                context.options = _FLAC_OPTIONS
            elif context.name == "vorbis" and container.format.name == "ogg":
                context.options = _OGG_VORBIS_OPTIONS
            yield container, stream
        finally:
            container.close()


def _open(path: Path) -> InputContainer:
    """Let FFmpeg recognise the file; where a bare stream is too short for that, its first bytes tell."""
    options = {"format_whitelist": _DEMUXERS, "protocol_whitelist": "file"}
    url = f"file:{path.absolute()}"
    bare = bare_stream(path)
    with suppress(InvalidAudio) if bare else nullcontext(), _reporting("recognised"):
        return av.open(url, options=options, metadata_errors="replace")
    with _reporting("recognised"):
        return av.open(url, format=bare, options=options, metadata_errors="replace")


def _decoded(
    container: InputContainer, stream: AudioStream
) -> Iterator[tuple["Packet[AudioStream]", AudioFrame]]:
    """Packets and the frames that came of them.

    A last packet that cannot be decoded is left out, as it is what a cut file ends with.
    """
    overlap = stream.codec_context.options == _OGG_VORBIS_OPTIONS
    seconds = 0.0
    broken: InvalidAudio | None = None
    with _reporting("read"):
        packets = container.demux(stream)
    while True:
        with _reporting(f"read at {seconds:.3f} s"):
            packet = next(packets, None)
        if packet is None:
            return
        try:
            with _reporting(f"decoded at {seconds:.3f} s"):
                frames = packet.decode()
        except InvalidAudio as error:
            if broken is not None:
                raise broken from error
            broken = error
            continue
        if frames and broken is not None:
            raise broken
        if frames and overlap:
            overlap = False
            del frames[0]
        for frame in frames:
            seconds += frame.samples / max(1, frame.sample_rate)
            yield packet, frame


@contextmanager
def _reporting(what: str) -> Generator[None]:
    try:
        yield
    except _ERRORS as error:
        if _is_the_machines(error):
            raise
        detail = getattr(error, "strerror", None) or type(error).__name__
        raise InvalidAudio(
            f"The file cannot be {what} ({detail}): it is damaged or not audio; copy or export it again."
        ) from error


def _is_the_machines(error: Exception) -> bool:
    """Whether the machine is short of something; FFmpeg says EIO, EAGAIN and ENOMEM of damaged files as well."""
    shortage = passing(error)
    if not isinstance(error, FFmpegError):
        return shortage is not None
    return shortage is Shortage.FILES or (isinstance(error, MemoryError) and memory_is_short())


class _Converter:
    """Frames of one stream as float32 `[frames, channels]`."""

    def __init__(self) -> None:
        self._interleave: AudioResampler | None = None

    def convert(self, frame: AudioFrame) -> Block:
        """Raises ValueError where the frame is of another kind than the first."""
        packed = frame
        if frame.format.is_planar:
            # PyAV 18 reads beyond the planes of frames of 8 channels: FFmpeg interleaves them first.
            self._interleave = self._interleave or AudioResampler(format=frame.format.packed)
            (packed,) = self._interleave.resample(frame)
        samples = packed.to_ndarray().reshape(-1, frame.layout.nb_channels)
        if samples.dtype == np.uint8:
            return from_integers(samples.astype(np.int16) - np.int16(128), 8)
        if samples.dtype.kind == "i":
            return from_integers(cast(NDArray[np.int32], samples), 8 * samples.itemsize)
        # A 64-bit sample beyond float32 becomes infinite; the reader refuses it with its position.
        with np.errstate(over="ignore", invalid="ignore"):
            return samples.astype(np.float32)


def _declared_frames(container: InputContainer, stream: AudioStream, sample_rate: int) -> int | None:
    if stream.duration is not None and stream.time_base is not None:
        frames = round(stream.duration * stream.time_base * sample_rate)
    elif tag := re.match(r"(\d+):(\d\d):(\d\d\.\d+)", stream.metadata.get("DURATION", "")):  # Matroska's
        frames = round((int(tag[1]) * 3600 + int(tag[2]) * 60 + float(tag[3])) * sample_rate)
    elif container.duration is not None:
        frames = round(container.duration * sample_rate / av.time_base)
    else:
        return None
    return frames if frames > 0 else None


def _depth(codec: str, frame: AudioFrame, extradata: bytes | None) -> Depth:
    depth = _SAMPLE_DEPTHS.get(frame.format.packed.name, Depth.F32)
    bits = stored_bits(codec, extradata)
    return Depth.S24 if depth is Depth.S32 and bits is not None and bits <= 24 else depth


def _channel_mask(layout: AudioLayout) -> int:
    """WAVEFORMATEXTENSIBLE's mask, or 0 where the channels are unnamed or in another order."""
    names = [channel.name for channel in layout.channels]
    if names != [name for name in _POSITIONS if name in names]:
        return 0
    return sum(1 << bit for bit, name in enumerate(_POSITIONS) if name in names)


def _forget_custom_layout(context: AudioCodecContext) -> None:
    """Keep the count of channels that are in no standard order, but not their names.

    PyAV 18 frees such a layout once per look at it, and every decoded frame is one: the process would crash.
    This is the one look, and the layout is replaced before it is freed.
    """
    layout = context.layout
    if layout.channels and not _channel_mask(layout):
        context.layout = f"{len(layout.channels)} channels"
