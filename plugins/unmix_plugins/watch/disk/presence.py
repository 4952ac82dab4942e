"""Whether a watched folder is there, and still the one that it was.

An unmounted disk leaves an empty folder behind. That is no folder whose files were deleted, and what lands in it is
not on the disk.
"""

import os
from pathlib import Path

from unmix_plugins.files.shown import shown
from unmix_plugins.watch.disk.mounts import Mount, mount_of


class FolderAway(Exception):
    """The folder, or the disk it is on, is missing; the message says so and what happens next."""


class Presence:
    """Of one folder."""

    def __init__(self, folder: Path) -> None:
        """Nothing is known of `folder` before `check`."""
        self._folder = folder
        self._identity: tuple[int, int] | None = None
        self._mount: Mount | None = None

    def check(self) -> Mount | None:
        """The mount of the folder when it is new, back, or another one; None when it is there as before.

        Raises FolderAway when it is not.
        """
        if self._mount is not None and not self._mount.is_there:
            raise self.lost(f"{shown(self._mount.point)}, the disk of {shown(self._folder)}, is not mounted")
        try:
            facts = self._folder.stat()
            os.scandir(self._folder).close()  # a dead share may still answer to its name
        except OSError as error:
            raise self.lost(f"{shown(self._folder)} cannot be reached ({error.strerror or error})") from error
        identity = facts.st_dev, facts.st_ino
        if identity == self._identity:
            return None
        self._identity = identity
        self._mount = mount_of(self._folder)
        return self._mount

    def lost(self, what: str) -> FolderAway:
        """The exception for a folder that cannot be used any more; the next `check` begins anew."""
        self._identity = None
        return FolderAway(f"{what}: unmix waits until it is back.")
