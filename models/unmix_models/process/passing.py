"""What the machine is short of for a while: told from what is wrong with a recording or a model."""

import errno
import os
import sys
from contextlib import suppress
from enum import StrEnum

from unmix_models.errors import AudioError, InvalidAudio, OutOfMemory

if sys.platform != "win32":
    import resource

_FILES = 65_536
"""Many times what uploads, results and connections need at most; some systems call any number a limit."""
_PROBE_BYTES = 64 << 20
"""Whoever is refused less than that is short of memory; a damaged file may ask for any amount."""
_OF_MEMORY = ("can't start new thread", "bad_alloc", "bad allocation", "DefaultCPUAllocator")
"""What Python, C++ and torch say where the system has no thread or no memory to give."""
_HAVE_WORDS = (RuntimeError, OSError, ImportError)
"""What such words come in; other errors, ours above all, may quote whoever asked, and prove nothing."""


class Shortage(StrEnum):
    """What there is too little of, as the end of a sentence."""

    DISK = "the disk is full"
    FILES = "too many files are open on this machine"
    MEMORY = "this machine is short of memory"
    DEVICE = "a disk cannot be read or written at the moment"


_OF_ERRNO = {
    errno.ENOSPC: Shortage.DISK,
    errno.EDQUOT: Shortage.DISK,
    errno.EMFILE: Shortage.FILES,
    errno.ENFILE: Shortage.FILES,
    errno.ENOMEM: Shortage.MEMORY,
    errno.ENOBUFS: Shortage.MEMORY,
    errno.EAGAIN: Shortage.MEMORY,  # no process or thread more
    errno.EIO: Shortage.DEVICE,
    errno.EROFS: Shortage.DEVICE,  # what Linux makes of a disk with errors
}
_OF_TEXT = {os.strerror(number): shortage for number, shortage in _OF_ERRNO.items()}


def passing(error: BaseException | None) -> Shortage | None:
    """What the machine was short of when this was raised, or None where it is no such error.

    What an error was raised from counts as well, as libraries and models give theirs a name of their own. Readers
    look themselves before they call a file invalid (see `memory_is_short`), so nobody looks behind InvalidAudio;
    nor behind OutOfMemory, which is told after all that a worker can do about it.
    """
    while error is not None and not isinstance(error, InvalidAudio | OutOfMemory):
        if (shortage := _of_one(error)) is not None:
            return shortage
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return None


def present_shortage() -> Shortage | None:
    """What the machine is short of now; tells what C libraries keep to themselves when they fail."""
    try:
        os.close(os.dup(0))
    except OSError as error:
        return passing(error)
    return Shortage.MEMORY if memory_is_short() else None


def raise_file_limit() -> None:
    """Let this process have as many open files as the system grants: defaults are from the time of `select`."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # macOS refuses what its kernel does not have
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def memory_is_short() -> bool:
    """Whether even a moderate piece of memory is refused now."""
    try:
        bytearray(_PROBE_BYTES)
    except MemoryError:
        return True
    return False


def _of_one(error: BaseException) -> Shortage | None:
    if isinstance(error, MemoryError):
        return Shortage.MEMORY
    if isinstance(error, OSError) and error.errno is not None:
        return _OF_ERRNO.get(error.errno)
    if isinstance(error, AudioError):
        return None
    said = str(error)
    of_onnx_runtime = type(error).__module__.startswith("onnxruntime.")
    if (isinstance(error, _HAVE_WORDS) or of_onnx_runtime) and any(words in said for words in _OF_MEMORY):
        return Shortage.MEMORY
    if isinstance(error, OSError | ImportError):  # of the dynamic linker, which has words only
        return next((shortage for text, shortage in _OF_TEXT.items() if text in said), None)
    return None
