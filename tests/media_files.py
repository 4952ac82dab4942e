"""Audio files for the tests of `unmix_models.media`: made by its writers, by FFmpeg, and by hand."""

import io
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt
from unmix_models.audio import AudioInfo, Block, Depth
from unmix_models.media import Metadata, OutputSpec, open_reader, open_writer, resolve_output


def noise(frames: int, channels: int = 2, seed: int = 0) -> Block:
    """Band-limited noise, another in every channel, with peaks of a quarter of full scale."""
    samples = np.random.default_rng(seed).standard_normal((frames, channels))
    samples = sosfilt(butter(2, [0.02, 0.3], "band", output="sos"), samples, axis=0)
    return (0.25 * samples / np.abs(samples).max()).astype(np.float32)


def spec_for(name: str, sample_rate: int = 48_000, channels: int = 2, depth: Depth = Depth.S16) -> OutputSpec:
    return resolve_output(AudioInfo("wav", "pcm", sample_rate, channels, depth, None), name)


def encode(path: Path, spec: OutputSpec, samples: Block, metadata: Metadata | None = None) -> Block:
    """Write a file in blocks of an odd size; return what a lossless reader must get back."""
    with (
        path.open("wb") as file,
        open_writer(file, spec, frames=len(samples), metadata=metadata or Metadata()) as writer,
    ):
        for start in range(0, len(samples), 10_007):
            writer.write(samples[start : start + 10_007])
    return writer.quantise(samples)


def encoded(spec: OutputSpec, samples: Block, metadata: Metadata | None = None) -> bytes:
    file = io.BytesIO()
    with open_writer(file, spec, frames=len(samples), metadata=metadata or Metadata()) as writer:
        writer.write(samples)
    return file.getvalue()


def decode(path: Path, frames: int = 4096) -> tuple[AudioInfo, Block]:
    with open_reader(path) as reader:
        return reader.info, np.concatenate(list(reader.blocks(frames)))


def lag(original: Block, decoded: Block, channel: int = 0) -> int:
    """By how many frames `decoded` is late, within ±2000."""
    inner = original[2000:-2000, channel]
    return int(np.argmax(np.abs(fftconvolve(decoded[:, channel], inner[::-1], "valid")))) - 2000


def ffmpeg_file(
    path: Path,
    muxer: str,
    codec: str,
    samples: Block,
    sample_rate: int = 48_000,
    *,
    options: dict[str, str] | None = None,
    video: bool = False,
    sample_format: str | None = None,
) -> None:
    """Encode through FFmpeg as other programs do, without any of the writers' care."""
    with av.open(str(path), "w", format=muxer, options=options or {}) as container:
        if video:
            pictures = container.add_stream("mpeg4", rate=25)
            pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        audio = container.add_stream(codec, rate=sample_rate)
        context = audio.codec_context
        context.layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[samples.shape[1]]
        context.format = sample_format or context.codec.audio_formats[0].name
        if codec in {"aac", "libmp3lame", "libopus", "ac3"}:
            context.bit_rate = 192_000
        if video:
            for index in range(12):
                picture = av.VideoFrame.from_ndarray(np.full((72, 64), index, np.uint8), format="yuv420p")
                container.mux(pictures.encode(picture))
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), "flt", context.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = sample_rate, 0, Fraction(1, sample_rate)
        container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
        if video:
            container.mux(pictures.encode(None))


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    """A RIFF chunk; `size` is what it claims, if not the truth."""
    return name + struct.pack("<I", len(body) if size is None else size) + body + bytes(len(body) % 2)


def fmt(
    tag: int = 1,
    channels: int = 2,
    sample_rate: int = 48_000,
    bits: int = 16,
    block_align: int | None = None,
) -> bytes:
    align = channels * bits // 8 if block_align is None else block_align
    return chunk(
        b"fmt ", struct.pack("<HHIIHH", tag, channels, sample_rate, sample_rate * align % 2**32, align, bits)
    )


def riff(*chunks: bytes, kind: bytes = b"RIFF", size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return kind + struct.pack("<I", len(body) if size is None else size) + body
