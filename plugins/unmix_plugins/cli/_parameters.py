"""What several commands ask for in the same words."""

import re
from pathlib import Path
from typing import Annotated

import typer

_DURATION = re.compile(r"(-?[0-9]{1,9}(?:\.[0-9]{1,3})?)(s|m|h)?")
_UNIT_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str) -> float:
    """Seconds in `90`, `90s`, `5m`, `1.5h`, `0` or `-1`."""
    found = _DURATION.fullmatch(text.strip())
    if not found:
        raise typer.BadParameter(f"{text!r} is no time: write 90s, 5m or 2h, 0 for not at all, -1 for ever.")
    return float(found[1]) * _UNIT_SECONDS[found[2] or "s"]


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Device = Annotated[str, typer.Option(metavar="DEVICE", help="Where to compute: auto, cpu, cuda:0, mps.")]
Folder = Annotated[
    Path | None, typer.Option("--output-folder", "-o", metavar="DIR", help="Folder for the outputs.")
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
