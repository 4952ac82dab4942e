"""The `unmix` command."""

from unmix_plugins.cli._main import main

__all__ = ["main"]
