"""What is found below a watched folder, and what is not."""

import os
import stat
from pathlib import Path

import pytest
from plugins.watch.folders import folder_config
from unmix_plugins.files.folder import Folder
from unmix_plugins.files.shown import shown
from unmix_plugins.watch.disk.original import look
from unmix_plugins.watch.seen.blocker import blocker_of
from unmix_plugins.watch.seen.tree import Tree, is_ignored, is_renamed


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"sound")
    return path


def found(tree: Tree) -> set[str]:
    """What is walked over and wanted, relative to the source; it is the same that is taken when the system tells it."""
    names = {Path(name) for name, _ in tree.walk()}
    wanted = {path for path in names if tree.wants(path)}
    assert wanted == {path for path in tree.source.rglob("*") if path.is_file() and takes(tree, path)}
    return {str(path.relative_to(tree.source)) for path in wanted}


def takes(tree: Tree, path: Path) -> bool:
    """Whether a file that the system tells of is taken."""
    return tree.wants(path) and tree.enters(path.parent) and tree.look(path) is not None


def test_files_in_all_subfolders_are_found(source: Path) -> None:
    for name in ("a.wav", "b/c.flac", "b/d/e f.MP3"):
        write(source / name)
    assert found(Tree(folder_config(source))) == {"a.wav", "b/c.flac", "b/d/e f.MP3"}


def test_subfolders_are_left_alone_when_told_so(source: Path) -> None:
    write(source / "a.wav")
    write(source / "b/c.wav")
    tree = Tree(folder_config(source, recursive=False))
    assert found(tree) == {"a.wav"}


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.wav",
        "._resource.wav",
        "talk.wav.part",
        "talk.wav.PART",
        "talk.wav.tmp",
        "talk.wav.crdownload",
        "~$talk.wav",
        ".DS_Store",
        "@eaDir/talk.wav",
        ".stfolder/talk.wav",
        "a/.hidden/b/talk.wav",
        "#recycle/talk.wav",
        ".unmix-1-2.part/talk.wav",
        "cover.jpg",
        "notes.txt",
        "talk",
    ],
)
def test_hidden_unfinished_and_foreign_files_are_ignored(source: Path, name: str) -> None:
    write(source / name)
    tree = Tree(folder_config(source))
    assert found(tree) == set()


def test_names_that_only_look_like_ignored_ones_are_found(source: Path) -> None:
    for name in ("part.wav", "my.tmp.wav", "eaDir/a.wav", "~a.wav"):
        assert not is_ignored(Path(name).name)
        write(source / name)
    assert found(Tree(folder_config(source))) == {"part.wav", "my.tmp.wav", "eaDir/a.wav", "~a.wav"}


def test_patterns_choose_by_name_or_by_place(source: Path) -> None:
    for name in ("a.WAV", "b.mp3", "takes/c.mp3", "takes/bad.wav", "takes/deep/d.xyz"):
        write(source / name)
    tree = Tree(folder_config(source, include=("*.wav", "takes/*"), exclude=("bad.*",)))
    assert found(tree) == {"a.WAV", "takes/c.mp3", "takes/deep/d.xyz"}


def test_a_target_inside_the_source_is_never_entered(source: Path) -> None:
    target = source / "clean"
    write(source / "a.wav")
    write(target / "a.wav")
    write(target / "_failed/b.wav")
    tree = Tree(folder_config(source, target))
    assert found(tree) == {"a.wav"}


def test_a_target_is_known_by_what_it_is_and_not_by_its_name(source: Path, tmp_path: Path) -> None:
    write(source / "Clean/a.wav")
    other_name = tmp_path / "elsewhere"
    other_name.symlink_to(source / "Clean")
    tree = Tree(folder_config(source, other_name))
    assert found(tree) == set()


def test_folders_that_other_watched_folders_write_to_are_never_entered(source: Path) -> None:
    write(source / "other/a.wav")
    assert found(Tree(folder_config(source), never=[source / "other"])) == set()


def test_links_are_not_followed_so_that_a_loop_of_them_ends(source: Path, tmp_path: Path) -> None:
    write(source / "a/b.wav")
    write(tmp_path / "outside/c.wav")
    (source / "a/up").symlink_to(source)
    (source / "self").symlink_to(source / "self")
    (source / "outside").symlink_to(tmp_path / "outside")
    (source / "d.wav").symlink_to(tmp_path / "outside/c.wav")
    tree = Tree(folder_config(source))
    assert found(tree) == {"a/b.wav"}
    assert not tree.enters(source / "a/up/a")
    assert look(source, source / "d.wav") is None


def test_pipes_and_folders_are_no_files(source: Path) -> None:
    os.mkfifo(source / "pipe.wav")
    (source / "folder.wav").mkdir()
    assert found(Tree(folder_config(source))) == set()
    assert look(source, source / "pipe.wav") is None
    assert look(source, source / "folder.wav") is None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root makes devices")
def test_devices_are_no_files(source: Path) -> None:
    os.mknod(source / "device.wav", 0o644 | stat.S_IFCHR, os.makedev(1, 3))
    assert found(Tree(folder_config(source))) == set()
    assert look(source, source / "device.wav") is None


@pytest.mark.parametrize("is_loop", [False, True])
def test_a_folder_that_becomes_a_link_while_its_parent_is_read_leads_nowhere(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_loop: bool
) -> None:
    write(source / "a.wav")
    write(source / "sub/b.wav")
    write(tmp_path / "private/c.wav")
    scandir = os.scandir

    def swapping(folder: object) -> object:
        found = scandir(folder)  # type: ignore[call-overload]  # whatever it is given
        if not (source / "sub").is_symlink():
            (source / "sub").rename(tmp_path / "away")
            (source / "sub").symlink_to(source if is_loop else tmp_path / "private")
        return found

    monkeypatch.setattr(os, "scandir", swapping)
    errors: list[OSError] = []
    names = [name for name, _ in Tree(folder_config(source)).walk(on_error=errors.append)]
    assert names == [str(source / "a.wav")]
    assert errors == []


def test_what_lies_behind_a_link_is_not_looked_at(source: Path, tmp_path: Path) -> None:
    write(tmp_path / "private/c.wav")
    (source / "sub").symlink_to(tmp_path / "private")
    assert Tree(folder_config(source)).look(source / "sub/c.wav") is None
    assert blocker_of(source, source / "sub/c.wav") is None


def test_a_path_of_4000_characters_is_found(source: Path) -> None:
    long = source
    while len(str(long)) < 3_750:
        long = long / ("x" * 200)
    long = long / ("y" * (4_000 - len(str(long)) - len("//a.wav")))
    write(long / "a.wav")
    assert len(str(long / "a.wav")) == 4_000
    tree = Tree(folder_config(source))
    assert found(tree) == {str((long / "a.wav").relative_to(source))}
    assert look(source, long / "a.wav") is not None


def test_what_is_too_deep_to_be_named_is_passed_over_and_told(source: Path) -> None:
    write(source / "a.wav")
    here = os.open(source, os.O_RDONLY)
    for _ in range(25):  # 5,000 characters: it can be made step by step, and not be opened from the top
        os.mkdir("z" * 200, dir_fd=here)
        deeper = os.open("z" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    errors: list[OSError] = []
    names = [name for name, _ in Tree(folder_config(source)).walk(on_error=errors.append)]
    assert names == [str(source / "a.wav")]
    assert [error.strerror for error in errors] == ["File name too long"]


def test_a_name_that_is_no_utf8_keeps_its_bytes_and_can_be_shown(source: Path) -> None:
    raw = os.fsencode(source) + b"/caf\xe9 \xff.wav"
    Path(os.fsdecode(raw)).write_bytes(b"sound")
    [(name, _)] = Tree(folder_config(source)).walk()
    assert os.fsencode(name) == raw
    facts = look(source, Path(name))
    assert facts
    assert facts.size == 5
    assert shown(Path(name).name) == "caf\\xe9 \\xff.wav"
    shown(name).encode("utf-8")


def test_a_name_with_a_line_break_or_an_escape_is_shown_on_one_line() -> None:
    assert shown("a\nb\x1b[31m日本.wav") == "a\\nb\\x1b[31m日本.wav"


def test_a_folder_that_may_not_be_read_is_told_and_the_rest_is_found(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(source / "a.wav")
    write(source / "locked/b.wav")
    scan = Folder.scan

    def refusing(folder: Folder) -> object:  # what the system says to any user but root, who may run this
        if folder.path.name == "locked":
            raise PermissionError(13, "Permission denied", str(folder.path))
        return scan(folder)

    monkeypatch.setattr(Folder, "scan", refusing)
    errors: list[OSError] = []
    names = [name for name, _ in Tree(folder_config(source)).walk(on_error=errors.append)]
    assert names == [str(source / "a.wav")]
    assert [error.filename for error in errors] == [str(source / "locked")]


def test_a_source_that_is_not_there_is_an_error(source: Path) -> None:
    source.rmdir()
    with pytest.raises(FileNotFoundError):
        list(Tree(folder_config(source)).walk())


def test_a_file_has_been_renamed_when_its_old_name_is_gone(source: Path) -> None:
    old = write(source / "a.wav")
    new = old.rename(source / "b.wav")
    facts = look(source, new)
    assert facts
    assert is_renamed(old, new, facts)


def test_a_file_has_been_renamed_when_another_one_has_its_old_name(source: Path) -> None:
    old = write(source / "a.wav")
    new = old.rename(source / "b.wav")
    write(old)
    facts = look(source, new)
    assert facts
    assert is_renamed(old, new, facts)


def test_a_hard_link_is_no_rename(source: Path) -> None:
    old = write(source / "a.wav")
    new = source / "b.wav"
    new.hardlink_to(old)
    facts = look(source, new)
    assert facts
    assert not is_renamed(old, new, facts)
    other_case = source / "A.wav"
    other_case.hardlink_to(old)
    facts = look(source, other_case)
    assert facts
    assert not is_renamed(old, other_case, facts)


class CaseBlind(type(Path())):  # type: ignore[misc]  # as paths are on macOS and Windows
    """A path on a file system that finds names in any case."""

    def lstat(self) -> os.stat_result:
        [found] = [
            path for path in Path(self.parent).iterdir() if path.name.casefold() == self.name.casefold()
        ]
        return found.lstat()


def test_a_rename_that_changes_only_case_is_one_where_the_file_system_ignores_case(source: Path) -> None:
    write(source / "Song.wav")
    new = source / "Song.wav"
    facts = look(source, new)
    assert facts
    assert is_renamed(CaseBlind(source / "song.wav"), new, facts)
    assert not is_renamed(CaseBlind(new), new, facts)
