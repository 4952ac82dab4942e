"""How long the script inside REAPER holds the window at most, beside the 33 ms in which REAPER draws it once.

Each run is on a project of its own in the tests' fake REAPER; what that one itself computes does not count.
"""

import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import product  # noqa: F401  # makes the tests' modules known
from fake_reaper import examples
from plugins.reaper.scripts.studio import Desk

ROUNDS = 7
TARGET = 0.05
"""Seconds for 200 items."""


def main() -> int:
    """Print the rows; 1 when the target is missed."""
    rows = {items: [_longest(items) for _ in range(ROUNDS)] for items in (50, 200)}
    for items, seconds in rows.items():
        spread = f"{1000 * min(seconds):.0f}–{1000 * max(seconds):.0f}"
        print(f"{items:4d} items   longest slice {1000 * median(seconds):5.1f} ms   [{spread}]")
    print(f"4 × the items took {median(rows[200]) / median(rows[50]):.1f} × the time.")
    return int(median(rows[200]) > TARGET)


def _longest(items: int) -> float:
    """Seconds of the longest slice of one action."""
    with TemporaryDirectory(prefix="unmix-bench-") as name:
        folder = Path(name)
        desk = Desk(folder, examples.many(folder / "project", items))
        if desk.run("denoise"):
            raise RuntimeError("the action failed")
        return max(run.busy for run in desk.reaper.runs)


if __name__ == "__main__":
    sys.exit(main())
