"""WAV, RF64 and BW64: PCM, float, A-law and μ-law in, PCM and float out; exact, and with all chunks."""

from collections.abc import Generator
from pathlib import Path

import numpy as np

from unmix_models.audio import AudioInfo, Block, Depth
from unmix_models.errors import InvalidAudio
from unmix_models.media._formats import OutputSpec
from unmix_models.media._riff import (
    A_LAW,
    FLOAT,
    MU_LAW,
    PCM,
    RIFF_LIMIT,
    WaveFormat,
    WaveLayout,
    chunk,
    header,
    output_format,
    read_layout,
)
from unmix_models.media._samples import from_integers, pack, unpack
from unmix_models.media._sink import Sink
from unmix_models.media._source import (
    BLOCK_FRAMES,
    Metadata,
    check_limits,
    no_audio,
    out_of_recording,
    truncated,
)
from unmix_models.media._tags import tags_from_info, with_info

_PCM_DEPTHS = {1: Depth.U8, 2: Depth.S16, 3: Depth.S24, 4: Depth.S32}
_FLOAT_DEPTHS = {4: Depth.F32, 8: Depth.F64}
_CODECS = {
    Depth.U8: "pcm_u8",
    Depth.S16: "pcm_s16le",
    Depth.S24: "pcm_s24le",
    Depth.S32: "pcm_s32le",
    Depth.F32: "pcm_f32le",
    Depth.F64: "pcm_f64le",
}


class WaveSource:
    """Reads the samples of a WAVE file."""

    def __init__(self, path: Path, layout: WaveLayout) -> None:
        """Raises InvalidAudio where the header contradicts itself or the file is shorter than it says."""
        stored = layout.format
        check_limits(stored.sample_rate, stored.channels)
        self._path = path
        self._layout = layout
        self._depth = _depth(stored)
        self._frames = layout.data_size // stored.block_align
        present = max(0, path.stat().st_size - layout.data_start) // stored.block_align
        if self._frames == 0:
            raise no_audio()
        if present < self._frames:
            raise truncated(self._frames - present, self._frames, stored.sample_rate)
        companded = {A_LAW: "pcm_alaw", MU_LAW: "pcm_mulaw"}
        self.info = AudioInfo(
            container="wav",
            codec=companded.get(stored.tag) or _CODECS[self._depth],
            sample_rate=stored.sample_rate,
            channels=stored.channels,
            depth=self._depth,
            frames=self._frames,
        )
        self.metadata = Metadata(tags_from_info(layout.side_chunks), layout.side_chunks, stored.channel_mask)

    @staticmethod
    def open(path: Path) -> "WaveSource | None":
        """The source, or None where the samples are compressed and FFmpeg has to read them."""
        with path.open("rb") as file:
            layout = read_layout(file)
        known = layout.format.tag in {PCM, FLOAT, A_LAW, MU_LAW}
        return WaveSource(path, layout) if known else None

    def arrays(self, first_frame: int = 0) -> Generator[Block]:
        """All samples from `first_frame` on."""
        if first_frame and first_frame >= self._frames:
            raise out_of_recording(self._frames)
        stored = self._layout.format
        tables = {A_LAW: _a_law_table, MU_LAW: _mu_law_table}
        table = tables[stored.tag]() if stored.tag in tables else None
        with self._path.open("rb") as file:
            file.seek(self._layout.data_start + first_frame * stored.block_align)
            for position in range(first_frame, self._frames, BLOCK_FRAMES):
                wanted = min(BLOCK_FRAMES, self._frames - position) * stored.block_align
                octets = file.read(wanted)
                if len(octets) < wanted:
                    missing = self._frames - position - len(octets) // stored.block_align
                    raise truncated(missing, self._frames, stored.sample_rate)
                codes = np.frombuffer(octets, np.uint8)
                samples = unpack(octets, self._depth) if table is None else table[codes]
                yield samples.reshape(-1, stored.channels)


class WaveEncoder:
    """Writes a WAVE file; RF64 where it gets larger than a RIFF can be.

    With `frames` the header is right from the first byte; without, it is that of a streamed file until
    `finish`. Samples come as the integers or floats that `pack` takes.
    """

    def __init__(
        self,
        sink: Sink,
        spec: OutputSpec,
        frames: int | None,
        metadata: Metadata,
        *,
        rf64_above: int = RIFF_LIMIT,
    ) -> None:
        """`rf64_above`: the RIFF size in bytes above which the file is an RF64."""
        self._sink = sink
        self._depth = spec.depth
        self._format = output_format(spec.depth, spec.sample_rate, spec.channels, metadata.channel_mask)
        self._rf64_above = rf64_above
        size = None if frames is None else frames * self._format.block_align
        side_chunks = with_info(metadata.side_chunks, metadata.tags)
        # `bext` belongs in front, but libsndfile 1.2.2 cannot open an RF64 that has it there.
        expected = 1024 + (size or 0) + sum(len(body) + 9 for _, body in side_chunks)
        in_front = size is not None and expected <= rf64_above
        leads = [side for side in side_chunks if side[0] == b"bext" and in_front]
        self._before = b"".join(chunk(*side) for side in leads)
        self._after = b"".join(chunk(*side) for side in side_chunks if side not in leads)
        self._header = self._build_header(size)
        self._size = 0
        sink.write(self._header)

    def write(self, samples: Block) -> None:
        """Append frames."""
        octets = pack(samples, self._depth)
        self._size += len(octets)
        self._sink.write(octets)

    def finish(self) -> None:
        """Append the side chunks and correct the header if it turned out to be wrong."""
        self._sink.write(bytes(self._size % 2) + self._after)
        final = self._build_header(self._size)
        if final != self._header:
            self._sink.seek(0)
            self._sink.write(final)
            self._sink.seek(0, 2)

    def abandon(self) -> None:
        """Nothing to free."""

    def _build_header(self, data_size: int | None) -> bytes:
        return header(
            self._format,
            self._depth,
            data_size,
            before=self._before,
            after_size=len(self._after),
            rf64_above=self._rf64_above,
        )


def _depth(stored: WaveFormat) -> Depth:
    size, rest = divmod(stored.block_align, stored.channels)
    depth: Depth | None
    if stored.tag in {A_LAW, MU_LAW}:
        depth = Depth.S16 if size == 1 else None
    else:
        depth = (_FLOAT_DEPTHS if stored.tag == FLOAT else _PCM_DEPTHS).get(size)
    # Twelve bits in two bytes are in order, sixteen bits in three are not.
    if depth is None or rest or (stored.bits + 7) // 8 != size:
        raise InvalidAudio(
            f"The WAV header contradicts itself: {stored.block_align} bytes per frame for {stored.channels} "
            f"channels of {stored.bits} bits; export the file again."
        )
    return depth


def _a_law_table() -> Block:
    """ITU-T G.711 A-law: 256 codes to float32 on the 16-bit grid."""
    code = np.arange(256) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    normal = (mantissa * 16 + 264) << np.maximum(exponent - 1, 0)
    magnitude = np.where(exponent == 0, mantissa * 16 + 8, normal)
    return from_integers(np.where(code & 128, magnitude, -magnitude), 16)


def _mu_law_table() -> Block:
    """ITU-T G.711 μ-law: 256 codes to float32 on the 16-bit grid."""
    code = ~np.arange(256) & 255
    magnitude = ((((code & 15) << 3) + 132) << ((code >> 4) & 7)) - 132
    return from_integers(np.where(code & 128, -magnitude, magnitude), 16)
