"""Whether the disk that outputs go to is there: an unmounted one leaves an empty folder, which must not be filled."""

from collections.abc import Iterable
from pathlib import Path

from unmix_plugins.errors import UnmixError
from unmix_plugins.files.shown import shown
from unmix_plugins.watch.disk.mounts import Mount, mount_of
from unmix_plugins.watch.disk.moves import make_folder
from unmix_plugins.watch.ledger.book import Ledger


class TargetAway(UnmixError):
    """The disk of a folder that is written to is not mounted."""

    reason = "TARGET_AWAY"


class Ground:
    """Remembers, over restarts, which mount each folder was on."""

    def __init__(self, ledger: Ledger, folders: Iterable[Path]) -> None:
        """Remember in `ledger`. Nothing is looked at yet: a dead network share may hang for long."""
        self._ledger = ledger
        self._folders = tuple(folders)
        self._points: dict[Path, Path] = {}

    def stand_on(self, folder: Path) -> None:
        """Make sure that `folder` is there, on the disk it has always been on.

        Raises TargetAway when that is not mounted, OSError when the folder cannot be made.
        """
        if not self._points:
            # All at once, the first time: later, one may be looked for when the disk of all is away.
            self._points = {path: self._point(path) for path in self._folders}
        point = self._points[folder]
        if not Mount(point, "").is_there:
            raise TargetAway(
                f"{shown(point)}, the disk of {shown(folder)}, is not mounted: unmix waits until it is back."
            )
        make_folder(folder)

    def _point(self, folder: Path) -> Path:
        known = self._ledger.mount_of(folder)
        if known is None:
            known = mount_of(folder).point
            self._ledger.note_mount(folder, known)
        return known
