"""Uploads on their way to disk, and what is left of them."""

import asyncio
import os
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from unmix.words import FieldError
from unmix_daemon.errors import DiskFull
from unmix_daemon.state.folders import Folders

LIMIT = 1000


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "jobs")


async def in_pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def receive(
    folders: Folders, *pieces: bytes, declared: int | None = None, limit: int = LIMIT, durable: bool = True
) -> Path:
    folder = asyncio.run(folders.receive("job", in_pieces(*pieces), declared, limit, durable=durable))
    return folder.input


def is_empty(folders: Folders) -> bool:
    return not list(folders.root.iterdir())


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("declared", [None, 7])
def test_an_upload_is_stored_as_it_came(folders: Folders, durable: bool, declared: int | None) -> None:
    path = receive(folders, b"abc", b"", b"defg", declared=declared, durable=durable)
    assert path.read_bytes() == b"abcdefg"
    assert path == folders.of("job").input


def test_only_the_owner_can_look_into_it(folders: Folders) -> None:
    receive(folders, b"abc")
    for path in (folders.root, folders.of("job").path):
        assert path.stat().st_mode & 0o077 == 0


def test_an_upload_of_just_the_limit_is_taken(folders: Folders) -> None:
    assert receive(folders, bytes(LIMIT), declared=LIMIT).stat().st_size == LIMIT


@pytest.mark.parametrize(
    ("pieces", "declared", "field", "message"),
    [
        ((), None, "data", "empty"),
        ((b"", b""), None, "data", "empty"),
        ((), 0, "data", "empty"),
        ((bytes(LIMIT), b"x"), None, "data", "longer than the limit of 1000 bytes; see max_upload_bytes"),
        ((b"abc",), 4, "options.size_bytes", "3 bytes arrived of the 4 announced; .* send it again"),
        ((b"abc",), 2, "options.size_bytes", "3 bytes arrived of the 2 announced"),
        ((b"abc",), LIMIT + 1, "options.size_bytes", "1001 bytes, the limit is 1000"),
        ((b"abc",), -1, "options.size_bytes", "-1 bytes"),
    ],
    ids=[
        "nothing",
        "empty pieces",
        "declared empty",
        "too long",
        "short",
        "long",
        "declared too long",
        "negative",
    ],
)
def test_an_upload_of_a_wrong_length_is_refused_and_leaves_nothing(
    folders: Folders, pieces: tuple[bytes, ...], declared: int | None, field: str, message: str
) -> None:
    with pytest.raises(FieldError, match=message) as refused:
        receive(folders, *pieces, declared=declared)
    assert refused.value.field == field
    assert is_empty(folders)


class Gone(Exception):
    pass


def test_a_client_that_goes_away_leaves_nothing(folders: Folders) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield b"abc"
        raise Gone

    with pytest.raises(Gone):
        asyncio.run(folders.receive("job", breaking(), None, LIMIT, durable=True))
    assert is_empty(folders)


def test_an_upload_that_is_cancelled_leaves_nothing(folders: Folders) -> None:
    async def work() -> None:
        begun = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            while True:
                begun.set()
                yield b"x"

        upload = asyncio.ensure_future(folders.receive("job", endless(), None, 1 << 40, durable=True))
        await begun.wait()
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload

    asyncio.run(work())
    assert is_empty(folders)


def test_a_write_in_flight_ends_before_its_descriptor_is_closed(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its number would be another file's by the time the thread comes to write."""
    in_thread, go_on = threading.Event(), threading.Event()
    is_open: list[bool] = []

    def slow_write(descriptor: int, data: memoryview) -> int:
        in_thread.set()
        go_on.wait()
        with suppress(OSError):
            os.fstat(descriptor)
            is_open.append(True)
        return len(data)

    monkeypatch.setattr(os, "write", slow_write)

    async def work() -> None:
        upload = asyncio.ensure_future(folders.receive("job", in_pieces(b"abc"), None, LIMIT, durable=False))
        await asyncio.to_thread(in_thread.wait)
        upload.cancel()
        done, _ = await asyncio.wait([upload], timeout=0)
        assert not done
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await upload

    asyncio.run(work())
    assert is_open == [True]
    assert is_empty(folders)


def test_a_disk_without_room_for_the_declared_size_refuses_at_once(folders: Folders) -> None:
    async def never() -> AsyncIterator[bytes]:
        pytest.fail("nothing should be read")
        yield b""

    with pytest.raises(
        DiskFull, match=f"disk that holds {folders.root} is full: .* MB are missing; free some"
    ):
        asyncio.run(folders.receive("job", never(), 1 << 60, 1 << 62, durable=True))
    assert is_empty(folders)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mount)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("needs mount")
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted: {mounted.stderr.strip()}")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


def test_a_disk_that_runs_full_is_named_and_nothing_is_left(small_disk: Path) -> None:
    folders = Folders(small_disk / "jobs")
    with pytest.raises(DiskFull, match="free some space or delete finished jobs"):
        receive(folders, *[bytes(1 << 16)] * 32, limit=1 << 30)
    assert is_empty(folders)
    assert receive(folders, b"abc").read_bytes() == b"abc"


def test_removing_takes_everything_and_nothing_is_no_error(folders: Folders) -> None:
    receive(folders, b"abc")
    outputs = folders.of("job").outputs(1)
    outputs.mkdir()
    (outputs / "clean.wav").write_bytes(b"x")
    for _ in range(2):
        asyncio.run(folders.remove("job"))
        assert is_empty(folders)


def test_only_folders_of_known_jobs_are_kept(folders: Folders) -> None:
    for name in ("known", "unknown", "another"):
        (folders.root / name).mkdir()
        (folders.root / name / "input").write_bytes(b"x")
    asyncio.run(folders.keep_only({"known", "absent"}))
    assert [path.name for path in folders.root.iterdir()] == ["known"]
    assert (folders.root / "known" / "input").exists()


def test_the_input_goes_and_the_results_stay(folders: Folders) -> None:
    receive(folders, b"abc")
    outputs = folders.of("job").outputs(2)
    outputs.mkdir()
    for _ in range(2):
        asyncio.run(folders.remove_input("job"))
    assert list(folders.of("job").path.iterdir()) == [outputs]


def test_attempts_go_and_the_input_stays(folders: Folders) -> None:
    path = receive(folders, b"abc")
    for attempt in (1, 2, 10):
        folders.of("job").outputs(attempt).mkdir()
    asyncio.run(folders.remove_attempts("job"))
    assert list(folders.of("job").path.iterdir()) == [path]


def test_attempts_write_into_folders_of_their_own(folders: Folders) -> None:
    job = folders.of("job")
    assert len({job.outputs(attempt) for attempt in range(12)}) == 12
    assert all(job.outputs(attempt).parent == job.path for attempt in range(12))
