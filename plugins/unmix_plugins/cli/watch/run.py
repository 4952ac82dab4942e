"""Running the watcher in the foreground."""

import logging
import signal
from pathlib import Path
from types import FrameType

import typer

from unmix_plugins.cli.shown.terminal import complain
from unmix_plugins.cli.watch.lines import Lines, WarningLines
from unmix_plugins.client import Client
from unmix_plugins.files.shown import shown
from unmix_plugins.watch.app import App
from unmix_plugins.watch.config.file import ConfigFile
from unmix_plugins.watch.config.folder import WatchConfig

_INTERRUPTED = 130


def watch_file(path: Path, *, once: bool, as_json: bool) -> None:
    """Watch the folders of a file, as it is from moment to moment. Raises ConfigError."""
    file = ConfigFile(path)
    watch(file.read(), once=once, as_json=as_json, file=file)


def watch(config: WatchConfig, *, once: bool, as_json: bool, file: ConfigFile | None = None) -> None:
    """Run until it ends or is ended, and say what it was."""
    logger = logging.getLogger("unmix_plugins.watch")
    logger.addHandler(WarningLines(logging.WARNING))
    logger.propagate = False
    lines = Lines(as_json=as_json)
    watcher = App(
        config, tell=lines, once=once, reload=lambda: file.reloaded() if file else None, connect=_connect
    )
    ended_by: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        ended_by.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C ends at once
        watcher.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    if not as_json:
        for folder in config.folders:
            complain(f"watches {shown(folder.source)}, writes to {shown(folder.target)}.")
    is_all_done = watcher.run()
    lines.summary()
    if signal.SIGINT in ended_by:
        raise typer.Exit(_INTERRUPTED)
    if not is_all_done or (once and lines.failed):
        raise typer.Exit(1)


def _connect(name: str) -> Client:
    return Client.connect(client_name=name, on_start=lambda: complain("no daemon runs; starting one."))
