"""Where a command's outputs go, as the user said it, and how the user hears of them."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import typer
from unmix.words import FORMATS, Summary

from unmix_plugins.cli.shown.json import summary_json
from unmix_plugins.cli.shown.terminal import printable, say, say_json
from unmix_plugins.cli.shown.wording import reasons, summary_text
from unmix_plugins.errors import OutputError

STDIO = "-"
_SOUND_SUFFIXES = {".mp4", *(f".{suffix}" for each in FORMATS.values() for suffix in each.suffixes)}


@dataclass(frozen=True, slots=True)
class Outlet:
    """What the user said about the outputs."""

    destination: str | None
    """A folder, `-` for standard output; None: beside each input."""
    overwrite: bool
    detach: bool
    """The outputs stay with the daemon."""
    as_json: bool

    @property
    def to_stdout(self) -> bool:
        """True when the one output goes to standard output, and words to stderr."""
        return self.destination == STDIO

    @property
    def folder(self) -> Path | None:
        """Where files go; None: beside each input."""
        return None if self.destination is None or self.to_stdout else Path(self.destination)

    def check(self, inputs: int, outputs: int) -> None:
        """Refuse what contradicts itself; `outputs` is how many each input has, 0 where nobody knows yet.

        Raises BadParameter.
        """
        if self.destination is None:
            return
        if self.detach:
            raise typer.BadParameter(
                "-o and --detach exclude each other: `unmix jobs save` writes a job's outputs."
            )
        if self.to_stdout:
            if inputs > 1 or outputs != 1:
                raise typer.BadParameter("stdout takes one output: name one file, and one stem.")
            if sys.stdout.isatty():
                raise typer.BadParameter("stdout is a terminal: redirect it to a file or a pipe.")
        elif Path(self.destination).suffix.lower() in _SOUND_SUFFIXES and not Path(self.destination).is_dir():
            raise typer.BadParameter(
                printable(f"-o names a folder for the outputs, and {self.destination} looks like a file.")
            )


def make_folder(folder: Path) -> None:
    """Make the folder for outputs if it is not there. Raises OutputError when that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise OutputError(f"{folder} is a file: -o names a folder for the outputs.") from error
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise OutputError(f"{folder} cannot be made ({said}): choose another folder.") from error
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{folder} cannot be written: choose another folder.")


def tell(
    source: str, written: Mapping[str, str], summary: Summary, *, as_json: bool, on_stderr: bool = False
) -> None:
    """Say what became of a recording; `written` has the path of each output, by its name."""
    if as_json:
        say_json(_summary_json(source, written, summary), on_stderr=on_stderr)
        return
    names = ["stdout" if name == STDIO else name for name in written.values()]
    say(summary_text(source, names, summary), on_stderr=on_stderr)
    for line in reasons(summary):
        say(f"  {line}", dim=True, on_stderr=on_stderr)


def _summary_json(source: str, written: Mapping[str, str], summary: Summary) -> dict[str, object]:
    """Everything that is known of a finished recording."""
    facts = summary_json(summary)
    outputs = [
        output | {"path": written[output["name"]]}
        for output in facts.pop("outputs")
        if output["name"] in written
    ]
    return {
        "input": source,
        "ok": True,
        **facts,
        "duration_seconds": summary.duration,
        "real_time_factor": summary.real_time_factor,
        "outputs": outputs,
    }
