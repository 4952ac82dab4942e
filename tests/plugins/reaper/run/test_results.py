"""Results have names of their own in the folder that was opened, whatever others put there."""

import hashlib
from contextlib import closing
from pathlib import Path

import pytest
from unmix.words import OutputStarted, OutputSummary
from unmix_plugins.errors import OutputError
from unmix_plugins.files.outputs import Outputs
from unmix_plugins.reaper.run.results import Results


def test_a_result_goes_where_its_name_was_reserved_and_over_no_link(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir()
    (private / "talk - clean.wav").write_bytes(b"mine")
    folder = tmp_path / "project"
    with closing(Results()) as results:
        results.open(folder)
        place = results.reserve(Path("talk.wav"), "clean")
        assert place.path == folder / "talk - clean.wav"
        place.unlink()
        place.path.symlink_to(private / "talk - clean.wav")
        with Outputs({"clean": place}, overwrite=True) as outputs:
            outputs.begin(OutputStarted("clean", "clean", "wav", "wav", 48_000, 1))
            outputs.commit([OutputSummary("clean", "clean", "", "wav", 0, hashlib.sha256().hexdigest())])
        assert (folder / "talk - clean.wav").read_bytes() == b""
        folder.rename(tmp_path / "away")
        folder.symlink_to(private)
        assert results.reserve(Path("talk.wav"), "clean").name == "talk - clean 2.wav"
        results.remove()
    assert list((tmp_path / "away").iterdir()) == []
    assert [path.read_bytes() for path in private.iterdir()] == [b"mine"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="save the project in another place"):
        Results().open(tmp_path / "file")
