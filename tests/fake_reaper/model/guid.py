"""Names of things that stay the same when the things move, and when an undo brings them back."""

import uuid


def new_guid() -> str:
    """Return a new one, written as REAPER writes it."""
    return f"{{{str(uuid.uuid4()).upper()}}}"
