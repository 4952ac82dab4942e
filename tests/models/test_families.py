"""Families of models: where they can run, and how a checkpoint of somebody's own is recognised."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from separators import STEMS, save_legacy, small, trained
from unmix_models.catalogue import CATALOGUE, choose, description
from unmix_models.errors import DeviceUnavailable, InvalidWeights, ModelMissing
from unmix_models.families import FAMILIES
from unmix_models.loading import load
from unmix_models.machine import Machine
from unmix_models.separate.base import Separator
from unmix_models.tensor_shapes import shapes_of
from unmix_models.weights import Weights, importable_suffixes, imported_model


@pytest.fixture
def weights(tmp_path: Path) -> Weights:
    return Weights(tmp_path / "models")


@pytest.mark.parametrize("name", ["rnnoise", "wiener", "dsp"])
def test_a_model_that_cannot_use_the_device_says_so_where_it_was_asked_for_by_name(
    weights: Weights, name: str
) -> None:
    gpu = Machine("cuda:0", 1, required=True)
    with pytest.raises(
        DeviceUnavailable, match=f"'{name}' cannot run on cuda:0; use the device cpu, or auto"
    ):
        load(CATALOGUE[name], weights, gpu)


@pytest.mark.parametrize("name", ["rnnoise", "wiener", "dsp"])
@pytest.mark.parametrize("device", ["cuda:0", "mps", "tpu:3"])
def test_a_model_that_cannot_use_the_device_runs_on_the_cpu_where_nobody_asked(
    weights: Weights, name: str, device: str
) -> None:
    assert load(CATALOGUE[name], weights, Machine(device, 1)).device == "cpu"


def test_what_is_missing_is_said_before_where_it_could_run(weights: Weights) -> None:
    with pytest.raises(ModelMissing, match="'htdemucs' is not installed"):
        load(CATALOGUE["htdemucs"], weights, Machine("mps", 1, required=True))


def test_only_networks_that_scale_by_the_track_want_its_statistics() -> None:
    assert {name for name, family in FAMILIES.items() if family.wants_statistics} == {"htdemucs"}


def test_an_import_may_hold_what_some_family_takes_and_other_models_only_their_files() -> None:
    assert ".th" in importable_suffixes(imported_model("mine"))
    assert ".th" in importable_suffixes(CATALOGUE["htdemucs"])
    assert importable_suffixes(CATALOGUE["rnnoise"]) == ()
    assert importable_suffixes(CATALOGUE["deepfilternet3"]) == ()


def test_an_imported_checkpoint_is_recognised_described_and_loaded(weights: Weights, tmp_path: Path) -> None:
    trained(tmp_path / "source")
    weights.install(imported_model("mine"), tmp_path / "source")
    said = json.loads((weights.folder / "mine" / "model.json").read_text("utf-8"))
    assert (said["family"], said["partition"], tuple(said["stems"])) == ("htdemucs", True, STEMS)
    model = weights.models()["mine"]
    assert (model.family, model.task, model.stems, model.partition) == ("htdemucs", "separate", STEMS, True)
    assert choose("auto", "separate", weights, stems=["bass"]).model.name == "mine"
    loaded: Any = load(model, weights, Machine("cpu", 1, precision="float32"))
    separator: Separator = loaded
    assert (separator.stems, separator.partition) == (STEMS, True)


@pytest.mark.long
def test_a_network_for_one_stem_is_no_partition_also_where_its_description_is_old(
    weights: Weights, tmp_path: Path
) -> None:
    trained(tmp_path / "source", sources=["vocals"])
    weights.install(imported_model("mine"), tmp_path / "source")
    assert not weights.models()["mine"].partition
    installed_by_hand(weights, '{"stems": ["vocals"], "sample_rate": 8000}', name="older")
    assert not weights.models()["older"].partition


def installed_by_hand(weights: Weights, text: str, name: str = "mine") -> None:
    folder = weights.folder / name
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(text, "utf-8")


def test_a_description_from_before_families_is_the_first_familys(weights: Weights) -> None:
    installed_by_hand(weights, '{"stems": ["drums", "bass"], "sample_rate": 8000, "parameters": 5}')
    model = weights.models()["mine"]
    assert (model.family, model.task, model.sample_rate, model.partition) == (
        "htdemucs",
        "separate",
        8000,
        True,
    )
    assert "mine" in weights.installed()


@pytest.mark.long
def test_a_network_whose_stems_leave_something_out_says_so_when_it_is_loaded(
    weights: Weights, tmp_path: Path
) -> None:
    trained(tmp_path / "source")
    weights.install(imported_model("mine"), tmp_path / "source")
    path = weights.folder / "mine" / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "partition": False}), "utf-8")
    loaded: Any = load(weights.models()["mine"], weights, Machine("cpu", 1, precision="float32"))
    assert loaded.partition is False


@pytest.mark.parametrize(
    "text",
    [
        '{"stems": ["a"], "sample_rate": 8000, "family": "of a later version"}',
        '{"stems": ["a"]}',
        "[]",
        "{",
        "null",
    ],
)
def test_a_description_that_nobody_understands_is_no_model(weights: Weights, text: str) -> None:
    installed_by_hand(weights, text)
    assert "mine" not in weights.models()


def test_a_folder_that_lost_its_files_says_what_to_do(weights: Weights) -> None:
    installed_by_hand(weights, '{"stems": ["a"], "sample_rate": 8000}')
    with pytest.raises(InvalidWeights, match=r"incomplete .* import them again"):
        load(weights.models()["mine"], weights, Machine("cpu", 1))


def test_a_description_comes_back_as_it_was_written(tmp_path: Path) -> None:
    said = description.Description(("a", "b"), 44_100, "some", partition=False, parameters=7)
    said.write(tmp_path)
    assert description.read(tmp_path) == said


class Bomb:
    def __init__(self, trap: Path) -> None:
        self.trap = trap

    def __reduce__(self) -> object:
        return (Path.touch, (self.trap,))


def of_no_family(folder: Path) -> None:
    save_file({"first_conv.weight": torch.zeros(2, 2)}, folder / "other.safetensors")


def a_plain_pickle(folder: Path) -> None:
    (folder / "plain.th").write_bytes(pickle.dumps(Bomb(folder / "exploded")))


def a_packed_pickle(folder: Path) -> None:
    torch.save({"state": Bomb(folder / "exploded")}, folder / "packed.th")


def text(folder: Path) -> None:
    (folder / "words.th").write_text("words", "utf-8")


def nothing(folder: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        (
            of_no_family,
            "other.safetensors holds a network of no family that unmix knows; it runs those of: htdemucs",
        ),
        (a_plain_pickle, "no checkpoint that unmix can read .plain.th is none."),
        (a_packed_pickle, "no checkpoint that unmix can read .packed.th is none."),
        (text, "no checkpoint that unmix can read .words.th is none."),
        (nothing, "holds no checkpoint that unmix can read; it runs those of: htdemucs"),
    ],
)
def test_what_is_of_no_known_family_is_refused_in_a_sentence_and_runs_nothing(
    weights: Weights, tmp_path: Path, fill: Any, message: str
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    fill(source)
    with pytest.raises(InvalidWeights, match=message):
        weights.install(imported_model("mine"), source)
    assert not (source / "exploded").exists()
    assert not weights.folder.exists() or not list(weights.folder.iterdir())


@pytest.mark.parametrize("wrap", [lambda state: state, lambda state: {"state_dict": state, "epoch": 5}])
def test_names_and_shapes_are_read_from_what_pytorch_saves(tmp_path: Path, wrap: Any) -> None:
    network = small()
    torch.save(wrap(network.state_dict()), tmp_path / "a.ckpt")
    torch.save(wrap(dict(network.named_parameters())), tmp_path / "b.ckpt")
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert shapes_of(tmp_path / "a.ckpt") == expected
    parameters = {name: tuple(tensor.shape) for name, tensor in network.named_parameters()}
    assert shapes_of(tmp_path / "b.ckpt") == parameters


def test_names_and_shapes_are_read_from_demucs_own_pickles_and_from_safetensors(tmp_path: Path) -> None:
    network = small()
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert shapes_of(save_legacy(tmp_path, network)) == expected
    save_file(network.state_dict(), tmp_path / "a.safetensors", {"klass": "x"})
    assert shapes_of(tmp_path / "a.safetensors") == expected
    for family in FAMILIES.values():
        recognise = family.networks and family.networks.recognise
        assert recognise is None or recognise(expected) == (family.name == "htdemucs")


@pytest.mark.parametrize("size", [0, 1, 7, 8, 100, 5000])
def test_a_checkpoint_that_was_cut_short_is_none(tmp_path: Path, size: int) -> None:
    legacy = save_legacy(tmp_path, small())
    legacy.write_bytes(legacy.read_bytes()[:size])
    assert shapes_of(legacy) == {}


def test_noise_has_no_tensors(tmp_path: Path) -> None:
    path = tmp_path / "noise.th"
    for seed in range(20):
        path.write_bytes(np.random.default_rng(seed).bytes(2000))
        assert shapes_of(path) == {}
