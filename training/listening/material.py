"""Free recordings on disk, at 16 kHz: fetched by apt, cut and levelled once, then read where they lie.

    python -m training.listening.material [train] [test]

Packages are downloaded (`apt-get download`, nothing is installed) and of each only what the table of `sources` names
is unpacked, to `.material/files`; what ears hear of it lies in `.material/16k`, about 115 MB an hour. UNMIX_MATERIAL
names another folder. What is there is not made again. A package that is not to be had is left out, with a line.
"""

import json
import os
import subprocess
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from shutil import rmtree
from typing import Any

import av
import numpy as np
import soundfile
import soxr
from av.audio.frame import AudioFrame
from av.error import FFmpegError
from numpy.typing import NDArray
from unmix_models.listen.ear import SAMPLE_RATE

from training.listening.filters import running_mean
from training.listening.sources import SHARED, SOURCES, Source, Split

Samples = NDArray[np.float32]

ROOT = Path(__file__).parents[2]
LEVEL_DB = -22.0
"""Root mean square of each clip, dBFS."""

_FULL_SCALE = 4.0
"""What 32768 stands for on disk: peaks lie up to 30 dB over the level."""
_AUDIO = (".flac", ".g722", ".gsm", ".mp3", ".oga", ".ogg", ".opus", ".wav")
_EDGE_DB = -40.0


def material_folder() -> Path:
    """The folder that all lies in."""
    return Path(os.environ.get("UNMIX_MATERIAL") or ROOT / ".material")


@dataclass(frozen=True, slots=True)
class Clips:
    """The recordings of one source, each a path with what ears hear of it."""

    source: Source
    paths: tuple[Path, ...]
    """The originals, in their own sample rate and channels."""
    begins: tuple[float, ...]
    """Seconds in the original at which each clip begins."""
    bounds: tuple[int, ...]
    """Where each clip begins in `samples`, and the end of the last."""
    samples: NDArray[np.int16]
    """All clips, one after the other, mapped from disk."""

    def __len__(self) -> int:
        return len(self.paths)

    def clip(self, index: int) -> Samples:
        """Return one recording at 16 kHz, mono, at `LEVEL_DB`."""
        return self.piece(index, 0, self.frames(index))

    def piece(self, index: int, begin: int, frames: int) -> Samples:
        """Return `frames` of a recording from `begin`, or what there is of them."""
        first = self.bounds[index] + begin
        part = self.samples[first : min(first + frames, self.bounds[index + 1])]
        return part.astype(np.float32) * np.float32(_FULL_SCALE / 32768)

    def frames(self, index: int) -> int:
        """Return the length of one recording."""
        return self.bounds[index + 1] - self.bounds[index]

    @property
    def seconds(self) -> float:
        """Length of all."""
        return self.bounds[-1] / SAMPLE_RATE


def load(split: Split) -> list[Clips]:
    """Return all sources of a split that are to be had; what is not on disk yet is fetched and made."""
    found = (prepare(source) for source in SOURCES if source.split is split)
    return [clips for clips in found if clips is not None]


def prepare(source: Source) -> Clips | None:
    """Return the clips of a source, or None with a printed line where there are none."""
    stored = material_folder() / "16k" / f"{source.name}.npy"
    index = stored.with_suffix(".json")
    signature = repr(source)
    if index.exists() and (made := json.loads(index.read_text()))["source"] == signature:
        return _open(source, made, stored)
    root = ROOT.parent / SHARED if source.package == SHARED else fetch(source.package)
    paths = _choose(source, root) if root else []
    clips: list[Samples] = []
    names: list[str] = []
    begins: list[float] = []
    for path in paths:
        if len(clips) == source.files:
            break
        heard, begin = _hear(path, source)
        if len(heard) >= source.least * SAMPLE_RATE:
            clips.append(heard)
            names.append(str(path))
            begins.append(begin)
    if not clips:
        print(f"{source.name} is left out: {source.package} has nothing of it here")
        return None
    stored.parent.mkdir(parents=True, exist_ok=True)
    half = stored.with_name(f".{os.getpid()}.npy")
    np.save(half, np.concatenate([_stored(clip) for clip in clips]))
    half.replace(stored)
    bounds = [0, *np.cumsum([len(clip) for clip in clips]).tolist()]
    made: dict[str, Any] = {"source": signature, "paths": names, "begins": begins, "bounds": bounds}
    index.write_text(json.dumps(made))
    return _open(source, made, stored)


def _open(source: Source, made: dict[str, Any], stored: Path) -> Clips:
    return Clips(
        source,
        tuple(Path(path) for path in made["paths"]),
        tuple(made["begins"]),
        tuple(made["bounds"]),
        np.load(stored, mmap_mode="r"),
    )


@cache
def fetch(package: str) -> Path | None:
    """Return the folder with what is wanted of a package, downloaded at need; None where it is not to be had."""
    wanted = sorted(
        {pattern for source in SOURCES if source.package == package for pattern in source.patterns}
    )
    folder = material_folder() / "files" / package
    done = folder / ".patterns"
    if done.exists() and done.read_text() == "\n".join(wanted):
        return folder
    archive = _download(package)
    if archive is None:
        return None
    rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tar = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE)
    patterns = [*wanted, "*/copyright"]
    subprocess.run(
        ["tar", "-x", "-C", str(folder), "--wildcards", *patterns],
        stdin=tar.stdout,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if tar.wait() != 0:
        print(f"{package} could not be unpacked")
        return None
    done.write_text("\n".join(wanted))
    archive.unlink(missing_ok=True)
    return folder


def _download(package: str) -> Path | None:
    """Return the archive of a package; None, with a printed line, where it is not to be had."""
    folder = material_folder() / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.glob(f"{package}_*.deb")):
        command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package]
        try:
            run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            said = run.stderr.strip().splitlines()[-1:]
        except FileNotFoundError:
            said = ["there is no apt-get here"]
        if not any(folder.glob(f"{package}_*.deb")):
            print(f"{package} is not to be had: {' '.join(said)}")
    return next(iter(sorted(folder.glob(f"{package}_*.deb"))), None)


def _choose(source: Source, root: Path) -> list[Path]:
    """The files of a source in the order in which they are tried, the same each time."""
    found = [
        path
        for path in sorted(root.rglob("*"))
        if path.suffix.lower() in _AUDIO
        and any(fnmatchcase("/" + path.relative_to(root).as_posix(), _from_root(p)) for p in source.patterns)
    ]
    if source.turn is not None:
        found = found[source.turn :: 2]
    order = np.random.default_rng(zlib.crc32(source.name.encode())).permutation(len(found))
    return [found[place] for place in order]


def _from_root(pattern: str) -> str:
    return pattern if pattern.startswith("*") else "/" + pattern


def _hear(path: Path, source: Source) -> tuple[Samples, float]:
    """What ears hear of a file, cut and levelled, and the second at which that begins; empty if unreadable."""
    begin = 0.0
    samples = decode(path, source.skip + source.seconds)
    if len(samples) > (source.skip + 30) * SAMPLE_RATE:
        begin = source.skip
    samples = samples[int(begin * SAMPLE_RATE) :][: int(source.seconds * SAMPLE_RATE)]
    if not len(samples) or not np.any(samples):
        return samples[:0], 0.0
    power = running_mean(np.square(samples), 800)
    loud = np.flatnonzero(power > power.max() * 10 ** (_EDGE_DB / 10))
    samples = samples[loud[0] : loud[-1] + 1]
    gain = 10 ** (LEVEL_DB / 20) / np.sqrt(np.mean(np.square(samples)))
    return samples * np.float32(gain), begin + int(loud[0]) / SAMPLE_RATE


def decode(path: Path, seconds: float) -> Samples:
    """Return the first seconds of a file at 16 kHz, mono; empty if it cannot be read."""
    try:
        with soundfile.SoundFile(path) as file:
            rate = int(file.samplerate)
            samples = file.read(int(seconds * rate), dtype="float32", always_2d=True).mean(axis=1)
    except soundfile.LibsndfileError:
        samples, rate = _decode_by_av(path, seconds)
    return soxr.resample(samples, rate, SAMPLE_RATE).astype(np.float32, copy=False)


def _decode_by_av(path: Path, seconds: float) -> tuple[Samples, int]:
    """The same of G.722, GSM and others that libsndfile does not read, in their own sample rate."""
    blocks: list[Samples] = []
    rate, have = SAMPLE_RATE, 0
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(audio=0):
                rate = frame.sample_rate
                blocks.append(_mono(frame))
                have += len(blocks[-1])
                if have > seconds * rate:
                    break
    except (FFmpegError, IndexError, ValueError):
        blocks = []
    return np.concatenate([np.zeros(0, np.float32), *blocks]), rate


def _mono(frame: AudioFrame) -> Samples:
    """Mean of the channels, full scale 1."""
    values = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, len(frame.layout.channels)).T
    mean = values.astype(np.float32).mean(axis=0)
    if values.dtype == np.uint8:
        return (mean - 128) / np.float32(128)
    return mean if values.dtype.kind == "f" else mean / np.float32(2 ** (8 * values.itemsize - 1))


def _stored(clip: Samples) -> NDArray[np.int16]:
    return np.round(np.clip(clip * (32768 / _FULL_SCALE), -32768, 32767)).astype(np.int16)


def main(arguments: Sequence[str]) -> int:
    """Make what is asked for, and print hours."""
    for split in [Split(argument) for argument in arguments] or list(Split):
        hours: dict[str, float] = {}
        for clips in load(split):
            hours[clips.source.kind] = hours.get(clips.source.kind, 0) + clips.seconds / 3600
            print(
                f"{split} {clips.source.kind} {clips.source.name}: {len(clips)} clips, {clips.seconds:.0f} s"
            )
        print(f"{split}: " + ", ".join(f"{kind} {value:.2f} h" for kind, value in hours.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
