import os
from io import BytesIO
from pathlib import Path

import pytest
from unmix_plugins.errors import SourceError
from unmix_plugins.files import source
from unmix_plugins.files.source import CHUNK, Source


def all_pieces(source: Source, cancelled: list[bool]) -> list[bytes]:
    source.cancel_with(lambda: cancelled.append(True))
    return list(source.pieces())


def test_a_file_comes_in_pieces_of_a_mebibyte(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(bytes(CHUNK + 1))
    cancelled: list[bool] = []
    with Source(path) as source:
        assert source.size == CHUNK + 1
        assert [len(piece) for piece in all_pieces(source, cancelled)] == [CHUNK, 1]
    assert source.error is None
    assert not cancelled


@pytest.mark.parametrize("change", ["grows", "shrinks"])
def test_a_file_that_changes_size_cancels_the_call(tmp_path: Path, change: str) -> None:
    path = tmp_path / "growing.wav"
    path.write_bytes(bytes(CHUNK * 2))
    cancelled: list[bool] = []
    with Source(path) as source:
        os.truncate(path, CHUNK * (3 if change == "grows" else 1))
        sent = all_pieces(source, cancelled)
    assert sum(map(len, sent)) <= CHUNK * 2
    assert cancelled == [True]
    assert (
        str(source.error)
        == "growing.wav changed while it was sent: wait until it is finished, then run it again."
    )


def test_a_source_closed_in_the_middle_cancels_the_call(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(bytes(CHUNK * 2))
    cancelled: list[bool] = []
    with Source(path) as source:
        source.cancel_with(lambda: cancelled.append(True))
        pieces = source.pieces()
        next(pieces)
    assert list(pieces) == []
    assert cancelled == [True]


def test_a_stream_has_no_known_size_and_is_not_closed() -> None:
    stream = BytesIO(b"abc")
    with Source(stream) as source:
        assert source.size is None
        assert source.name == "stdin"
        assert all_pieces(source, []) == [b"abc"]
    assert not stream.closed


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.wav", "does not exist: check the name"),
        (".", "is a folder: name the files in it"),
        ("nul\0.wav", "cannot be read"),
    ],
)
def test_what_is_no_readable_file_is_told(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        Source(tmp_path / name)


def test_a_pipe_gives_what_is_there_and_a_sign_of_life_while_nothing_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before this a pipe of speech was silent for as long as a mebibyte takes, which is more than a minute."""
    monkeypatch.setattr(source, "_SIGN_SECONDS", 0.01)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe, Source(pipe) as upload:
        pieces = upload.pieces()
        assert next(pieces) == b""
        os.write(writing, b"some")
        assert next(piece for piece in pieces if piece) == b"some"
        assert next(pieces) == b""
        os.write(writing, b"more")
        os.close(writing)
        assert b"".join(pieces) == b"more"
    assert upload.error is None
