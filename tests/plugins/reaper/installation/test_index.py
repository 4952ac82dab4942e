"""The index for ReaPack says what is shipped."""

import hashlib
import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath
from urllib.parse import unquote
from xml.etree import ElementTree

from unmix_plugins.reaper.installation.actions import ACTIONS, FOLDER
from unmix_plugins.reaper.installation.install import SCRIPTS

ROOT = Path(__file__).parents[4]
GENERATOR = ROOT / "docs" / "reaper" / "generate_index.py"


def generate(output: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, GENERATOR, "--output", output, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_regenerating_changes_nothing(tmp_path: Path) -> None:
    assert generate(tmp_path / "index.xml").returncode == 0
    committed = (GENERATOR.parent / "index.xml").read_bytes()
    assert (tmp_path / "index.xml").read_bytes() == committed, "run `python docs/reaper/generate_index.py`"


def test_every_script_is_offered_where_the_installer_puts_it(tmp_path: Path) -> None:
    base = "https://example.org/unmix/v1/"
    assert generate(tmp_path / "index.xml", "--base-url", base).returncode == 0
    index = ElementTree.parse(tmp_path / "index.xml").getroot()  # noqa: S314  # we wrote it
    category = index.find("category")
    version = index.find("category/reapack/version")
    assert category is not None
    assert version is not None
    assert (
        version.get("name")
        == tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    )
    files = {path.relative_to(SCRIPTS).as_posix(): path.read_bytes() for path in SCRIPTS.rglob("*.py")}
    assert "unmix_actions/actions.py" in files
    offered: dict[str, str] = {}
    for source in version.findall("source"):
        place = PurePosixPath(str(index.get("name")), str(category.get("name")), str(source.get("file")))
        assert place.parts[:3] == (FOLDER, category.get("name"), "..")
        name = "/".join(place.parts[3:])
        assert source.get("hash") == f"1220{hashlib.sha256(files[name]).hexdigest()}"
        offered[name] = str(source.text)
    assert offered.keys() == files.keys()
    assert {name: unquote(url) for name, url in offered.items()} == {name: base + name for name in files}
    assert not any(" " in url for url in offered.values())
    actions = {
        str(source.get("file"))[3:] for source in version.findall("source") if source.get("main") == "main"
    }
    assert actions == {action.file_name for action in ACTIONS}


def test_an_address_that_reapack_cannot_use_is_refused(tmp_path: Path) -> None:
    refused = generate(tmp_path / "index.xml", "--base-url", "ftp://example.org")
    assert refused.returncode == 1
    assert "https://" in refused.stderr
    assert not (tmp_path / "index.xml").exists()
