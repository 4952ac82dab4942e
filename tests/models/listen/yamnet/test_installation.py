"""YAMNet is taken in from its published file, and from nothing else."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from models.listen.yamnet import examples
from models.weights.examples import weight_file
from support import shared
from unmix_models.catalogue import CATALOGUE, Model, choose
from unmix_models.errors import InvalidWeights, UnknownModel
from unmix_models.listen.ear import Ear
from unmix_models.loading import load
from unmix_models.machine import Machine
from unmix_models.weights import Weights, importable_suffixes

NAME = "yamnet_spectra_in.tflite"
YAMNET = CATALOGUE["yamnet"]


def made_of(data: bytes) -> Model:
    """YAMNet's entry, for another file."""
    return replace(YAMNET, files=(weight_file(NAME, data),))


def a_folder_with(folder: Path, data: bytes) -> Path:
    (folder / "source").mkdir()
    (folder / "source" / NAME).write_bytes(data)
    return folder / "source"


def test_a_file_becomes_a_model_that_hears(tmp_path: Path) -> None:
    weights = Weights(tmp_path / "models")
    model = made_of(examples.file())
    weights.install(model, a_folder_with(tmp_path, examples.file()))
    assert "yamnet" in weights.installed()
    said = json.loads((weights.path(model) / "model.json").read_text("utf-8"))
    assert (said["family"], said["stems"], said["sample_rate"]) == ("yamnet", [], 16000)
    loaded: Any = load(model, weights, Machine("cuda:0", 4))
    ear: Ear = loaded
    assert (ear.name, loaded.device) == ("yamnet", "cpu")
    assert loaded.memory_bytes > 0
    loaded.close()


def test_the_published_file_is_the_catalogues(tmp_path: Path) -> None:
    weights = Weights(tmp_path / "models")
    weights.install(YAMNET, shared(f"weights/yamnet/{NAME}").parent)
    assert (weights.path(YAMNET) / "LICENCE.txt").read_text("utf-8").startswith("Apache-2.0")
    loaded: Any = load(YAMNET, weights, Machine("cpu", 1))
    assert loaded.name == "yamnet"


def test_another_file_is_refused_by_its_hash(tmp_path: Path) -> None:
    weights = Weights(tmp_path / "models")
    with pytest.raises(InvalidWeights, match=f"{NAME} is not the file that the catalogue names"):
        weights.install(YAMNET, a_folder_with(tmp_path, examples.file()))
    assert "yamnet" not in weights.installed()


def test_a_folder_without_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    with pytest.raises(InvalidWeights, match=f"{NAME} is missing"):
        Weights(tmp_path / "models").install(YAMNET, tmp_path / "source")


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(tmp_path: Path) -> None:
    data = examples.file()[:2000]
    with pytest.raises(InvalidWeights, match=r"'yamnet' was not installed: .* no TFLite model"):
        Weights(tmp_path / "models").install(made_of(data), a_folder_with(tmp_path, data))


def test_it_is_for_no_task_that_users_choose_models_for(tmp_path: Path) -> None:
    weights = Weights(tmp_path)
    assert importable_suffixes(YAMNET) == ()
    denoisers = "deepfilternet3, rnnoise, wiener"
    with pytest.raises(UnknownModel, match=f"no model 'yamnet' that can denoise; choose one of: {denoisers}"):
        choose("yamnet", "denoise", weights)
    with pytest.raises(UnknownModel, match="no model 'yamnet' that can separate"):
        choose("yamnet", "separate", weights)
