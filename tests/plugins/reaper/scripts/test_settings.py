"""The settings of the script inside REAPER: asked in one dialog, kept by REAPER, never trusted."""

from pathlib import Path

import pytest
from fake_reaper import Effect, Envelope, FakeReaper, Project
from fake_reaper.functions import actions
from fake_reaper.model.facts import facts
from fake_reaper.renderer import render
from plugins.reaper.scripts.studio import Desk

GOOD = ["rnnoise", "12.5", "htdemucs_ft", " vocals   -drums ", "yes", "cuda:0"]
DEFAULTS = "auto,,auto,,no,auto"


def ask(desk: Desk, *values: str) -> str:
    desk.reaper.inputs.append(list(values))
    return desk.run("settings")


def test_settings_are_asked_for_with_what_they_are(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    assert ask(desk, *GOOD) == ""
    desk.run("settings")
    assert [values for _, _, values in desk.reaper.asked] == [
        DEFAULTS,
        "rnnoise,12.5,htdemucs_ft,vocals -drums,yes,cuda:0",
    ]
    assert all(captions.count(",") == 6 for _, captions, _ in desk.reaper.asked)
    assert desk.undo_points == []
    assert desk.reaper.problems == []


def test_settings_outlast_reaper(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    ask(desk, *GOOD)
    assert desk.reaper.persistent_ext_state["UNMIX", "DENOISE_MODEL"] == "rnnoise"
    assert set(desk.reaper.persistent_ext_state) == set(desk.reaper.ext_state)


def test_a_job_is_as_the_settings_say(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    ask(desk, *GOOD)
    desk.run("denoise")
    desk.run("separate")
    denoise, separate = desk.jobs
    assert denoise["task"] == {
        "kind": "denoise",
        "model": "rnnoise",
        "attenuation_limit_db": 12.5,
        "stems": ["clean"],
    }
    assert separate["task"] == {"kind": "separate", "model": "htdemucs_ft", "stems": ["vocals", "-drums"]}
    assert denoise["device"] == separate["device"] == "cuda:0"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, "a model"),
        (0, ""),
        (1, "101"),
        (1, "-1"),
        (1, "nan"),
        (2, "../x"),
        (3, "Vocals!"),
        (4, "maybe"),
        (5, "GPU 1"),
    ],
)
def test_a_setting_that_makes_no_sense_changes_none(tmp_path: Path, place: int, value: str) -> None:
    desk = Desk.with_item(tmp_path)
    values = [value if number == place else good for number, good in enumerate(GOOD)]
    assert "No setting was changed" in ask(desk, *values)
    assert desk.reaper.persistent_ext_state == {}


def test_a_comma_is_explained(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    assert "put blanks between stems" in ask(desk, "auto", "", "auto", "vocals,drums", "no", "auto")


def test_cancelling_the_dialog_changes_nothing(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    assert desk.run("settings") == ""
    assert desk.reaper.persistent_ext_state == {}


def test_settings_that_were_edited_to_nonsense_are_not_used(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    desk.choose(denoise_model="; rm", attenuation_limit_db="much", render_first="?", device="\n")
    desk.run("denoise")
    assert desk.jobs[0]["task"] == {
        "kind": "denoise",
        "model": "auto",
        "attenuation_limit_db": None,
        "stems": ["clean"],
    }
    assert desk.jobs[0]["device"] == "auto"


# Render take FX first


def effective(desk: Desk) -> list[object]:
    take = desk.item.take
    return [take.play_rate, take.pitch, take.effects, take.envelopes, take.stretch_markers]


@pytest.mark.parametrize("kind", ["mixed", "time stretched", "looped", "stretch marked", "backwards section"])
@pytest.mark.parametrize("strict", [False, True])
def test_effects_can_be_rendered_first(tmp_path: Path, kind: str, strict: bool) -> None:
    desk = Desk.with_item(tmp_path, kind, strict_new_source=strict)
    desk.choose(render_first="yes")
    desk.item.take.effects = [Effect("Gain", 0.5)]
    before, old = render(desk.project), facts(desk.project)[0]["items"][0]
    assert desk.run("denoise") == ""
    assert desk.reaper.problems == []
    assert abs(render(desk.project) - before).max() < 1e-6  # the render is a file of 32-bit floats
    assert effective(desk) == [1.0, 0.0, [], [], []]
    assert facts(desk.project)[0]["items"][0]["takes"][0] == old["takes"][0]
    assert len(desk.project.tracks) == len(desk.undo_points) == 1
    assert desk.new_files == {desk.item.take.source.path.name}
    assert "render" in desk.asked_items[0]["source"]


def test_an_envelope_is_rendered_too(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    desk.choose(render_first="yes")
    desk.item.take.envelopes = [Envelope("Volume", 0.5)]
    desk.run("denoise")
    assert desk.item.take.envelopes == []
    assert "render" in desk.asked_items[0]["source"]


def test_takes_without_effects_are_not_rendered(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    desk.choose(render_first="yes")
    desk.run("denoise")
    assert "render" not in desk.asked_items[0]["source"]
    assert desk.sounds_the_same


def test_what_is_rendered_is_heard_and_in_no_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """REAPER's actions may take in all of a selected item's group, and a muted item may render as silence."""
    rendered = []
    label, render_takes = actions.ACTIONS[41999]

    def noting(reaper: FakeReaper, project: Project) -> None:
        is_unique = len({item.guid for item in project.items}) == len(project.items)
        rendered.extend((item.group, item.mute, is_unique) for item in project.selected_items)
        render_takes(reaper, project)

    monkeypatch.setitem(actions.ACTIONS, 41999, (label, noting))
    desk = Desk.with_item(tmp_path, "muted")
    desk.choose(render_first="yes")
    desk.item.take.effects, desk.item.group = [Effect("Gain", 0.5)], 3
    desk.run("denoise")
    assert rendered == [(0, 0, True)]
    assert (desk.item.group, desk.item.mute) == (3, 1)


def test_rendered_files_go_when_the_job_fails(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "mixed", mode="fails")
    desk.choose(render_first="yes")
    desk.run("denoise")
    assert desk.is_unchanged
    assert desk.undo_points == []
