"""The daemon's work for one click: tracks go in one after another, results come out in the same order."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from unmix.words import DenoiseTask, Event, Options, OutputStarted, Progress, Summary, Task

from unmix_plugins.errors import Cancelled, OutputError, UnmixError

_log = logging.getLogger(__name__)

_CANCELLED = "Cancelled; nothing was changed."
_FIRST_GUESS = {DenoiseTask().kind: 0.05}
"""Seconds of work for a second of audio, by the kind of task."""
_GUESS_OF_OTHERS = 1.0
"""Large networks."""


class Daemon(Protocol):
    """What is asked of a connection to the daemon: `unmix_plugins.client.Client` has it."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def close(self) -> None:
        """Give it up, from any thread."""
        ...

    def process(
        self,
        source: Path,
        targets: Callable[[OutputStarted], Path],
        task: Task,
        options: Options | None = None,
        *,
        on_event: Callable[[Event], object],
    ) -> Summary:
        """Do a task with a recording. Raises UnmixError."""
        ...


@dataclass(frozen=True, slots=True)
class Track:
    """A recording to work on."""

    source: Path
    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of one track."""

    outputs: Mapping[str, Path]
    """By name, in the model's order."""
    summary: Summary


class Work:
    """Runs in a thread of its own from the first track on; every method may be called from any thread."""

    def __init__(self, task: Task, connect: Callable[[], Daemon], folder: Path) -> None:
        """Do `task` over connections that `connect` makes, and write results below `folder`."""
        self._task = task
        self._connect = connect
        self._folder = folder
        self._changed = threading.Condition()
        self._tracks: list[Track] = []
        self._results: list[Result] = []
        self._complete = False
        self._error: UnmixError | None = None
        self._client: Daemon | None = None
        self._progress: Progress | None = None
        self._thread = threading.Thread(target=self._run, name="unmix-work", daemon=True)

    def add(self, track: Track, *, last: bool) -> None:
        """Append a track; after the `last` one the work ends."""
        with self._changed:
            self._tracks.append(track)
            self._complete = last
            self._changed.notify_all()
        if not self._thread.is_alive() and self._thread.ident is None:
            self._thread.start()

    def wait(self, index: int, seconds: float) -> Result | None:
        """The result of track `index`, or None when it is not there after so many seconds.

        Raises what the work failed with.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._error or len(self._results) > index, seconds)
            if self._error:
                raise self._error
            return self._results[index] if len(self._results) > index else None

    def wait_for_all(self) -> tuple[Result, ...]:
        """The results of all tracks. Raises what the work failed with."""
        with self._changed:
            self._changed.wait_for(lambda: self._error or self._is_finished())
            if self._error:
                raise self._error
            return tuple(self._results)

    @property
    def results(self) -> tuple[Result, ...]:
        """What is there so far."""
        with self._changed:
            return tuple(self._results)

    def cancel(self) -> bool:
        """End the work, so that who waits for it gets Cancelled; False when it had ended by itself."""
        with self._changed:
            if self._error or self._is_finished():
                return False
            self._error = Cancelled(_CANCELLED)
            client = self._client
            self._changed.notify_all()
        if client:
            client.close()
        return True

    @property
    def fraction(self) -> float:
        """0 to 1, over the tracks that are known."""
        with self._changed:
            total = sum(track.seconds for track in self._tracks)
            done = sum(track.seconds for track in self._tracks[: len(self._results)])
            if self._progress and len(self._results) < len(self._tracks):
                done += self._tracks[len(self._results)].seconds * self._progress.fraction
            return done / total if total else 0.0

    @property
    def remaining_seconds(self) -> float | None:
        """Of the present track, at the present speed; None while unknown."""
        with self._changed:
            return self._progress.remaining_seconds if self._progress else None

    def _is_finished(self) -> bool:
        return self._complete and len(self._results) == len(self._tracks)

    def _run(self) -> None:
        try:
            while (track := self._next()) is not None:
                self._keep(self._process(track))
        except UnmixError as error:
            self._fail(error)
        except OSError as error:
            self._fail(OutputError(f"The result cannot be written ({error.strerror}); nothing was changed."))
        except Exception:  # noqa: BLE001  # the border of a thread, for whose end others wait
            _log.exception("work met an error of the bridge")
            self._fail(UnmixError("Unmix met an error of its own; its log has the details."))

    def _next(self) -> Track | None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._error or self._complete or len(self._tracks) > len(self._results)
            )
            waiting = self._tracks[len(self._results) :]
            return waiting[0] if waiting and not self._error else None

    def _process(self, track: Track) -> Result:
        made: dict[str, Path] = {}

        def target(output: OutputStarted) -> Path:
            made[output.name] = self._folder / f"{track.source.stem}.{output.name}.wav"
            return made[output.name]

        with self._connect() as client:
            with self._changed:
                self._client = client
            try:
                summary = client.process(
                    track.source,
                    target,
                    self._task,
                    Options(file_name=track.name, format="wav", depth="f32"),
                    on_event=self._on_event,
                )
            finally:
                with self._changed:
                    self._client = None
        return Result(made, summary)

    def _on_event(self, event: Event) -> None:
        """Take note. What is raised here ends the work; with the summary the files are there, and `_keep` decides."""
        with self._changed:
            if self._error and not isinstance(event, Summary):
                raise self._error
            if isinstance(event, Progress):
                self._progress = event

    def _keep(self, result: Result) -> None:
        with self._changed:
            is_wanted = self._error is None
            if is_wanted:
                self._results.append(result)
            self._progress = None
            self._changed.notify_all()
        if not is_wanted:
            for path in result.outputs.values():
                path.unlink(missing_ok=True)

    def _fail(self, error: UnmixError) -> None:
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()


class Pace:
    """How long work takes on this machine, learned from results."""

    def __init__(self) -> None:
        self._measured: dict[tuple[str, str], float] = {}

    def expected(self, task: Task, seconds: float) -> float:
        """Seconds that `task` will take with so many seconds of audio."""
        guess = _FIRST_GUESS.get(task.kind, _GUESS_OF_OTHERS)
        return seconds * self._measured.get((task.kind, task.model), guess)

    def learn(self, task: Task, result: Result) -> None:
        """Take the last measurement for the next guess; loading a model happens once and does not count."""
        summary = result.summary
        spent = summary.processing_seconds - summary.load_seconds
        if summary.duration > 1.0 and spent > 0:
            self._measured[task.kind, task.model] = spent / summary.duration
