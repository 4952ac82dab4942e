"""What a child that reads a stranger's model may use: enforced by the system, where it can (setrlimit(2))."""

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 300
"""Of the processor; 160 MB take two."""
_LEAST_MEMORY = 3 << 30
_LEAST_FILE = 64 << 20
_TIMES = 3
"""The largest that becomes of a model's files: 16-bit numbers as 32 bits, beside what was read."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one child."""

    memory_bytes: int
    """Address space, beside what its own code takes up."""
    cpu_seconds: int
    file_bytes: int
    """The longest file that it may write."""

    @classmethod
    def of(cls, size: int) -> "Limits":
        """For a model whose files have so many bytes."""
        return cls(max(_LEAST_MEMORY, _TIMES * size), _SECONDS, max(_LEAST_FILE, _TIMES * size))

    def enforce(self) -> None:
        """Take them on, for the rest of this process: after its own modules are loaded and before a file is opened.

        PyTorch's libraries for CUDA alone take up more address space than a model does, so what is mapped by now is
        not counted. Windows has no such limits, and macOS none of memory.
        """
        if sys.platform == "win32":
            return
        import resource  # noqa: PLC0415  # of POSIX

        wanted = {
            resource.RLIMIT_CPU: self.cpu_seconds,
            resource.RLIMIT_FSIZE: self.file_bytes,
            resource.RLIMIT_CORE: 0,
        }
        mapped = _mapped_bytes()
        if mapped is not None:
            wanted[resource.RLIMIT_AS] = mapped + self.memory_bytes
        for kind, limit in wanted.items():
            _, most = resource.getrlimit(kind)
            with suppress(ValueError, OSError):
                resource.setrlimit(kind, (limit, limit) if most < 0 or limit <= most else (most, most))


def size_of(source: Path) -> int:
    """Bytes of a file, or of the files of a folder."""
    paths = source.iterdir() if source.is_dir() else [source]
    return sum(path.stat().st_size for path in paths)


def _mapped_bytes() -> int | None:
    """Address space of this process; None where the system does not say."""
    try:
        pages = Path("/proc/self/statm").read_text("ascii").split()[0]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
