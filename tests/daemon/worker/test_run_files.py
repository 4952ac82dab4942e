"""The output files of a run."""

from pathlib import Path
from typing import Any

import pytest
from unmix.words import DenoiseTask, Options, OutputStarted
from unmix_daemon.worker.files import RunFiles
from unmix_daemon.worker.messages import Run
from unmix_models.errors import InvalidWeights


def files(folder: Path) -> RunFiles:
    run = Run("a/1", DenoiseTask(), Options(), "in", str(folder / "out"), 0.0, "asked for", durable=False)
    told: list[Any] = []
    return RunFiles(run, told.append)


@pytest.mark.parametrize("name", ["../vocals", "a/b", "", ".", "..", "a\0b", "v" * 61])
def test_a_stem_that_a_model_calls_as_no_file_can_be_called_makes_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidWeights, match="no name for a file"):
        files(tmp_path).create(
            [OutputStarted("clean", "clean", "wav", "wav"), OutputStarted(name, name, "wav", "wav")]
        )
    assert list(tmp_path.iterdir()) == []


def test_each_output_has_a_file_called_after_it(tmp_path: Path) -> None:
    run = files(tmp_path)
    run.create(
        [OutputStarted("clean", "clean", "wav", "wav"), OutputStarted("clean_mp3", "clean", "mp3", "mp3")]
    )
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"clean.wav", "clean_mp3.mp3"}
    run.discard()
    assert list(tmp_path.iterdir()) == []
