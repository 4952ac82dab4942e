"""Settings of the C library's allocator for a process that runs networks."""

import ctypes
import platform

# Parameters of glibc's mallopt(3), from malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -2, -3, -8
_LARGEST = 2**31 - 1


def configure_allocator() -> bool:
    """Keep freed memory instead of returning it to the system; true where that could be set.

    A segment allocates and frees gigabytes in pieces of tens of megabytes. glibc maps and unmaps each of
    them, which costs hundreds of thousands of page faults and a fifth of the time, more on threads other than
    the first. Call it at the start of a worker process, before the first tensor: it holds for the whole
    process, whose memory then stays at its peak. Does nothing on other systems.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    settings = {_MMAP_THRESHOLD: _LARGEST, _TRIM_THRESHOLD: _LARGEST, _TOP_PAD: 64 << 20, _ARENA_MAX: 1}
    accepted = [library.mallopt(parameter, value) == 1 for parameter, value in settings.items()]
    return all(accepted)
