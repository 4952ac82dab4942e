"""Denoise a recording: read, denoise, write — as one stream.

Memory does not grow with the recording's length. Frames out equal frames in, at lag 0.
"""

from collections.abc import Iterator, Mapping

from unmix_models.audio import Block
from unmix_models.denoise.base import DenoiseStream
from unmix_models.fifo import Fifo
from unmix_models.media import AudioReader
from unmix_models.stems import StemOutput

CLEAN = "clean"
NOISE = "noise"
STEMS = (CLEAN, NOISE)
BLOCK_FRAMES = 32768


def denoise(reader: AudioReader, stream: DenoiseStream, outputs: Mapping[str, StemOutput]) -> Iterator[int]:
    """Write the stems in `outputs`; yield the number of frames finished after each step.

    `stream` works at the recording's own rate. `noise` is the input minus what the `clean` file holds, so the two
    add up to the input: exactly where the files keep the input's depth, to 1e-6 in float. Raises what the reader,
    the model and the files raise.
    """
    waiting = Fifo(reader.info.channels)
    first = CLEAN if CLEAN in outputs else NOISE
    finished = 0

    def deliver(denoised: Block) -> int:
        original = waiting.take(len(denoised))
        clean = outputs[first].quantise(denoised)
        if CLEAN in outputs:
            outputs[CLEAN].write(clean)
        if NOISE in outputs:
            outputs[NOISE].write(original - clean)
        return len(clean)

    for block in reader.blocks(BLOCK_FRAMES):
        waiting.put(block)
        denoised = stream.process(block)
        if len(denoised):
            finished += deliver(denoised[: len(waiting)])
        yield finished
    finished += deliver(stream.flush()[: len(waiting)])
    yield finished
