"""A file that others read while it grows."""

import io
import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmix_daemon.worker.growing_file import GrowingFile
from unmix_daemon.worker.room import Room


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clean.wav"


@pytest.fixture
def file(path: Path) -> Iterator[GrowingFile]:
    growing = GrowingFile(path, Room(path.parent, 0))
    yield growing
    growing.close()


class Reader:
    """Follows a file as a caller does: what is announced in order, then what was written again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sent = 0
        self._have = bytearray()

    def follow(self, announced: int) -> None:
        self._take(self._sent, announced)
        self._sent = max(self._sent, announced)

    def finish(self, rewritten: list[tuple[int, int]], size: int) -> bytes:
        for offset, length in rewritten:
            self._take(offset, offset + length)
        return bytes(self._have[:size])

    def _take(self, start: int, stop: int) -> None:
        data = self._path.read_bytes()[start:stop]
        missing = start + len(data) - len(self._have)
        self._have += bytes(max(0, missing))
        self._have[start : start + len(data)] = data


def test_a_file_that_exists_is_never_taken_over(path: Path) -> None:
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        GrowingFile(path, Room(path.parent, 0))
    assert path.read_bytes() == b"mine"


def test_growth_is_announced_and_nothing_is_rewritten_by_appending(file: GrowingFile) -> None:
    assert file.announce() == 0
    file.write(b"abc")
    assert file.announce() == 3
    file.write(b"defg")
    assert file.announce() == 7
    assert file.finish() == []


def test_a_header_that_is_corrected_is_told(file: GrowingFile, path: Path) -> None:
    file.write(b"????body")
    file.announce()
    file.seek(0)
    file.write(b"head")
    file.seek(0, os.SEEK_END)
    file.write(b"tail")
    assert file.finish() == [(0, 4)]
    assert path.read_bytes() == b"headbodytail"


def test_what_nobody_was_told_of_is_rewritten_in_silence(file: GrowingFile) -> None:
    file.write(b"????")
    file.seek(0)
    file.write(b"head")
    assert file.announce() == 4
    assert file.finish() == []


def test_only_the_announced_part_of_a_write_counts(file: GrowingFile) -> None:
    file.write(b"abcd")
    file.announce()
    file.seek(2)
    file.write(b"XXXX")
    assert file.finish() == [(2, 2)]


def test_ranges_that_touch_are_told_as_one(file: GrowingFile) -> None:
    file.write(bytes(100))
    file.announce()
    for start, length in ((50, 10), (10, 5), (15, 5), (55, 20), (90, 1)):
        file.seek(start)
        file.write(b"x" * length)
    assert file.finish() == [(10, 10), (50, 25), (90, 1)]


def test_it_reads_back_what_was_written(file: GrowingFile) -> None:
    file.write(b"abcdef")
    file.seek(-4, os.SEEK_END)
    assert file.read(2) == b"cd"
    assert file.tell() == 4
    assert file.read() == b"ef"
    file.write(memoryview(bytearray(b"gh")))
    assert file.tell() == 8
    assert (file.seekable(), file.readable(), file.writable()) == (True, True, True)


def test_a_seek_before_the_start_moves_nothing(file: GrowingFile) -> None:
    file.write(b"abc")
    with pytest.raises(OSError, match="Invalid argument"):
        file.seek(-1)
    assert file.tell() == 3


def test_a_new_start_leaves_nothing_of_the_old_one(file: GrowingFile, path: Path) -> None:
    file.write(b"a long first try")
    file.announce()
    file.restart()
    file.write(b"short")
    assert file.announce() == 5
    file.seek(0, os.SEEK_END)
    assert file.tell() == 5
    assert file.finish() == [(0, 5)]
    assert path.read_bytes() == b"short"


def test_a_hole_in_a_new_start_is_told_as_well(file: GrowingFile, path: Path) -> None:
    file.write(b"stale bytes")
    file.announce()
    file.restart()
    file.seek(4)
    file.write(b"body")
    assert file.finish() == [(0, 8)]
    assert path.read_bytes() == bytes(4) + b"body"


def test_closing_twice_is_closing(path: Path) -> None:
    file = GrowingFile(path, Room(path.parent, 0))
    file.close()
    file.close()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.binary(max_size=40)),
        st.tuples(st.just("seek"), st.integers(0, 120)),
        st.tuples(st.just("end"), st.integers(0, 20)),
        st.tuples(st.just("announce"), st.none()),
        st.tuples(st.just("restart"), st.none()),
    ),
    max_size=40,
)


@given(STEPS)
def test_who_follows_the_growth_and_takes_what_was_rewritten_has_the_file(
    steps: list[tuple[str, object]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clean.wav"
        file, model, reader = GrowingFile(path, Room(path.parent, 0)), io.BytesIO(), Reader(path)
        for name, value in steps:
            match name, value:
                case "write", bytes(data):
                    assert file.write(data) == model.write(data)
                case "seek", int(offset):
                    assert file.seek(offset) == model.seek(offset)
                case "end", int(back):
                    back = min(back, len(model.getvalue()))
                    assert file.seek(-back, os.SEEK_END) == model.seek(-back, os.SEEK_END)
                case "announce", _:
                    reader.follow(file.announce())
                case _:
                    file.restart()
                    model = io.BytesIO()
            assert file.tell() == model.tell()
        rewritten = file.finish()
        reader.follow(file.announce())
        file.close()
        assert path.read_bytes() == model.getvalue()
        assert reader.finish(rewritten, len(model.getvalue())) == model.getvalue()
        assert all(length > 0 for _, length in rewritten)
        assert all(one[0] + one[1] < two[0] for one, two in itertools.pairwise(rewritten))
