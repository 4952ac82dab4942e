"""Whether Audacity's disks have room for a result.

Audacity itself does not look: 3.2.4 shows an effect's result, and loses the audio without a word, when its project's
disk is full (measured with its own Invert; `EffectBase::DoEffect` ignores that the database refused).
"""

import os
from collections.abc import Iterable
from pathlib import Path

_PROJECTS = (".aup3", ".aup3unsaved")
_SPARE = 16 << 20
"""Bytes besides the audio itself: blocks at the edges are written anew, and overviews are kept."""


def has_room(pids: Iterable[int], size: int) -> bool:
    """Whether each disk where one of these programs has a project open can take `size` bytes of audio.

    They are written twice, to the database's log and to the database. True where it cannot be seen.
    """
    return all(free >= 2 * size + _SPARE for pid in pids for free in _free_bytes(pid))


def _free_bytes(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            if str(descriptor.readlink()).endswith(_PROJECTS):
                disk = os.statvfs(descriptor)  # of the file itself, whatever this program takes its path for
                found.append(disk.f_bavail * disk.f_frsize)
    except OSError:  # it has just ended, or is another user's
        pass
    return found
