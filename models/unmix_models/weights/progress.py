"""How far a pull is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a download is."""

    stage: str
    """`downloading`, `verifying`, `installing`."""
    done_bytes: int
    total_bytes: int
    """0 while unknown."""
