"""The files that an action leaves in the project's folder, which others may write to as well."""

import itertools
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from unmix_plugins.errors import OutputError
from unmix_plugins.files.folder import Folder, Place
from unmix_plugins.files.partial_file import output_errors

_UNWANTED = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
"""What Windows takes in no name: projects move between systems."""
_LONGEST_NAME = 180
"""Bytes of the source's name: with a stem and a number it stays below 255, the limit nearly everywhere."""


class Results:
    """Files under names of their own: none was there before, and all go when the action does not end well."""

    def __init__(self) -> None:
        """There are none yet."""
        self._folder: Folder | None = None
        self._made: list[Place] = []

    def open(self, folder: Path) -> None:
        """Make them in this folder, which is made if it is not there. Raises OutputError."""
        try:
            self._folder = Folder.open(folder, make=True)
        except OSError as error:
            said = error.strerror or type(error).__name__
            raise OutputError(
                f"The folder {folder} cannot be made ({said}): save the project in another place."
            ) from error
        if not self._folder.is_writable:
            raise OutputError(f"The folder {folder} cannot be written: save the project in another place.")

    def reserve(self, source: Path, stem: str) -> Place:
        """A new, empty file `<source's name> - <stem>.wav`, or with a number before the dot. Raises OutputError."""
        assert self._folder is not None  # noqa: S101  # it was opened before
        begin = f"{_plain(source.stem)} - {_plain(stem)}"
        for number in itertools.count(1):
            place = self._folder / (f"{begin}.wav" if number == 1 else f"{begin} {number}.wav")
            with output_errors(place.path):
                try:
                    place.create().close()
                except FileExistsError:
                    continue
            self._made.append(place)
            return place
        raise AssertionError  # there is no last number

    def remove(self, places: Iterable[Place] | None = None) -> None:
        """Remove these files, or all that were made."""
        for place in tuple(self._made if places is None else places):
            with suppress(OSError):
                place.unlink()
            self._made.remove(place)

    def close(self) -> None:
        """Make and remove no more."""
        if self._folder is not None:
            self._folder.close()


def _plain(name: str) -> str:
    encoded = _UNWANTED.sub("_", name).encode("utf-8", "surrogateescape")
    return encoded[:_LONGEST_NAME].decode("utf-8", "ignore").strip() or "audio"
