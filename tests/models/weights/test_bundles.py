"""Models that lie in installed packages: taken in once, as data, and only what the catalogue names."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from models.weights.examples import DECODER, ENCODER, MODEL, archive, is_whole, nothing_is_left
from unmix_models.catalogue.entry import Bundle
from unmix_models.errors import InvalidWeights
from unmix_models.weights import Weights
from unmix_models.weights import folder as module

BUNDLED = replace(MODEL, bundle=Bundle("a_carrier", "models/tiny.tar.gz"))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package that would end the process if it were imported."""
    folder = tmp_path / "site" / "a_carrier"
    (folder / "models").mkdir(parents=True)
    (folder / "__init__.py").write_text("import os\nos._exit(9)\n")
    monkeypatch.syspath_prepend(str(folder.parent))
    monkeypatch.setattr(module, "CATALOGUE", {"tiny": BUNDLED})
    return folder


def put(package: Path, *members: tuple[str, bytes]) -> None:
    (package / "models" / "tiny.tar.gz").write_bytes(archive(*members))


def test_a_model_of_an_installed_package_is_taken_in(package: Path, weights: Weights) -> None:
    put(package, ("tmp/enc.onnx", ENCODER), ("tmp/dec.onnx", DECODER), ("config.ini", b""))
    weights.take_in_bundled()
    assert is_whole(weights)
    assert "a_carrier" not in sys.modules


def test_one_that_is_there_is_left_as_it_is(package: Path, weights: Weights) -> None:
    put(package, ("enc.onnx", ENCODER), ("dec.onnx", DECODER))
    weights.take_in_bundled()
    before = (weights.folder / "tiny").stat().st_ino
    put(package, ("enc.onnx", b"changed"))
    weights.take_in_bundled()
    assert (weights.folder / "tiny").stat().st_ino == before


@pytest.mark.parametrize(
    "members",
    [
        (("enc.onnx", ENCODER),),
        (("enc.onnx", ENCODER), ("dec.onnx", DECODER[:-1] + b"?")),
        (("enc.onnx", ENCODER), ("dec.onnx", DECODER + b"?")),
    ],
    ids=["lacks one", "another", "longer"],
)
def test_what_the_catalogue_does_not_name_is_refused(
    package: Path, weights: Weights, members: tuple[tuple[str, bytes], ...]
) -> None:
    put(package, *members)
    with pytest.raises(InvalidWeights):
        weights.take_in_bundled()
    assert nothing_is_left(weights)


def test_without_the_package_or_its_archive_nothing_happens(package: Path, weights: Weights) -> None:
    weights.take_in_bundled()
    assert not weights.folder.exists()
