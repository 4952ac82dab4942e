"""What the ledgers of watchers say, and dead letters that are to be tried again."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from unmix_plugins.cli.shown.terminal import say, say_json, say_table
from unmix_plugins.cli.shown.wording import seconds_text
from unmix_plugins.cli.watch.config import all_ledgers, ledgers_of
from unmix_plugins.files.shown import shown
from unmix_plugins.watch.config.file import read_config
from unmix_plugins.watch.ledger.entry import State
from unmix_plugins.watch.ledger.lock import watcher_of
from unmix_plugins.watch.ledger.store import Ledger

_HOUR = 3600.0
_SHOWN_FAILURES = 10
_WITH_DAEMON = (State.SUBMITTED, State.DELIVERING, State.DELIVERED)
_DEAD = (State.FAILED, State.DEAD)


def tell(source: Path | None, config: Path | None, *, as_json: bool) -> None:
    """Show what is done, what waits and for what, and what failed last."""
    found = _ledgers(source, config)
    if not found and not as_json:
        say("Nothing was ever watched here.")
    for path in found:
        ledger = Ledger(path)
        try:
            facts = _status(ledger)
        finally:
            ledger.close()
        if as_json:
            say_json(facts)
        else:
            _say_status(path, facts)


def retry(source: Path | None, config: Path | None) -> None:
    """Mark dead letters, for the watcher to take them back."""
    number = 0
    is_watched = True
    for path in _ledgers(source, config):
        ledger = Ledger(path)
        try:
            marked = ledger.mark_for_retry(ledger.folders())
        finally:
            ledger.close()
        number += marked
        is_watched = is_watched and (not marked or watcher_of(path) is not None)
    when = "" if is_watched else " as soon as `unmix watch` runs"
    what = "1 recording is" if number == 1 else f"{number} recordings are"
    say(f"{what} tried again{when}." if number else "There are no dead letters.")


def _ledgers(source: Path | None, config: Path | None) -> list[Path]:
    if source is not None and config is not None:
        raise typer.BadParameter("IN and --config exclude each other: name one.")
    if config is not None:
        return [path for path in [read_config(config).state] if path.exists()]
    return all_ledgers() if source is None else ledgers_of(source)


def _status(ledger: Ledger) -> dict[str, Any]:
    names = ledger.folders()
    watcher = watcher_of(ledger.path)
    tally = ledger.tally(names, time.time() - _HOUR)
    counts = ledger.counts()
    return {
        "ledger": shown(ledger.path),
        "watcher": watcher,
        "folders": [
            {
                "name": shown(name),
                "done": counts.get(number, {}).get(State.DONE, 0),
                "waiting": _sum(counts.get(number, {}), (State.FOUND, State.RETRY)),
                "with_daemon": _sum(counts.get(number, {}), _WITH_DAEMON),
                "failed": _sum(counts.get(number, {}), _DEAD),
            }
            for number, name in names.items()
        ],
        "last_hour": {"recordings": tally.recordings, "seconds": tally.seconds},
        "waits": [
            {"folder": shown(wait.folder), "message": wait.sentence, "seconds": time.time() - wait.since}
            for wait in (ledger.waits() if watcher is not None else [])
        ],
        "failures": [
            {"path": shown(Path(names[entry.folder]) / entry.path), "message": entry.message}
            for entry in ledger.dead(names, _SHOWN_FAILURES)
        ],
        "troubles": [
            {"path": shown(Path(names[entry.folder]) / entry.path), "message": entry.message}
            for entry in ledger.troubled(names, _SHOWN_FAILURES)
        ],
    }


def _say_status(path: Path, facts: dict[str, Any]) -> None:
    say(f"{shown(path)}: " + (f"process {facts['watcher']} works" if facts["watcher"] else "no watcher runs"))
    rows = [
        [folder["name"], *(str(folder[key]) for key in ("done", "waiting", "with_daemon", "failed"))]
        for folder in facts["folders"]
    ]
    say_table(["FOLDER", "DONE", "WAITING", "WITH DAEMON", "FAILED"], rows)
    last = facts["last_hour"]
    say(f"In the last hour: {last['recordings']} done, {seconds_text(last['seconds'])} of sound.")
    for wait in facts["waits"]:
        say(f"Waits for {seconds_text(wait['seconds'])}: {wait['message']}")
    for word, key in (("Failed", "failures"), ("Tried again", "troubles")):
        for failure in facts[key]:
            say(f"{word}: {failure['path']}: {failure['message']}")


def _sum(counts: dict[State, int], states: Sequence[State]) -> int:
    return sum(counts.get(state, 0) for state in states)
