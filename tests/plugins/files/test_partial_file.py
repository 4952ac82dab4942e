import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from unmix_plugins.errors import OutputError, OutputExists
from unmix_plugins.files import partial_file
from unmix_plugins.files.partial_file import PartialFile


@pytest.fixture(params=["unnamed", "named"])
def written(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PartialFile:
    """A partial file that holds `new`, of both kinds that systems allow."""
    if request.param == "named":
        monkeypatch.setattr(partial_file, "_DESCRIPTORS", tmp_path / "no such folder")
    part = PartialFile(tmp_path / "out.wav")
    part.file.write(b"new")
    return part


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_nothing_has_the_targets_name_until_it_is_placed(written: PartialFile, tmp_path: Path) -> None:
    assert "out.wav" not in names(tmp_path)
    written.place(overwrite=False)
    written.settle()
    assert names(tmp_path) == ["out.wav"]
    assert (tmp_path / "out.wav").read_bytes() == b"new"


def test_a_discarded_file_leaves_no_trace(written: PartialFile, tmp_path: Path) -> None:
    written.discard()
    assert names(tmp_path) == []


def test_a_placed_file_can_be_taken_back(written: PartialFile, tmp_path: Path) -> None:
    written.place(overwrite=False)
    written.discard()
    assert names(tmp_path) == []


def test_a_file_that_appeared_meanwhile_is_not_replaced(written: PartialFile, tmp_path: Path) -> None:
    (tmp_path / "out.wav").write_bytes(b"theirs")
    with pytest.raises(OutputExists, match=r"out\.wav exists already"):
        written.place(overwrite=False)
    written.discard()
    assert names(tmp_path) == ["out.wav"]
    assert (tmp_path / "out.wav").read_bytes() == b"theirs"


def test_a_replaced_file_keeps_its_permissions(written: PartialFile, tmp_path: Path) -> None:
    target = tmp_path / "out.wav"
    target.write_bytes(b"old")
    target.chmod(0o640)
    written.place(overwrite=True)
    written.settle()
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert names(tmp_path) == ["out.wav"]


def test_a_replaced_file_comes_back_when_the_new_one_is_taken_back(
    written: PartialFile, tmp_path: Path
) -> None:
    (tmp_path / "out.wav").write_bytes(b"old")
    written.place(overwrite=True)
    written.discard()
    assert (tmp_path / "out.wav").read_bytes() == b"old"
    assert names(tmp_path) == ["out.wav"]


def test_a_new_file_has_the_permissions_that_the_user_gives_to_new_files(
    written: PartialFile, tmp_path: Path
) -> None:
    (tmp_path / "plain").write_bytes(b"")
    written.place(overwrite=False)
    written.settle()
    assert (tmp_path / "out.wav").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file.wav").write_bytes(b"old")
    link = tmp_path / "out.wav"
    link.symlink_to(tmp_path / "real" / "file.wav")
    part = PartialFile(link)
    part.file.write(b"new")
    part.place(overwrite=True)
    part.settle()
    assert link.is_symlink()
    assert (tmp_path / "real" / "file.wav").read_bytes() == b"new"


def test_where_proc_takes_no_links_the_bytes_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = PartialFile(tmp_path / "out.wav")
    part.file.write(b"new")
    monkeypatch.setattr(partial_file, "_DESCRIPTORS", tmp_path / "no such folder")
    part.place(overwrite=False)
    part.settle()
    assert (tmp_path / "out.wav").read_bytes() == b"new"
    assert names(tmp_path) == ["out.wav"]


def test_a_missing_folder_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot be written \(No such file or directory\): make"):
        PartialFile(tmp_path / "missing" / "out.wav")


def test_a_name_of_255_bytes_can_be_written(tmp_path: Path) -> None:
    target = tmp_path / ("ä" * 125 + ".wav")
    part = PartialFile(target)
    part.place(overwrite=False)
    part.settle()
    assert target.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has files without a name")
def test_a_process_that_is_killed_leaves_no_file(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from unmix_plugins.files.partial_file import PartialFile\n"
        "part = PartialFile(Path(sys.argv[1])); part.file.write(b'x' * 100000); part.file.flush()\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "out.wav")], env=environment, check=False
    )
    assert ended.returncode == -9
    assert names(tmp_path) == []
