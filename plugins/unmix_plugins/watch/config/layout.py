"""Whether watched folders and what is written can lie as they do: no output may come back as an input."""

import os
import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from unmix_plugins.files.shown import shown
from unmix_plugins.watch.config.folder import ConfigError, FolderConfig, SourcePolicy
from unmix_plugins.watch.config.template import check_template


def check_layout(folders: Sequence[FolderConfig]) -> None:
    """Raise ConfigError where two folders contradict each other. None of them need exist."""
    if not folders:
        raise ConfigError("No folder is watched: name at least one, with its source and target.")
    _check_names(folders)
    for folder in folders:
        _check_own(folder)
        for other in folders:
            _check_outputs(folder, other)
    for one, other in combinations(folders, 2):
        _check_sharing(one, other)


def _check_names(folders: Sequence[FolderConfig]) -> None:
    names = [folder.name for folder in folders]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                f"Two folders are called “{name}”: give each a name of its own, as the ledger knows them by it."
            )


def _check_own(folder: FolderConfig) -> None:
    if folder.source_policy is SourcePolicy.MOVE and folder.moved_to is None:
        raise ConfigError(
            f"Done sources of {shown(folder.source)} are to be moved, and nothing says where: set moved_to."
        )
    if folder.source_policy is SourcePolicy.TRASH and sys.platform == "win32":
        raise ConfigError(
            f"Done sources of {shown(folder.source)} are to be trashed, and unmix has no way into the recycle bin of"
            " Windows: set source_policy to move, with moved_to, or to keep."
        )
    check_template(folder.template)
    others = [("failed ones", folder.failed), ("moved ones", folder.moved_to)]
    for what, path in others:
        if path is not None and _is_inside(folder.target, path) and _is_inside(path, folder.target):
            raise ConfigError(
                f"{shown(path)} would hold outputs and sources ({what}) alike: choose another folder for one."
            )


def _check_outputs(folder: FolderConfig, writer: FolderConfig) -> None:
    """An output may lie inside a source, where it is left alone, but never the other way round."""
    for path in writer.own_folders:
        if not _is_inside(folder.source, path):
            continue
        if _is_inside(path, folder.source):
            raise ConfigError(
                f"{shown(folder.source)} is watched and written to, so that outputs would be taken as inputs:"
                " choose another target."
            )
        raise ConfigError(
            f"{shown(folder.source)} is watched and lies inside {shown(path)}, which is written to, so that outputs"
            " would be taken as inputs: choose a target beside it, or inside it."
        )


def _check_sharing(one: FolderConfig, other: FolderConfig) -> None:
    """Two may watch the same files only while neither takes them away."""
    if not (_is_inside(one.source, other.source) or _is_inside(other.source, one.source)):
        return
    if any(folder.source_policy is not SourcePolicy.KEEP for folder in (one, other)):
        raise ConfigError(
            f"{shown(one.source)} and {shown(other.source)} share files, which one of them would take from the"
            " other: keep the sources of both, or watch them once."
        )


def _is_inside(inner: Path, outer: Path) -> bool:
    """True when `inner` is `outer` or below it, by whatever name or link."""
    real, target = (Path(os.path.realpath(path)) for path in (inner, outer))
    return any(path == target or _is_same(path, target) for path in (real, *real.parents))


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False
