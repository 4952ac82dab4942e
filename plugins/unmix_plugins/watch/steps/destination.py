"""What outputs are called: in the target the tree of the source again, with names after the template."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from unmix.words import DenoiseTask, OutputSummary, Task

from unmix_plugins.errors import BrokenResult
from unmix_plugins.files.naming import expected_extension
from unmix_plugins.watch.config.folder import FolderConfig
from unmix_plugins.watch.config.template import FIELD

FOLDER = "stems"
"""Of the staging folder, what becomes a song's folder."""

_WORD = re.compile(r"[\w+-]{1,60}")
"""Models may be several, with `+` between."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Names for the outputs of one recording, none of which is taken into account being taken."""

    files: tuple[tuple[OutputSummary, Path], ...]
    """Each output and its path inside the target; with `folder`, inside that."""
    folder: Path | None = None
    """Path inside the target of the folder or the archive that holds them all."""
    is_archive: bool = False


def destination(
    folder: FolderConfig,
    inside: Path,
    task: Task,
    outputs: Sequence[OutputSummary],
    model: str,
    now: datetime,
) -> Destination:
    """Where the outputs of the recording at `inside` the source go.

    A template with `{stem}` names every file. Without it, one denoised file is named by it, and several outputs, or
    stems, share a folder or an archive of that name. Raises BrokenResult for words that no name may hold.
    """
    for word in (model, *(part for output in outputs for part in (output.name, output.extension))):
        if not _WORD.fullmatch(word):
            raise BrokenResult(f"The daemon named an output {word!r}: `unmix doctor` compares the versions.")

    def named(output: str, suffix: str) -> Path:
        known = {
            "name": inside.stem,
            "stem": output,
            "suffix": suffix,
            "model": model,
            "date": f"{now:%Y-%m-%d}",
        }
        parts = FIELD.sub(lambda field: known.get(field[1], field[0]), folder.template).split("/")
        # A recording may be called `...wav`, the stem of which is `..`.
        return inside.parent.joinpath(*(part if part.strip(".") else f"_{part}" for part in parts if part))

    suffixes = [f".{output.extension}" for output in outputs]
    if _is_flat(folder, task, len(outputs)):
        names = [named(output.name, suffix) for output, suffix in zip(outputs, suffixes, strict=True)]
        return Destination(tuple(zip(outputs, names, strict=True)))
    files = tuple(
        (output, Path(f"{output.name}{suffix}")) for output, suffix in zip(outputs, suffixes, strict=True)
    )
    suffix = ".zip" if folder.zip_stems else ""
    return Destination(files, named("", suffix), folder.zip_stems)


def foreseen(folder: FolderConfig, inside: Path, task: Task) -> Path | None:
    """The path inside the target of the one output, where it can be known before the work; else None."""
    extension = expected_extension(inside, folder.options.format)
    stems = task.stems if isinstance(task, DenoiseTask) else ()
    has_more = any(field in folder.template for field in ("{model}", "{date}"))
    if extension is None or has_more or len(stems) != 1 or not _is_flat(folder, task, 1):
        return None
    output = OutputSummary(stems[0].value, stems[0].value, "", extension, 0, "")
    return destination(folder, inside, task, [output], "none", datetime.fromtimestamp(0).astimezone()).files[
        0
    ][1]


def _is_flat(folder: FolderConfig, task: Task, outputs: int) -> bool:
    return "{stem}" in folder.template or (isinstance(task, DenoiseTask) and outputs == 1)
