"""A WAVE file played back to front."""

from typing import BinaryIO

from unmix_plugins.errors import BrokenResult
from unmix_plugins.files.folder import Place
from unmix_plugins.files.partial_file import PartialFile, output_errors
from unmix_plugins.files.wave_file import WaveFile, read_wave

_BLOCK_BYTES = 1 << 20


def reverse(place: Place) -> None:
    """Put the file's frames in reverse order, in one step; what stands before and behind them stays.

    Memory does not grow with its length. Raises BrokenResult when it is no WAVE file, and OutputError.
    """
    part = PartialFile(place)
    try:
        with output_errors(place.path), place.read() as file:
            wave = read_wave(file)
            if wave is None:
                raise BrokenResult(f"{place.path} arrived as no WAV file: run the action again.")
            _write_reversed(part.file, file, wave)
        part.place(overwrite=True)
    except BaseException:
        part.discard()
        raise
    part.settle()


def _write_reversed(target: BinaryIO, file: BinaryIO, wave: WaveFile) -> None:
    file.seek(0)
    target.write(file.read(wave.data_start))
    block_frames = max(1, _BLOCK_BYTES // wave.frame_size)
    for end in range(wave.frames, 0, -block_frames):
        begin = max(0, end - block_frames)
        file.seek(wave.data_start + begin * wave.frame_size)
        target.write(_back_to_front(file.read((end - begin) * wave.frame_size), wave.frame_size))
    file.seek(wave.data_start + wave.frames * wave.frame_size)
    while rest := file.read(_BLOCK_BYTES):
        target.write(rest)


def _back_to_front(block: bytes, frame_size: int) -> bytearray:
    turned = bytearray(len(block))
    for at in range(frame_size):  # all first bytes of the frames, then all second ones: as fast as memory
        turned[at::frame_size] = block[at::frame_size][::-1]
    return turned
