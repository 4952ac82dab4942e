"""The files that an action leaves in the project's folder."""

import itertools
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from unmix_plugins.errors import OutputError
from unmix_plugins.files.partial_file import output_errors

_UNWANTED = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
"""What Windows takes in no name: projects move between systems."""
_LONGEST_NAME = 180
"""Bytes of the source's name: with a stem and a number it stays below 255, the limit nearly everywhere."""


class Results:
    """Files under names of their own: none was there before, and all go when the action does not end well."""

    def __init__(self) -> None:
        """There are none yet."""
        self._made: list[Path] = []

    def reserve(self, folder: Path, source: Path, stem: str) -> Path:
        """A new, empty file `<source's name> - <stem>.wav`, or with a number before the dot. Raises OutputError."""
        begin = f"{_plain(source.stem)} - {_plain(stem)}"
        for number in itertools.count(1):
            path = folder / (f"{begin}.wav" if number == 1 else f"{begin} {number}.wav")
            with output_errors(path):
                try:
                    path.open("xb").close()
                except FileExistsError:
                    continue
            self._made.append(path)
            return path
        raise AssertionError  # there is no last number

    def remove(self, paths: Iterable[Path] | None = None) -> None:
        """Remove these files, or all that were made."""
        for path in tuple(self._made if paths is None else paths):
            with suppress(OSError):
                path.unlink(missing_ok=True)
            self._made.remove(path)


def make_folder(folder: Path) -> None:
    """Make the folder if it is not there. Raises OutputError when it cannot be made or written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        said = error.strerror or type(error).__name__
        raise OutputError(
            f"The folder {folder} cannot be made ({said}): save the project in another place."
        ) from error
    if not os.access(folder, os.W_OK):
        raise OutputError(f"The folder {folder} cannot be written: save the project in another place.")


def _plain(name: str) -> str:
    encoded = _UNWANTED.sub("_", name).encode("utf-8", "surrogateescape")
    return encoded[:_LONGEST_NAME].decode("utf-8", "ignore").strip() or "audio"
