from pathlib import Path

import pytest
from unmix.words import OutputStarted, SeparateTask
from unmix_plugins.errors import BrokenResult, OutputClash, OutputError, OutputExists
from unmix_plugins.files.naming import OutputPlan, expected_extension, file_name_of, output_path


def started(extension: str) -> OutputStarted:
    return OutputStarted("clean", "clean", "wav", extension, 48_000, 1)


def plan(*sources: Path, folder: Path | None = None, overwrite: bool = False) -> OutputPlan:
    return OutputPlan(sources, ["clean", "noise"], folder=folder, overwrite=overwrite)


@pytest.mark.parametrize(
    ("source", "folder", "expected"),
    [
        ("talk.wav", None, "talk.clean.wav"),
        ("a/my talk.v2.mp3", None, "a/my talk.v2.clean.wav"),
        ("a/talk.wav", "out", "out/talk.clean.wav"),
        ("talk", None, "talk.clean.wav"),
        ("übung\n1.wav", None, "übung\n1.clean.wav"),
    ],
)
def test_an_output_is_named_after_its_source_and_stem(source: str, folder: str | None, expected: str) -> None:
    assert output_path(Path(source), "clean", "wav", folder and Path(folder)) == Path(expected)


@pytest.mark.parametrize(
    ("asked", "called"),
    [("vocals", "vocals"), ("-vocals", "no_vocals"), ("instrumental", "instrumental")],
)
def test_the_output_of_a_complement_says_what_it_lacks(asked: str, called: str) -> None:
    assert SeparateTask(stems=(asked,)).outputs() == (called,)


@pytest.mark.parametrize("word", ["", "../x", "a/b", "wav\n", "x" * 61, "a.b"])
def test_a_word_that_may_not_stand_in_a_name_is_refused(word: str) -> None:
    with pytest.raises(BrokenResult):
        output_path(Path("talk.wav"), "clean", word, None)
    with pytest.raises(BrokenResult):
        output_path(Path("talk.wav"), word, "wav", None)


@pytest.mark.parametrize(
    ("source", "output_format", "expected"),
    [
        ("a.WAV", "", "wav"),
        ("a.aif", "", "aiff"),
        ("a.mp4", "", None),
        ("a", "", None),
        ("a.mp4", "alac", "m4a"),
        ("a.wav", "new", None),
    ],
)
def test_an_extension_is_expected_where_it_is_sure(
    source: str, output_format: str, expected: str | None
) -> None:
    assert expected_extension(Path(source), output_format) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("talk.wav", "talk.wav"),
        ("../../etc/passwd", "passwd"),
        ("C:\\music\\talk.wav", "talk.wav"),
        ("/", "job"),
        ("..", "job"),
        ("", "job"),
        ("a\0b", "ab"),
    ],
)
def test_a_name_that_another_program_told_leads_out_of_no_folder(told: str, expected: str) -> None:
    assert file_name_of(told, "job") == expected


def test_an_output_that_exists_is_refused_by_name_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "talk.noise.wav").write_bytes(b"")
    with pytest.raises(OutputExists, match=r"talk\.noise\.wav exists already: add --overwrite"):
        plan(tmp_path / "talk.wav").check("")
    plan(tmp_path / "talk.wav", overwrite=True).check("")


def test_a_link_that_leads_nowhere_counts_as_existing(tmp_path: Path) -> None:
    (tmp_path / "talk.clean.wav").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputExists):
        plan(tmp_path / "talk.wav").check("")


def test_a_folder_in_the_place_of_an_output_is_refused(tmp_path: Path) -> None:
    (tmp_path / "talk.clean.wav").mkdir()
    with pytest.raises(OutputError, match="no file that could be replaced"):
        plan(tmp_path / "talk.wav", overwrite=True).check("")


def test_two_inputs_with_one_output_are_refused_by_name(tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "talk.wav", tmp_path / "b" / "talk.wav"
    with pytest.raises(OutputClash) as raised:
        plan(first, second, folder=tmp_path, overwrite=True).check("")
    assert str(first) in str(raised.value)
    assert str(second) in str(raised.value)
    plan(first, second).check("")


def test_one_input_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputClash):
        plan(tmp_path / "talk.wav", tmp_path / "x" / ".." / "talk.wav").check("")


def test_an_input_is_never_replaced(tmp_path: Path) -> None:
    inputs = [tmp_path / "talk.wav", tmp_path / "talk.clean.wav"]
    for path in inputs:
        path.write_bytes(b"")
    with pytest.raises(OutputClash, match="would replace the input"):
        plan(*inputs, overwrite=True).check("")


def test_a_link_to_an_input_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "talk.wav").write_bytes(b"")
    (tmp_path / "talk.clean.wav").symlink_to(tmp_path / "talk.wav")
    with pytest.raises(OutputClash, match="would replace the input"):
        plan(tmp_path / "talk.wav", overwrite=True).check("")


def test_what_could_not_be_foreseen_is_refused_when_the_format_is_known(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    (tmp_path / "film.clean.m4a").write_bytes(b"")
    known = plan(film)
    known.check("")
    with pytest.raises(OutputExists):
        known.target(film, started("m4a"))


def test_a_name_that_the_system_refuses_is_told_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        plan(tmp_path / ("x" * 250 + ".wav")).check("")
