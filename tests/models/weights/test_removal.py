"""A model is removed with all that it has left, whatever its permissions are, and nothing besides."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from unmix_models.catalogue.description import Description
from unmix_models.weights import Weights


def installed(weights: Weights, name: str) -> None:
    folder = weights.folder / name
    folder.mkdir(parents=True)
    Description(("vocals", "other"), 44_100, "htdemucs").write(folder)


@pytest.mark.parametrize("name", ["mine", "htdemucs"])
def test_a_model_is_removed_with_all_that_it_has_left(weights: Weights, name: str) -> None:
    installed(weights, name)
    installed(weights, "other")
    (weights.folder / f".{name}.tar.gz.part").write_bytes(b"x" * 1000)
    (weights.folder / f".{name}.staged").mkdir()
    assert (weights.remove(name) or 0) > 1000
    assert [path.name for path in weights.folder.iterdir()] == ["other"]
    assert weights.remove(name) is None


def test_a_link_is_removed_and_its_target_left_alone(weights: Weights, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "mine").write_bytes(b"mine")
    weights.folder.mkdir()
    (weights.folder / "mine").symlink_to(kept)
    assert weights.remove("mine") is not None
    assert (kept / "mine").read_bytes() == b"mine"


REMOVES = """
import os, sys
from pathlib import Path
from unmix_models.weights import Weights
os.setgid(65534); os.setuid(65534)
weights = Weights(Path(sys.argv[1]))
print(sorted(weights.left_out()), weights.remove("mine"), sorted(os.listdir(sys.argv[1])))
"""


@pytest.mark.skipif(os.name == "nt" or os.getuid() != 0, reason="needs to be root, to be another user")
def test_a_folder_that_nobody_can_read_is_told_and_removed() -> None:
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders are root's alone
        Path(place).chmod(0o755)
        folder = Path(place) / "models"
        inner = folder / "mine" / "inner"
        inner.mkdir(parents=True)
        (inner / "file").write_bytes(b"12345")
        for path in (folder, folder / "mine", inner, inner / "file"):
            os.chown(path, 65534, 65534)
        inner.chmod(0)
        (folder / "mine").chmod(0)
        done = subprocess.run(
            [sys.executable, "-c", REMOVES, str(folder)], capture_output=True, text=True, check=False
        )
        assert done.stdout == "['mine'] 5 []\n", done.stderr
