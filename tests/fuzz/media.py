"""Mutated audio files: whatever comes in, only AudioError comes out.

    python tests/fuzz/media.py --runs 100000 [--seed 7]

The last file tried lies in the folder that is printed first, also after a crash of the process.
"""

import argparse
import io
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # as a script, find `media_files`

from media_files import chunk, encoded, ffmpeg_file, fmt, noise, riff, spec_for
from unmix_models.audio import Depth
from unmix_models.errors import AudioError
from unmix_models.media import FORMATS, open_reader

LONGEST = 1_000_000
"""Frames to decode of one file: a mutated length may make hours of silence."""
NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF0, 0xFFFF_FFFF)


def seeds(folder: Path) -> dict[str, bytes]:
    """One short valid file of every kind."""
    samples = noise(3000)
    files = {name: encoded(spec_for(name), samples) for name in FORMATS}
    files["wav f64"] = encoded(spec_for("wav", channels=6, depth=Depth.F64), noise(500, 6))
    files["aiff 8"] = encoded(spec_for("aiff", channels=8), noise(500, 8))
    files["rf64"] = riff(
        chunk(b"ds64", bytes(8) + (800).to_bytes(8, "little") + bytes(12)),
        fmt(),
        chunk(b"data", bytes(800), 0xFFFF_FFFF),
        chunk(b"iXML", b"<x/>"),
        kind=b"RF64",
    )
    containers = {
        "adts": "aac",
        "mp4": "aac",
        "mov": "pcm_s16le",
        "matroska": "flac",
        "avi": "libmp3lame",
    }
    for muxer, codec in containers.items():
        video = muxer != "adts"
        ffmpeg_file(
            folder / "seed",
            muxer,
            codec,
            samples,
            video=video,
            sample_format="fltp" if "mp3" in codec else None,
        )
        files[muxer] = (folder / "seed").read_bytes()
    return files


def mutate(data: bytes, chance: random.Random) -> bytes:
    """One to four changes, mostly in the header, where they do most."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        reach = len(changed) if chance.random() < 0.4 else min(len(changed), 256)
        at = chance.randrange(max(1, reach))
        chance.choice(MUTATIONS)(changed, at, chance)
    return bytes(changed)


def _flip(data: bytearray, at: int, chance: random.Random) -> None:
    if data:
        data[min(at, len(data) - 1)] ^= 1 << chance.randrange(8)


def _number(data: bytearray, at: int, chance: random.Random) -> None:
    size = chance.choice((1, 2, 4, 8))
    value = chance.choice(NUMBERS) % 256**size
    data[at : at + size] = value.to_bytes(size, chance.choice(("little", "big")))


def _cut(data: bytearray, at: int, _: random.Random) -> None:
    del data[at:]


def _remove(data: bytearray, at: int, chance: random.Random) -> None:
    del data[at : at + chance.randint(1, 64)]


def _insert(data: bytearray, at: int, chance: random.Random) -> None:
    data[at:at] = chance.randbytes(chance.randint(1, 64))


def _overwrite(data: bytearray, at: int, chance: random.Random) -> None:
    size = chance.randint(1, 64)
    data[at : at + size] = chance.randbytes(size)


def _repeat(data: bytearray, at: int, chance: random.Random) -> None:
    data[at:at] = data[at : at + chance.randint(1, 512)]


MUTATIONS: tuple[Callable[[bytearray, int, random.Random], None], ...] = (
    _flip,
    _number,
    _number,
    _cut,
    _remove,
    _insert,
    _overwrite,
    _repeat,
)


def read(path: Path) -> int:
    """Frames that a file gives, up to LONGEST; 0 where it is refused."""
    frames = 0
    try:
        with open_reader(path) as reader:
            for block in reader.blocks():
                frames += len(block)
                if frames > LONGEST:
                    break
    except AudioError:
        return 0
    return frames


def run(runs: int, seed: int, folder: Path) -> int:
    """Try so many files, of each kind as many; return how many of them were still readable."""
    chance = random.Random(seed)
    files = list(seeds(folder).values())
    path = folder / "input"
    readable = 0
    for index in range(runs):
        path.write_bytes(mutate(files[index % len(files)], chance))
        readable += read(path) > 0
    return readable


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="unmix-fuzz-"))
    output = io.TextIOWrapper(sys.stdout.buffer, line_buffering=True)
    output.write(f"last file tried: {folder / 'input'}\n")
    readable = run(arguments.runs, arguments.seed, folder)
    output.write(f"{arguments.runs} files, {readable} of them readable, no other error than AudioError\n")


if __name__ == "__main__":
    main()
