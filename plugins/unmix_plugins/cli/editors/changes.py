"""What `install` and `uninstall` say of an editor's files."""

from collections.abc import Sequence
from typing import Annotated

import typer

from unmix_plugins.cli.shown.terminal import say
from unmix_plugins.files.file_changes import Change

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


def tell_changes(where: str, changes: Sequence[Change], notes: Sequence[str], *, dry_run: bool) -> None:
    """Say what was done, or with `dry_run` would be, and what the user should know besides."""
    say(where)
    if dry_run and changes:
        say("Nothing is changed by --dry-run. Without it:")
    for change in changes:
        say(f"  {change.said}")
    if not changes:
        say("Nothing is to be done.")
    for note in notes:
        say(note)
