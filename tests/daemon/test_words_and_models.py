"""What the contract says and what the models can do, which may not import each other, are the same."""

from dataclasses import fields

from unmix.words import DEPTHS, FORMATS, TASKS, Consistency, DenoiseStem, SeparateTask
from unmix.words.models import LISTEN
from unmix_daemon.worker.tasks import TASKS as WORKED
from unmix_models import media
from unmix_models.audio import Depth
from unmix_models.catalogue import CATALOGUE
from unmix_models.denoise.recording import STEMS
from unmix_models.families import FAMILIES
from unmix_models.separate import recording


def test_the_formats_are_those_that_are_written() -> None:
    assert {name: one.extension for name, one in FORMATS.items()} == {
        name: one.extension for name, one in media.FORMATS.items()
    }


def test_the_depths_are_those_that_are_written() -> None:
    assert tuple(Depth) == DEPTHS


def test_the_stems_of_denoising_are_those_that_are_made() -> None:
    assert tuple(DenoiseStem) == STEMS


def test_the_choices_of_separating_are_those_of_the_models() -> None:
    assert [*Consistency] == [*recording.Consistency]
    ours = {field.name for field in fields(SeparateTask)} - {"kind", "model", "stems"}
    assert ours == {field.name for field in fields(recording.SeparateOptions)}


def test_every_task_has_who_does_it_and_every_model_a_task_and_a_family_of_that_task() -> None:
    assert WORKED.keys() == TASKS.keys()
    for model in CATALOGUE.values():
        assert model.task in {*TASKS, LISTEN}
        assert FAMILIES[model.family].task == model.task
