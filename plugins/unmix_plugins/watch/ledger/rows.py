"""Entries and rows of the ledger: pure functions, both ways."""

import json
import os
import sqlite3
from dataclasses import asdict
from pathlib import Path
from typing import Any

from unmix_plugins.files.shown import shown
from unmix_plugins.watch.ledger.entry import Entry, FileFacts, Move, Plan, Result, State


def row_from_entry(entry: Entry) -> dict[str, Any]:
    """The columns of an entry but for those that never change."""
    return {
        "path": os.fsencode(entry.path),
        "size": entry.facts.size,
        "mtime_ns": entry.facts.mtime_ns,
        "identity": entry.facts.identity,
        "state": entry.state,
        "sha256": entry.sha256,
        "tries": entry.tries,
        "attempts": entry.attempts,
        "due": entry.due,
        "job_id": entry.job_id,
        "plan": _plan_text(entry.plan),
        "result": "" if entry.result == Result() else json.dumps(asdict(entry.result)),
        "away_to": None if entry.away_to is None else os.fsencode(entry.away_to),
        "is_away": int(entry.is_away),
        "is_missing": int(entry.is_missing),
        "reason": entry.reason,
        "message": shown(entry.message),
        "seconds": entry.result.seconds,
        "ended": entry.ended,
        "is_untold": int(entry.is_untold),
    }


def entry_from_row(row: sqlite3.Row) -> Entry:
    """An entry as the ledger has it."""
    return Entry(
        entry_id=row["entry_id"],
        folder=row["folder"],
        path=Path(os.fsdecode(row["path"])),
        facts=FileFacts(row["size"], row["mtime_ns"], row["identity"]),
        state=State(row["state"]),
        sha256=row["sha256"],
        tries=row["tries"],
        attempts=row["attempts"],
        due=row["due"],
        job_id=row["job_id"],
        plan=_plan_from_text(row["plan"]),
        result=Result(**json.loads(row["result"])) if row["result"] else Result(),
        away_to=None if row["away_to"] is None else Path(os.fsdecode(row["away_to"])),
        is_away=bool(row["is_away"]),
        is_missing=bool(row["is_missing"]),
        reason=row["reason"],
        message=row["message"],
        ended=row["ended"],
        is_untold=bool(row["is_untold"]),
    )


def _plan_text(plan: Plan | None) -> str:
    """JSON in ASCII: it holds bytes of names that are no text as lone surrogates, and gives them back."""
    return "" if plan is None else json.dumps(asdict(plan), default=os.fspath)


def _plan_from_text(text: str) -> Plan | None:
    if not text:
        return None
    said = json.loads(text)
    moves = (
        Move(**(move | {"staged": Path(move["staged"]), "final": Path(move["final"])}))
        for move in said["moves"]
    )
    folder = said["folder"]
    return Plan(Path(said["staging"]), tuple(moves), None if folder is None else Path(folder))
