"""What several commands ask for in the same words."""

import re
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from unmix.words import DEPTHS, FORMATS, FieldError, SeparateTask, Task

_DURATION = re.compile(r"(-?[0-9]{1,9}(?:\.[0-9]{1,3})?)(s|m|h)?")
_T = TypeVar("_T", bound=Task)
_UNIT_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str) -> float:
    """Seconds in `90`, `90s`, `5m`, `1.5h`, `0` or `-1`."""
    found = _DURATION.fullmatch(text.strip())
    if not found:
        raise typer.BadParameter(f"{text!r} is no time: write 90s, 5m or 2h, 0 for not at all, -1 for ever.")
    return float(found[1]) * _UNIT_SECONDS[found[2] or "s"]


def parse_stems(text: str) -> tuple[str, ...]:
    """The names in `vocals,drums` or `vocals,-vocals`, each once."""
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",")))
    checked(SeparateTask(stems=names))
    return names


def checked(task: _T) -> _T:
    """The task, when it can be. Raises BadParameter."""
    try:
        task.check()
    except FieldError as error:
        raise typer.BadParameter(str(error)) from error
    return task


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Depth = Annotated[
    str, typer.Option(metavar="DEPTH", help=f"Sample depth: {', '.join(DEPTHS)}. [as the input]")
]
Destination = Annotated[
    str | None,
    typer.Option(
        "--output-folder", "-o", metavar="DIR", help="Where outputs go; - is stdout. [beside the input]"
    ),
]
Detach = Annotated[
    bool, typer.Option("--detach", help="Leave the job to the daemon and print its id (see `unmix jobs`).")
]
Device = Annotated[str, typer.Option(metavar="DEVICE", help="Where to compute: auto, cpu, cuda:0, mps.")]
Files = Annotated[list[str], typer.Argument(metavar="FILE", help="Recordings or videos; - is stdin.")]
Folder = Annotated[
    Path | None, typer.Option("--output-folder", "-o", metavar="DIR", help="Folder for the outputs.")
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help=f"{', '.join(FORMATS)}. [as the input]",
    ),
]
KeepAlive = Annotated[
    float | None,
    typer.Option(
        parser=parse_duration,
        metavar="TIME",
        help="How long the model stays loaded: 90s, 5m, 2h, 0 for not at all, -1 for ever.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")]
