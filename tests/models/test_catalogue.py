"""Which models exist, and which one is chosen."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from unmix_models.catalogue import CATALOGUE, Content, Model, Task, choose, find, is_auto
from unmix_models.errors import ModelMissing, UnknownModel
from unmix_models.loading import Place, load_denoiser
from unmix_models.weights import Weights

SHIPPED = frozenset({"rnnoise", "wiener"})
ALL = SHIPPED | {"deepfilternet3"}


@pytest.mark.parametrize("model", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_entry_is_complete(model: Model) -> None:
    assert re.fullmatch(r"[a-z0-9_-]+", model.name)  # a folder and a file name are made of it
    assert model.description.endswith(".")
    assert model.licence
    assert model.stems
    assert len(set(model.stems)) == len(model.stems)
    assert model.quality in {"low", "high"}
    assert bool(model.url) == bool(model.files)
    assert model.url == "" or model.url.startswith("https://")
    for file in model.files:
        assert file.size > 0 or model.architecture  # the hash of a checkpoint is checked when it is converted
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert Path(file.name).name == file.name
    assert model.download_bytes == (
        0 if any(not file.size for file in model.files) else sum(file.size for file in model.files)
    )


@pytest.mark.parametrize(
    "model",
    [model for model in CATALOGUE.values() if model.task is Task.DENOISE],
    ids=lambda model: model.name,
)
def test_every_denoiser_has_an_adapter(model: Model, tmp_path: Path) -> None:
    weights = Weights(tmp_path)
    if model.files:
        with pytest.raises(ModelMissing, match=f"unmix models pull {model.name}"):
            load_denoiser(model, weights, Place("cpu", 1))
    else:
        loaded = load_denoiser(model, weights, Place("cpu", 1))
        assert (loaded.name, loaded.sample_rate) == (model.name, model.sample_rate)


def test_speech_and_music_can_be_denoised_by_what_ships_with_unmix() -> None:
    for content in Content:
        assert choose("auto", Task.DENOISE, content, SHIPPED).model.name in SHIPPED


@pytest.mark.parametrize(
    ("content", "installed", "chosen"),
    [
        (Content.SPEECH, ALL, "deepfilternet3"),
        (Content.SPEECH, SHIPPED, "rnnoise"),
        (Content.MUSIC, ALL, "wiener"),
        (Content.MUSIC, SHIPPED, "wiener"),
    ],
)
def test_auto_takes_the_best_installed_model(
    content: Content, installed: frozenset[str], chosen: str
) -> None:
    for name in ("", "auto"):
        assert choose(name, Task.DENOISE, content, installed).model.name == chosen


def test_auto_names_the_better_model_and_how_to_get_it() -> None:
    choice = choose("auto", Task.DENOISE, Content.SPEECH, SHIPPED)
    assert choice.reason == (
        "best installed model for speech; deepfilternet3 is better: unmix models pull deepfilternet3"
    )


def test_auto_promises_nothing_better_than_the_best() -> None:
    assert choose("auto", Task.DENOISE, Content.SPEECH, ALL).reason == "best installed model for speech"


def test_a_name_is_taken_at_its_word() -> None:
    choice = choose("rnnoise", Task.DENOISE, Content.MUSIC, ALL)
    assert (choice.model.name, choice.reason) == ("rnnoise", "asked for")


def test_a_model_that_is_not_installed_says_how_to_get_it() -> None:
    with pytest.raises(ModelMissing, match="unmix models pull deepfilternet3"):
        choose("deepfilternet3", Task.DENOISE, Content.SPEECH, SHIPPED)


def test_auto_with_nothing_installed_names_what_would_do() -> None:
    with pytest.raises(ModelMissing, match="pull deepfilternet3 or rnnoise"):
        choose("auto", Task.DENOISE, Content.SPEECH, ())


def test_what_is_installed_may_be_unknown_to_this_version() -> None:
    assert choose("auto", Task.DENOISE, Content.MUSIC, [*SHIPPED, "future"]).model.name == "wiener"


def test_a_name_that_nobody_knows_is_answered_with_those_that_exist() -> None:
    with pytest.raises(
        UnknownModel, match=r"no model 'denoiser9000' that can denoise.*deepfilternet3.*rnnoise"
    ):
        choose("denoiser9000", Task.DENOISE, None, ALL)
    with pytest.raises(UnknownModel, match="no model 'x'"):
        find("x")


def test_a_model_for_another_task_is_unknown_to_this_one() -> None:
    with pytest.raises(UnknownModel, match="no model 'rnnoise' that can separate"):
        find("rnnoise", Task.SEPARATE)


def test_only_nothing_and_auto_leave_the_choice_to_unmix() -> None:
    assert is_auto("")
    assert is_auto("auto")
    assert not is_auto("Auto")


def test_the_catalogue_needs_no_numpy() -> None:
    program = "import sys, unmix_models.catalogue, unmix_models.weights; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
