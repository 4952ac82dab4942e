"""What the machine is short of is told from what is wrong with a file, however it is wrapped."""

import builtins
import errno
import os
import subprocess
import sys
from pathlib import Path

import av
import pytest
from media_files import ffmpeg_file, noise
from support import importing
from unmix_models.errors import InvalidAudio, InvalidWeights, OutOfMemory, UnsupportedFormat
from unmix_models.media import open_reader
from unmix_models.process import passing as module
from unmix_models.process.passing import Shortage, memory_is_short, passing, present_shortage

QUOTING = (ValueError, KeyError, TypeError, UnsupportedFormat)
"""What names the value that somebody asked for."""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, ""), Shortage.DISK),
        (OSError(errno.EDQUOT, ""), Shortage.DISK),
        (OSError(errno.EMFILE, ""), Shortage.FILES),
        (OSError(errno.ENFILE, ""), Shortage.FILES),
        (OSError(errno.ENOMEM, ""), Shortage.MEMORY),
        (BlockingIOError(errno.EAGAIN, ""), Shortage.MEMORY),
        (MemoryError(), Shortage.MEMORY),
        (RuntimeError("can't start new thread"), Shortage.MEMORY),
        (RuntimeError("std::bad_alloc"), Shortage.MEMORY),
        (OSError(errno.EIO, ""), Shortage.DEVICE),
        (OSError(errno.EROFS, ""), Shortage.DEVICE),
        (OSError("libx.so: cannot open shared object file: Too many open files"), Shortage.FILES),
        (ImportError("libx.so: failed to map segment: Cannot allocate memory"), Shortage.MEMORY),
        (OSError(errno.EACCES, os.strerror(errno.EACCES)), None),
        (OSError(errno.EFBIG, ""), None),
        (FileNotFoundError(errno.ENOENT, ""), None),
        (ImportError("No module named 'x'"), None),
        (OutOfMemory("The GPU is full."), None),
        (InvalidAudio("Broken."), None),
        *((quoting("There is no output format 'bad_alloc'."), None) for quoting in QUOTING),
        (UnsupportedFormat('There is no format "can\'t start new thread".'), None),
        (InvalidWeights("The model calls a stem 'DefaultCPUAllocator'."), None),
    ],
)
def test_errors_of_the_machine_are_known(error: Exception, expected: Shortage | None) -> None:
    assert passing(error) is expected


def test_what_an_error_was_raised_from_counts_but_readers_have_looked_themselves() -> None:
    assert passing(wrapped(InvalidWeights("They are damaged."))) is Shortage.FILES
    assert passing(wrapped(InvalidAudio("It is damaged."))) is None
    assert passing(wrapped(OutOfMemory("The GPU is full."))) is None
    assert passing(wrapped(ValueError(), hidden=True)) is None


def test_onnx_runtime_has_errors_of_its_own() -> None:
    failure = type("Fail", (Exception,), {"__module__": "onnxruntime.capi.onnxruntime_pybind11_state"})
    assert passing(failure("[ONNXRuntimeError] : 1 : FAIL : std::bad_alloc")) is Shortage.MEMORY


def wrapped(error: Exception, *, hidden: bool = False) -> Exception:
    try:
        try:
            raise OSError(errno.EMFILE, "Too many open files")
        except OSError as cause:
            raise error from (None if hidden else cause)
    except Exception as raised:  # noqa: BLE001  # it is what was made
        return raised


class Refused:
    """What `bytearray` is where there is no memory."""

    def __init__(self, size: int) -> None:
        raise MemoryError


def test_a_shortage_of_now_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert present_shortage() is None
    with monkeypatch.context() as patch:
        patch.setattr(builtins, "bytearray", Refused)
        assert memory_is_short()
        assert present_shortage() is Shortage.MEMORY

    def no_descriptor(_: int) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "dup", no_descriptor)
    assert present_shortage() is Shortage.FILES


@pytest.fixture
def song(tmp_path: Path) -> Path:
    ffmpeg_file(tmp_path / "in.m4a", "mp4", "aac", noise(30_000), sample_format="fltp")
    return tmp_path / "in.m4a"


@pytest.mark.parametrize("short", [False, True])
def test_a_file_that_asks_for_absurd_memory_is_damaged_and_one_that_gets_none_is_not(
    song: Path, monkeypatch: pytest.MonkeyPatch, short: bool
) -> None:
    class Failing(av.error.MemoryError):
        """As PyAV raises it."""

    def no_memory(*_: object, **__: object) -> None:
        raise Failing(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(av, "open", no_memory)
    monkeypatch.setattr("unmix_models.media._ffmpeg_reader.memory_is_short", lambda: short)
    with pytest.raises(MemoryError if short else InvalidAudio) as caught:
        open_reader(song)
    assert passing(caught.value) is (Shortage.MEMORY if short else None)


def test_a_file_that_is_not_opened_for_lack_of_descriptors_is_not_damaged(
    song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_descriptor(*_: object, **__: object) -> None:
        raise av.error.OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(av, "open", no_descriptor)
    with pytest.raises(OSError, match="Too many") as caught:
        open_reader(song)
    assert passing(caught.value) is Shortage.FILES


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_the_limit_of_open_files_is_raised_to_what_the_system_grants() -> None:
    code = f"""
import resource
from {module.__name__} import raise_file_limit
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
raise_file_limit()
assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(hard, 65536), hard)
"""
    subprocess.run([sys.executable, "-c", code], env=importing(), check=True)
