"""Which models exist, and which one is chosen."""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from unmix_models.catalogue import CATALOGUE, Model, choose, find, is_auto
from unmix_models.errors import ModelMissing, UnknownModel
from unmix_models.families import FAMILIES, Family, family_of
from unmix_models.loading import load
from unmix_models.machine import Machine
from unmix_models.weights import Weights


@dataclass(frozen=True)
class Shelf:
    """The catalogue, and what of it is installed."""

    names: frozenset[str]

    def models(self) -> Mapping[str, Model]:
        return CATALOGUE

    def installed(self) -> frozenset[str]:
        return self.names


def shelf(*names: str) -> Shelf:
    return Shelf(frozenset(names))


SHIPPED = shelf("rnnoise", "wiener", "dsp")
ALL = shelf(*SHIPPED.names, "deepfilternet3")


@pytest.mark.parametrize("model", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_entry_is_complete(model: Model) -> None:
    assert re.fullmatch(r"[a-z0-9_-]+", model.name)  # a folder and a file name are made of it
    assert model.description.endswith(".")
    assert model.licence
    assert bool(model.stems) == (model.task != "listen")
    assert len(set(model.stems)) == len(model.stems)
    assert model.quality in {"low", "high"}
    assert bool(model.url) == bool(model.files)
    assert family_of(model).task == model.task
    assert model.cost >= 0
    assert model.url == "" or model.url.startswith("https://")
    for file in model.files:
        assert (
            file.size > 0 or family_of(model).networks
        )  # the hash of a checkpoint is checked when it is converted
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert Path(file.name).name == file.name
    assert model.download_bytes == (
        0 if any(not file.size for file in model.files) else sum(file.size for file in model.files)
    )


@pytest.mark.parametrize("model", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_model_is_loaded_by_its_family(model: Model, tmp_path: Path) -> None:
    weights = Weights(tmp_path)
    if model.files:
        with pytest.raises(ModelMissing, match=f"'{model.name}' is not installed"):
            load(model, weights, Machine("cpu", 1))
    else:
        loaded = load(model, weights, Machine("cpu", 1))
        assert loaded.name == model.name
        assert getattr(loaded, "sample_rate", model.sample_rate) == model.sample_rate


def test_recordings_can_be_denoised_by_what_ships_with_unmix() -> None:
    assert choose("auto", "denoise", SHIPPED).model.name in SHIPPED.names


@pytest.mark.parametrize(("installed", "chosen"), [(ALL, "deepfilternet3"), (SHIPPED, "rnnoise")])
def test_auto_takes_the_best_installed_model(installed: Shelf, chosen: str) -> None:
    for name in ("", "auto"):
        assert choose(name, "denoise", installed).model.name == chosen


def test_auto_never_takes_what_works_beside_a_model() -> None:
    with pytest.raises(ModelMissing, match="No model that can denoise is installed"):
        choose("auto", "denoise", Shelf(frozenset({"wiener"})))


def test_auto_names_the_better_model() -> None:
    choice = choose("auto", "denoise", SHIPPED)
    assert (choice.reason, choice.better) == ("best installed model", ("deepfilternet3",))


def test_auto_promises_nothing_better_than_the_best() -> None:
    choice = choose("auto", "denoise", ALL)
    assert (choice.reason, choice.better) == ("best installed model", ())


def test_a_name_is_taken_at_its_word() -> None:
    choice = choose("rnnoise", "denoise", ALL)
    assert (choice.model.name, choice.reason) == ("rnnoise", "asked for")


def test_a_model_that_is_not_installed_is_named() -> None:
    with pytest.raises(ModelMissing, match="'deepfilternet3' is not installed; get it") as caught:
        choose("deepfilternet3", "denoise", SHIPPED)
    assert caught.value.facts == {"model": "deepfilternet3"}


def test_what_would_do_in_its_place_is_named_where_it_has_the_stems() -> None:
    for stems, further in (((), {"alternative": "dsp"}), (("guitar",), {})):
        with pytest.raises(ModelMissing) as caught:
            choose("htdemucs_6s", "separate", SHIPPED, stems=stems)
        assert caught.value.facts == {"model": "htdemucs_6s", **further}


def test_auto_with_nothing_installed_names_what_would_do() -> None:
    with pytest.raises(ModelMissing) as caught:
        choose("auto", "denoise", shelf())
    assert caught.value.facts == {"models": "deepfilternet3,rnnoise"}


def test_what_is_installed_may_be_unknown_to_this_version() -> None:
    assert choose("auto", "denoise", shelf(*SHIPPED.names, "future")).model.name == "rnnoise"


def test_a_name_that_nobody_knows_is_answered_with_those_that_exist() -> None:
    with pytest.raises(
        UnknownModel, match=r"no model 'denoiser9000' that can denoise.*deepfilternet3.*rnnoise"
    ):
        choose("denoiser9000", "denoise", ALL)
    with pytest.raises(UnknownModel, match="no model 'x'"):
        find("x")


def test_a_model_for_another_task_is_unknown_to_this_one() -> None:
    with pytest.raises(UnknownModel, match="no model 'rnnoise' that can separate"):
        find("rnnoise", "separate")


def test_only_nothing_and_auto_leave_the_choice_to_unmix() -> None:
    assert is_auto("")
    assert is_auto("auto")
    assert not is_auto("Auto")


def test_auto_for_stems_takes_the_best_installed_network_that_has_them_all() -> None:
    both = shelf("htdemucs", "htdemucs_6s", "dsp")
    assert choose("auto", "separate", both, stems=["-vocals"]).model.name == "htdemucs"
    assert choose("auto", "separate", both, stems=["guitar", "instrumental"]).model.name == "htdemucs_6s"
    choice = choose("", "separate", both, stems=["bass"])
    assert (choice.reason, choice.better) == ("best installed model for these stems", ("htdemucs_ft",))


def test_auto_takes_no_method_without_a_trained_model_and_names_it_as_a_way_out() -> None:
    with pytest.raises(ModelMissing) as caught:
        choose("auto", "separate", SHIPPED, stems=["vocals"])
    assert str(caught.value) == "No model that can separate vocals is installed; get one."
    assert caught.value.facts == {"models": "htdemucs", "alternative": "dsp"}


def test_a_method_without_a_trained_model_names_what_would_be_better_where_nothing_usual_is_there() -> None:
    choice = choose("dsp", "separate", SHIPPED)
    assert (choice.model.quality, choice.better) == ("low", ("htdemucs",))
    assert choose("dsp", "separate", shelf("dsp", "htdemucs")).better == ()


def test_the_network_to_get_is_the_usual_one_or_the_only_one_that_has_the_stems() -> None:
    with pytest.raises(ModelMissing) as caught:
        choose("auto", "separate", SHIPPED, stems=["guitar"])
    assert caught.value.facts == {"models": "htdemucs_6s"}


def test_a_stem_that_no_model_has_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ModelMissing, match="can separate kazoo; stems are: bass, drums, guitar"):
        choose("auto", "separate", SHIPPED, stems=["kazoo", "bass"])


def test_a_task_that_nothing_can_do_is_said_in_a_sentence() -> None:
    with pytest.raises(ModelMissing, match="unmix has no model that can juggle"):
        choose("auto", "juggle", SHIPPED)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=list(FAMILIES))
def test_every_family_runs_on_the_processor(family: Family) -> None:
    assert "cpu" in family.devices
    assert any(model.family == family.name for model in CATALOGUE.values())


def test_what_the_front_reads_loads_no_runtime() -> None:
    light = "catalogue", "weights", "families", "loading", "machine", "devices", "errors", "storage"
    heavy = {"numpy", "torch", "onnxruntime", "yaml", "safetensors", "av", "soundfile"}
    imports = ", ".join(f"unmix_models.{name}" for name in light)
    program = f"import sys, {imports}; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
