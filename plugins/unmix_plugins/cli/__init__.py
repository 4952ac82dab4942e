"""The `unmix` command."""

from unmix_plugins.cli._entry import main

__all__ = ["main"]
