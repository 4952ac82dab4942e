"""One real Audacity for all that must be exact, and recordings for it."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from plugins.audacity.aup3 import SavedProject
from plugins.audacity.bridge_runs import of_the_daemon
from plugins.audacity.comparison import difference, replaced, with_new_tracks
from plugins.audacity.studio import DENOISE_MODEL, SEPARATE_MODEL, Studio
from unmix.words import DenoiseTask, SeparateTask, Task

DENOISE = DenoiseTask(DENOISE_MODEL)
REMOVE_VOCALS = SeparateTask(SEPARATE_MODEL, ("-vocals",))
_WORDS = {"no_vocals": "without vocals"}


class Exactly:
    """Does something in the studio and checks what came of it against the daemon's own call."""

    def __init__(self, studio: Studio, *, late: bool = False) -> None:
        """`late`: the bridge puts in what comes of effects that are run by the pipe."""
        self._studio = studio
        self._run = studio.run_late if late else studio.run

    def replaces(
        self,
        label: str,
        task: Task,
        positions: list[int],
        start: float | None = None,
        end: float = 0.0,
        *,
        by: Callable[[], object] | None = None,
    ) -> None:
        """The effect, run `by` the pipe if nothing else is said, replaces what is selected by what `task` gives.

        From `start` to `end` is selected before; without a `start`, what is selected already counts.
        """
        if start is not None:
            self._studio.select(positions, start, end)
        before = self._studio.save()
        wanted = replaced(before, positions, lambda *samples: self._only(task, *samples))
        self._is_one_step(before, wanted, label, by)

    def adds(
        self,
        label: str,
        task: Task,
        positions: list[int],
        start: float,
        end: float,
        *,
        by: Callable[[], object] | None = None,
    ) -> None:
        """The effect adds what `task` gives as new tracks."""
        self._studio.select(positions, start, end)
        before = self._studio.save()
        wanted = with_new_tracks(
            before,
            positions,
            lambda *samples: self._stems(task, *samples),
            lambda stem: _WORDS.get(stem, stem),
        )
        self._is_one_step(before, wanted, "Import", by or (lambda: self._run(label)))

    def _is_one_step(
        self, before: SavedProject, wanted: SavedProject, label: str, by: Callable[[], object] | None
    ) -> None:
        studio = self._studio
        step_before, _ = studio.history()
        after = studio.changed(before, by or (lambda: self._run(label)))
        assert difference(after, wanted) == ""
        assert studio.history() == (f"Undo {label}", "Redo")
        studio.audacity.undo()
        assert difference(studio.save(), before) == ""
        assert studio.history() == (step_before, f"Redo {label}")
        studio.audacity.redo()
        assert difference(studio.save(), wanted) == ""
        assert studio.history() == (f"Undo {label}", "Redo")

    def _stems(self, task: Task, samples: np.ndarray, sample_rate: int) -> dict[str, np.ndarray]:
        with self._studio.daemon.client() as client:
            return of_the_daemon(client, samples, sample_rate, task, self._studio.folder)

    def _only(self, task: Task, samples: np.ndarray, sample_rate: int) -> np.ndarray:
        (only,) = self._stems(task, samples, sample_rate).values()
        return only


@pytest.fixture(scope="package")
def shared_studio(
    new_display: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("studio"), new_display()) as studio:
        yield studio


@pytest.fixture
def studio(shared_studio: Studio) -> Iterator[Studio]:
    """With a bridge whose work is at once as far as can be, and no dialog left by another test."""
    shared_studio.make_fit()
    shared_studio.begin()
    yield shared_studio
    assert shared_studio.audacity.dialogs() == []


@pytest.fixture
def late(studio: Studio) -> Studio:
    """Any work is late."""
    studio.begin(long=0.0)
    return studio


@pytest.fixture
def exactly(studio: Studio) -> Exactly:
    return Exactly(studio)
