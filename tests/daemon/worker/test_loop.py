"""The worker's loop, driven by hand: segments of several runs share a batch, and survive too little memory."""

import queue
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import sounds
from separators import small, song
from unmix.words import Options, Priority, SeparateTask
from unmix_daemon.worker.loop import Loop
from unmix_daemon.worker.messages import Cancel, Failed, Run, Succeeded
from unmix_daemon.worker.residency import Residency
from unmix_daemon.worker.workshop import Workshop
from unmix_models.errors import OutOfMemory
from unmix_models.machine import Machine
from unmix_models.separate.htdemucs.checkpoint import from_module
from unmix_models.separate.htdemucs.separator import DemucsSeparator, Segment, load
from unmix_models.weights import Weights
from unmix_models.weights.networks import imported_model


class Recorded(DemucsSeparator):
    """The real model, which writes down its batches, and can be told to have memory for so many segments."""

    batches: list[int]
    room = 100

    def forward(self, segments: Sequence[Segment]) -> list[Any]:
        self.batches.append(len(segments))
        if len(segments) > self.room:
            raise OutOfMemory("too many at once; close what else uses the device.")
        return super().forward(segments)


class Enough(Exception):
    """Enough reports came."""


class Bench:
    """A loop with one resident network, and the reports that it sends."""

    def __init__(self, folder: Path, batch: int) -> None:
        self.folder = folder
        weights = Weights(folder / "weights")
        placed = folder / "weights" / "mine"
        placed.mkdir(parents=True)
        (placed / "model.json").write_text(
            '{"stems": ["drums", "bass", "other", "vocals"], "sample_rate": 8000}'
        )
        self.model: Any = load(from_module(small()), name="mine", precision="float32", threads=1)
        self.model.__class__ = Recorded
        self.model.batches = []
        self.reports: list[Any] = []
        self.expected = 0
        residency: Residency[Any] = Residency(1 << 40, lambda: 0.0)
        with residency.use(imported_model("mine").name, lambda: self.model, -1):
            pass
        self.mail: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.loop = Loop(self.mail, Workshop(weights, Machine("cpu", 1), residency, self._take), batch)

    def _take(self, report: Any) -> None:
        self.reports.append(report)
        if isinstance(report, Succeeded | Failed):
            self.expected -= 1
            if self.expected == 0:
                raise Enough

    def run(self, *commands: Any, answers: int) -> dict[str, Any]:
        """Work on these until so many answers came."""
        self.expected = answers
        for command in commands:
            self.mail.put(command)
        with pytest.raises(Enough):
            self.loop.run()
        return {report.ticket: report for report in self.reports if isinstance(report, Succeeded | Failed)}

    def separate(self, ticket: str, source: Path, priority: Priority = Priority.BATCH) -> Run:
        """A command."""
        return Run(
            ticket=ticket,
            task=SeparateTask(model="mine"),
            options=Options(priority=priority),
            input=str(source),
            outputs=str(self.folder / ticket),
            keep_alive=-1,
            device_reason="asked for",
            durable=False,
        )

    def stem(self, ticket: str, stem: str) -> np.ndarray:
        """What was written."""
        return soundfile.read(self.folder / ticket / f"{stem}.wav")[0]


def _songs(folder: Path, count: int) -> list[Path]:
    return [
        sounds.write(folder / f"{seed}.wav", song(8000 * 4, seed=seed), 8000, "FLOAT")
        for seed in range(count)
    ]


def test_segments_of_several_runs_share_batches_and_each_gets_its_own_stems(tmp_path: Path) -> None:
    alone, shared = Bench(tmp_path / "alone", 1), Bench(tmp_path / "shared", 4)
    songs = _songs(tmp_path, 3)
    for bench in (alone, shared):
        answers = bench.run(*(bench.separate(path.stem, path) for path in songs), answers=3)
        assert all(isinstance(answer, Succeeded) for answer in answers.values())
    assert set(alone.model.batches) == {1}
    assert max(shared.model.batches) == 3
    for path in songs:
        np.testing.assert_allclose(
            shared.stem(path.stem, "vocals"), alone.stem(path.stem, "vocals"), atol=1e-5
        )


def test_too_little_memory_for_a_batch_is_survived_one_by_one(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "bench", 4)
    bench.model.room = 1
    songs = _songs(tmp_path, 2)
    answers = bench.run(*(bench.separate(path.stem, path) for path in songs), answers=2)
    assert all(isinstance(answer, Succeeded) for answer in answers.values())
    assert {1, 2} == set(bench.model.batches)


def test_too_little_memory_for_one_segment_is_said(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "bench", 1)
    bench.model.room = 0
    (song_path,) = _songs(tmp_path, 1)
    answer = bench.run(bench.separate("job", song_path), answers=1)["job"]
    assert isinstance(answer, Failed)
    assert answer.reason == "OUT_OF_MEMORY"
    assert not (bench.folder / "job").exists()


def test_a_cancelled_run_is_dropped_between_two_segments_and_the_other_goes_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "bench", 2)
    songs = _songs(tmp_path, 2)
    first, second = (bench.separate(path.stem, path) for path in songs)
    answers = bench.run(first, second, Cancel(first.ticket), answers=2)
    assert answers[first.ticket] == Failed(first.ticket, "CANCELLED", "The job was cancelled.")
    assert isinstance(answers[second.ticket], Succeeded)
    assert not (bench.folder / first.ticket).exists()


def test_an_urgent_run_finishes_before_one_that_came_earlier(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "bench", 2)
    songs = _songs(tmp_path, 2)
    slow = bench.separate("slow", songs[0])
    urgent = replace(bench.separate("urgent", songs[1]), options=Options(priority=Priority.INTERACTIVE))
    bench.run(slow, urgent, answers=2)
    assert [r.ticket for r in bench.reports if isinstance(r, Succeeded)] == ["urgent", "slow"]
