"""Models are installed from a folder, and only whole ones count as installed."""

from pathlib import Path

import pytest
from models.weights.examples import DECODER, ENCODER, MODEL, Site, is_whole, nothing_is_left, pull
from unmix_models.catalogue import CATALOGUE
from unmix_models.errors import InvalidWeights, ModelMissing
from unmix_models.weights import Weights


def a_folder_with(tmp_path: Path, **files: bytes) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for name, content in files.items():
        (folder / f"{name}.onnx").write_bytes(content)
    return folder


def test_a_model_is_installed_from_a_folder(weights: Weights, tmp_path: Path) -> None:
    weights.install(MODEL, a_folder_with(tmp_path, enc=ENCODER, dec=DECODER, other=b"x"))
    assert is_whole(weights)
    assert not (weights.path(MODEL) / "other.onnx").exists()


def test_files_that_are_links_are_copied(weights: Weights, tmp_path: Path) -> None:
    source = a_folder_with(tmp_path, real=ENCODER, dec=DECODER)
    (source / "enc.onnx").symlink_to(source / "real.onnx")
    weights.install(MODEL, source)
    assert is_whole(weights)
    assert not (weights.path(MODEL) / "enc.onnx").is_symlink()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"enc": ENCODER}, "dec.onnx is missing; 'tiny' needs: enc.onnx, dec.onnx"),
        ({"enc": ENCODER, "dec": DECODER[1:]}, "dec.onnx is not the file that the catalogue names"),
        ({"enc": ENCODER, "dec": b""}, "dec.onnx is not the file that the catalogue names"),
    ],
)
def test_a_folder_without_the_models_files_installs_nothing(
    weights: Weights, tmp_path: Path, files: dict[str, bytes], message: str
) -> None:
    with pytest.raises(InvalidWeights, match=message):
        weights.install(MODEL, a_folder_with(tmp_path, **files))
    assert nothing_is_left(weights)


def test_what_a_killed_installation_left_is_no_obstacle(weights: Weights, site: Site) -> None:
    half = weights.folder / ".tiny.part"
    half.mkdir(parents=True)
    (half / "enc.onnx").write_bytes(ENCODER[:100])
    (half / "stray").write_bytes(b"x")
    pull(weights, site.url)
    assert is_whole(weights)
    assert not (weights.path(MODEL) / "stray").exists()


def test_a_folder_of_another_size_is_not_installed(weights: Weights) -> None:
    model = CATALOGUE["deepfilternet3"]
    folder = weights.folder / model.name
    folder.mkdir(parents=True)
    assert weights.installed() == SHIPPED
    for file in model.files:
        with (folder / file.name).open("wb") as sparse:
            sparse.truncate(file.size)
    assert weights.installed() == SHIPPED | {model.name}
    with (folder / model.files[-1].name).open("ab") as sparse:
        sparse.write(b"x")
    assert weights.installed() == SHIPPED
    with pytest.raises(ModelMissing) as caught:
        weights.path(model)
    assert caught.value.facts == {"model": "deepfilternet3"}


def test_without_a_folder_what_needs_no_files_is_installed(tmp_path: Path) -> None:
    assert Weights(tmp_path / "absent").installed() == SHIPPED


SHIPPED = {model.name for model in CATALOGUE.values() if not model.files}
