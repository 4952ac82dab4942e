"""The table `denoise` of `watch.toml`."""

from pathlib import Path

import pytest
from unmix.words import DenoiseTask, Music
from unmix_plugins.watch.config.file import read_config, read_presets
from unmix_plugins.watch.config.folder import ConfigError

MINIMAL = "[[folder]]\nsource = 'in'\ntarget = 'out'\n"


def test_music_is_kept_unless_it_is_to_be_removed(tmp_path: Path) -> None:
    path = tmp_path / "watch.toml"
    path.write_text("[presets.talk.denoise]\nmusic = 'remove'\n[presets.show.denoise]\nmusic = 'keep'\n")
    presets = read_presets(path)
    assert presets["talk"] == DenoiseTask(music=Music.REMOVE)
    assert presets["show"] == presets["denoise"] == DenoiseTask(music=Music.KEEP)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            "music = 'louder'",
            "“music” in folder 1.denoise (What becomes of music under and between speech: keep, remove): input should"
            " be 'keep' or 'remove'.",
        ),
        (
            "model = 'wiener', music = 'remove'",
            "“denoise” in folder 1 (Remove noise): the model wiener removes no music; choose another model, or keep the"
            " music.",
        ),
    ],
)
def test_what_music_cannot_be_is_refused_with_the_cure(tmp_path: Path, keys: str, said: str) -> None:
    path = tmp_path / "watch.toml"
    path.write_text(f"{MINIMAL}denoise = {{ {keys} }}")
    with pytest.raises(ConfigError) as refused:
        read_config(path)
    assert str(refused.value) == f"{path}: {said}"
