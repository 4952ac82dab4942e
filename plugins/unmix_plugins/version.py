"""Which unmix this is."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version


def version(package: str = "unmix") -> str:
    """The version of an installed package; `unknown` for one that runs from a folder or is not there."""
    try:
        return installed_version(package)
    except PackageNotFoundError:
        return "unknown"
