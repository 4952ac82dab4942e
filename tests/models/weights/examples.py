"""Small models and their archives, a server that has them, and what a pull from it left on the disk."""

import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass, field

from unmix_models.catalogue import Model, WeightFile
from unmix_models.errors import ModelMissing
from unmix_models.weights import Weights
from unmix_models.weights.progress import PullProgress

ENCODER = bytes(range(256)) * 4000
DECODER = hashlib.sha256(b"decoder").digest() * 30_000


def weight_file(name: str, content: bytes) -> WeightFile:
    return WeightFile(name, len(content), hashlib.sha256(content).hexdigest())


MODEL = Model(
    name="tiny",
    family="deepfilternet3",
    task="denoise",
    description="Two files.",
    licence="CC0",
    stems=("clean", "noise"),
    sample_rate=48_000,
    url="https://example.org/tiny.tar.gz",
    files=(weight_file("enc.onnx", ENCODER), weight_file("dec.onnx", DECODER)),
)


def archive(*members: tuple[str, bytes] | tarfile.TarInfo, level: int = 1) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=level) as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                tar.addfile(info, io.BytesIO(member[1]))
    return file.getvalue()


GOOD = archive(("tmp/export/enc.onnx", ENCODER), ("tmp/export/dec.onnx", DECODER), ("config.ini", b"[x]"))


def link(name: str, kind: bytes, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@dataclass
class Site:
    """A server on this machine with one file, and faults on demand."""

    content: bytes
    url: str = ""
    resumes: bool = True
    breaks_after: int | None = None
    """Bytes of the body after which the connection is closed."""
    says_length: bool = True
    status: int | None = None
    ranges: list[str | None] = field(default_factory=list)


def pull(weights: Weights, url: str) -> list[PullProgress]:
    return list(weights.pull(MODEL, url))


def is_whole(weights: Weights) -> bool:
    try:
        folder = weights.path(MODEL)
    except ModelMissing:
        return False
    return (folder / "enc.onnx").read_bytes() == ENCODER and (folder / "dec.onnx").read_bytes() == DECODER


def nothing_is_left(weights: Weights) -> bool:
    return not list(weights.folder.iterdir())


def left_by_a_broken_download(weights: Weights, content: bytes) -> None:
    weights.folder.mkdir()
    (weights.folder / ".tiny.tar.gz.part").write_bytes(content)


SMALL = Model(
    name="small",
    family="deepfilternet3",
    task="denoise",
    description="One file.",
    licence="CC0",
    stems=("clean",),
    sample_rate=None,
    files=(weight_file("enc.onnx", b"weights"),),
)
SMALL_TAR = gzip.decompress(archive(("a/config.ini", b"[x]"), ("a/enc.onnx", b"weights")))
