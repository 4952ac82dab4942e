"""The room that the outputs of one run have on the disk while they grow."""

import shutil
from pathlib import Path

from unmix_models.errors import ResultTooLarge, StorageFull

_LOOK_BYTES = 1 << 20
"""How much is written between two looks at the room that is left, and so the most that is taken of the reserve."""
_STEP_BYTES = 16 << 20
"""What a run that had too little room waits for beyond what it had written; nobody knows how much it will write."""


def check_room(folder: Path, needed: int, reserve: int, written: int = 0) -> None:
    """Raise StorageFull where `needed` bytes and the reserve do not fit on a disk now, ResultTooLarge where never.

    `written` of them are there already, and are free again when the results are given up.
    """
    disk = shutil.disk_usage(folder)
    size = f"more than {_gigabytes(written)}" if written else f"up to {_gigabytes(needed)}"
    if needed + reserve > disk.total:
        raise ResultTooLarge(
            f"The results take {size}, and the disk of the state folder has "
            f"{_gigabytes(disk.total)} in all: choose a section, another format, or a larger disk."
        )
    room = max(0, disk.free + written - reserve)
    if needed > room:
        raise StorageFull(
            f"The disk of the state folder is full: the results take {size}, and {_gigabytes(room)} may be used.",
            needed_bytes=str(needed),
        )


class Room:
    """Keeps `reserve` bytes of a disk free, however long a recording says that it is, and whoever else writes."""

    def __init__(self, folder: Path, reserve: int) -> None:
        """`folder` is on the disk, and there when something is written."""
        self._folder = folder
        self._reserve = reserve
        self._written = 0
        self._unseen = 0

    def take(self, size: int) -> None:
        """The outputs have grown by `size` bytes. Raises as `refuse` does, where the reserve is touched."""
        self._written += size
        self._unseen += size
        if self._unseen >= _LOOK_BYTES:
            self._unseen = 0
            if shutil.disk_usage(self._folder).free < self._reserve:
                self.refuse()

    def give_back(self, size: int) -> None:
        """An output has become shorter."""
        self._written -= size

    def refuse(self) -> None:
        """Raise StorageFull with the room that another try needs, or ResultTooLarge; nothing where there is room."""
        check_room(self._folder, self._written + _STEP_BYTES, self._reserve, written=self._written)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.2f} GB"
