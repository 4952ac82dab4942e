"""A resource folder of REAPER and the scripts that are installed into it."""

from pathlib import Path

import pytest
from plugins.reaper.installation.folders import KEYMAP, MENU, make_folder, make_scripts


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    return make_scripts(tmp_path / "shipped")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "REAPER", keymap=KEYMAP, menu=MENU)
