"""What a worker says when the machine is short of something, and what it weighs before it begins."""

import errno
import io
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sounds
from unmix.words import DenoiseStem, DenoiseTask, Options
from unmix_daemon.worker import files
from unmix_daemon.worker.loop import Loop
from unmix_daemon.worker.messages import Failed, Run, Succeeded
from unmix_daemon.worker.residency import Residency
from unmix_daemon.worker.tasks import denoise as task_module
from unmix_daemon.worker.workshop import Workshop
from unmix_models.errors import InvalidAudio, InvalidWeights, OutOfMemory, UnsupportedFormat
from unmix_models.machine import Machine
from unmix_models.weights import Weights

Work = Callable[..., Any]


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """Do one run as a worker does, and return its last report."""
    reports: list[Any] = []
    shop = Workshop(
        Weights(tmp_path / "weights"), Machine("cpu", 1), Residency(1 << 40, time.time), reports.append
    )
    loop = Loop(None, shop, 1)  # type: ignore[arg-type]  # nothing is read from it
    source = sounds.write(tmp_path / "in.wav", sounds.voice(2.0))

    def work(
        *, stems: tuple[DenoiseStem, ...] = (DenoiseStem.CLEAN,), source: Path = source, **fields: Any
    ) -> Any:
        options = Options(format=fields.pop("format", ""), depth=fields.pop("depth", ""))
        run = Run(
            "a/1",
            DenoiseTask("wiener", stems=stems),
            options,
            str(source),
            str(tmp_path / "out"),
            0.0,
            "",
            False,
        )
        loop._obey(Run(**{name: getattr(run, name) for name in Run.__slots__} | fields))
        while loop._active:
            loop._turn()
        return reports[-1]

    return work


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, ""), "STORAGE_FULL"),
        (OSError(errno.EDQUOT, ""), "STORAGE_FULL"),
        (OSError(errno.EMFILE, ""), "OUT_OF_RESOURCES"),
        (OSError(errno.ENFILE, ""), "OUT_OF_RESOURCES"),
        (OSError(errno.EIO, ""), "OUT_OF_RESOURCES"),
        (MemoryError(), "OUT_OF_RESOURCES"),
        (OSError(errno.EFBIG, ""), "RESULT_TOO_LARGE"),
        (OutOfMemory("The GPU is full."), "OUT_OF_MEMORY"),
        (UnsupportedFormat("There is no format 'bad_alloc'."), "UNSUPPORTED_FORMAT"),
        (InvalidAudio("It is damaged."), "INVALID_AUDIO"),
        (ZeroDivisionError(), "WORKER_ERROR"),
    ],
)
def test_the_machines_bad_minutes_have_reasons_of_their_own(
    work: Work, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(task_module, "denoise", fail)
    failed = work()
    assert isinstance(failed, Failed)
    assert failed.reason == reason


@pytest.mark.parametrize("error", [InvalidAudio("Damaged."), InvalidWeights("Damaged."), ZeroDivisionError()])
def test_nothing_is_called_damaged_by_a_worker_without_memory(
    work: Work, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        monkeypatch.setattr("unmix_models.process.passing.memory_is_short", lambda: True)
        raise error

    monkeypatch.setattr(task_module, "denoise", fail)
    assert work().reason == "OUT_OF_RESOURCES"


@pytest.mark.parametrize("cause", [MemoryError(), OSError(errno.ENOMEM, "")])
def test_a_job_that_is_too_large_for_the_memory_ends_as_such_however_short_it_is(
    work: Work, monkeypatch: pytest.MonkeyPatch, cause: Exception
) -> None:
    def fail(*_: object) -> None:
        monkeypatch.setattr("unmix_models.process.passing.memory_is_short", lambda: True)
        raise OutOfMemory("It needs a shorter segment.") from cause

    monkeypatch.setattr(task_module, "denoise", fail)
    assert work().reason == "OUT_OF_MEMORY"


def test_an_input_that_the_disk_does_not_give_now_is_not_invalid(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        monkeypatch.setattr(Path, "open", unreadable)
        raise InvalidAudio("FFmpeg says EIO of damaged files as well.")

    def unreadable(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(task_module, "denoise", fail)
    assert work().reason == "OUT_OF_RESOURCES"


class Disk(NamedTuple):
    """As `shutil.disk_usage` tells it."""

    total: int
    used: int
    free: int


SECONDS, RATE = 2, 48_000


@pytest.mark.parametrize(
    ("fields", "needed"),
    [
        ({}, SECONDS * RATE * 2),
        ({"depth": "f32"}, SECONDS * RATE * 4),
        ({"format": "flac", "depth": "s24"}, SECONDS * RATE * 3),
        ({"stems": (DenoiseStem.CLEAN, DenoiseStem.NOISE)}, 2 * SECONDS * RATE * 2),
        ({"format": "mp3"}, SECONDS * 24_000),
    ],
)
def test_results_are_weighed_before_they_begin(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], needed: int
) -> None:
    reserve = 10_000
    monkeypatch.setattr(files.RunFiles, "create", lambda *_: pytest.fail("it has begun"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(1 << 40, 0, needed + reserve - 1))
    failed = work(reserve=reserve, **fields)
    assert (failed.reason, failed.facts) == ("STORAGE_FULL", {"needed_bytes": str(needed)})
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(needed, 0, needed))
    assert work(reserve=reserve, **fields).reason == "RESULT_TOO_LARGE"
    monkeypatch.undo()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(1 << 40, 0, needed + reserve))
    done = work(reserve=reserve, **fields)
    assert isinstance(done, Succeeded)
    tags_and_headers = 100
    assert sum(one.size_bytes for one in done.done.summary.outputs) <= needed + 2 * tags_and_headers


class Filling:
    """A disk of `total` bytes on which `others` have taken some; what is in `folder` takes room as well."""

    def __init__(self, folder: Path, total: int, others: int) -> None:
        self._folder, self._total, self.others = folder, total, others
        self.least = total
        """The least that was ever free when somebody looked."""

    def usage(self, _: object) -> Disk:
        ours = sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())
        free = max(0, self._total - self.others - ours)
        self.least = min(self.least, free)
        return Disk(self._total, self._total - free, free)


MIB = 1 << 20
RESERVE = 4 * MIB


@pytest.fixture
def undeclared(tmp_path: Path) -> Path:
    """A FLAC of 30 s that does not say how long it is; as f64 in two stems it takes 22 MiB."""
    return sounds.without_length(sounds.write(tmp_path / "in.flac", sounds.voice(30.0)))


BOTH = {"stems": (DenoiseStem.CLEAN, DenoiseStem.NOISE), "format": "wav", "depth": "f64", "reserve": RESERVE}


@pytest.mark.parametrize(
    ("total", "reason"), [(1 << 40, "STORAGE_FULL"), (20 * MIB, "RESULT_TOO_LARGE"), (1 << 40, "")]
)
def test_a_recording_of_unknown_length_leaves_the_reserve_alone(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undeclared: Path, total: int, reason: str
) -> None:
    room = 10 * MIB if reason else 30 * MIB
    disk = Filling(tmp_path / "out", total, total - room - RESERVE)
    monkeypatch.setattr(shutil, "disk_usage", disk.usage)
    report = work(source=undeclared, **BOTH)
    assert getattr(report, "reason", "") == reason
    assert disk.least > RESERVE - 2 * MIB
    assert (tmp_path / "out").exists() is (not reason)
    if reason == "STORAGE_FULL":
        needed = int(report.facts["needed_bytes"])
        assert room < needed - 15 * MIB < room + 2 * MIB
        disk.others = total - needed - RESERVE
        assert isinstance(work(source=undeclared, **BOTH), Succeeded)


def test_what_others_take_meanwhile_does_not_cost_the_reserve_either(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = sounds.write(tmp_path / "declared.wav", sounds.voice(30.0))
    disk = Filling(tmp_path / "out", 1 << 40, 0)
    monkeypatch.setattr(shutil, "disk_usage", disk.usage)
    create = files.RunFiles.create

    def create_and_fill(*arguments: Any) -> None:
        create(*arguments)
        disk.others = (1 << 40) - RESERVE - 2 * MIB

    monkeypatch.setattr(files.RunFiles, "create", create_and_fill)
    failed = work(source=source, **BOTH)
    assert failed.reason == "STORAGE_FULL"
    assert int(failed.facts["needed_bytes"]) > 16 * MIB
    assert disk.least > RESERVE - 2 * MIB


def test_a_disk_that_is_full_all_at_once_says_what_room_is_needed(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = [False]
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: Disk(1 << 40, 1 << 40, 0) if full[0] else Disk(1 << 40, 0, 1 << 40)
    )

    class Full(io.FileIO):
        """Takes nothing."""

        def write(self, _: object) -> int:
            full[0] = True
            raise OSError(errno.ENOSPC, "No space left on device")

    real = Path.open
    monkeypatch.setattr(
        Path,
        "open",
        lambda path, mode="r", **how: Full(path, "x+") if "x" in mode else real(path, mode, **how),
    )
    failed = work()
    assert (failed.reason, failed.facts) == ("STORAGE_FULL", {"needed_bytes": str(16 * MIB)})


@pytest.mark.parametrize(("longest", "expected"), [(1.9, "TOO_LONG"), (2.0, ""), (0.0, "")])
def test_a_recording_that_is_too_long_is_refused_by_what_it_declares(
    work: Work, longest: float, expected: str
) -> None:
    report = work(longest=longest)
    assert getattr(report, "reason", "") == expected


def test_a_recording_that_does_not_declare_its_length_is_stopped_where_it_is_too_long(
    work: Work, tmp_path: Path, undeclared: Path
) -> None:
    report = work(source=undeclared, longest=1.0)
    assert report.reason == "TOO_LONG"
    assert not (tmp_path / "out").exists()
