"""What the user sees: text that no file name can break, on terminals and in pipes, and JSON for programs."""

import codecs
import dataclasses
import json
import math
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from unmix_plugins.cli.shown.cures import CURES
from unmix_plugins.errors import UnmixError

PLAIN = "unmix-plain"
"""Name of the error handler for terminals whose encoding lacks our signs."""
_PLAIN_SIGNS = {
    "→": "->",
    "×": "x",
    "−": "-",
    "…": "...",
    "–": "-",
    "“": '"',
    "”": '"',
    "·": "-",
    "•": "*",
    "✓": "ok",
    "✗": "!!",
}
_WIDE = 10_000
"""Columns of what is no terminal: nothing is folded or cut there."""


def printable(text: object) -> str:
    """The text with what would garble a terminal, or is no text at all, written as escapes."""
    return "".join(
        letter
        if letter.isprintable()
        else letter.encode("unicode_escape", "backslashreplace").decode("ascii").replace("\\udc", "\\x")
        for letter in str(text)
    )


def say(text: str, *, dim: bool = False, on_stderr: bool = False) -> None:
    """Print a line, on stdout unless told otherwise."""
    _console(on_stderr).print(Text(printable(text), "dim" if dim else ""), soft_wrap=True)


def complain(sentence: str) -> None:
    """Print a sentence about the command's own doing on stderr."""
    say(f"unmix: {sentence}", on_stderr=True)


def say_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print aligned columns on stdout."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold", show_edge=False)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console = _console(on_stderr=False)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        print(line.rstrip())  # noqa: T201  # rich fills the last column with blanks


def say_json(value: object, *, on_stderr: bool = False) -> None:
    """Print a value as one line of JSON; ASCII, so that every pipe carries it."""
    line = json.dumps(to_json(value), allow_nan=False)
    print(line, file=sys.stderr if on_stderr else sys.stdout, flush=True)  # rich would colour it


def to_json(value: object) -> Any:
    """The value in JSON's own types: times in ISO 8601, infinite levels and unknown numbers as null."""
    if dataclasses.is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: to_json(entry) for key, entry in cast("Mapping[str, object]", value).items()}
    if isinstance(value, list | tuple):
        return [to_json(entry) for entry in cast("Sequence[object]", value)]
    return _scalar_to_json(value)


def _scalar_to_json(value: object) -> Any:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case datetime():
            return value.isoformat()
        case UnmixError():
            return {"reason": value.reason, "message": value.worded(CURES)}
        case Path():
            return str(value)
        case _:
            return value


def is_watched() -> bool:
    """True when somebody sees stderr: only then progress is drawn."""
    return sys.stderr.isatty()


def progress_console() -> Console:
    """Where progress is drawn."""
    return _console(on_stderr=True)


def stdin_bytes() -> BinaryIO:
    """Standard input as bytes, without Python's buffer.

    A thread of gRPC reads it, and a buffer whose lock such a thread holds aborts the interpreter at its end.
    """
    try:
        descriptor = sys.stdin.fileno()
    except (OSError, ValueError):
        return sys.stdin.buffer
    return cast("BinaryIO", open(descriptor, "rb", buffering=0, closefd=False))


def stdout_bytes() -> BinaryIO:
    """Standard output as bytes."""
    return sys.stdout.buffer


def _console(on_stderr: bool) -> Console:
    stream = sys.stderr if on_stderr else sys.stdout
    return Console(
        file=stream, highlight=False, markup=False, emoji=False, width=None if stream.isatty() else _WIDE
    )


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    plain = (_PLAIN_SIGNS.get(letter) or ascii(letter)[1:-1] for letter in letters)
    return "".join(plain), error.end


codecs.register_error(PLAIN, _plain)
