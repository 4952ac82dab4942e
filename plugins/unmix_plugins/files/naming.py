"""What outputs are called: `talk.wav` becomes `talk.clean.wav`, beside it or in another folder."""

import os
import re
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath

from unmix.words import FORMATS, OutputStarted
from unmix.words.formats import extension_of_suffix

from unmix_plugins.errors import BrokenResult, OutputClash, OutputError, OutputExists

_WORD = re.compile(r"[\w-]{1,60}")


def output_path(source: Path, output: str, extension: str, folder: Path | None) -> Path:
    """Where an output of `source` goes: `<name>.<output>.<extension>` in `folder`, or beside the source.

    Raises BrokenResult when the daemon's words are none that may stand in a file's name.
    """
    for word in (output, extension):
        if not _WORD.fullmatch(word):
            raise BrokenResult(f"The daemon named an output {word!r}: `unmix doctor` compares the versions.")
    name = f"{source.stem}.{output}.{extension}"
    return source.with_name(name) if folder is None else folder / name


def expected_extension(source: Path, output_format: str) -> str | None:
    """The extension of the outputs where it is known before the daemon has looked inside the file."""
    if output_format:
        return FORMATS[output_format].extension if output_format in FORMATS else None
    return extension_of_suffix(source.suffix)


def file_name_of(told: str, otherwise: str) -> str:
    """The last part of a name that another program told, with nothing that leads out of a folder."""
    name = PureWindowsPath(told.replace("\0", "")).name
    return name if name.strip(". ") else otherwise


class OutputPlan:
    """The outputs of one run over several sources: none replaces what it must not."""

    def __init__(
        self, sources: Sequence[Path], names: Sequence[str], *, folder: Path | None, overwrite: bool
    ) -> None:
        """Plan the outputs `names` of `sources`; paths are decided as far as formats are known."""
        self._sources = {_same(source): source for source in sources}
        self._all_sources = tuple(sources)
        self._names = tuple(names)
        self._folder = folder
        self._overwrite = overwrite
        self._claims: dict[str, Path] = {}

    def check(self, output_format: str) -> None:
        """Refuse, before any work, what can be foreseen. Raises OutputClash, OutputExists or OutputError."""
        for source in self._all_sources:
            extension = expected_extension(source, output_format)
            for name in self._names if extension is not None else ():
                self._claim(source, output_path(source, name, extension or "", self._folder))
        self._claims.clear()

    def target(self, source: Path, started: OutputStarted) -> Path:
        """Where an output goes, now that its format is known. Raises as `check` does."""
        path = output_path(source, started.name, started.extension, self._folder)
        self._claim(source, path)
        return path

    def _claim(self, source: Path, target: Path) -> None:
        key = _same(target)
        if key in self._claims:
            raise OutputClash(
                f"{self._claims[key]} and {source} would both become {target}:"
                " run them one by one, into different folders."
            )
        if key in self._sources:
            raise OutputClash(
                f"{source} would replace the input {self._sources[key]}: choose another folder."
            )
        try:
            target.lstat()
        except (FileNotFoundError, NotADirectoryError):  # the latter is told when the folder is made
            pass
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or str(error)
            raise OutputError(
                f"{target} cannot be written ({said}): choose another folder or name."
            ) from error
        else:
            if not self._overwrite:
                raise OutputExists(f"{target} exists already: add --overwrite to replace it.")
            if not target.is_file():
                raise OutputError(f"{target} is no file that could be replaced: choose another folder.")
        self._claims[key] = source


def _same(path: Path) -> str:
    """Equal for two paths that name one file, as far as names can tell."""
    name = os.path.realpath(path)  # an output that is a link to an input would replace the input
    if sys.platform in {"darwin", "win32"}:  # their file systems ignore case, and macOS normal forms
        return unicodedata.normalize("NFC", name).casefold()
    return name
