"""What several tests need."""

import os
import sys
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"
"""Recordings and weights beside the checkout; they are no part of it."""


def importing() -> dict[str, str]:
    """An environment in which `python -m` finds the modules of these tests, too."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def shared(path: str) -> Path:
    """A file or folder of `SHARED`; skips the test where it is absent."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"needs {path} in {SHARED}")
    return found
