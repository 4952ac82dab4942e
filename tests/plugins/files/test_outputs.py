import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from unmix.words import AudioFacts, Event, OutputPiece, OutputStarted, OutputSummary, Progress, Summary
from unmix_plugins.errors import BrokenResult, OutputError, OutputExists
from unmix_plugins.files.outputs import Outputs, receive


def started(stem: str) -> OutputStarted:
    return OutputStarted(stem, stem, "wav", "wav", 48_000, 1)


def told(stem: str, data: bytes) -> OutputSummary:
    return OutputSummary(stem, stem, "wav", "wav", len(data), hashlib.sha256(data).hexdigest(), -20.0, -1.0)


def closing(*outputs: OutputSummary) -> Summary:
    return Summary("m", "", "cpu", "", "float32", "high", 0, 1, outputs, AudioFacts(1, 48_000, 1))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_pieces_that_come_again_replace_the_first_ones(tmp_path: Path) -> None:
    with Outputs({"clean": tmp_path / "c.wav"}) as outputs:
        outputs.begin(started("clean"))
        for offset, data in ((0, b"????"), (4, b"body"), (8, b"end"), (0, b"HEAD")):
            outputs.write(OutputPiece("clean", offset, data))
        outputs.commit([told("clean", b"HEADbodyend")])
    assert files(tmp_path) == {"c.wav": b"HEADbodyend"}


def test_two_stems_may_come_in_turns(tmp_path: Path) -> None:
    with Outputs({"clean": tmp_path / "c.wav", "noise": tmp_path / "n.wav"}) as outputs:
        outputs.begin(started("clean"))
        outputs.begin(started("noise"))
        for offset in range(3):
            outputs.write(OutputPiece("clean", offset, b"c"))
            outputs.write(OutputPiece("noise", offset, b"n"))
        outputs.commit([told("clean", b"ccc"), told("noise", b"nnn")])
    assert files(tmp_path) == {"c.wav": b"ccc", "n.wav": b"nnn"}


def test_one_stem_may_come_under_two_names(tmp_path: Path) -> None:
    with Outputs({"clean": tmp_path / "c.wav", "clean_mp3": tmp_path / "c.mp3"}) as outputs:
        for name in ("clean", "clean_mp3"):
            outputs.begin(replace(started("clean"), name=name))
            outputs.write(OutputPiece(name, 0, name.encode()))
        outputs.commit([replace(told("clean", name.encode()), name=name) for name in ("clean", "clean_mp3")])
    assert files(tmp_path) == {"c.wav": b"clean", "c.mp3": b"clean_mp3"}


def test_a_stem_may_be_empty(tmp_path: Path) -> None:
    with Outputs({"clean": tmp_path / "c.wav"}) as outputs:
        outputs.begin(started("clean"))
        outputs.commit([told("clean", b"")])
    assert files(tmp_path) == {"c.wav": b""}


def test_a_function_names_files_once_their_format_is_known(tmp_path: Path) -> None:
    with Outputs(lambda output: tmp_path / f"x.{output.extension}") as outputs:
        outputs.begin(started("clean"))
        outputs.write(OutputPiece("clean", 0, b"data"))
        outputs.commit([told("clean", b"data")])
    assert files(tmp_path) == {"x.wav": b"data"}


def test_a_stem_that_nobody_asked_for_is_passed_over(tmp_path: Path) -> None:
    with Outputs({"clean": tmp_path / "c.wav"}) as outputs:
        assert outputs.begin(started("clean"))
        assert not outputs.begin(started("noise"))
        outputs.write(OutputPiece("noise", 0, b"n"))
        outputs.commit([told("clean", b""), told("noise", b"n")])
    assert files(tmp_path) == {"c.wav": b""}


def test_a_stream_gets_the_final_bytes_only_and_stays_open() -> None:
    stream = BytesIO()
    with Outputs({"clean": stream}) as outputs:
        outputs.begin(started("clean"))
        outputs.write(OutputPiece("clean", 0, b"????body"))
        outputs.write(OutputPiece("clean", 0, b"HEAD"))
        assert stream.getvalue() == b""
        outputs.commit([told("clean", b"HEADbody")])
    assert stream.getvalue() == b"HEADbody"


def deliver(
    targets: dict[str, Path],
    pieces: list[OutputPiece],
    summaries: list[OutputSummary],
    *,
    overwrite: bool = False,
) -> None:
    """What a job does that begins the outputs of its pieces, in their order."""
    with Outputs(targets, overwrite=overwrite) as outputs:
        for name in dict.fromkeys(piece.name for piece in pieces):
            outputs.begin(started(name))
        for piece in pieces:
            outputs.write(piece)
        outputs.commit(summaries)


@pytest.mark.parametrize("wrong", [b"other", b"HEA", b""])
def test_bytes_that_differ_from_the_summary_leave_no_file(tmp_path: Path, wrong: bytes) -> None:
    with pytest.raises(BrokenResult, match="clean arrived damaged"):
        deliver({"clean": tmp_path / "c.wav"}, [OutputPiece("clean", 0, b"HEAD!")], [told("clean", wrong)])
    assert files(tmp_path) == {}


@pytest.mark.parametrize("offset", [-1, 5, 1 << 40])
def test_a_gap_or_a_negative_offset_is_refused(tmp_path: Path, offset: int) -> None:
    pieces = [OutputPiece("clean", 0, b"HEAD"), OutputPiece("clean", offset, b"x")]
    with pytest.raises(BrokenResult, match="are missing"):
        deliver({"clean": tmp_path / "c.wav"}, pieces, [])
    assert files(tmp_path) == {}


def test_a_stem_that_was_asked_for_and_did_not_come_is_an_error(tmp_path: Path) -> None:
    targets = {"clean": tmp_path / "c.wav", "noise": tmp_path / "n.wav"}
    with pytest.raises(BrokenResult, match="noise did not arrive"):
        deliver(targets, [OutputPiece("clean", 0, b"")], [told("clean", b"")])
    assert files(tmp_path) == {}


def test_a_stem_that_the_summary_does_not_know_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BrokenResult, match="clean did not arrive"):
        deliver({"clean": tmp_path / "c.wav"}, [OutputPiece("clean", 0, b"x")], [])
    assert files(tmp_path) == {}


def test_a_stem_that_begins_again_starts_from_nothing(tmp_path: Path) -> None:
    with Outputs({"clean": tmp_path / "c.wav"}) as outputs:
        for data in (b"what a worker wrote before it died", b"all"):
            outputs.begin(started("clean"))
            outputs.write(OutputPiece("clean", 0, data))
        outputs.commit([told("clean", b"all")])
    assert files(tmp_path) == {"c.wav": b"all"}


def test_an_existing_file_is_kept_when_the_work_fails(tmp_path: Path) -> None:
    target = tmp_path / "c.wav"
    target.write_bytes(b"old")
    with pytest.raises(BrokenResult):
        deliver(
            {"clean": target}, [OutputPiece("clean", 0, b"new")], [told("clean", b"other")], overwrite=True
        )
    assert files(tmp_path) == {"c.wav": b"old"}


def two_stems(folder: Path, *, overwrite: bool) -> None:
    deliver(
        {"clean": folder / "c.wav", "noise": folder / "n.wav"},
        [OutputPiece("clean", 0, b"c"), OutputPiece("noise", 0, b"n")],
        [told("clean", b"c"), told("noise", b"n")],
        overwrite=overwrite,
    )


def test_all_outputs_appear_or_none(tmp_path: Path) -> None:
    (tmp_path / "c.wav").write_bytes(b"old")
    (tmp_path / "n.wav").mkdir()
    with pytest.raises(OutputError, match=r"n\.wav cannot be written"):
        two_stems(tmp_path, overwrite=True)
    assert (tmp_path / "c.wav").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.wav", "n.wav"]


def test_none_appears_when_one_is_there_already(tmp_path: Path) -> None:
    (tmp_path / "n.wav").write_bytes(b"old")
    with pytest.raises(OutputExists, match=r"n\.wav exists already"):
        two_stems(tmp_path, overwrite=False)
    assert files(tmp_path) == {"n.wav": b"old"}


def test_a_full_disk_is_told_with_the_files_name(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with full.open("wb") as stream, Outputs({"clean": stream}) as outputs:
        outputs.begin(started("clean"))
        outputs.write(OutputPiece("clean", 0, b"x" * 100_000))
        with pytest.raises(
            OutputError, match=rf"/dev/full cannot be written \({os.strerror(errno.ENOSPC)}\)"
        ):
            outputs.commit([told("clean", b"x" * 100_000)])


def test_the_summary_comes_last_and_finds_the_files_in_place(tmp_path: Path) -> None:
    target = tmp_path / "c.wav"
    seen: list[tuple[str, bool]] = []
    events: list[Event] = [
        started("clean"),
        closing(told("clean", b"x")),
        OutputPiece("clean", 0, b"x"),
        Progress("denoising", 1.0, None),
    ]
    with Outputs({"clean": target}) as outputs:
        receive(events, outputs, lambda event: seen.append((type(event).__name__, target.exists())))
    assert seen == [
        ("OutputStarted", False),
        ("OutputPiece", False),
        ("Progress", False),
        ("Summary", True),
    ]


def received(events: Iterable[Event], target: Path) -> None:
    with Outputs({"clean": target}) as outputs:
        receive(events, outputs, lambda _: None)


def test_a_stream_without_a_summary_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(BrokenResult, match="without a result"):
        received([started("clean")], tmp_path / "c.wav")
    assert files(tmp_path) == {}


def test_a_stream_that_breaks_after_its_summary_leaves_no_file(tmp_path: Path) -> None:
    def events() -> Iterator[Event]:
        yield started("clean")
        yield closing(told("clean", b""))
        raise ConnectionError

    with pytest.raises(ConnectionError):
        received(events(), tmp_path / "c.wav")
    assert files(tmp_path) == {}
