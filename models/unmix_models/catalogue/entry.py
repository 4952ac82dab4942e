"""What the catalogue says of a model."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from unmix_models.errors import InvalidWeights


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of a model's folder."""

    name: str
    size: int
    """Bytes; 0 where the catalogue does not know."""
    sha256: str
    """Lower-case hexadecimal."""
    url: str = ""
    """Its own address, http or https; empty where the model's `url` leads to it."""

    def check(self, path: Path) -> None:
        """Compare the file at `path` by its hash. Raises InvalidWeights."""
        with path.open("rb") as opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != self.sha256:
                raise self.mismatch()

    def mismatch(self) -> InvalidWeights:
        """The error for a file that is another one."""
        return InvalidWeights(
            f"{self.name} is not the file that the catalogue names (SHA-256 {self.sha256[:12]}…); "
            "download it again from the official release."
        )


@dataclass(frozen=True, slots=True)
class Bundle:
    """An archive of a model's files inside a package from the package index, which is never imported."""

    package: str
    """The package's name in Python."""
    path: str
    """Of the .tar.gz, below the package's folder."""


@dataclass(frozen=True, slots=True)
class Model:
    """A catalogue entry."""

    name: str
    family: str
    """Which code runs it: a name in `unmix_models.families`; empty for an import until its files were looked at."""
    task: str
    """What it is for, as a verb such as `denoise`; tasks and models of one verb belong together."""
    description: str
    licence: str
    """Of the weights, as their author states it; shown before a download."""
    stems: tuple[str, ...]
    sample_rate: int | None
    """Hz the model works at; None: any."""
    partition: bool = True
    """Its stems add up to the recording, so that what they lack of it may be shared out among them."""
    cost: float = 0.0
    """Billions of floating-point operations (GFLOP) per second of audio, at its own overlap; 0 where next to none."""
    rank: int = 0
    """Among models for the same task the highest installed one is `auto`'s choice."""
    auto: bool = True
    """Whether it may be that choice; not what works beside another model, or for who knows why."""
    usual: bool = False
    """Where none is installed: the one to get, which most people mean, also where another ranks higher."""
    needs_first_look: bool = False
    """It wants to know the noise of the recording's first minute before it begins."""
    quality: str = "high"
    """`low` marks a method without a trained model."""
    url: str = ""
    """A .tar.gz that holds the files, a folder (ending in /) of the files, or empty: files have their own, or ship."""
    files: tuple[WeightFile, ...] = ()
    package: str = ""
    """The package, of this name in the index and in Python, without which it cannot run; empty: none but unmix."""
    bundle: Bundle | None = None
    """Where the files are as well, once somebody has installed that package."""
    bag: tuple[tuple[float, ...], ...] = ()
    """Of several networks: the weight of each, in the order of `files`, in each stem."""

    @property
    def address(self) -> str:
        """Where it is downloaded from: its own address, or its first file's; empty for what ships with unmix."""
        return self.url or next((file.url for file in self.files if file.url), "")

    @property
    def download_bytes(self) -> int:
        """Bytes of all weight files together; 0 where one of them is not known."""
        return sum(file.size for file in self.files) if all(file.size for file in self.files) else 0
